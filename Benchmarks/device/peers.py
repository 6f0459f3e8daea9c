"""LiteRT beside the exported C: size, memory and time of the same networks.

    peers.py data MNIST OUT          test images as float32 (OUT/test.f32) and labels, 500 training images
    peers.py convert MODEL.h5 OUT    OUT.float.tflite and OUT.int8.tflite (TensorFlow 2.15)
    peers.py litert MODEL.tflite OUT accuracy, batch-1 time in µs, memory of the interpreter (ai-edge-litert)
    peers.py accuracy OUT.f32 OUT    share of right answers of what a C program wrote
"""
import gzip
import sys
import time
from pathlib import Path

import numpy as np


def idx(path, header):
    return np.frombuffer(gzip.open(path).read(), np.uint8)[header:]


def data(mnist, out):
    mnist, out = Path(mnist), Path(out)
    test = idx(mnist / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype("f4") / np.float32(255)
    test.tofile(out / "test.f32")
    np.save(out / "labels.npy", idx(mnist / "t10k-labels-idx1-ubyte.gz", 8))
    train = idx(mnist / "train-images-idx3-ubyte.gz", 16).reshape(-1, 784)[:500]
    np.save(out / "train.npy", train.astype("f4") / np.float32(255))


def convert(model, out, data):
    import tensorflow as tf

    net = tf.keras.models.load_model(model, compile=False)
    shape = (1, *net.input_shape[1:])
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    Path(out + ".float.tflite").write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    train = np.load(Path(data) / "train.npy")
    converter.representative_dataset = lambda: ([row.reshape(shape)] for row in train)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    Path(out + ".int8.tflite").write_bytes(converter.convert())


def memory():
    """Resident kilobytes of this process."""
    fields = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(fields["VmRSS"].split()[0])


def litert(model, data):
    from ai_edge_litert.interpreter import Interpreter

    test = np.fromfile(Path(data) / "test.f32", "<f4").reshape(-1, 784)
    labels = np.load(Path(data) / "labels.npy")
    before = memory()
    interpreter = Interpreter(model_path=model, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    x = test
    if source["dtype"] == np.int8:
        scale, zero = source["quantization"]
        x = np.clip(np.round(test / scale) + zero, -128, 127).astype(np.int8)
    x = x.reshape(-1, *source["shape"])
    interpreter.set_tensor(source["index"], x[0])
    interpreter.invoke()
    resident = memory() - before
    right = 0
    for row, label in zip(x, labels):
        interpreter.set_tensor(source["index"], row)
        interpreter.invoke()
        right += int(interpreter.get_tensor(target["index"])[0].argmax() == label)
    runner, runs, best = interpreter._interpreter if hasattr(interpreter, "_interpreter") else interpreter, 1, 1e30
    for round in range(50):
        start = time.perf_counter()
        for _ in range(runs):
            runner.Invoke() if hasattr(runner, "Invoke") else runner.invoke()
        spent = (time.perf_counter() - start) / runs
        if round == 0:
            runs = int(4e-3 / spent) + 1
        best = min(best, spent)
    print(f"{100 * right / len(labels):.2f}\t{1e6 * best:.2f}\t{resident}\t{Path(model).stat().st_size}")


def accuracy(outputs, data):
    labels = np.load(Path(data) / "labels.npy")
    found = np.fromfile(outputs, "<f4").reshape(len(labels), -1)
    print(f"{100 * (found.argmax(1) == labels).mean():.2f}")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
