#!/usr/bin/env python3
"""Keras 3 on JAX: the MLP on MNIST (batch 32) or the CNN on CIFAR-10 (batch 64), Adam 1e-3. Prints one JSON line.

    train_keras_jax.py mlp|cnn FOLDER [--epochs 3] [--threads 2] [--limit N]
"""
import keras_trainer

if __name__ == "__main__":
    keras_trainer.main("jax", __doc__)
