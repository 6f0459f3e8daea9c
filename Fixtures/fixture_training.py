#!/usr/bin/env python3
"""Writes `Fixtures/training`: gradients and ten optimiser steps of four tiny nets, in double precision.

    KERAS_BACKEND=jax JAX_ENABLE_X64=1 python fixture_training.py

Per net: `<net>.keras`, the float32 file that the engine loads, and `<net>.npz` with
    x, y                      one batch of 4 and its integer labels
    loss                      mean cross-entropy of the batch, training mode, before any step
    output                    the softmax outputs in training mode (batch statistics)
    gradient:<layer>/<weight> of that loss, for every trainable weight
    <optimiser>:<layer>/<weight>, <optimiser>:losses   every weight after ten steps on the same batch
                              (moving statistics too), and the loss before each step
Everything is computed in float64 from the float32 start values, and stored as float32.
"""
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

import make_fixtures as fixtures

L = keras.layers
OUT = Path(__file__).parent / "training"
STEPS = 10
OPTIMISERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.02),
}


def mlp():
    return keras.Sequential([
        L.Input((6,), name="x"), L.Dense(5, activation="relu", name="first"),
        L.Dense(4, activation="tanh", name="second"), L.Dense(3, activation="softmax", name="last")],
        name="mlp")


def cnn():
    return keras.Sequential([
        L.Input((6, 6, 2), name="x"), L.Conv2D(4, 3, padding="same", use_bias=False, name="conv_1"),
        L.BatchNormalization(momentum=0.9, name="bn"), L.ReLU(name="relu"),
        L.MaxPooling2D(2, name="max"), L.Conv2D(3, 2, strides=1, activation="relu", name="conv_2"),
        L.AveragePooling2D(2, name="average"), L.Flatten(name="flat"),
        L.Dense(3, activation="softmax", name="last")], name="cnn")


def separable():
    return keras.Sequential([
        L.Input((6, 6, 2), name="x"),
        L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise"),
        L.ReLU(max_value=6.0, name="relu6"),
        L.SeparableConv2D(4, 3, strides=2, padding="same", activation="relu", name="separable"),
        L.GlobalAveragePooling2D(name="pool"), L.Dense(3, activation="softmax", name="last")],
        name="separable")


def residual():
    x = inputs = L.Input((6, 6, 2), name="x")
    x = L.ReLU(name="relu_1")(L.BatchNormalization(name="bn_1")(L.Conv2D(4, 3, padding="same", name="conv_1")(x)))
    y = L.BatchNormalization(name="bn_2")(L.Conv2D(4, 3, padding="same", use_bias=False, name="conv_2")(x))
    x = L.ReLU(name="relu_2")(L.Add(name="add")([y, x]))
    y = L.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="conv_3")(x)
    x = L.Concatenate(name="join")([y, L.MaxPooling2D(2, name="max")(x)])
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, L.Dense(3, activation="softmax", name="last")(x), name="residual")


def build(make, dtype):
    keras.backend.clear_session()
    keras.config.set_dtype_policy(dtype)
    keras.config.set_floatx(dtype)
    return make()


def named(model):
    for path, layer in fixtures.leaves(model):
        for name, weight in zip(fixtures.weight_names(layer), layer.weights):
            yield f"{path}/{name}", weight


def loss_of(model, trainable, rest, x, y):
    outputs, rest = model.stateless_call(trainable, rest, x, training=True)
    picked = jnp.take_along_axis(outputs, y[:, None], axis=-1)
    return -jnp.mean(jnp.log(picked)), (outputs, rest)


def write(name, make):
    small = build(make, "float32")
    fixtures.set_weights(small, f"training/{name}")
    small.save(OUT / f"{name}.keras")
    fixtures.deflate(OUT / f"{name}.keras")
    start = small.get_weights()
    rng = np.random.default_rng(11)
    x = rng.normal(size=(4, *small.input_shape[1:])).astype("float32")
    y = np.array([0, 2, 1, 2], "int32")
    arrays = {"x": x, "y": y}
    step = jax.value_and_grad(lambda *a: loss_of(*a), argnums=1, has_aux=True)
    for kind, optimiser in OPTIMISERS.items():
        model = build(make, "float64")
        model.set_weights(start)
        keys = {id(w): key for key, w in named(model)}
        optimiser = optimiser()
        optimiser.build(model.trainable_variables)
        losses = []
        for index in range(STEPS):
            trainable = [w.value for w in model.trainable_variables]
            rest = [w.value for w in model.non_trainable_variables]
            assert all(w.dtype == jnp.float64 for w in trainable), name
            (loss, (outputs, rest)), gradients = step(model, trainable, rest, x.astype("float64"), y)
            losses.append(float(loss))
            if index == 0 and "loss" not in arrays:
                arrays["loss"] = np.float32(loss)
                arrays["output"] = np.asarray(outputs)
                for w, g in zip(model.trainable_variables, gradients):
                    arrays[f"gradient:{keys[id(w)]}"] = np.asarray(g)
            optimiser.apply(gradients, model.trainable_variables)
            for w, value in zip(model.non_trainable_variables, rest):
                w.assign(value)
        arrays[f"{kind}:losses"] = np.array(losses)
        for key, w in named(model):
            arrays[f"{kind}:{key}"] = np.asarray(w)
        print(f"  {name} {kind}: loss {losses[0]:.6f} to {losses[-1]:.6f}")
    final = {k: np.asarray(v, "float32") if np.asarray(v).dtype.kind == "f" else v for k, v in arrays.items()}
    assert all(np.isfinite(v).all() for v in final.values())
    np.savez_compressed(OUT / f"{name}.npz", **final)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    print(f"keras {keras.__version__}, jax {jax.__version__}")
    for make in (mlp, cnn, separable, residual):
        write(make.__name__, make)
