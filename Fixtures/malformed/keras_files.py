"""Tiny Keras files made by hand: HDF5 by h5py, configurations and zip archives by this script.

Nothing here needs Keras. The layouts are those that Keras 2.15 and Keras 3 write.
"""

import gzip
import json
import os
import struct
import zlib

import h5py
import numpy as np

F32 = np.dtype("<f4")


def values(*shape, seed=1):
    """Small, repeatable, finite values."""
    count = int(np.prod(shape, dtype=np.int64))
    return (((np.arange(count) * 7 + seed * 3) % 11 - 5) / 8).astype(F32).reshape(shape)


# Configurations


def layer(class_name, name, module="keras.layers", **config):
    return {
        "module": module, "class_name": class_name,
        "config": {"name": name, "trainable": True, "dtype": "float32", **config},
        "registered_name": None,
    }


def input_layer(name="x", shape=(4,)):
    return layer("InputLayer", name, batch_shape=[None, *shape])


def dense(name="dense", units=3, **config):
    settings = {"units": units, "activation": "linear", "use_bias": True, **config}
    return layer("Dense", name, **settings)


def sequential(*layers, name="m"):
    return {
        "module": "keras", "class_name": "Sequential",
        "config": {"name": name, "trainable": True, "dtype": "float32", "layers": list(layers)},
    }


def called(layer, *references, **kwargs):
    """A layer called once on outputs `(name, node, tensor)`, as Keras 3 writes it."""
    tensors = [
        {"class_name": "__keras_tensor__",
         "config": {"shape": [None, 4], "dtype": "float32", "keras_history": list(reference)}}
        for reference in references
    ]
    args = [tensors] if len(tensors) > 1 else tensors
    nodes = [{"args": args, "kwargs": kwargs}] if tensors else []
    return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}


def functional(layers, inputs, outputs, name="m"):
    return {
        "module": "keras.src.models.functional", "class_name": "Functional",
        "config": {
            "name": name, "trainable": True, "layers": layers,
            "input_layers": [list(i) for i in inputs],
            "output_layers": [list(o) for o in outputs],
        },
        "registered_name": "Functional",
    }


MLP = sequential(input_layer(), dense())
NORMED = sequential(
    input_layer(), dense(),
    layer("BatchNormalization", "norm", axis=-1, momentum=0.99, epsilon=0.001, center=True,
          scale=True))


# HDF5


class Raw:
    """Something else than an array under a weight's name: `make(group, name)` makes it."""

    def __init__(self, make):
        self.make = make


def text(value, libver="earliest"):
    """A string of variable length as Keras writes it, or a shorter one of fixed length."""
    if libver != "earliest":
        return np.bytes_(value.encode())
    return np.array(value, dtype=h5py.string_dtype("utf-8"))


def put(group, name, array):
    """A data set that lies in its own header, which keeps the files of this folder small."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    plist.set_obj_track_times(False)
    kind = h5py.h5t.py_create(array.dtype, logical=1)
    space = h5py.h5s.create_simple(array.shape) if array.shape else h5py.h5s.create(0)
    data = h5py.h5d.create(group.id, name.encode(), kind, space, plist)
    if array.size:
        data.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(array))


def names(list_of_names):
    if not list_of_names:
        return np.zeros((0,), dtype="<f8")
    return np.array([n.encode() if isinstance(n, str) else n for n in list_of_names])


def mlp_weights():
    return {"dense": {"kernel": values(4, 3), "bias": values(3, seed=2)}}


def normed_weights():
    return {
        **mlp_weights(),
        "norm": {
            "gamma": values(3, seed=3), "beta": values(3, seed=4),
            "moving_mean": values(3, seed=5), "moving_variance": np.abs(values(3, seed=6)),
        },
    }


def open_file(path, libver):
    """A new file; the newer format without room in reserve."""
    options = {} if libver == "earliest" else {"meta_block_size": 1}
    return h5py.File(path, "w", libver=libver, **options)


def write_legacy(path, config=MLP, weights=None, layer_names=None, libver="latest", edit=None):
    """A whole-model `.h5` as Keras 3.0 writes it, weights by their bare names."""
    weights = mlp_weights() if weights is None else weights
    with open_file(path, libver) as file:
        file.attrs["keras_version"] = text("3.3.3", libver)
        if libver == "earliest":
            file.attrs["backend"] = text("jax")
        if config is not None:
            as_text = config if isinstance(config, (str, bytes)) else json.dumps(config)
            file.attrs["model_config"] = (
                np.bytes_(as_text) if isinstance(as_text, bytes) else text(as_text, libver))
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = names(
            list(weights) if layer_names is None else layer_names)
        for layer_name, arrays in weights.items():
            group = root.create_group(layer_name)
            group.attrs["weight_names"] = names(list(arrays))
            for name, array in arrays.items():
                if isinstance(array, Raw):
                    array.make(group, name)
                elif array is not None and libver == "earliest":
                    group.create_dataset(name, data=array)
                elif array is not None:
                    put(group, name, array)
        if edit:
            edit(file)


def object_weights(layers, libver="latest", edit=None, path="weights.tmp.h5"):
    """The bytes of a `model.weights.h5`: `layers` maps `dense` to its list of variables."""
    with open_file(path, libver) as file:
        file.create_group("vars")
        root = file.create_group("layers")
        for name, variables in layers.items():
            group = root.create_group(name).create_group("vars")
            for index, array in enumerate(variables):
                if isinstance(array, Raw):
                    array.make(group, str(index))
                else:
                    put(group, str(index), array)
        if edit:
            edit(file)
    with open(path, "rb") as file:
        content = file.read()
    os.remove(path)
    return content


def mlp_objects(**options):
    return object_weights({"dense": [values(4, 3), values(3, seed=2)]}, **options)


# Zip archives, byte by byte, so that headers can lie


class Member:
    def __init__(self, name, content, method=0, flags=0, mode=0o100644, raw=None, **lies):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.content = content if isinstance(content, bytes) else content.encode()
        self.method, self.flags, self.mode, self.lies = method, flags, mode, lies
        if raw is not None:
            self.raw = raw
        elif method == 8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.raw = deflate.compress(self.content) + deflate.flush()
        else:
            self.raw = self.content

    def common(self, where):
        def said(field, truth):
            return self.lies.get(f"{where}_{field}", self.lies.get(field, truth))

        return struct.pack(
            "<HHHHHIII", 20, said("flags", self.flags), said("method", self.method), 0, 0x21,
            said("crc", zlib.crc32(self.content)), said("compressed", len(self.raw)),
            said("count", len(self.content)))


def zip_bytes(members, before=b"", after=b"", entries=None, shared_offset=None, comment=b""):
    body, directory = before, b""
    for index, member in enumerate(members):
        offset = len(body)
        local_name = member.lies.get("local_name", member.name)
        if member.lies.get("local_missing"):
            offset = member.lies["offset"](body)
        else:
            body += b"PK\3\4" + member.common("local") + struct.pack("<HH", len(local_name), 0)
            body += local_name + member.raw
        offset = member.lies.get("central_offset", offset)
        directory += b"PK\1\2" + struct.pack("<H", 0x0314) + member.common("central")
        directory += struct.pack("<HHHHHII", len(member.name), 0, 0, 0, 0, member.mode << 16, offset)
        directory += member.name
    count = len(members) if entries is None else entries
    end = b"PK\5\6" + struct.pack(
        "<HHHHIIH", 0, 0, count, count, len(directory), len(body), len(comment))
    return body + directory + end + comment + after


METADATA = json.dumps({"keras_version": "3.3.3", "date_saved": "2024-01-01@00:00:00"})


def keras_members(config=MLP, weights=None, metadata=METADATA, weights_method=0, **weights_lies):
    config = config if isinstance(config, (str, bytes)) else json.dumps(config)
    weights = mlp_objects() if weights is None else weights
    return [
        Member("metadata.json", metadata), Member("config.json", config),
        Member("model.weights.h5", weights, method=weights_method, **weights_lies),
    ]


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def packed(path):
    """Puts `path.gz` in the place of a file that is large for what it says."""
    with open(path, "rb") as file:
        content = file.read()
    os.remove(path)
    write(path + ".gz", gzip.compress(content, 9, mtime=0))
