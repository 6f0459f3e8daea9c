"""Architectures that show one layer kind each."""
L = K = None
MODELS = {}
KEEPS_WEIGHTS = set()
LOADING = {}
INEXACT_RELOAD = set()


def use(keras):
    global K, L
    K, L = keras, keras.layers
