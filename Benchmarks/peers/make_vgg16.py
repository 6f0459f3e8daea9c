#!/usr/bin/env python3
"""Writes a VGG16-shaped Keras .h5: 138,357,544 parameters, 553 MB, random weights of decaying spectrum.

    make_vgg16.py OUT.h5 [--width 1.0] [--seed 1]     --width 0.25 makes a small one for trying out
"""
import argparse

from kerasfile import Graph


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wide = lambda n: max(4, int(n * options.width))
    graph = Graph("vgg16", options.seed)
    x = graph.input("input_1", [224, 224, 3])
    channels = 3
    for block, (depth, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], start=1):
        for index in range(1, depth + 1):
            x = graph.conv(f"block{block}_conv{index}", x, channels, wide(filters), 3, activation="relu")
            channels = wide(filters)
        x = graph.add("MaxPooling2D", f"block{block}_pool", [x], pool_size=[2, 2], strides=[2, 2], padding="valid")
    x = graph.add("Flatten", "flatten", [x])
    x = graph.dense("fc1", x, 49 * channels, wide(4096), "relu")
    x = graph.dense("fc2", x, wide(4096), wide(4096), "relu")
    x = graph.dense("predictions", x, wide(4096), 1000, "softmax")
    print(f"{graph.write(options.out, 'input_1', x):,} parameters in {options.out}")


if __name__ == "__main__":
    main()
