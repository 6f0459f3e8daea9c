#!/usr/bin/env python3
"""Write small data sets with NumPy, h5py, csv and Pillow: what foreign writers really produce.

Every array is built from a formula that the tests know: x[i, j, k] = (24 i + 6 j + k) mod 251 with shape
[n, 4, 6], y[i] = i mod 3; `.npy` variants hold 0 … 23 as [2, 3, 4].
"""
import csv
from pathlib import Path

import h5py
import numpy as np
from numpy.lib import format as npy

HERE = Path(__file__).parent


def x(n): return (np.arange(n * 24) % 251).astype("uint8").reshape(n, 4, 6)
def y(n): return (np.arange(n) % 3).astype("int64")


train, test = (x(10), y(10)), (x(4), y(4))
np.savez(HERE / "split.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
np.savez_compressed(HERE / "compressed.npz", x=train[0], y=train[1])
np.savez(HERE / "positional.npz", *train)
np.savez(HERE / "counts.npz", x=train[0], y=test[1])
np.savez(HERE / "names.npz", pictures=train[0], digits=train[1])

folder = HERE / "npy"
folder.mkdir(exist_ok=True)
grid = np.arange(24).reshape(2, 3, 4)
for code in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    for order, sign in (("<", "little"), (">", "big")):
        if code[1] == "1" and order == ">":
            continue
        np.save(folder / f"{code}-{sign}.npy", grid.astype(order + code))
np.save(folder / "fortran.npy", np.asfortranarray(grid.astype(">i4")))
np.save(folder / "bool.npy", grid % 2 == 1)
for version in ((2, 0), (3, 0)):
    with open(folder / f"version{version[0]}.npy", "wb") as f:
        npy.write_array(f, grid.astype("f4"), version=version)
refused = HERE / "refused"
refused.mkdir(exist_ok=True)
np.save(refused / "object.npy", np.array([{}, None], dtype=object), allow_pickle=True)
np.save(refused / "text.npy", np.array(["a", "bc"]))
np.save(refused / "complex.npy", np.zeros(3, "c8"))
np.save(refused / "record.npy", np.zeros(3, [("a", "i4"), ("b", "f4")]))
np.save(refused / "scalar.npy", np.float32(3))
np.save(refused / "empty.npy", np.zeros((0, 4), "f4"))

pair = HERE / "pair"
pair.mkdir(exist_ok=True)
np.save(pair / "x_train.npy", train[0].astype("f4") / 4)
np.save(pair / "y_train.npy", train[1])

with h5py.File(HERE / "plain.h5", "w", libver="earliest") as f:
    f["x"], f["y"] = train
    f.attrs["class_names"] = ["nought", "one", "two"]
with h5py.File(HERE / "groups.h5", "w", libver="earliest") as f:
    for name, (a, b) in (("train", train), ("test", test)):
        f.create_dataset(f"{name}/x", data=a.astype(">f4"), chunks=(3, 4, 6), compression="gzip", shuffle=True)
        f[f"{name}/y"] = np.eye(3, dtype="f4")[b]
with h5py.File(HERE / "targets.h5", "w", libver="earliest") as f:
    f["inputs"], f["targets"] = train[0], np.stack([y(10) * 0.5, y(10) - 7], 1).astype("f4")

with open(HERE / "flowers.csv", "w", newline="") as f:
    w = csv.writer(f)
    w.writerow(["length", "width", "note, quoted", "species"])
    for i, kind in enumerate(["setosa", "virginica", "versi\"color", "setosa"]):
        w.writerow([i + 0.5, -i, 1e-3 * i, kind])
(HERE / "semicolons.csv").write_text("\ufeff5;0;1\r\n7;2;3\r\n\r\n6;4;255\r\n")
np.savetxt(HERE / "pixels.csv", np.concatenate([y(6)[:, None], np.tile(x(6).reshape(6, -1), (1, 3))], 1), fmt="%d",
           delimiter=",")

from PIL import Image  # last, so that the rest works without Pillow

rng = np.random.default_rng(0)
for split, count in (("train", 3), ("test", 1)):
    for kind in ("cat", "dog"):
        place = HERE / "colour" / split / kind
        place.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = np.kron(rng.integers(0, 256, (2, 3, 3), "uint8"), np.ones((3, 3, 1), "uint8"))
            image = Image.fromarray(pixels)
            image.save(place / (f"{i}.jpg" if i == 2 else f"{i}.png"), **({"quality": 95} if i == 2 else {}))
grey = HERE / "grey"
for kind in "ab":
    (grey / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (5, 4), "uint8")).save(grey / kind / "0.png")
Image.fromarray(rng.integers(0, 65536, (5, 4)).astype("uint16")).convert("L").save(grey / "a" / "1.png")
decoded = {}
for path in sorted(HERE.glob("*/**/*.png")) + sorted(HERE.glob("*/**/*.jpg")):
    decoded[str(path.relative_to(HERE)).replace("/", "|")] = np.asarray(Image.open(path))
np.savez_compressed(HERE / "decoded.npz", **decoded)
