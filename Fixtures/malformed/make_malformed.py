"""Writes the files of this folder: one lie per file, and `accepted/` with oddities that are valid.

    python make_malformed.py          (h5py and numpy; no Keras)

The same versions of h5py and HDF5 give the same bytes. `expected.json` says how modelc answers.
"""

import os

import container_lies
import graph_lies
import hdf5_lies
import zip_lies
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
for module in (hdf5_lies, graph_lies, zip_lies, container_lies):
    module.make()
# Data: a label that fits in 64 bits without a sign only.
np.savez("data/label-beyond-int.npz", x=np.zeros((2, 3), "<f4"), y=np.array([0, 1 << 63], "<u8"))
