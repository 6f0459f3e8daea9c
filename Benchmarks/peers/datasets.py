"""MNIST and CIFAR-10 for the training peers, from their standard binary files; synthetic data to try out."""
import gzip
from pathlib import Path

import numpy as np


def idx(path):
    path = Path(path)
    raw = path.read_bytes() if path.exists() else gzip.open(f"{path}.gz").read()
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(folder):
    """(x [60000×28×28] in 0…1, y, x_test, y_test)."""
    folder = Path(folder)
    parts = []
    for part in ("train", "t10k"):
        parts.append(idx(folder / f"{part}-images-idx3-ubyte").astype("float32") / 255)
        parts.append(idx(folder / f"{part}-labels-idx1-ubyte").astype("int64"))
    return parts


def cifar10(folder):
    """(x [50000×32×32×3] in 0…1, y, x_test, y_test) from data_batch_1..5.bin and test_batch.bin."""
    def read(name):
        raw = np.fromfile(Path(folder) / name, np.uint8).reshape(-1, 3073)
        images = raw[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images).astype("float32") / 255, raw[:, 0].astype("int64")
    batches = [read(f"data_batch_{i}.bin") for i in range(1, 6)]
    return [np.concatenate([b[0] for b in batches]), np.concatenate([b[1] for b in batches]),
            *read("test_batch.bin")]


def load(net, folder, limit=None):
    """The set that belongs to a net; folder `synthetic` gives noise of the same shape."""
    if folder == "synthetic":
        rng = np.random.default_rng(0)
        shape = (28, 28) if net == "mlp" else (32, 32, 3)
        data = []
        for count in (limit or 2000, 1000):
            data += [rng.random((count, *shape), dtype="float32"), rng.integers(0, 10, count)]
        return data
    data = mnist(folder) if net == "mlp" else cifar10(folder)
    if limit:
        data[0], data[1] = data[0][:limit], data[1][:limit]
    return data
