#!/usr/bin/env python3
"""The straightforward way: numpy.linalg.svd for matrices, TensorLy's partial_tucker for convolutions.

    compress_naive.py MODEL.h5 OUT.h5 [--plan PLAN.json | --ratio 4] [--save-plan PLAN.json]

Prints one JSON line. Needs numpy, h5py, tensorly.
"""
import numpy as np
from tensorly.decomposition import partial_tucker

import compression


def factorise(kernel, ranks):
    if len(ranks) == 1:
        matrix = kernel.reshape(-1, kernel.shape[-1])
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        return [u[:, :ranks[0]] * s[:ranks[0]], vt[:ranks[0]]]
    (core, (inputs, outputs)), _ = partial_tucker(kernel, rank=ranks, modes=[2, 3], init="svd")
    return [core, inputs, outputs]


if __name__ == "__main__":
    compression.main("numpy-svd+tensorly", __doc__, factorise)
