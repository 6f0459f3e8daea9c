#!/usr/bin/env python3
"""Write digits.h5: the 1,797 handwritten digits of the UCI repository that scikit-learn ships.

Images are 8×8 with values 0 to 16, stored as bytes. The split is fixed: 1,437 to train, 360 to test,
every class in proportion, seed 0.
"""
from pathlib import Path

import h5py
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
images, labels = digits.images.astype("uint8"), digits.target.astype("uint8")
assert (images == digits.images).all() and images.shape == (1797, 8, 8) and images.max() == 16
train, test = train_test_split(np.arange(len(labels)), test_size=360, stratify=labels, random_state=0)
train, test = np.sort(train), np.sort(test)

with h5py.File(Path(__file__).with_name("digits.h5"), "w", libver=("v110", "v110")) as f:
    for name, rows in (("train", train), ("test", test)):
        f.create_dataset(f"x_{name}", data=images[rows], chunks=(len(rows), 8, 8), compression="gzip",
                         compression_opts=9, shuffle=True, track_times=False)
        f.create_dataset(f"y_{name}", data=labels[rows], chunks=(len(rows),), compression="gzip",
                         compression_opts=9, track_times=False)
    f.attrs["class_names"] = np.array([str(n) for n in range(10)], dtype="S1")
    f.attrs["title"] = "Optical Recognition of Handwritten Digits, 8x8, values 0 to 16"
    f.attrs["source"] = ("E. Alpaydin, C. Kaynak (1998). Optical Recognition of Handwritten Digits. UCI Machine "
                         "Learning Repository. https://doi.org/10.24432/C50P49")
    f.attrs["license"] = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"
    f.attrs["value_range"] = np.array([0, 16], dtype="i4")
