"""Shared by the peers: writing large Keras-loadable .h5 files, reading their kernels, plans, memory.

The files are in the form of Keras 2 (`batch_input_shape`, lists of inbound nodes), which 2.x and 3.x load.
"""
import json
import math

import h5py
import numpy as np

SPIKES = 256


def spectrum_kernel(rng, shape):
    """W = (0.6·N + (U·diag(j^-0.7))·V)·√(2/fan_in): noise and 256 power-law spikes, float32."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    spikes = min(SPIKES, rows, columns)
    u = rng.standard_normal((rows, spikes), dtype="float32")
    u *= (np.arange(1, spikes + 1, dtype="float32") ** np.float32(-0.7))
    kernel = u @ rng.standard_normal((spikes, columns), dtype="float32")
    kernel += np.float32(0.6) * rng.standard_normal((rows, columns), dtype="float32")
    kernel *= np.float32(math.sqrt(2 / rows))
    return kernel.reshape(shape)


class Graph:
    """A Keras Functional model in the making: `add` appends a layer with its weights."""

    def __init__(self, name, seed):
        self.name, self.rng, self.layers, self.count = name, np.random.default_rng(seed), {}, 0

    def add(self, kind, name, inputs, weights=(), **config):
        self.layers[name] = (kind, dict(config, name=name), inputs, weights)
        return name

    def input(self, name, shape):
        return self.add("InputLayer", name, [], batch_input_shape=[None, *shape], dtype="float32")

    def conv(self, name, x, inputs, outputs, size, strides=1, padding="same", activation="linear"):
        return self.add("Conv2D", name, [x], [("kernel", (size, size, inputs, outputs)), ("bias", (outputs,))],
                        filters=outputs, kernel_size=[size, size], strides=[strides, strides],
                        padding=padding, activation=activation, use_bias=True)

    def dense(self, name, x, inputs, outputs, activation):
        return self.add("Dense", name, [x], [("kernel", (inputs, outputs)), ("bias", (outputs,))],
                        units=outputs, activation=activation, use_bias=True)

    def norm(self, name, x, channels):
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        return self.add("BatchNormalization", name, [x], [(n, (channels,)) for n in names],
                        axis=3, momentum=0.99, epsilon=1.001e-5, center=True, scale=True)

    def order(self, output):
        """Keras' own layer order: depth falling, ties by first visit from the output."""
        visited, finished = [], []

        def visit(name):
            if name in visited:
                return
            visited.append(name)
            for parent in self.layers[name][2]:
                visit(parent)
            finished.append(name)

        visit(output)
        depth = {}
        for name in reversed(finished):
            depth.setdefault(name, 0)
            for parent in self.layers[name][2]:
                depth[parent] = max(depth.get(parent, 0), depth[name] + 1)
        return sorted(visited, key=lambda name: (-depth[name], visited.index(name)))

    def write(self, path, inputs, output):
        order = self.order(output)
        layers = [{"class_name": kind, "config": config, "name": name,
                   "inbound_nodes": [[[parent, 0, 0, {}] for parent in parents]] if parents else []}
                  for name in order for kind, config, parents, _ in [self.layers[name]]]
        config = {"class_name": "Functional", "config": {
            "name": self.name, "layers": layers,
            "input_layers": [[inputs, 0, 0]], "output_layers": [[output, 0, 0]]}}
        total = 0
        with h5py.File(path, "w") as file:
            group = file.create_group("model_weights")
            for place in (file, group):
                place.attrs["keras_version"], place.attrs["backend"] = "2.15.0", "tensorflow"
            file.attrs["model_config"] = json.dumps(config)
            group.attrs["layer_names"] = np.array([name.encode() for name in order])
            for name in order:
                weights = self.layers[name][3]
                layer = group.create_group(name)
                names = [f"{name}/{weight}:0".encode() for weight, _ in weights]
                layer.attrs["weight_names"] = np.array(names) if names else np.zeros(0)
                for weight, shape in weights:
                    layer.create_dataset(f"{name}/{weight}:0", data=self.value(weight, shape))
                    total += math.prod(shape)
        return total

    def value(self, weight, shape):
        if weight == "kernel":
            return spectrum_kernel(self.rng, shape)
        if weight in ("gamma", "moving_variance"):
            return self.rng.uniform(0.8, 1.2, shape).astype("float32")
        return (0.01 * self.rng.standard_normal(shape)).astype("float32")


# ---- reading ----

def weights(path):
    """Yields (layer, weight, data set) of a legacy Keras .h5, names without `:0`."""
    with h5py.File(path, "r") as file:
        group = file["model_weights"]
        for layer in group:
            for full in group[layer].attrs.get("weight_names", []):
                full = full.decode() if isinstance(full, bytes) else full
                if isinstance(full, str):
                    yield layer, full.split("/")[-1].split(":")[0], group[layer][full]


def uniform_ranks(shape, ratio):
    """The ranks that bring one kernel to 1/ratio of its parameters, or None where that is not worth it."""
    size = math.prod(shape)
    rows, columns = shape[-2:]
    if len(shape) == 2 or math.prod(shape[:-2]) == 1:
        rank = int(size / ratio / (rows + columns))
        return [rank] if rank >= 1 else None
    if rows <= 4:
        return None
    for scale in range(1000, 0, -1):  # equal shares of both sides
        r, s = int(rows * scale / 1000), int(columns * scale / 1000)
        if r >= 1 and s >= 1 and rows * r + size // rows // columns * r * s + s * columns <= size / ratio:
            return [r, s]
    return None


def ranks(path, plan=None, ratio=None):
    """{layer: ranks} from a modelc plan (JSON), or uniform ones."""
    if plan:
        with open(plan) as file:
            kernels = json.load(file)["kernels"]
        return {key.rpartition("/")[0]: entry["ranks"] for key, entry in kernels.items()
                if entry["action"] == "factorize"}
    table = {}
    for layer, weight, data in weights(path):
        if weight == "kernel":
            table[layer] = uniform_ranks(data.shape, ratio)
    return {layer: value for layer, value in table.items() if value}


def save_plan(path, table):
    kernels = {f"{layer}/kernel": {"action": "factorize", "ranks": value,
                                   "form": "tucker2" if len(value) == 2 else "low-rank"}
               for layer, value in table.items()}
    with open(path, "w") as file:
        json.dump({"format": "modelc-plan", "version": 1, "kernels": kernels}, file, indent=1)


def peak_memory():
    """VmHWM of this process in MiB."""
    with open("/proc/self/status") as file:
        return round(next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024)
