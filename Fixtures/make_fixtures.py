#!/usr/bin/env python3
"""Writes the Keras files under `Fixtures/keras`, their reference outputs and their weight bindings.

    KERAS_BACKEND=jax python make_fixtures.py [NAME …]   with Keras 3: files `*-k3.*`
    python make_fixtures.py [NAME …]                     with TensorFlow 2.15: files `*-k2.*`
    WRITER=k24 EXTENSIONS=h5 python make_fixtures.py …   with another version, here TensorFlow 2.4
    MNIST=folder                                         where MNIST's four .gz files lie

Each NAME is one of MODELS below; without one, all are made. See PROVENANCE.md for the versions.
"""
import fcntl, gzip, hashlib, json, os, sys, traceback, zipfile, zlib
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
import numpy as np

if os.environ.get("KERAS_BACKEND"):
    import keras
else:
    import tensorflow as tf
    if tuple(map(int, tf.__version__.split(".")[:2])) < (2, 6):
        from tensorflow import keras
    else:
        import keras

sys.path.insert(0, str(Path(__file__).parent))
import fixture_models as graphs
import fixture_special as special
import fixture_zoo as zoo

ROOT = Path(__file__).parent
OUT = ROOT / "keras"
KERAS3 = keras.__version__.startswith("3")
WRITER = os.environ.get("WRITER", "k3" if KERAS3 else "k2")  # the suffix of file names
BOTH = {"k2": ["h5", "keras"], "k3": ["h5", "keras"]}
PAIR = {"k2": ["h5"], "k3": ["keras"]}
EVERY = {
    "mlp-mnist": (graphs.mlp_mnist, PAIR), "digits-cnn": (graphs.digits_cnn, PAIR),
    "mnist-cnn": (graphs.mnist_cnn, PAIR),
    "residual": (graphs.residual, BOTH), "multi-io": (graphs.multi_io, BOTH),
    "nested": (graphs.nested, BOTH), "nested-sequential": (graphs.nested_sequential, BOTH),
    "nested-part-frozen": (graphs.nested_part_frozen, BOTH),
    "nested-frozen": (graphs.nested_frozen, BOTH), "shared-layer": (graphs.shared_layer, BOTH),
    "nested-twice": (graphs.nested_twice, BOTH), "deferred": (graphs.deferred, BOTH),
    "slashes": (graphs.slashes, {"k2": ["h5", "keras"]}),
    "long-names": (graphs.long_names, {"k2": ["h5"]}),
    "deep": (graphs.deep, {"k3": ["keras"]}),
    **zoo.MODELS,
}


# .keras files left as Keras stored them; the members of all others are deflated afterwards.
STORED = {"mlp-mnist-k3", "digits-cnn-k3", "residual-k3", "shared-layer-k2", "shared-layer-k213",
          "shared-layer-k3", "compiled-k2", "compiled-k3", "quantized-k3"}


# ---- weights ----

def leaves(model, prefix=""):
    """Yields (path, layer) for every layer that is not itself a model, shared ones once."""
    seen = set()
    for layer in model.layers:
        path = prefix + layer.name
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        if isinstance(layer, keras.Model):
            yield from leaves(layer, path + "/")
        elif type(layer).__name__ != "InputLayer":
            yield path, layer


def weight_names(layer):
    """Each weight's name within its layer: the shortest end of its path that is unique there."""
    paths = [(w.path if KERAS3 else w.name.split(":")[0]).split("/") for w in layer.weights]
    names = []
    for path in paths:
        length = 1
        while sum(other[-length:] == path[-length:] for other in paths) > 1 and length < len(path):
            length += 1
        names.append("/".join(path[-length:]))
    return names


def set_weights(model, seed):
    """Sets every weight from a seed of its own place; variances and scales stay positive."""
    for path, layer in leaves(model):
        names = weight_names(layer)
        for index, (name, weight) in enumerate(zip(names, layer.weights)):
            last = name.split("/")[-1]
            rng = np.random.default_rng(zlib.crc32(f"{seed}/{path}/{index}".encode()))
            shape = tuple(weight.shape)
            if "seed_generator" in name or last in ("count", "seed_generator_state"):
                continue
            if last in ("moving_variance", "variance", "gamma"):
                value = rng.uniform(0.5, 1.5, shape)
            elif last == "alpha":
                value = rng.uniform(0.05, 0.5, shape)
            elif len(shape) >= 2 and last != "bias":
                fan_in = max(1, int(np.prod(shape[:-1])))
                value = rng.normal(size=shape) * np.sqrt(2.0 / fan_in)
            else:
                value = rng.normal(size=shape) * 0.2
            weight.assign(value.astype("float32").astype(np.asarray(weight).dtype))
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def bindings(model):
    """{layer path: {weight name: [shape, type, SHA-256 of the little-endian bytes]}} as Keras holds them."""
    table = {}
    for path, layer in leaves(model):
        entries = {}
        for name, weight in zip(weight_names(layer), layer.weights):
            value = np.asarray(weight)
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            entries[name] = [list(value.shape), str(value.dtype), digest]
        if entries:
            table[path] = entries
    return table


# ---- training on real data ----

def idx(name):
    folder = Path(os.environ.get("MNIST", ROOT.parent / ".data/mnist"))
    with gzip.open(folder / name) as file:
        raw = file.read()
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(channel):
    xs = [idx(f"{part}-images-idx3-ubyte.gz").astype("float32") / 255 for part in ("train", "t10k")]
    if channel:
        xs = [x[..., None] for x in xs]
    ys = [idx(f"{part}-labels-idx1-ubyte.gz").astype("int32") for part in ("train", "t10k")]
    return xs[0], ys[0], xs[1], ys[1]


def digits():
    """The 8×8 digits of `data/digits.h5` ÷ 16, with its split."""
    import h5py
    with h5py.File(ROOT / "data/digits.h5", "r") as file:
        parts = [file[name][()] for name in ("x_train", "y_train", "x_test", "y_test")]
    scale = lambda x: x.astype("float32")[..., None] / 16
    return scale(parts[0]), parts[1].astype("int32"), scale(parts[2]), parts[3].astype("int32")


TRAINED = {  # name: (data, epochs, batch size)
    "mlp-mnist": (lambda: mnist(False), 10, 32),
    "mnist-cnn": (lambda: mnist(True), 5, 64),
    "digits-cnn": (digits, 40, 32),
}


def train(name, model):
    load, epochs, batch = TRAINED[name]
    x, y, x_test, y_test = load()
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)
    outputs = model.predict(x_test, batch_size=256, verbose=0)
    right = int((outputs.argmax(-1) == y_test).sum())
    print(f"  {name}: {right} of {len(y_test)} right")
    values = model.get_weights()
    keras.backend.clear_session()
    fresh = EVERY[name][0]()[0]  # the same net, not compiled: the file holds no optimiser
    fresh.set_weights(values)
    return fresh, [x_test[:3]], right, len(y_test)


# ---- files ----

def deflate(path):
    """Rewrites a .keras archive with deflated members, as other tools leave it."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def update(path, key, value):
    with open("/tmp/make_fixtures.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # both generations may run at once
        _update(path, key, value)


def _update(path, key, value):
    table = json.loads(path.read_text()) if path.exists() else {}
    table[key] = value
    lines = [f"{json.dumps(k)}: {json.dumps(table[k], separators=(',', ':'))}" for k in sorted(table)]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def as_list(value):
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


def save(model, path):
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.name.endswith(".legacy.h5"):  # the format of `save_weights("x.h5")`, Keras 2
        model.save_weights(path, save_format="h5")
    else:
        model.save(path)


def make(name):
    builder, writers = EVERY[name]
    extensions = writers.get(WRITER, os.environ.get("EXTENSIONS", "").split())
    if not extensions:
        return
    keras.backend.clear_session()
    if hasattr(keras.utils, "set_random_seed"):
        keras.utils.set_random_seed(7)
    if KERAS3 and keras.backend.backend() == "jax":
        import jax
        jax.config.update("jax_enable_x64", name == "float64")
    graphs.use(keras), zoo.use(keras)
    model, inputs = builder()
    right = None
    if name in TRAINED:
        model, inputs, right, of = train(name, model)
    elif name not in special.TRAINS_ITSELF:
        set_weights(model, name)
    stem = f"{name}-{WRITER}"
    if inputs is not None:
        feed = inputs if len(inputs) > 1 else inputs[0]
        outputs = [np.asarray(v) for v in as_list(model(feed, training=False))]
        arrays = {f"input_{i}": v for i, v in enumerate(inputs)}
        for i, v in enumerate(outputs):
            arrays[f"output_{i}"] = v if v.dtype == np.float64 else v.astype("float32")
        assert all(np.isfinite(v).all() for v in arrays.values()), stem
        np.savez_compressed(OUT / f"{stem}.reference.npz", **arrays)
    for extension in extensions:
        path = OUT / f"{stem}.{extension}"
        save(model, path)
        if stem not in STORED and extension == "keras":
            deflate(path)
        truth, note = model, "memory"
        try:
            if path.name.endswith((".weights.h5", ".legacy.h5")):
                raise ValueError("weights only")
            truth = keras.models.load_model(path, compile=False, **special.LOADING.get(name, {}))
            note = "loaded"
        except Exception as error:  # some writers cannot read their own files: keep what was saved
            print(f"  {path.name}: Keras cannot load it back ({type(error).__name__}: {str(error)[:90]})")
        if note == "loaded" and inputs is not None and name not in special.INEXACT:
            again = [np.asarray(v, "float32") for v in as_list(truth(feed, training=False))]
            for a, b in zip(again, outputs):
                assert np.allclose(a, b.astype("float32"), atol=1e-5), path.name
        update(OUT / "bindings.json", path.name, bindings(truth))
        if right is not None:
            update(OUT / "accuracy.json", path.name, {"right": right, "of": of})
        print(f"  {path.name} {path.stat().st_size} bytes, {note}")


def main(names):
    OUT.mkdir(exist_ok=True)
    print(f"keras {keras.__version__}")
    failed = []
    for name in names or EVERY:
        try:
            make(name)
        except Exception:
            traceback.print_exc()
            failed.append(name)
    sys.exit(f"failed: {' '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
