"""Lies of the configuration: JSON, settings, names, references, cycles."""

from keras_files import *


def graph(path, layers, inputs=(("x", 0, 0),), outputs=(("b", 0, 0),), weights=None, **options):
    """A Functional of Dense layers a and b, 4 → 4 each."""
    both = {"kernel": values(4, 4), "bias": values(4)}
    write_legacy(
        path, functional(layers, inputs, outputs), {"a": both, "b": both} if weights is None
        else weights, **options)


X = called(input_layer())
A = called(dense("a", 4), ("x", 0, 0))
B = called(dense("b", 4), ("a", 0, 0))


def texts():
    whole = json.dumps(MLP)
    write_legacy("json-page.h5", "<html><body>404</body></html>")
    write_legacy("json-cut.h5", whole[:-20])
    write_legacy("json-trailing.h5", whole + "{}")
    write_legacy("json-deep.h5", '{"class_name": "Sequential", "config": ' + "[" * 300 + "]" * 300)
    write_legacy("json-deepest.h5", "[" * 3_000)
    write_legacy("json-duplicate-key.h5", whole.replace(
        '"units": 3', '"units": 3, "units": 4'))
    write_legacy("json-not-utf8.h5", whole.replace('"m"', '"m\xff"').encode("latin-1"))
    write_legacy("json-lone-surrogate.h5", whole.replace('"m"', '"m\\ud800"'))
    write_legacy("json-empty.h5", " ")
    write_legacy("json-array.h5", "[1, 2]")
    write_legacy("json-null-layers.h5", whole.replace('"layers": [', '"layers": null, "_": ['))
    write_legacy("json-layers-of-numbers.h5", json.dumps(sequential(1, 2)))


def settings():
    def mlp(**config):
        return sequential(input_layer(), dense(**config))

    write_legacy("units-nan.h5", json.dumps(mlp(units=float("nan"))))
    write_legacy("units-infinite.h5", json.dumps(mlp(units=float("inf"))))
    write_legacy("units-huge.h5", mlp(units=1 << 40))
    write_legacy("units-beyond-64-bits.h5", mlp(units=1 << 70))
    write_legacy("units-negative.h5", mlp(units=-3))
    write_legacy("units-zero.h5", mlp(units=0))
    write_legacy("units-fraction.h5", mlp(units=2.5))
    write_legacy("units-text.h5", mlp(units="3"))
    write_legacy("input-shape-negative.h5", sequential(input_layer(shape=(-4,)), dense()))
    conv = layer("Conv2D", "conv", filters=2, kernel_size=[3, 3], strides=[0, 1], padding="valid",
                 activation="linear", use_bias=False, data_format="channels_last",
                 dilation_rate=[1, 1], groups=1)
    image = input_layer(shape=(8, 8, 1))
    conv_weights = {"conv": {"kernel": values(3, 3, 1, 2)}}
    write_legacy("strides-zero.h5", sequential(image, conv), conv_weights)
    conv["config"].update(strides=[1, 1], dilation_rate=[1, 1 << 40])
    write_legacy("dilation-huge.h5", sequential(image, conv), conv_weights)
    conv["config"].update(dilation_rate=[1, 1], groups=7)
    write_legacy("groups-uneven.h5", sequential(image, conv), conv_weights)
    conv["config"].update(groups=1, padding="sideways")
    write_legacy("padding-unknown.h5", sequential(image, conv), conv_weights)
    conv["config"].update(padding="valid", kernel_size=[3, 3, 3])
    write_legacy("kernel-size-of-three.h5", sequential(image, conv), conv_weights)
    conv["config"].update(kernel_size=[9, 9])
    write_legacy("window-over-input.h5", sequential(image, conv), {
        "conv": {"kernel": values(9, 9, 1, 2)}})
    convs = [dict(conv, config={**conv["config"], "name": f"c{index}", "filters": 1,
                                "padding": "valid", "kernel_size": [1, 1]})
             for index in range(16)]
    write_legacy("positions-huge.h5", sequential(input_layer(shape=(1 << 30, 1 << 30, 1)), *convs), {
        f"c{index}": {"kernel": values(1, 1, 1, 1)} for index in range(16)})
    embedding = layer("Embedding", "words", input_dim=1 << 31, output_dim=1 << 31)
    write_legacy("embedding-huge.h5", sequential(input_layer(), embedding), {
        "words": {"embeddings": values(4, 3)}})
    flat = layer("Reshape", "flat", target_shape=[7])
    write_legacy("reshape-of-other-size.h5", sequential(input_layer(), dense(), flat))


def names_of_layers():
    for path, name in [
        ("name-control.h5", "dense\n\x1b[31m"), ("name-empty.h5", ""),
        ("name-long.h5", "d" * 5000),
    ]:
        write_legacy(path, sequential(input_layer(), dense(name)), {
            "dense": mlp_weights()["dense"]})
    write_legacy("name-bidi.h5", sequential(input_layer(), dense("a\u202e5h.b")), {
        "dense": mlp_weights()["dense"]})
    for path, name in [("name-dots.h5", ".."), ("name-root.h5", "/dense")]:
        write_legacy(path, sequential(input_layer(), dense(name)), mlp_weights(),
                     layer_names=[name])
    write_legacy("name-twice.h5", sequential(input_layer(), dense(units=4), dense()), {
        "dense": mlp_weights()["dense"]})
    write_legacy("name-missing.h5", sequential(input_layer(), {
        "class_name": "Dense", "config": {"units": 3}}))
    write_legacy("class-missing.h5", sequential(input_layer(), {"config": {"name": "dense"}}))
    write_legacy("class-subclassed.h5", {
        "class_name": "MyModel", "config": {"name": "m"}, "module": "__main__"})


def references():
    graph("cycle.h5", [X, called(dense("a", 4), ("b", 0, 0)), B])
    graph("cycle-of-one.h5", [X, A, called(dense("b", 4), ("b", 0, 0))])
    graph("reference-unknown.h5", [X, A, called(dense("b", 4), ("c", 0, 0))])
    graph("reference-negative-node.h5", [X, A, called(dense("b", 4), ("a", -1, 0))])
    graph("reference-negative-tensor.h5", [X, A, called(dense("b", 4), ("a", 0, -1))])
    graph("reference-far-node.h5", [X, A, called(dense("b", 4), ("a", 9, 0))])
    graph("reference-far-tensor.h5", [X, A, called(dense("b", 4), ("a", 0, 7))])
    graph("reference-number.h5", [X, A, called(dense("b", 4), (1, 0, 0))])
    graph("output-unknown.h5", [X, A, B], outputs=(("c", 0, 0),))
    graph("output-missing.h5", [X, A, B], outputs=())
    graph("input-unknown.h5", [X, A, B], inputs=(("y", 0, 0),))
    graph("input-is-dense.h5", [X, A, B], inputs=(("a", 0, 0),))
    graph("output-cut-off.h5", [X, A, called(dense("b", 4))])
    graph("nodes-of-text.h5", [X, A, {**B, "inbound_nodes": "a"}])
    graph("graph-name-twice.h5", [X, A, A, B])
    add = called(layer("Add", "b"), ("a", 0, 0), ("w", 0, 0))
    wide = called(dense("w", 5), ("x", 0, 0))
    graph("add-of-two-shapes.h5", [X, A, wide, add], weights={
        "a": {"kernel": values(4, 4), "bias": values(4)},
        "w": {"kernel": values(4, 5), "bias": values(5)}})
    inner = functional([X, A], (("x", 0, 0),), (("z", 0, 0),), name="inner")
    inner = {**inner, "name": "inner", "inbound_nodes": B["inbound_nodes"]}
    inner["inbound_nodes"] = called(dense(), ("x", 0, 0))["inbound_nodes"]
    graph("nested-output-unknown.h5", [X, inner, called(dense("b", 4), ("inner", 0, 0))])


def accepted():
    unused = called(dense("unused", 4), ("x", 0, 0))
    graph("accepted/unreached-layer.h5", [X, A, unused, B])
    graph("accepted/layers-in-any-order.h5", [B, A, X])
    custom = layer("system", "call", module="os", command="touch /tmp/executed")
    graph("accepted/class-of-os.h5", [X, A, called(custom, ("a", 0, 0)),
                                      called(dense("b", 4), ("call", 0, 0))])
    code = layer("Lambda", "code", function={
        "class_name": "__lambda__", "config": {"code": "4wEAAA==", "defaults": None}})
    graph("accepted/lambda.h5", [X, A, called(code, ("a", 0, 0)),
                                 called(dense("b", 4), ("code", 0, 0))])
    write_legacy("accepted/name-of-other-letters.h5", sequential(input_layer(), dense("größe ×")), {
        "größe ×": mlp_weights()["dense"]}, layer_names=["größe ×".encode()])
    write_legacy("accepted/json-deep-250.h5", json.dumps(sequential(
        input_layer(), dense(note=json.loads("[" * 240 + "]" * 240)))))
    write_legacy("accepted/json-spaced.h5", json.dumps(MLP, indent=8) + "\n\n")


def make():
    texts()
    settings()
    names_of_layers()
    references()
    accepted()
