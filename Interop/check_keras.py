"""Judges files written by modelc with the real Keras of the environment it runs in.

    check_keras.py expect FOLDER   predictions of the originals, with kernels rebuilt from the factors
    check_keras.py inputs FOLDER   FOLDER/FIXTURE.npz with `x`, for each fixture of one input
    check_keras.py check FOLDER    load each output with keras.models.load_model and compare
    check_keras.py total FOLDER    judge what `modelc predict` said of them, and add up:
                                   `N passed, N failed, N skipped`

FOLDER holds `manifest.tsv`, written by `Interop/run`: fixture, tag, exit code, output, last message. The
originals and their inputs lie in Fixtures/keras. "The same" is max |difference| ÷ max |reference| ≤ 1e-5.
"""
import json
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "Fixtures"
TOLERANCE = 1e-5
# Half-precision arithmetic rounds between the two factors: one unit in 2^-10, a few of them.
ROUGH = {"float16": 1e-2, "mixed-float16": 1e-2, "bfloat16": 5e-2}
# Fixtures whose graph the universal profile cannot express, or that hold code.
NO_VIEW = {"lambda", "custom", "operators", "attention", "bfloat16", "quantized", "hard-sigmoid", "augmented",
           "activations", "advanced-activations", "norm-axes"}
# Fixtures that modelc carries without running them.
CARRIED = {"lambda", "custom", "operators", "attention", "recurrent", "einsum", "conv3d", "channels-first",
           "quantized", "augmented", "grouped"}
NO_MODEL = {"weights-only"}
# What neither Keras opens is judged against the same net in another file.
STAND_INS = {
    "residual-k213.keras": "residual-k2.h5", "nested-k213.keras": "nested-k2.h5",
    "mobile-k213.keras": "mobile-k2.h5", "shared-layer-k213.keras": "shared-layer-k2.h5",
    "hdf5-named.keras": "shared-layer-k2.h5",
}


def kind(fixture):
    """`residual` for `residual-k2.h5`."""
    stem = fixture.split(".")[0]
    head, _, tail = stem.rpartition("-")
    return head if head and tail[:1] == "k" and tail[1:].isdigit() else stem


def rows(folder):
    for line in (folder / "manifest.tsv").read_text().splitlines():
        fixture, tag, code, output, message = (line.split("\t") + [""])[:5]
        yield fixture, tag, int(code), Path(output), message


def inputs_of(fixture):
    """The committed inputs for a fixture, from a sibling written by the other Keras if it has none."""
    own = FIXTURES / "keras" / (fixture.split(".")[0] + ".reference.npz")
    candidates = [own] + sorted((FIXTURES / "keras").glob(kind(fixture) + "-k*.reference.npz"))
    for path in candidates:
        if path.exists():
            with np.load(path) as arrays:
                count = sum(name.startswith("input_") for name in arrays.files)
                return [arrays[f"input_{i}"] for i in range(count)]
    return None


def keras():
    sys.path.insert(0, str(FIXTURES))
    import keras
    import fixture_special
    fixture_special.use(keras)  # registers the custom layer
    return keras


def predict(model, inputs):
    outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [np.asarray(value).astype("float64") for value in outputs]


def load(keras, path):
    arguments = {"safe_mode": False} if kind(path.name) == "lambda" else {}
    return keras.models.load_model(path, compile=False, **arguments)


# ---- expect ----

def rebuilt(path):
    """{layer path: {weight: dense array}} of a container, by the independent reader."""
    sys.path.insert(0, str(ROOT / "spec"))
    import read_container
    layers = {}
    for (layer, name), value in read_container.read(path)[1].items():
        layers.setdefault(layer, {})[name] = value
    return layers


def substitute(model, dense):
    """Sets the model's weights to the container's; returns how many were set."""
    from make_fixtures import leaves, weight_names
    count = 0
    for path, layer in leaves(model):
        stored = dense.get(path)
        if stored is None:
            continue
        for name, weight in zip(weight_names(layer), layer.weights):
            last = name.split("/")[-1]
            value = stored.get(name, stored.get(last, stored.get("depthwise_" + last)))
            if value is None:
                continue
            if tuple(value.shape) != tuple(weight.shape):
                raise ValueError(f"{path}/{name}: container {value.shape}, Keras {tuple(weight.shape)}")
            weight.assign(np.asarray(value).astype(np.asarray(weight).dtype))
            count += 1
    return count


def expect(folder):
    library = keras()
    for fixture, tag, code, output, _ in rows(folder):
        target = output.with_suffix(".expected.npz")
        inputs = inputs_of(fixture)
        if kind(fixture) == "quantized":
            # Keras holds its kernels as int8 with scales: dense ones cannot be put in their place.
            target.with_suffix(".why").write_text("skip: Keras holds this model quantised")
            continue
        if code != 0 or tag == "engine" or target.exists() or inputs is None or kind(fixture) in NO_MODEL:
            continue
        container = output if tag != "dense" else output.with_name(fixture + ".rank.h5")
        try:
            model = load(library, FIXTURES / "keras" / STAND_INS.get(fixture, fixture))
        except Exception as error:
            if os.environ.get("VERBOSE"):
                print(f"  {fixture}: Keras {library.__version__} cannot open it: {str(error)[:80]!r}")
            continue
        try:
            count = substitute(model, rebuilt(container))
            outputs = predict(model, inputs)
        except Exception as error:
            target.with_suffix(".why").write_text(f"{type(error).__name__}: {str(error)[:200]}")
            continue
        np.savez(target, count=count, **{f"output_{i}": v for i, v in enumerate(outputs)})


# ---- check ----

def judge(library, fixture, tag, code, output, message):
    """Returns (verdict, reason)."""
    if kind(fixture) in NO_MODEL:
        return ("passed", "refused, as it must") if code == 1 else ("failed", f"exit {code} for weights alone")
    if code != 0:
        if code == 1 and tag != "rank" and "ratio" in message:
            return "skipped", message  # cannot reach the ratio: says the largest that it can
        if code == 1 and "nothing to compress" in message:
            return "skipped", "no kernel that could be factorised"
        return "failed", f"exit {code}: {message}"
    import h5py
    with h5py.File(output, "r") as file:
        if "model_config" not in file.attrs:
            if kind(fixture) in NO_VIEW:
                return "skipped", "no Keras view"
            return "failed", "no Keras view, and none of the known reasons"
    expected = output.with_suffix(".expected.npz")
    if not expected.exists():
        why = expected.with_suffix(".why")
        reason = why.read_text() if why.exists() else "no Keras here opens the original"
        return "skipped" if reason.startswith("skip") else "failed", reason
    with np.load(expected) as arrays:
        if arrays["count"] == 0 and not os.environ.get("UNMATCHED") and json.loads(read_config(output))["config"]["layers"] and has_weights(fixture):
            return "failed", "no weight of the container was matched to Keras'"
        reference = [arrays[f"output_{i}"] for i in range(len(arrays.files) - 1)]
    try:
        model = library.models.load_model(output, compile=False)
        got = predict(model, inputs_of(fixture))
    except Exception as error:
        if unrunnable(library, fixture):
            return "skipped", "TensorFlow has no kernel for it on a CPU"
        return "failed", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return compare(fixture, got, reference)


def compare(fixture, got, reference):
    if [v.shape for v in got] != [v.shape for v in reference]:
        return "failed", f"shapes {[v.shape for v in got]}, expected {[v.shape for v in reference]}"
    worst = max(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in zip(got, reference))
    allowed = ROUGH.get(kind(fixture), TOLERANCE)
    return ("passed" if worst <= allowed else "failed"), f"{worst:.1e} of {allowed:.0e}"


def engine(fixture, code, output, message):
    """`modelc predict` on our own file against real Keras on the original rebuilt from the factors."""
    if code != 0:
        carried = kind(fixture) in CARRIED or fixture == "activations-k3.keras"  # it has squareplus
        return ("skipped" if carried and "cannot be run" in message else "failed"), f"exit {code}: {message}"
    expected = output.with_name(fixture + ".rank.expected.npz")
    if not expected.exists():
        return "skipped", "no Keras here opens the original"
    with np.load(expected) as arrays, np.load(output) as ours:
        reference = [arrays[f"output_{i}"] for i in range(len(arrays.files) - 1)]
        return compare(fixture, [ours[name].astype("float64") for name in ours.files], reference)


def read_config(output):
    import h5py
    with h5py.File(output, "r") as file:
        return file.attrs["model_config"]


def has_weights(fixture):
    return bool(json.loads((FIXTURES / "keras/bindings.json").read_text()).get(fixture))


def unrunnable(library, fixture):
    return library.__version__.startswith("2") and kind(fixture) in ("grouped", "channels-first")


def check(folder):
    library = keras()
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for row in rows(folder):
        if row[1] == "engine":
            continue
        verdict, reason = judge(library, *row)
        counts[verdict] += 1
        if verdict != "passed" or os.environ.get("VERBOSE"):
            print(f"  {verdict}: {row[0]} {row[1]}: {reason}")
    (folder / f"keras-{library.__version__}.json").write_text(json.dumps(counts))
    print(f"Keras {library.__version__}: {closing(counts)}", flush=True)


def closing(counts):
    return f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped"


def inputs(folder):
    for path in sorted((FIXTURES / "keras").iterdir()):
        if path.suffix in (".h5", ".keras") and kind(path.name) not in NO_MODEL:
            arrays = inputs_of(path.name)
            if arrays is not None and len(arrays) == 1:
                np.savez(folder / f"{path.name}.npz", x=arrays[0])


def total(folder):
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    for fixture, tag, code, output, message in rows(folder):
        if tag == "engine":
            verdict, reason = engine(fixture, code, output, message)
            sums[verdict] += 1
            if verdict != "passed":
                print(f"  {verdict}: {fixture} {tag}: {reason}")
    print(f"engine: {closing(sums)}")
    for path in sorted(folder.glob("keras-*.json")):
        for key, value in json.loads(path.read_text()).items():
            sums[key] += value
    print(closing(sums))
    sys.exit(1 if sums["failed"] or not sums["passed"] else 0)


ACTIONS = {"inputs": inputs, "expect": expect, "check": check, "total": total}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ACTIONS:
        sys.exit(__doc__)
    ACTIONS[sys.argv[1]](Path(sys.argv[2]))
