"""The architectures behind the files in `Fixtures/keras`, for Keras 2.15 and Keras 3 alike.

Each function takes the imported `keras` module and returns `(model, inputs)`. Weights are set by
`make_fixtures.py` from a seed of each weight's own place, so both generations hold the same numbers.
"""
import numpy as np

L = None  # keras.layers, set by `use`
K = None  # keras


def use(keras):
    global K, L
    K, L = keras, keras.layers


def is_keras3():
    return K.__version__.startswith("3")


def images(shape, batch=2, seed=1):
    return np.random.default_rng(seed).normal(size=(batch, *shape)).astype("float32")


# ---- trained on real data (see make_fixtures.TRAINED) ----

def mlp_mnist():
    model = K.Sequential([
        L.Input((28, 28), name="image"), L.Flatten(), L.Dense(100, activation="relu"),
        L.Dense(50, activation="relu"), L.Dense(10, activation="softmax")], name="mlp")
    return model, None


def digits_cnn():
    model = K.Sequential([
        L.Input((8, 8, 1), name="image"), L.Conv2D(8, 3, padding="same", activation="relu"),
        L.Conv2D(16, 3, padding="same", activation="relu"), L.MaxPooling2D(),
        L.Conv2D(16, 3, padding="same", activation="relu"), L.Flatten(),
        L.Dense(32, activation="relu"), L.Dense(10, activation="softmax")], name="digits")
    return model, None


def mnist_cnn():
    model = K.Sequential([
        L.Input((28, 28, 1), name="image"), L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(),
        L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(), L.Flatten(),
        L.Dense(10, activation="softmax")], name="mnist_cnn")
    return model, None


# ---- graphs ----

def residual():
    """Two residual blocks whose branches hold kernels of equal shapes: only order tells them apart."""
    x = inputs = L.Input((8, 8, 3), name="image")
    x = L.Conv2D(6, 3, padding="same", use_bias=False)(x)
    x = L.ReLU()(L.BatchNormalization()(x))
    for filters, strides in ((6, 1), (8, 2)):
        branch = L.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        branch = L.Activation("relu")(L.BatchNormalization()(branch))
        branch = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", use_bias=False)(branch))
        if strides == 2:
            x = L.BatchNormalization()(L.Conv2D(filters, 1, strides=2, use_bias=False)(x))
        x = L.ReLU()(L.Add()([branch, x]))
    x = L.GlobalAveragePooling2D()(x)
    outputs = L.Dense(5, activation="softmax", name="predictions")(x)
    return K.Model(inputs, outputs, name="residual"), [images((8, 8, 3))]


def multi_io():
    left, right = L.Input((6,), name="left"), L.Input((4, 4, 2), name="right")
    a = L.Dense(8, activation="tanh", name="left_dense")(left)
    b = L.Dense(8, activation="relu", name="right_dense")(L.Flatten()(L.Conv2D(3, 2, name="conv")(right)))
    c = L.Concatenate()([b, a])
    first = L.Dense(3, activation="softmax", name="label")(c)
    second = L.Dense(1, name="score")(L.Multiply()([a, b]))
    return K.Model([left, right], [first, second], name="multi_io"), [images((6,)), images((4, 4, 2))]


def nested():
    """A Sequential and a Functional inside a Functional; the Functional holds one more Sequential."""
    trunk = K.Sequential([
        L.Input((8, 8, 2)), L.Conv2D(4, 3, activation="relu", name="conv_a"),
        L.BatchNormalization(name="bn"), L.Conv2D(4, 3, activation="relu", name="conv_b")], name="trunk")
    deep = K.Sequential([L.Input((6,)), L.Dense(6, activation="relu", name="inside")], name="deep")
    h = head_in = L.Input((6,), name="head_in")
    h = L.Add(name="sum")([deep(h), L.Dense(6, name="skip")(h)])
    head = K.Model(head_in, L.Dense(5, name="wide")(h), name="head")
    x = inputs = L.Input((8, 8, 2), name="image")
    x = L.Dense(6, name="join")(L.Flatten(name="flat")(trunk(x)))
    outputs = L.Dense(3, activation="softmax", name="out")(head(x))
    return K.Model(inputs, outputs, name="nested"), [images((8, 8, 2))]


def nested_sequential():
    base = K.Sequential([
        L.Input((7, 7, 1)), L.Conv2D(3, 3, activation="relu"), L.MaxPooling2D()], name="features")
    model = K.Sequential([
        L.Input((7, 7, 1)), base, L.Flatten(), L.Dense(4, activation="softmax")], name="whole")
    return model, [images((7, 7, 1))]


def _transfer(name):
    x = inputs = L.Input((8, 8, 1), name="base_in")
    x = L.BatchNormalization(name="bn_1")(L.Conv2D(4, 3, padding="same", name="conv_1")(x))
    x = L.ReLU(name="relu_1")(x)
    x = L.BatchNormalization(name="bn_2")(L.Conv2D(4, 3, padding="same", name="conv_2")(x))
    base = K.Model(inputs, L.GlobalAveragePooling2D(name="gap")(x), name="base")
    x = inputs = L.Input((8, 8, 1), name="image")
    x = base(x) if is_keras3() else base(x, training=False)
    model = K.Model(inputs, L.Dense(3, activation="softmax", name="top")(x), name=name)
    return model, base, [images((8, 8, 1))]


def nested_part_frozen():
    """Layers conv_1 and bn_1 of the inner model are frozen: the legacy order is then mixed."""
    model, base, inputs = _transfer("part_frozen")
    base.get_layer("conv_1").trainable = False
    base.get_layer("bn_1").trainable = False
    return model, inputs


def nested_frozen():
    model, base, inputs = _transfer("frozen")
    base.trainable = False
    return model, inputs


def shared_layer():
    tied = L.Dense(5, activation="tanh", name="tied")
    a, b = L.Input((5,), name="first"), L.Input((5,), name="second")
    x = L.Subtract(name="difference")([tied(a), tied(tied(b))])
    return K.Model([a, b], L.Dense(2, name="out")(x), name="siamese"), [images((5,)), images((5,), seed=2)]


def nested_twice():
    x = inner_in = L.Input((6, 6, 1), name="inner_in")
    x = L.Flatten(name="inner_flat")(L.Conv2D(2, 3, activation="relu", name="inner_conv")(x))
    encoder = K.Model(inner_in, L.Dense(4, name="inner_dense")(x), name="encoder")
    a, b = L.Input((6, 6, 1), name="a"), L.Input((6, 6, 1), name="b")
    x = L.Dot(axes=1, normalize=False, name="dot")([encoder(a), encoder(b)])
    model = K.Model([a, b], L.Dense(1, activation="sigmoid", name="same")(x), name="twins")
    return model, [images((6, 6, 1)), images((6, 6, 1), seed=2)]


def deferred():
    """A Sequential without an input layer, built by its first call."""
    model = K.Sequential([L.Dense(4, activation="relu"), L.Dense(2)], name="late")
    inputs = [images((3,))]
    model(inputs[0])
    return model, inputs


def slashes():
    x = inputs = L.Input((6,), name="image")
    x = L.Dense(4, activation="relu", name="block1/fc")(x)
    return K.Model(inputs, L.Dense(2, name="block2/head/fc")(x), name="slashed"), [images((6,))]


def long_names():
    """One layer name so long that the table of names exceeds 64 KB and is cut into two attributes."""
    model = K.Sequential([L.Input((2,), name="x")], name="long")
    for index in range(24):
        name = f"layer_{index}" + ("_" + "n" * 2790 if index == 11 else "")
        dense = index % 11 == 0
        model.add(L.Dense(2, use_bias=False, name=name) if dense else L.ReLU(name=name))
    return model, [images((2,))]


def deep():
    """120 layers of one class: group numbers past 10 and 100, where name order is not number order."""
    model = K.Sequential([L.Input((2,), name="x")], name="deep")
    for index in range(120):
        model.add(L.Dense(2, activation="tanh", name=f"d{index}"))
    return model, [images((2,))]
