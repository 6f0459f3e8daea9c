#!/usr/bin/env python3
"""The best way in NumPy: Gram matrix and eigh for matrices, one-pass HOSVD for convolutions.

    compress_gram.py MODEL.h5 OUT.h5 [--plan PLAN.json | --ratio 4] [--save-plan PLAN.json]

Prints one JSON line. Needs numpy, h5py.
"""
import numpy as np

import compression


def top(gram, rank):
    """The eigenvectors of the `rank` largest eigenvalues, largest first."""
    return np.ascontiguousarray(np.linalg.eigh(gram)[1][:, ::-1][:, :rank])


def factorise(kernel, ranks):
    if len(ranks) == 1:
        matrix = kernel.reshape(-1, kernel.shape[-1])
        if matrix.shape[0] >= matrix.shape[1]:
            v = top(matrix.T @ matrix, ranks[0])
            return [matrix @ v, v.T]
        u = top(matrix @ matrix.T, ranks[0])
        return [u, u.T @ matrix]
    inputs = np.ascontiguousarray(np.moveaxis(kernel, 2, 0)).reshape(kernel.shape[2], -1)
    outputs = kernel.reshape(-1, kernel.shape[3])
    u, v = top(inputs @ inputs.T, ranks[0]), top(outputs.T @ outputs, ranks[1])
    core = (outputs @ v).reshape(*kernel.shape[:3], ranks[1])
    core = np.einsum("hwis,ir->hwrs", core, u, optimize=True)
    return [core, u, v]


if __name__ == "__main__":
    compression.main("numpy-gram", __doc__, factorise)
