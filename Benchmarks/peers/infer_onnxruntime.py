#!/usr/bin/env python3
"""ONNX Runtime: forward time of the MLP or the CNN at batch 1 and 256. Prints one JSON line per batch size.

    infer_onnxruntime.py mlp|cnn [--threads 1] [--batches 1,256] [--seconds 2]

Random weights: only time is measured. Needs onnx and onnxruntime. `microseconds` is the median of calls.
"""
import argparse
import json
import statistics
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import kerasfile


class Builder:
    def __init__(self):
        self.nodes, self.constants, self.rng = [], [], np.random.default_rng(0)

    def weight(self, *shape):
        name = f"w{len(self.constants)}"
        value = (self.rng.standard_normal(shape) / np.sqrt(max(1, np.prod(shape[1:])))).astype("float32")
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind, *inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def dense(self, x, inputs, outputs):
        return self.node("Gemm", x, self.weight(outputs, inputs), self.weight(outputs), transB=1)

    def conv(self, x, inputs, outputs, pad):
        x = self.node("Conv", x, self.weight(outputs, inputs, 3, 3), self.weight(outputs),
                      kernel_shape=[3, 3], pads=[pad] * 4)
        return self.node("Relu", x)

    def model(self, shape, output):
        value = lambda name, dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        graph = helper.make_graph(self.nodes, "net", [value("x", ["n", *shape])], [value(output, ["n", 10])],
                                  self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def mlp():
    b = Builder()
    x = b.node("Relu", b.dense("x", 784, 100))
    x = b.node("Relu", b.dense(x, 100, 50))
    return b.model([784], b.node("Softmax", b.dense(x, 50, 10), axis=1)), (784,)


def cnn():
    b = Builder()
    pool = lambda x: b.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = pool(b.conv(b.conv("x", 3, 32, 1), 32, 32, 0))
    x = pool(b.conv(b.conv(x, 32, 64, 1), 64, 64, 0))
    x = b.node("Relu", b.dense(b.node("Flatten", x), 2304, 512))
    return b.model([3, 32, 32], b.node("Softmax", b.dense(x, 512, 10), axis=1)), (3, 32, 32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=["mlp", "cnn"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", default="1,256")
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    model, shape = {"mlp": mlp, "cnn": cnn}[options.net]()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.inter_op_num_threads = options.threads, 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, ["CPUExecutionProvider"])
    for batch in map(int, options.batches.split(",")):
        x = np.random.default_rng(1).standard_normal((batch, *shape), dtype="float32")
        feed, times = {"x": x}, []
        for _ in range(3):
            session.run(None, feed)
        stop = time.perf_counter() + options.seconds
        while time.perf_counter() < stop or len(times) < 5:
            begin = time.perf_counter_ns()
            session.run(None, feed)
            times.append(time.perf_counter_ns() - begin)
        median = statistics.median(times) / 1e3
        print(json.dumps({
            "peer": f"onnxruntime-{onnxruntime.__version__}", "net": options.net, "threads": options.threads,
            "batch": batch, "calls": len(times), "microseconds": round(median, 2),
            "best_microseconds": round(min(times) / 1e3, 2), "samples_per_second": round(batch / median * 1e6),
            "peak_mib": kerasfile.peak_memory()}), flush=True)


if __name__ == "__main__":
    main()
