#!/usr/bin/env python3
"""PyTorch eager: MLP 784–100–50–10 on MNIST, batch 32, Adam 1e-3. Prints one JSON line.

    train_torch_mlp.py MNIST_FOLDER [--epochs 3] [--threads 1] [--fused]
"""
from torch import nn

import torch_trainer


def make():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 50), nn.ReLU(),
                         nn.Linear(50, 10))


if __name__ == "__main__":
    torch_trainer.main("mlp", __doc__, make)
