"""Architectures that show one family of layers each; `fixture_special` holds what modelc only carries."""
import numpy as np

import fixture_special as special
from fixture_models import images

L = K = None


def use(keras):
    global K, L
    K, L = keras, keras.layers
    special.use(keras)


def is_keras3():
    return K.__version__.startswith("3")


def text_conv1d():
    x = inputs = L.Input((12,), dtype="int32", name="words")
    x = L.Embedding(20, 6, name="embedding")(x)
    x = L.Conv1D(8, 3, padding="same", activation="relu")(x)
    x = L.MaxPooling1D(2)(x)
    x = L.Conv1D(8, 3, padding="causal", dilation_rate=2)(x)
    x = L.Conv1D(6, 2, strides=2, padding="valid", activation="relu", use_bias=False)(x)
    outputs = L.Dense(2, activation="softmax")(L.GlobalMaxPooling1D()(x))
    words = np.random.default_rng(5).integers(0, 20, (2, 12)).astype("int32")
    return K.Model(inputs, outputs, name="text"), [words]


def mobile():
    x = inputs = L.Input((9, 8, 3), name="image")
    x = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.ReLU(max_value=6.0)(L.BatchNormalization()(x))
    x = L.DepthwiseConv2D(3, depth_multiplier=2, padding="same")(x)
    x = L.SeparableConv2D(6, 3, padding="same", activation="relu", depth_multiplier=2)(x)
    x = L.DepthwiseConv2D((3, 2), strides=2, padding="same", use_bias=False)(x)
    x = L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(x)
    x = L.Conv2DTranspose(3, (2, 3), strides=(1, 2), padding="valid")(x)
    outputs = L.Dense(3, activation="softmax")(L.GlobalAveragePooling2D()(x))
    return K.Model(inputs, outputs, name="mobile"), [images((9, 8, 3))]


def conv_geometry():
    a = L.Input((9, 7, 2), name="odd")
    b = L.Input((8, 10, 2), name="even")
    convs = [
        L.Conv2D(3, 3, strides=2, padding="same", name="s2_same"),
        L.Conv2D(3, (5, 3), strides=(2, 1), padding="valid", name="k53_s21_valid"),
        L.Conv2D(3, 3, dilation_rate=2, padding="same", activation="relu", name="d2_same"),
        L.Conv2D(3, (3, 2), dilation_rate=(1, 3), padding="valid", name="d13_valid"),
        L.Conv2D(3, 1, strides=2, use_bias=False, name="k1_s2"),
        L.Conv2D(3, 4, strides=3, padding="same", name="k4_s3_same")]
    outputs = [conv(x) for conv in convs for x in (a, b)]
    return K.Model([a, b], outputs, name="geometry"), [images((9, 7, 2)), images((8, 10, 2))]


def grouped():
    """Convolutions in groups. TensorFlow has no kernel for them on a CPU: the reference is Keras 3's."""
    x = inputs = L.Input((6, 6, 4), name="image")
    x = L.Conv2D(6, 3, groups=2, padding="same", activation="relu")(x)
    x = L.Conv2D(6, 3, groups=6, use_bias=False)(x)
    outputs = L.Dense(2)(L.Flatten()(x))
    return K.Model(inputs, outputs, name="grouped"), [images((6, 6, 4))] if is_keras3() else None


def pooling():
    a = L.Input((7, 9, 2), name="image")
    b = L.Input((9, 3), name="signal")
    flat = [
        L.MaxPooling2D(2), L.MaxPooling2D((2, 3), strides=2, padding="same"),
        L.AveragePooling2D(3, strides=2, padding="same"), L.AveragePooling2D((3, 2), padding="valid"),
        L.MaxPooling2D(3, strides=1, padding="same"), L.GlobalAveragePooling2D(),
        L.GlobalMaxPooling2D(keepdims=True)]
    line = [
        L.MaxPooling1D(3, strides=2, padding="same"), L.AveragePooling1D(2),
        L.AveragePooling1D(4, strides=3, padding="same"), L.GlobalAveragePooling1D(),
        L.GlobalMaxPooling1D()]
    outputs = [layer(a) for layer in flat] + [layer(b) for layer in line]
    return K.Model([a, b], outputs, name="pooling"), [images((7, 9, 2)), images((9, 3))]


def shaping():
    a = L.Input((4, 6, 2), name="image")
    b = L.Input((6, 3), name="signal")
    outputs = [layer(a) for layer in [
        L.ZeroPadding2D(1), L.ZeroPadding2D(((1, 0), (2, 3))), L.Cropping2D(((1, 0), (2, 1))),
        L.UpSampling2D((2, 3)), L.UpSampling2D(2, interpolation="bilinear"), L.Permute((3, 1, 2)),
        L.Reshape((12, -1)), L.Flatten()]]
    outputs += [layer(b) for layer in [
        L.ZeroPadding1D((1, 2)), L.Cropping1D((2, 1)), L.UpSampling1D(2), L.Permute((2, 1))]]
    outputs.append(L.RepeatVector(3)(L.Flatten()(b)))
    return K.Model([a, b], outputs, name="shaping"), [images((4, 6, 2)), images((6, 3))]


def merging():
    a, b, c = (L.Input((3, 4, 2), name=name) for name in ("a", "b", "c"))
    gate = L.Input((1, 1, 2), name="gate")
    pair = [L.Subtract(), L.Concatenate(), L.Concatenate(axis=1), L.Dot(axes=3)]
    several = [L.Add(), L.Multiply(), L.Average(), L.Maximum(), L.Minimum()]
    outputs = [layer([a, b, c]) for layer in several] + [layer([c, a]) for layer in pair]
    outputs.append(L.Multiply(name="gated")([a, gate]))  # broadcasts, as squeeze-and-excitation does
    outputs.append(L.Concatenate(name="twice")([a, a]))
    shapes = [(3, 4, 2)] * 3 + [(1, 1, 2)]
    feeds = [images(shape, seed=i) for i, shape in enumerate(shapes)]
    return K.Model([a, b, c, gate], outputs, name="merging"), feeds


def activations():
    names = ["linear", "relu", "elu", "selu", "gelu", "sigmoid", "tanh", "softmax", "swish", "softplus",
             "softsign", "exponential", "mish"]
    if is_keras3():
        names += ["relu6", "silu", "leaky_relu", "log_softmax", "hard_silu", "celu", "squareplus"]
    x = L.Input((8,), name="x")
    outputs = [L.Activation(name, name=f"a_{name}")(x) for name in names]
    outputs.append(L.Dense(3, activation="tanh", name="last")(x))
    return K.Model(x, outputs, name="activations"), [images((8,)) * 3]


def hard_sigmoid():
    """clip(0.2x + 0.5) in Keras 2, clip(x/6 + 0.5) in Keras 3, under one name."""
    x = inputs = L.Input((5,), name="x")
    x = L.Dense(4, activation="hard_sigmoid")(x)
    return K.Model(inputs, L.Activation("hard_sigmoid")(x), name="hard"), [images((5,)) * 3]


def advanced_activations():
    x = L.Input((4, 3, 2), name="x")
    leak = {"negative_slope": 0.2} if is_keras3() else {"alpha": 0.2}
    layers = [
        L.ReLU(), L.ReLU(max_value=1.5), L.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5),
        L.ReLU(negative_slope=0.3), L.LeakyReLU(**leak), L.LeakyReLU(), L.ELU(alpha=0.7), L.Softmax(),
        L.Softmax(axis=1), L.PReLU(), L.PReLU(shared_axes=[1, 2])]
    if not is_keras3():
        layers.append(L.ThresholdedReLU(theta=0.8))
    return K.Model(x, [layer(x) for layer in layers], name="advanced"), [images((4, 3, 2)) * 2]


def norms():
    x = L.Input((4, 4, 6), name="image")
    layers = [
        L.BatchNormalization(), L.BatchNormalization(scale=False, epsilon=1e-5),
        L.BatchNormalization(center=False), L.BatchNormalization(scale=False, center=False),
        L.LayerNormalization(),
        L.LayerNormalization(scale=False), L.LayerNormalization(center=False),
        L.GroupNormalization(groups=2), L.GroupNormalization(groups=-1, scale=False),
        L.Rescaling(1 / 255, offset=-0.5), L.Normalization(mean=0.5, variance=2.0),
        L.UnitNormalization()]
    adapted = L.Normalization(axis=-1, name="adapted")
    outputs = [layer(x) for layer in layers] + [adapted(x)]
    return K.Model(x, outputs, name="norms"), [images((4, 4, 6))]


def norm_axes():
    """Keras 3 reads such a list of axes back from .keras, but not from its own .h5."""
    x = inputs = L.Input((4, 4, 6), name="image")
    x = L.LayerNormalization(axis=[1, 2, 3], epsilon=1e-6)(x)
    return K.Model(inputs, L.LayerNormalization(axis=[2, 3])(x), name="norm_axes"), [images((4, 4, 6))]


def regularised():
    """What only training sees: dropout, noise, regularisers; preprocessing that is fixed at inference."""
    x = inputs = L.Input((6, 6, 2), name="image")
    x = L.GaussianNoise(0.1)(x)
    x = L.Conv2D(3, 3, activation="relu", kernel_regularizer="l2", kernel_constraint="max_norm")(x)
    x = L.SpatialDropout2D(0.2)(x)
    x = L.Dropout(0.5)(L.Flatten()(x))
    x = L.ActivityRegularization(l1=0.01)(L.Dense(4, activation="selu")(x))
    x = L.GaussianDropout(0.1)(L.AlphaDropout(0.1)(x))
    return K.Model(inputs, L.Dense(2, activation="softmax")(x), name="regularised"), [images((6, 6, 2))]


PAIR = {"k2": ["h5"], "k3": ["keras"]}
BOTH = {"k2": ["h5", "keras"], "k3": ["h5", "keras"]}
MODELS = {
    "text-conv1d": (text_conv1d, BOTH), "mobile": (mobile, special.MOST),
    "conv-geometry": (conv_geometry, PAIR), "grouped": (grouped, PAIR), "pooling": (pooling, PAIR),
    "shaping": (shaping, PAIR), "merging": (merging, PAIR), "activations": (activations, PAIR),
    "hard-sigmoid": (hard_sigmoid, PAIR), "advanced-activations": (advanced_activations, special.MOST),
    "norms": (norms, special.MOST), "norm-axes": (norm_axes, PAIR), "regularised": (regularised, PAIR),
    **special.MODELS,
}
