#!/usr/bin/env python3
"""Writes `keras/factorised.json` and `.npz`: what Keras predicts of factorised networks.

    MNIST=folder KERAS_BACKEND=jax python make_factorised.py      (Keras 3 environment, with tensorly)

Factors by NumPy (truncated SVD) and TensorLy (Tucker over modes 2 and 3), in float64; the network is then built as
Keras layers of its factors, by hand here, and Keras predicts. Low rank is unique, so errors and predictions must
agree closely; Tucker's HOOI has no unique answer: its error is a bound to reach, its prediction is not stored.
"""
import json
from pathlib import Path

import keras
import numpy as np
import tensorly
from tensorly.decomposition import partial_tucker

import make_fixtures as fixtures

L = keras.layers
OUT = Path(__file__).parent / "keras"


def relative(kernel, approximation):
    return float(np.linalg.norm(kernel - approximation) / np.linalg.norm(kernel))


def low_rank(kernel, rank):
    u, s, vt = np.linalg.svd(kernel.astype("float64"), full_matrices=False)
    return (u[:, :rank] * s[:rank]).astype("float32"), vt[:rank].astype("float32"), s


def dense_pair(name, kernel, bias, rank, activation):
    left, right, values = low_rank(kernel, rank)
    first = L.Dense(rank, use_bias=False, name=f"{name}_u")
    last = L.Dense(kernel.shape[1], activation=activation, name=name)
    first.build((None, kernel.shape[0])), last.build((None, rank))
    first.set_weights([left]), last.set_weights([right, bias])
    return [first, last], relative(kernel, left @ right), values


def mlp(share):
    """The trained MLP with every Dense at floor(share · full rank)."""
    source = load("mlp-mnist-k2")
    layers, rows, spectra = [L.Input((28, 28)), L.Flatten()], {}, {}
    for name, kernel, bias, activation in source:
        rank = max(1, int(min(kernel.shape) * share))
        pair, error, values = dense_pair(name, kernel, bias, rank, activation)
        layers += pair
        rows[name], spectra[name] = {"rank": rank, "relative_error": error}, values
    return keras.Sequential(layers), rows, spectra


def load(stem):
    """(name, kernel, bias, activation) of each Dense of a legacy .h5."""
    import h5py
    with h5py.File(OUT / f"{stem}.h5") as file:
        config = json.loads(file.attrs["model_config"])
        group = file["model_weights"]
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Dense":
                name = layer["config"]["name"]
                yield (name, group[f"{name}/{name}/kernel:0"][()], group[f"{name}/{name}/bias:0"][()],
                       layer["config"]["activation"])


def tucker(kernel, ranks):
    """Relative errors: one-pass HOSVD, and TensorLy's HOOI run until it stalls."""
    kernel = kernel.astype("float64")
    factors = []
    for mode, rank in zip((2, 3), ranks):
        unfolding = np.moveaxis(kernel, mode, 0).reshape(kernel.shape[mode], -1)
        factors.append(np.linalg.svd(unfolding, full_matrices=False)[0][:, :rank])
    u, v = factors
    projected = np.einsum("hwio,ia,ja,ob,pb->hwjp", kernel, u, u, v, v, optimize=True)
    (core, (a, b)), _ = partial_tucker(kernel, rank=list(ranks), modes=[2, 3], init="svd", tol=1e-12, n_iter_max=500)
    return {"ranks": list(ranks), "hosvd": relative(kernel, projected),
            "hooi": relative(kernel, tensorly.tenalg.multi_mode_dot(core, [a, b], modes=[2, 3]))}


def main():
    x, _, x_test, y_test = fixtures.mnist(False)
    table, arrays = {"mlp-mnist-k2.h5": {}, "digits-cnn-k2.h5": {}}, {"input_0": x_test[:3]}
    for text, share in (("1/2", 0.5), ("1/4", 0.25), ("1/8", 0.125)):
        model, rows, spectra = mlp(share)
        outputs = np.asarray(model.predict(x_test, batch_size=500, verbose=0))
        key = text.replace("/", "_")
        arrays[f"output_{key}"] = outputs[:3]
        table["mlp-mnist-k2.h5"][text] = {
            "parameters": model.count_params(), "right": int((outputs.argmax(1) == y_test).sum()), "of": 10000,
            "kernels": rows}
        for name, values in spectra.items():
            arrays[f"singular_values_{name}"] = values.astype("float32")
    import h5py
    with h5py.File(OUT / "digits-cnn-k2.h5") as file:
        group = file["model_weights"]
        for name, ranks in (("conv2d_1", (4, 8)), ("conv2d_1", (8, 8)), ("conv2d_2", (8, 8)), ("conv2d_2", (4, 12))):
            kernel = group[f"{name}/{name}/kernel:0"][()]
            table["digits-cnn-k2.h5"].setdefault(name, []).append(tucker(kernel, ranks))
    (OUT / "factorised.json").write_text(json.dumps(table, indent=1) + "\n")
    np.savez_compressed(OUT / "factorised.npz", **arrays)
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
