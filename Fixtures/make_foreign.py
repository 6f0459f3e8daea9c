#!/usr/bin/env python3
"""Writes `Fixtures/foreign`: small files of other formats, as users mistake them for Keras files.

    python make_foreign.py torch    (torch, safetensors, onnx)
    python make_foreign.py tflite   (TensorFlow 2.15)
    python make_foreign.py text
"""
import sys
from pathlib import Path

import numpy as np

OUT = Path(__file__).parent / "foreign"
RNG = np.random.default_rng(3)
WEIGHTS = {"fc1.weight": (5, 4), "fc1.bias": (5,), "fc2.weight": (3, 5), "fc2.bias": (3,)}
VALUES = {name: RNG.normal(size=shape).astype("float32") for name, shape in WEIGHTS.items()}


def torch_files():
    import torch, onnx
    from onnx import helper, numpy_helper
    from safetensors.numpy import save_file
    net = torch.nn.Sequential()
    net.add_module("fc1", torch.nn.Linear(4, 5))
    net.add_module("fc2", torch.nn.Linear(5, 3))
    net.load_state_dict({k: torch.from_numpy(v) for k, v in VALUES.items()})
    torch.save(net.state_dict(), OUT / "mlp.pt")
    save_file(VALUES, OUT / "mlp.safetensors", metadata={"format": "pt"})
    nodes = [
        helper.make_node("Gemm", ["x", "fc1.weight", "fc1.bias"], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "fc2.weight", "fc2.bias"], ["y"], transB=1)]
    value = lambda name, width: helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", width])
    graph = helper.make_graph(nodes, "mlp", [value("x", 4)], [value("y", 3)],
                              [numpy_helper.from_array(v, k) for k, v in VALUES.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, OUT / "mlp.onnx")


def tflite_file():
    import tensorflow as tf
    net = tf.keras.Sequential([tf.keras.layers.Input((4,)), tf.keras.layers.Dense(5, "relu"),
                               tf.keras.layers.Dense(3)])
    net.set_weights([v.T if v.ndim == 2 else v for v in VALUES.values()])
    (OUT / "mlp.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(net).convert())


def text_files():
    (OUT / "lfs-pointer.h5").write_text(
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 58889256\n")
    (OUT / "page.h5").write_text(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Sign in</title></head>"
        "<body><h1>404: not found</h1></body></html>\n")
    (OUT / "empty.h5").write_bytes(b"")
    np.savez(OUT / "weights.npz", **VALUES)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    {"torch": torch_files, "tflite": tflite_file, "text": text_files}[sys.argv[1]]()
