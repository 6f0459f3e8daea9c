"""Models that modelc carries rather than runs, other numeric types, and compiled models."""
import numpy as np

from fixture_models import images

L = K = None
LOADING = {}  # name: extra arguments of load_model
INEXACT = {"bfloat16", "mixed-float16", "float16"}  # reloading may round differently
TRAINS_ITSELF = {"compiled", "compiled-objects", "quantized"}


def is_keras3():
    return K.__version__.startswith("3")


def use(keras):
    global K, L
    K, L = keras, keras.layers
    if "Scale" in globals():
        return
    register = (keras.saving if is_keras3() else keras.utils).register_keras_serializable

    @register(package="modelc_tests")
    class Scale(L.Layer):
        """Multiplies by a learned vector: a layer that no reader knows."""

        def __init__(self, power=1, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def build(self, shape):
            self.factor = self.add_weight(name="factor", shape=(shape[-1],), initializer="ones")
            self.built = True

        def call(self, x):
            return x * self.factor ** self.power

        def get_config(self):
            return {**super().get_config(), "power": self.power}

    globals()["Scale"] = Scale
    if is_keras3():
        LOADING["lambda"] = {"safe_mode": False}
    elif hasattr(keras, "saving"):
        LOADING["lambda"] = {"safe_mode": False}


def channels_first():
    """Carried by modelc. TensorFlow has no kernel for it on a CPU: the reference is Keras 3's."""
    x = inputs = L.Input((2, 6, 6), name="image")
    x = L.Conv2D(3, 3, data_format="channels_first", activation="relu")(x)
    x = L.BatchNormalization(axis=1)(x)
    x = L.MaxPooling2D(data_format="channels_first")(x)
    outputs = L.Dense(2)(L.Flatten(data_format="channels_first")(x))
    return K.Model(inputs, outputs, name="first"), [images((2, 6, 6))] if is_keras3() else None


def conv3d():
    x = inputs = L.Input((4, 4, 4, 1), name="volume")
    x = L.MaxPooling3D()(L.Conv3D(2, 3, padding="same", activation="relu")(x))
    return K.Model(inputs, L.Dense(2)(L.Flatten()(x)), name="volume_net"), [images((4, 4, 4, 1))]


def recurrent():
    x = inputs = L.Input((5, 3), name="sequence")
    x = L.LSTM(4, return_sequences=True)(x)
    x = L.GRU(4, return_sequences=True)(x)
    x = L.Bidirectional(L.LSTM(2, return_sequences=True), name="both_ways")(x)
    x = L.TimeDistributed(L.Dense(4, activation="relu"), name="each")(x)
    x = L.SimpleRNN(3)(x)
    return K.Model(inputs, L.Dense(2, name="out")(x), name="recurrent"), [images((5, 3))]


def attention():
    x = inputs = L.Input((5, 8), name="tokens")
    y = L.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = L.LayerNormalization()(L.Add()([x, y]))
    x = L.LayerNormalization()(L.Add()([x, L.Dense(8)(L.Dense(12, activation="gelu")(x))]))
    outputs = L.Dense(2)(L.GlobalAveragePooling1D()(x))
    return K.Model(inputs, outputs, name="transformer"), [images((5, 8))]


def einsum():
    x = inputs = L.Input((5, 4), name="tokens")
    x = L.EinsumDense("abc,cd->abd", output_shape=(5, 6), bias_axes="d", activation="relu")(x)
    return K.Model(inputs, L.Dense(2)(L.Flatten()(x)), name="einsum"), [images((5, 4))]


def operators():
    """Arithmetic on symbolic tensors: TFOpLambda nodes in Keras 2, `keras.ops` nodes in Keras 3."""
    x = inputs = L.Input((6,), name="x")
    y = L.Dense(6, name="first")(x)
    y = y * 2.0 + x
    return K.Model(inputs, L.Dense(2, name="last")(y), name="operators"), [images((6,))]


def lambda_layer():
    x = inputs = L.Input((6,), name="x")
    x = L.Dense(4, activation="relu", name="before")(x)
    double = lambda t: t * 2.0  # its byte code goes into the file; without this machine's path
    double.__code__ = double.__code__.replace(co_filename="code.py")
    x = L.Lambda(double, output_shape=(4,), name="doubled")(x)
    return K.Model(inputs, L.Dense(2, name="after")(x), name="with_code"), [images((6,))]


def custom():
    x = inputs = L.Input((6,), name="x")
    x = L.Dense(8, activation="relu", name="before")(x)
    x = Scale(power=2, name="scaled")(x)
    return K.Model(inputs, L.Dense(2, name="after")(x), name="with_custom"), [images((6,))]


def augmented():
    """Random layers do nothing at inference; Keras 3 writes "training": true into their nodes."""
    x = inputs = L.Input((8, 8, 1), name="image")
    x = L.RandomRotation(0.1, seed=1)(L.RandomFlip("horizontal", seed=1)(x))
    x = L.CenterCrop(4, 4)(L.Rescaling(1 / 255)(x))
    x = L.Conv2D(3, 3, activation="relu")(x)
    return K.Model(inputs, L.Dense(2)(L.Flatten()(x)), name="augmented"), [images((8, 8, 1))]


def _typed(dtype):
    def build():
        x = inputs = L.Input((6, 6, 2), name="image")
        x = L.Conv2D(4, 3, activation="relu", dtype=dtype, name="conv")(x)
        x = L.BatchNormalization(dtype=dtype, name="bn")(x)
        x = L.Flatten(dtype=dtype, name="flat")(x)
        x = L.Dense(8, activation="relu", dtype=dtype, name="hidden")(x)
        last = "float32" if dtype == "mixed_float16" else dtype
        outputs = L.Dense(3, activation="softmax", dtype=last, name="out")(x)
        model = K.Model(inputs, outputs, name="typed")
        feed = images((6, 6, 2))
        return model, [feed.astype("float64") if dtype == "float64" else feed]
    return build


def compiled():
    """Two steps of Adam, so that the file holds an optimiser's state."""
    model = K.Sequential([
        L.Input((6,), name="x"), L.Dense(8, activation="relu", name="hidden"),
        L.BatchNormalization(name="bn"), L.Dense(3, activation="softmax", name="out")], name="compiled")
    model.compile(K.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images((6,), 16), np.arange(16) % 3, batch_size=8, epochs=1, verbose=0)
    return model, [images((6,))]


def compiled_objects():
    """A loss object and an SGD object: their K2 form makes Keras 3 refuse the whole file."""
    model = K.Sequential([
        L.Input((6,), name="x"), L.Dense(4, activation="relu", name="hidden"),
        L.Dense(3, name="out")], name="compiled_objects")
    loss = K.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(K.optimizers.SGD(1e-2, momentum=0.9, nesterov=True), loss, metrics=["accuracy"])
    model.fit(images((6,), 16), np.arange(16) % 3, batch_size=8, epochs=1, verbose=0)
    return model, [images((6,))]


def quantized():
    """A Dense that Keras 3 quantised to int8: kernel in int8 with a scale per output."""
    model = K.Sequential([
        L.Input((8,), name="x"), L.Dense(16, activation="relu", name="hidden"),
        L.Dense(3, name="out")], name="quantized")
    model.quantize("int8")
    return model, [images((8,))]


def weights_only():
    model = K.Sequential([
        L.Input((6, 6, 1), name="x"), L.Conv2D(2, 3, name="conv"), L.BatchNormalization(name="bn"),
        L.Flatten(name="flat"), L.Dense(3, name="out")], name="weights_only")
    return model, None


PAIR = {"k2": ["h5"], "k3": ["keras"]}
BOTH = {"k2": ["h5", "keras"], "k3": ["h5", "keras"]}
MOST = {"k2": ["h5", "keras"], "k3": ["keras"]}
MODELS = {
    "channels-first": (channels_first, PAIR), "conv3d": (conv3d, PAIR), "recurrent": (recurrent, MOST),
    "attention": (attention, {"k2": ["keras"], "k3": ["keras"]}), "einsum": (einsum, PAIR), "operators": (operators, PAIR),
    "lambda": (lambda_layer, BOTH), "custom": (custom, BOTH), "augmented": (augmented, PAIR),
    "float16": (_typed("float16"), MOST), "bfloat16": (_typed("bfloat16"), BOTH),
    "float64": (_typed("float64"), MOST), "mixed-float16": (_typed("mixed_float16"), MOST),
    "compiled": (compiled, BOTH), "compiled-objects": (compiled_objects, PAIR),
    "quantized": (quantized, {"k3": ["h5", "keras"]}),
    "weights-only": (weights_only, {"k2": ["weights.h5", "legacy.h5"], "k3": ["weights.h5"]}),
}
