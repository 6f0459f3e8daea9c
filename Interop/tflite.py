"""Converts the .h5 files of a folder with TensorFlow's TFLite converter and compares predictions.

    tflite.py inputs FOLDER    NAME.npz with `x`, 16 seeded examples of NAME.h5's input shape
    tflite.py check FOLDER     NAME.tflite from NAME.h5, against NAME.engine.npz: max |difference| ÷
                               max |reference| ≤ 1e-5; and once more with int8 weights, for its size
"""
import os
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

TOLERANCE = 1e-5


def load(path):
    return tf.keras.models.load_model(path, compile=False)


def inputs(folder):
    generator = np.random.default_rng(0)
    for path in sorted(folder.glob("*.h5")):
        shape = load(path).input_shape[1:]
        np.savez(path.with_suffix(".npz"), x=generator.random((16, *shape), dtype="f4"))


def predict(content, x):
    interpreter = tf.lite.Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for row in x:
        interpreter.set_tensor(source["index"], row[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(target["index"])[0])
    return np.array(rows, "f8")


def check(folder):
    failed = 0
    models = [path for path in sorted(folder.glob("*.h5"))]
    for path in models:
        with np.load(path.with_suffix(".npz")) as arrays:
            x = arrays["x"]
        with np.load(path.with_suffix(".engine.npz")) as arrays:
            expected = arrays[arrays.files[0]].astype("f8")
        model = load(path)
        content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
        found = predict(content, x)
        error = np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30)
        smaller = tf.lite.TFLiteConverter.from_keras_model(model)
        smaller.optimizations = [tf.lite.Optimize.DEFAULT]
        size = len(smaller.convert())
        verdict = "passed" if error <= TOLERANCE else "FAILED"
        failed += verdict == "FAILED"
        print(f"{verdict}  {path.stem}: .h5 {os.path.getsize(path):,} bytes, .tflite {len(content):,}, with "
              f"int8 weights {size:,}; differs by {error:.1e}", flush=True)
    print(f"{len(models) - failed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    sys.exit(1 if (inputs if what == "inputs" else check)(folder) else 0)
