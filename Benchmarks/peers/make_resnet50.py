#!/usr/bin/env python3
"""Writes a ResNet-50-shaped Keras .h5: 25,636,712 parameters, random weights of decaying spectrum.

    make_resnet50.py OUT.h5 [--seed 1]
"""
import argparse

from kerasfile import Graph


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    graph = Graph("resnet50", options.seed)

    def relu(name, x):
        return graph.add("Activation", name, [x], activation="relu")

    def block(name, x, channels, filters, strides, shortcut):
        y = graph.conv(f"{name}_1_conv", x, channels, filters, 1, strides)
        y = relu(f"{name}_1_relu", graph.norm(f"{name}_1_bn", y, filters))
        y = graph.conv(f"{name}_2_conv", y, filters, filters, 3)
        y = relu(f"{name}_2_relu", graph.norm(f"{name}_2_bn", y, filters))
        if shortcut:
            x = graph.conv(f"{name}_0_conv", x, channels, 4 * filters, 1, strides)
            x = graph.norm(f"{name}_0_bn", x, 4 * filters)
        y = graph.norm(f"{name}_3_bn", graph.conv(f"{name}_3_conv", y, filters, 4 * filters, 1), 4 * filters)
        return relu(f"{name}_out", graph.add("Add", f"{name}_add", [x, y]))

    x = graph.input("input_1", [224, 224, 3])
    x = graph.add("ZeroPadding2D", "conv1_pad", [x], padding=[[3, 3], [3, 3]])
    x = relu("conv1_relu", graph.norm("conv1_bn", graph.conv("conv1_conv", x, 3, 64, 7, 2, "valid"), 64))
    x = graph.add("ZeroPadding2D", "pool1_pad", [x], padding=[[1, 1], [1, 1]])
    x = graph.add("MaxPooling2D", "pool1_pool", [x], pool_size=[3, 3], strides=[2, 2], padding="valid")
    channels = 64
    for stage, (depth, filters) in enumerate([(3, 64), (4, 128), (6, 256), (3, 512)], start=2):
        for index in range(1, depth + 1):
            strides = 2 if index == 1 and stage > 2 else 1
            x = block(f"conv{stage}_block{index}", x, channels, filters, strides, index == 1)
            channels = 4 * filters
    x = graph.add("GlobalAveragePooling2D", "avg_pool", [x])
    x = graph.dense("predictions", x, channels, 1000, "softmax")
    print(f"{graph.write(options.out, 'input_1', x):,} parameters in {options.out}")


if __name__ == "__main__":
    main()
