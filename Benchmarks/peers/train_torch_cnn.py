#!/usr/bin/env python3
"""PyTorch eager: CNN conv 32-32-pool-64-64-pool, dense 512, 10 (1,250,858 parameters) on CIFAR-10, batch 64.

    train_torch_cnn.py CIFAR_FOLDER [--epochs 3] [--threads 2] [--layout nhwc|nchw] [--limit 6400]
"""
from torch import nn

import torch_trainer


def make():
    relu = lambda: nn.ReLU(inplace=True)
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), relu(), nn.Conv2d(32, 32, 3), relu(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Conv2d(32, 64, 3, padding=1), relu(), nn.Conv2d(64, 64, 3), relu(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(2304, 512), relu(), nn.Dropout(0.5), nn.Linear(512, 10))


if __name__ == "__main__":
    torch_trainer.main("cnn", __doc__, make, images_last=True)
