"""Lies of modelc's own container. All but two digests fit, so that what lies behind is reached."""

import hashlib

from keras_files import *

LEFT, RIGHT, BIAS = values(4, 2), values(2, 3, seed=2), values(3, seed=3)


class Container:
    """x [4] → dense, low rank 2, 3 outputs; every part can be made a lie."""

    def __init__(self, is_normed=False):
        self.version, self.features, self.producer = [1, 0], "", "forger"
        self.tensors, self.makers, self.attributes = {}, {}, {}
        self.text = None
        kernel = {
            "name": "kernel", "form": "low-rank", "dense_shape": [4, 3], "ranks": [2],
            "basis": "svd", "relative_error": 0.125,
            "components": [self.tensor("left", "/nodes/dense/kernel/left", LEFT),
                           self.tensor("right", "/nodes/dense/kernel/right", RIGHT)],
            "spectra": [{
                **self.reference("/nodes/dense/kernel/spectrum", np.array([2.0, 1.0, 0.5])),
                "count": 3, "tail_energy": 0.0}],
        }
        norm = [
            self.dense(name, f"/nodes/norm/{name}/values", np.abs(values(3, seed=seed)))
            for seed, name in enumerate(["gamma", "beta", "moving_mean", "moving_variance"])]
        self.graph = {
            "name": "m",
            "layers": [
                {"path": "x", "kind": "input",
                 "attributes": {"shape": [4], "scalar_type": "float32"}},
                {"path": "dense", "kind": "dense",
                 "attributes": {"units": 3, "activation": "linear", "bias": True},
                 "weights": [kernel, self.dense("bias", "/nodes/dense/bias/values", BIAS)]},
                {"path": "norm", "kind": "batch-normalization",
                 "attributes": {"axis": -1, "momentum": 0.99, "epsilon": 0.001, "center": True,
                                "scale": True}, "weights": norm},
            ],
            "calls": [{"layer": 0, "inputs": []}, {"layer": 1, "inputs": [[0, 0]]},
                      {"layer": 2, "inputs": [[1, 0]]}],
            "inputs": [0], "outputs": [[2, 0]],
        }
        if not is_normed:
            self.graph["layers"].pop()
            self.graph["calls"].pop()
            self.graph["outputs"] = [[1, 0]]
            for weight in norm:
                del self.tensors[weight["components"][0]["path"]]

    def reference(self, path, array):
        self.tensors[path] = array
        return {"path": path, "sha256": hashlib.sha256(array.tobytes()).hexdigest()}

    def tensor(self, name, path, array):
        kinds = {"<f4": "float32", "<f2": "float16", "|i1": "int8"}
        return {"name": name, "type": kinds[array.dtype.str], "shape": list(array.shape),
                "encoding": "plain", **self.reference(path, array)}

    def dense(self, name, path, array):
        return {"name": name, "form": "dense", "dense_shape": list(array.shape),
                "components": [self.tensor("values", path, array)]}

    @property
    def kernel(self):
        return self.graph["layers"][1]["weights"][0]

    def write(self, path, edit=None):
        content = json.dumps(self.graph) if self.text is None else self.text
        content = content if isinstance(content, bytes) else content.encode()
        version = f"{self.version[0]}.{self.version[1]}"
        head = f"modelc\n{version}\n{self.producer}\n{self.features}\n".encode()
        attributes = {
            "format": np.bytes_("modelc"), "format_version": np.array(self.version, "<u4"),
            "producer": np.bytes_(self.producer), "features": np.bytes_(self.features),
            "digest": np.bytes_(hashlib.sha256(head + content).hexdigest()), **self.attributes}
        with open_file(path, "latest") as file:
            for name, array in sorted(self.tensors.items()):
                if name in self.makers:
                    self.makers[name](file, name)
                else:
                    group = file.require_group(name.rpartition("/")[0])
                    put(group, name.rpartition("/")[2], array)
            put(file, "graph", np.frombuffer(content, "u1"))
            for name, value in sorted(attributes.items()):
                if isinstance(value, np.bytes_):
                    # numpy keeps no empty strings: one NUL stands for it.
                    kind = h5py.h5t.C_S1.copy()
                    kind.set_size(max(1, len(value)))
                    kind.set_strpad(h5py.h5t.STR_NULLPAD)
                    space = h5py.h5s.create(h5py.h5s.SCALAR)
                    attribute = h5py.h5a.create(file.id, name.encode(), kind, space)
                    attribute.write(np.array(value, f"S{max(1, len(value))}"))
                else:
                    file.attrs[name] = value
            if edit:
                edit(file)


def lie(name, change, edit=None, is_normed=False):
    container = Container(is_normed)
    change(container)
    container.write(f"{name}.small.h5", edit)


def root_and_graph():
    lie("version-2", lambda c: setattr(c, "version", [2, 0]))
    lie("version-text", lambda c: c.attributes.update(format_version=np.bytes_("1.0")))
    lie("feature-unknown", lambda c: setattr(c, "features", "wavelets"))
    lie("digest-of-graph", lambda c: c.attributes.update(digest=np.bytes_("0" * 64)))
    lie("digest-short", lambda c: c.attributes.update(digest=np.bytes_("abc")))
    lie("graph-page", lambda c: setattr(c, "text", "<html></html>"))
    lie("graph-deep", lambda c: setattr(c, "text", "[" * 5000))
    lie("graph-duplicate-key", lambda c: setattr(c, "text", '{"name": "a", "name": "b"}'))
    lie("graph-extra-key", lambda c: c.graph.update(run="touch /tmp/executed"))
    lie("graph-missing", lambda c: None, lambda file: file.__delitem__("graph"))
    lie("graph-of-floats", lambda c: None, lambda file: (
        file.__delitem__("graph"), file.create_dataset("graph", data=values(9))))
    lie("calls-cycle", lambda c: c.graph["calls"][1].update(inputs=[[1, 0]]))
    lie("calls-unknown-layer", lambda c: c.graph["calls"][1].update(layer=7))
    lie("calls-negative", lambda c: c.graph["calls"][1].update(inputs=[[-1, 0]]))
    lie("outputs-unknown", lambda c: c.graph.update(outputs=[[9, 0]]))
    lie("path-twice", lambda c: c.graph["layers"][1].update(path="x"))
    lie("kind-unknown", lambda c: c.graph["layers"][1].update(kind="shell"))
    lie("selection-runs", lambda c: c.graph["layers"][0].update(
        kind="selection", attributes={"inputs": 4, "runs": [2, 2, 0, 1]}))
    lie("path-control", lambda c: c.graph["layers"][1].update(path="dense\n\x1b[31mfine"))
    lie("model-name-bidi", lambda c: c.graph.update(name="m\u2066\u202e"))
    lie("kind-control", lambda c: c.graph["layers"][1].update(kind="\x7f\x9b2J"))
    lie("key-control", lambda c: c.graph.update({"\u0085run": 1}))
    lie("units-other", lambda c: c.graph["layers"][1]["attributes"].update(units=5))


def tensors():
    first = lambda c: c.kernel["components"][0]
    lie("digest-of-tensor", lambda c: c.tensors.update({
        "/nodes/dense/kernel/left": LEFT + np.float32(1)}))
    lie("tensor-missing", lambda c: c.tensors.pop("/nodes/dense/kernel/left"))
    lie("tensor-shared", lambda c: c.graph["layers"][2]["weights"][1]["components"][0].update(
        c.graph["layers"][2]["weights"][0]["components"][0]), is_normed=True)
    lie("tensor-outside", lambda c: first(c).update(path="/graph"))
    lie("tensor-parent", lambda c: first(c).update(path="/nodes/../graph"))
    lie("shape-of-other", lambda c: first(c).update(shape=[2, 4]))
    lie("shape-huge", lambda c: first(c).update(shape=[1 << 40, 1 << 40]))
    lie("type-other", lambda c: first(c).update(type="float64"))
    lie("form-other", lambda c: c.kernel.update(form="tucker-2", dense_shape=[1, 1, 4, 3]))
    lie("form-unknown", lambda c: c.kernel.update(form="pickle"))
    lie("ranks-other", lambda c: c.kernel.update(ranks=[3]))
    lie("dense-shape-other", lambda c: c.kernel.update(dense_shape=[4, 5]))
    lie("spectrum-negative", lambda c: c.kernel["spectra"][0].update(c.reference(
        "/nodes/dense/kernel/spectrum", np.array([2.0, 1.0, -0.5]))))
    lie("energy-negative", lambda c: c.kernel["spectra"][0].update(tail_energy=-1.0))

    def int8(c, scales):
        codes = np.arange(8, dtype="i1").reshape(4, 2)
        tensor = c.tensor("left", "/nodes/dense/kernel/left", codes)
        tensor.update(encoding="int8", scales=c.reference(
            "/nodes/dense/kernel/left_scales", scales))
        c.kernel["components"][0] = tensor

    lie("scales-of-other-count", lambda c: int8(c, values(3)))
    lie("scales-nan", lambda c: int8(c, np.array([1, np.nan], "<f4")))
    kernel = LEFT.copy()
    kernel[0, 1] = np.nan
    lie("kernel-nan", lambda c: c.kernel["components"].__setitem__(
        0, c.tensor("left", "/nodes/dense/kernel/left", kernel)))
    lie("variance-negative", lambda c: c.graph["layers"][2]["weights"].__setitem__(
        3, c.dense("moving_variance", "/nodes/norm/moving_variance/values", -values(3) - 1)),
        is_normed=True)

    def soft(file, name):
        put(file, "elsewhere", LEFT)
        file.require_group("/nodes/dense/kernel")
        file[name] = h5py.SoftLink("/elsewhere")

    lie("link-soft", lambda c: c.makers.update({"/nodes/dense/kernel/left": soft}))
    lie("external-storage", lambda c: c.makers.update({
        "/nodes/dense/kernel/left": lambda file, name: file.create_dataset(
            name, shape=(4, 2), dtype="<f4", external=[("/etc/passwd", 0, 32)])}))

    def sparse(c, gaps, features="sparse", shape=(4, 2), **changes):
        stored = LEFT.reshape(-1)[:3]
        tensor = c.tensor("left", "/nodes/dense/kernel/left", stored)
        tensor.update(shape=list(shape), sparse={"values": 3, "gaps": len(gaps), **c.reference(
            "/nodes/dense/kernel/left_gaps", np.array(gaps, "u1"))})
        tensor["sparse"].update(changes)
        c.features = features
        c.kernel["components"][0] = tensor

    lie("sparse-unannounced", lambda c: sparse(c, [1, 0, 2], features=""))
    lie("sparse-beyond-shape", lambda c: sparse(c, [1, 0, 6]))
    lie("sparse-too-few", lambda c: sparse(c, [1, 0]))
    lie("sparse-too-many", lambda c: sparse(c, [1, 0, 0, 1]))
    lie("sparse-count", lambda c: sparse(c, [1, 0, 2], values=9))

    def sparse_bomb(c):
        sparse(c, [1, 0, 2], shape=(1 << 16, 1 << 13))
        c.kernel.update(dense_shape=[1 << 16, 3], ranks=[1 << 13])

    lie("sparse-bomb", sparse_bomb)
    def expansion(c):
        """Two vectors of zeros that stand for 16 GiB."""
        count = 1 << 16
        zeros = {"left": np.zeros((count, 1), F32), "right": np.zeros((1, count), F32)}
        c.graph["layers"][0]["attributes"]["shape"] = [count]
        c.graph["layers"][1]["attributes"].update(units=count, bias=False)
        c.tensors.clear()
        c.kernel.update(dense_shape=[count, count], ranks=[1], spectra=[], components=[
            c.tensor(name, f"/nodes/dense/kernel/{name}", array) for name, array in zeros.items()])
        del c.graph["layers"][1]["weights"][1]
        for name, array in zeros.items():
            c.makers[f"/nodes/dense/kernel/{name}"] = lambda file, path, array=array: (
                file.create_dataset(path, data=array, chunks=array.shape, compression="gzip"))

    lie("dense-shape-huge", expansion)

    def bomb(c):
        shape = [4096, 5120]
        zeros = np.zeros(shape, F32)
        weight = c.graph["layers"][1]["weights"]
        c.graph["layers"][0]["attributes"]["shape"] = [4096]
        c.graph["layers"][1]["attributes"]["units"] = 5120
        c.tensors.clear()
        weight[0] = c.dense("kernel", "/nodes/dense/kernel/values", zeros)
        weight[1] = c.dense("bias", "/nodes/dense/bias/values", np.zeros(5120, F32))
        c.makers["/nodes/dense/kernel/values"] = lambda file, name: file.create_dataset(
            name, data=zeros, chunks=(512, 5120), compression="gzip", compression_opts=9)

    lie("bomb", bomb)
    packed("bomb.small.h5")


def accepted():
    Container(is_normed=True).write("accepted/plain.small.h5")

    def newer(c):
        c.version = [1, 7]
        c.graph["remarks"] = ["a later minor version may add members"]

    container = Container()
    newer(container)
    container.write("accepted/newer-minor.small.h5")
    container = Container()
    stored = LEFT.reshape(-1)[:3]
    tensor = container.tensor("left", "/nodes/dense/kernel/left", stored)
    tensor.update(shape=[4, 2], sparse={"values": 3, "gaps": 3, **container.reference(
        "/nodes/dense/kernel/left_gaps", np.array([1, 0, 2], "u1"))})
    container.features = "sparse"
    container.kernel["components"][0] = tensor
    container.write("accepted/sparse.small.h5")


def make():
    root_and_graph()
    tensors()
    accepted()
