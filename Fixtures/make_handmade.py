#!/usr/bin/env python3
"""Rewrites some files of `Fixtures/keras` into forms that real tools leave but our writers here do not.

    KERAS_BACKEND=jax python make_handmade.py     (Keras 3 environment, after make_fixtures.py)

Values, reference outputs and bindings are those of the source file; only the packing differs.
"""
import json, shutil, sys
from pathlib import Path

import h5py
import numpy as np

OUT = Path(__file__).parent / "keras"


def copy(source, target, create=None, **options):
    """Copies an HDF5 tree; `create` receives (group, name, value) for each data set."""
    with h5py.File(OUT / source, "r") as old, h5py.File(OUT / target, "w", **options) as new:
        def walk(a, b):
            for key, value in a.attrs.items():
                b.attrs[key] = value
            for key, item in a.items():
                if isinstance(item, h5py.Group):
                    walk(item, b.create_group(key))
                elif create:
                    create(b, key, item[()])
                else:
                    b[key] = item[()]
        walk(old, new)


def edit(target, change):
    with h5py.File(OUT / target, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config = change(config) or config
        file.attrs["model_config"] = json.dumps(config)
        return config


def bare_list(config):
    """Keras ≤ 2.2.2: a Sequential's config is the list of layers, the first with batch_input_shape."""
    layers = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
    for layer in layers:
        for key in ("module", "registered_name", "build_config"):
            layer.pop(key, None)
    layers[0]["config"]["batch_input_shape"] = [None, 6]
    return {"class_name": "Sequential", "config": layers}


def as_model(config):
    """TensorFlow ≤ 2.2 wrote class "Model" for what is "Functional" now."""
    assert config["class_name"] == "Functional"
    config["class_name"] = "Model"


def pack(group, name, value):
    if value.size < 60:
        group[name] = value
        return
    group.create_dataset(name, data=value, chunks=tuple(max(1, (n + 1) // 2) for n in value.shape),
                         compression="gzip", compression_opts=4, shuffle=True, fletcher32=True)


def swap(group, name, value):
    group.create_dataset(name, data=value.astype(value.dtype.newbyteorder(">")))


def main():
    made = {}  # target: source

    copy("compiled-objects-k2.h5", "bare-list.h5")
    edit("bare-list.h5", bare_list)
    with h5py.File(OUT / "bare-list.h5", "r+") as file:
        del file["optimizer_weights"], file.attrs["training_config"]
        for place in (file, file["model_weights"]):
            place.attrs["keras_version"] = "2.1.6"
        if "top_level_model_weights" in file["model_weights"]:
            del file["model_weights/top_level_model_weights"]
    made["bare-list.h5"] = "compiled-objects-k2.h5"

    copy("shared-layer-k2.h5", "class-model.h5")
    edit("class-model.h5", as_model)
    made["class-model.h5"] = "shared-layer-k2.h5"

    copy("nested-sequential-k2.h5", "libver-latest.h5", libver="latest")
    made["libver-latest.h5"] = "nested-sequential-k2.h5"
    copy("nested-sequential-k3.h5", "libver-v108.h5", libver=("v108", "v110"), track_order=True)
    made["libver-v108.h5"] = "nested-sequential-k3.h5"
    copy("multi-io-k2.h5", "chunked.h5", pack)
    made["chunked.h5"] = "multi-io-k2.h5"
    copy("multi-io-k2.h5", "chunked-latest.h5", pack, libver="latest")
    made["chunked-latest.h5"] = "multi-io-k2.h5"
    copy("multi-io-k3.h5", "big-endian.h5", swap)
    made["big-endian.h5"] = "multi-io-k3.h5"
    copy("shared-layer-k3.h5", "userblock.h5", userblock_size=1024)
    with open(OUT / "userblock.h5", "r+b") as file:
        file.write(b"#!/bin/sh\necho this is a user block\n")
    made["userblock.h5"] = "shared-layer-k3.h5"
    shutil.copy(OUT / "shared-layer-k2.h5", OUT / "hdf5-named.keras")  # TensorFlow ≤ 2.12 wrote such files
    made["hdf5-named.keras"] = "shared-layer-k2.h5"

    table = json.loads((OUT / "bindings.json").read_text())
    from make_fixtures import update
    for target, source in made.items():
        update(OUT / "bindings.json", target, table[source])
        reference = source.rsplit(".", 1)[0] + ".reference.npz"
        shutil.copy(OUT / reference, OUT / (target.rsplit(".", 1)[0] + ".reference.npz"))
        check(target)


def check(target):
    import keras
    path = OUT / target
    if target == "hdf5-named.keras":  # Keras goes by extension
        return print(f"  {target} {path.stat().st_size} bytes, a copy")
    with np.load(OUT / (target.rsplit(".", 1)[0] + ".reference.npz")) as arrays:
        inputs = [arrays[k] for k in sorted(arrays.files) if k.startswith("input")]
        outputs = [arrays[k] for k in sorted(arrays.files) if k.startswith("output")]
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:
        return print(f"  {target} {path.stat().st_size} bytes, Keras 3 refuses: {str(error)[:80]!r}")
    got = model(inputs if len(inputs) > 1 else inputs[0])
    got = got if isinstance(got, (list, tuple)) else [got]
    for a, b in zip(got, outputs):
        assert np.allclose(np.asarray(a), b, atol=1e-5), target
    print(f"  {target} {path.stat().st_size} bytes, Keras {keras.__version__} agrees")


if __name__ == "__main__":
    main()
