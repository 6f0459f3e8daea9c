"""The Keras peers' training: `fit` and `predict`, as a user writes them; the first epoch (compiling) is apart."""
import argparse
import json
import os
import statistics
import time


def main(backend, doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", choices=["mlp", "cnn"])
    parser.add_argument("data", help="folder of the data set's standard files, or `synthetic`")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--limit", type=int, help="training samples per epoch")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--forward", type=int, default=10000)
    options = parser.parse_args()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if options.threads == 1:  # XLA has no other switch for it
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if backend == "jax":
        os.environ["KERAS_BACKEND"] = "jax"
    else:
        import tensorflow as tf
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    import keras
    import datasets
    import kerasfile
    keras.utils.set_random_seed(options.seed)
    L = keras.layers
    if options.net == "mlp":
        batch = options.batch or 32
        layers = [L.Input((28, 28)), L.Flatten(), L.Dense(100, activation="relu"),
                  L.Dense(50, activation="relu"), L.Dense(10, activation="softmax")]
    else:
        batch = options.batch or 64
        conv = lambda filters, padding: L.Conv2D(filters, 3, padding=padding, activation="relu")
        layers = [L.Input((32, 32, 3)), conv(32, "same"), conv(32, "valid"), L.MaxPooling2D(), L.Dropout(0.25),
                  conv(64, "same"), conv(64, "valid"), L.MaxPooling2D(), L.Dropout(0.25), L.Flatten(),
                  L.Dense(512, activation="relu"), L.Dropout(0.5), L.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    x, y, x_test, y_test = datasets.load(options.net, options.data, options.limit)

    class Clock(keras.callbacks.Callback):
        epochs, begin = [], 0.0

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.epochs.append(time.perf_counter() - self.begin)

    clock = Clock()
    model.fit(x, y, batch_size=batch, epochs=options.epochs, verbose=0, callbacks=[clock])
    warm = clock.epochs[1:] or clock.epochs
    tested = min(options.forward, len(x_test))
    model.predict(x_test[:256], batch_size=256, verbose=0)
    begin = time.perf_counter()
    outputs = model.predict(x_test[:tested], batch_size=256, verbose=0)
    forward = time.perf_counter() - begin
    right = int((outputs.argmax(1) == y_test[:tested]).sum())
    seconds = statistics.median(warm)
    print(json.dumps({
        "peer": f"keras-{keras.__version__}/{backend}", "net": options.net, "threads": options.threads,
        "batch": batch, "samples": len(x), "epochs": options.epochs, "parameters": model.count_params(),
        "first_epoch": round(clock.epochs[0], 4), "seconds_per_epoch": round(seconds, 4),
        "best_epoch": round(min(warm), 4), "step_ms": round(1e3 * seconds / max(1, -(-len(x) // batch)), 3),
        "samples_per_second": round(len(x) / seconds), "accuracy": round(right / tested, 4),
        "forward_images": tested, "forward_seconds": round(forward, 4), "peak_mib": kerasfile.peak_memory()}),
        flush=True)
