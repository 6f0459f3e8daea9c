#!/usr/bin/env python3
"""Reads a modelc container with h5py and NumPy alone; see format.md. Rebuilds dense weights, checks digests.

`read_container.py FILE [OUT.npz]` prints a line per weight and saves the dense weights as `<layer>/<weight>`.
As a module: `graph, weights = read(path)`, weights by `(layer, weight)` in the order of the file.
"""
import hashlib
import json
import sys
import zlib

import h5py
import numpy as np

sha = lambda data: hashlib.sha256(data).digest()
TYPES = {"bfloat16": "<u2", "bool": "|u1"}  # HDF5 has no bfloat16 and no bool: their bits, as integers


def dtype(name):
    return np.dtype(TYPES.get(name, name)).newbyteorder("<")


def check(place, found, stored):
    if found != stored:
        raise ValueError(f"{place}: the bytes changed after they were written")


def read(path):
    with h5py.File(path, "r") as file:
        text = {k: v.decode() if isinstance(v, bytes) else v for k, v in file.attrs.items()}
        major, minor = (int(n) for n in text["format_version"])
        features = text["features"].split()
        if text["format"] != "modelc" or major != 1 or set(features) - {"packed", "sparse"}:
            raise ValueError(f"{path}: not a container that this reader knows")
        facts = f"modelc\n{major}.{minor}\n{text['producer']}\n{text['features']}\n".encode()
        if "packed" in features:
            graph, values = packed(file["packed"][()].tobytes())
        else:
            raw = file["graph"][()].tobytes()
            check("graph", sha(facts + raw).hex(), text["digest"])
            graph = json.loads(raw)

            def values(entry, kind, shape):
                found = file[entry["path"]][()]
                check(entry["path"], sha(found.tobytes()).hex(), entry["sha256"])
                if found.shape != tuple(shape) or found.dtype != dtype(kind):
                    raise ValueError(f"{entry['path']}: another shape or type than the graph says")
                return found

        weights = {}
        for layer in graph["layers"]:
            for weight in layer.get("weights", []):
                parts = {c["name"]: component(c, values) for c in weight["components"]}
                for spectrum in weight.get("spectra", []):
                    values(spectrum, "float64", [spectrum["count"]])
                dense = rebuild(weight["form"], parts)
                weights[layer["path"], weight["name"]] = dense.reshape(weight["dense_shape"])
        return graph, weights


def packed(data):
    """The graph, and a function that hands out the values one after another."""
    entries = np.frombuffer(data[:20], "<u4")
    start, parts = 20, []
    for entry in entries:
        size = int(entry) & 0x7FFFFFFF
        part, start = data[start : start + size], start + size
        parts.append(zlib.decompress(part, -15) if entry >> 31 else part)
    digests = [data[i : i + 8] for i in range(start, len(data) - 32, 8)]
    check("graph", sha(parts[0])[:8], digests[0])
    streams = {}
    for size, part in zip((1, 2, 4, 8), parts[1:]):  # unshuffle: byte k of every scalar lies in row k
        streams[size] = np.frombuffer(part, "u1").reshape(size, -1).T.tobytes()
    place, number = {1: 0, 2: 0, 4: 0, 8: 0}, iter(digests[1:])

    def values(entry, kind, shape):
        size = dtype(kind).itemsize
        count = int(np.prod(shape, dtype=int)) * size
        raw = streams[size][place[size] : place[size] + count]
        place[size] += count
        check("packed tensor", sha(raw)[:8], next(number))
        return np.frombuffer(raw, dtype(kind)).reshape(shape)

    return json.loads(parts[0]), values


def component(entry, values):
    sparse = entry.get("sparse")
    stored = values(entry, entry["type"], [sparse["values"]] if sparse else entry["shape"])
    if sparse:
        stored = expand(stored, values(sparse, "uint8", [sparse["gaps"]]), entry["shape"])
    if entry["type"] == "bfloat16":
        return (stored.astype("<u4") << 16).view("<f4")
    if entry["encoding"] == "int8":
        scales = values(entry["scales"], "float32", entry["shape"][-1:])
        return stored.astype("f4") * scales
    return stored


def expand(stored, gaps, shape):
    """Zeros put back: a gap is the number of zeros before a scalar, 255 that many zeros alone."""
    ends = np.cumsum(gaps.astype("i8") + (gaps < 255))
    whole = np.zeros(int(np.prod(shape, dtype="i8")), stored.dtype)
    whole[ends[gaps < 255] - 1] = stored
    return whole.reshape(shape)


def rebuild(form, part):
    if form == "dense":
        return part["values"]
    part = {name: value.astype("f8") for name, value in part.items()}
    if form == "low-rank":
        return part["left"] @ part["right"].reshape(part["right"].shape[-2:])
    if form == "tucker-2":
        inner = part["input_factor"].reshape(part["input_factor"].shape[-2:])
        outer = part["output_factor"].reshape(part["output_factor"].shape[-2:])
        return np.einsum("ip,...pq,qo->...io", inner, part["core"], outer)
    if form == "tensorised":
        height, width = part["height_factor"], part["width_factor"]
        rest = part["left"].reshape(height.shape[1], width.shape[1], -1, part["left"].shape[1])
        channel = part.get("channel_factor", np.eye(rest.shape[2]))
        return np.einsum("ha,wb,cp,abpr,rm->hwcm", height, width, channel, rest, part["right"])
    raise ValueError(f"unknown form '{form}'")


if __name__ == "__main__":
    graph, weights = read(sys.argv[1])
    for (layer, name), value in weights.items():
        print(f"{layer}/{name} {'x'.join(map(str, value.shape))} {value.dtype}")
    if len(sys.argv) > 2:
        np.savez(sys.argv[2], **{f"{layer}/{name}": value for (layer, name), value in weights.items()})
