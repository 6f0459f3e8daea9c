"""Lies of data sets: sizes that hide behind an extent of 0, labels that are none, endless texts."""

import struct
import zipfile

from keras_files import *


def npy(shape, data=b"", kind="|u1"):
    """A NumPy array whose header says whatever it is told to."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def archive(path, **arrays):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in arrays.items():
            file.writestr(zipfile.ZipInfo(f"{name}.npy"), content)


def make():
    # A label that fits in 64 bits without a sign only.
    np.savez("data/label-beyond-int.npz", x=np.zeros((2, 3), "<f4"),
             y=np.array([0, 1 << 63], "<u8"))
    huge = (0, 1 << 40, 1 << 40)
    archive("data/extent-zero.npz", x=npy(huge), y=npy((0,)))
    archive("data/extent-huge.npz", x=npy((1 << 40, 1 << 40)), y=npy((0,)))
    archive("data/no-examples.npz", x=npy((0, 4)), y=npy((0,)))
    archive("data/axes-many.npz", x=npy((1,) * 500, b"a"), y=npy((1,), b"b"))
    archive("data/type-long.npz", x=npy((1,), b"a", "f" * 5000), y=npy((1,), b"b"))
    write("data/extent-zero-images.idx", bytes([0, 0, 8, 4]) + struct.pack(
        ">4I", 0, *[(1 << 32) - 1] * 3))
    with open_file("data/extent-zero.h5", "latest") as file:
        space = h5py.h5s.create_simple(huge)
        h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_UINT8, space)
        put(file, "y", np.zeros(0, "u1"))
    with open_file("data/labels-fewer.h5", "latest") as file:
        put(file, "x", values(3, 2))
        put(file, "y", np.zeros(2, "u1"))
    write("data/number-beyond-float.csv", b"a,b,label\n1,2,0\n3,1e300,1\n")
    write("data/name-control.csv", b"a\x1b]0;b,b,label\n1,2,0\n3,x,1\n")
    write("data/quote-open.csv", b'a,b,label\n1,2,"0\n')
