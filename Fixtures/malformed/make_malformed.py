"""Writes the files of this folder: one lie per file, and `accepted/` with oddities that are valid.

    python make_malformed.py          (h5py and numpy; no Keras)

The same versions of h5py and HDF5 give the same bytes. `expected.json` says how modelc answers.
"""

import os

import container_lies
import data_lies
import graph_lies
import hdf5_lies
import zip_lies

os.chdir(os.path.dirname(os.path.abspath(__file__)))
for module in (hdf5_lies, graph_lies, zip_lies, container_lies, data_lies):
    module.make()
