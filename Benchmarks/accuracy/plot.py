#!/usr/bin/env python3
"""Draws results.csv as mnist.svg and prints the table of means: plot.py (standard library only)."""
import csv
import math
import statistics
from collections import defaultdict
from pathlib import Path

here = Path(__file__).parent
points = defaultdict(list)
for row in csv.DictReader((here / "results.csv").open()):
    points[row["method"], float(row["ratio"])].append(100 * float(row["accuracy"]))
ratios = sorted({ratio for _, ratio in points if ratio > 1})
names = {"uniform": "plain SVD, same share everywhere", "global": "modelc, weights alone",
         "data": "modelc --data", "data+finetune": "modelc --data --finetune 10"}
colors = {"uniform": "#7f7f7f", "global": "#e69f00", "data": "#0072b2", "data+finetune": "#009e73"}
width, height, left, right, top, bottom = 720, 380, 64, 20, 70, 48
x = lambda ratio: left + (width - left - right) * (math.log2(ratio) - 0.8) / 3.4
y = lambda share: height - bottom - (height - top - bottom) * share / 100
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
       'aria-label="MNIST accuracy against compression ratio" font-family="system-ui, sans-serif"><style>'
       'text{fill:#222}.l{stroke:#ccc;stroke-width:.6}.b{fill:#fff}@media(prefers-color-scheme:dark){'
       'text{fill:#ddd}.l{stroke:#444}.b{fill:#16181c}}</style>'
       f'<rect class="b" width="{width}" height="{height}"/>'
       f'<text x="{width / 2}" y="22" text-anchor="middle" font-size="15">MNIST test accuracy of a '
       '784-100-50-10 network, by true parameter ratio</text>']
for tick in range(0, 101, 20):
    out.append(f'<line class="l" x1="{left}" y1="{y(tick):.1f}" x2="{width - right}" y2="{y(tick):.1f}"/>'
               f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" font-size="11">{tick} %</text>')
for ratio in ratios:
    out.append(f'<text x="{x(ratio):.1f}" y="{height - 26}" text-anchor="middle" font-size="12">{ratio:g}×</text>')
out.append(f'<text x="{width / 2}" y="{height - 8}" text-anchor="middle" font-size="12">parameters before ÷ after</text>')
print("| method | " + " | ".join(f"{r:g}×" for r in ratios) + " |\n|---|" + "--:|" * len(ratios))
for index, (method, name) in enumerate(names.items()):
    means = [(ratio, points[method, ratio]) for ratio in ratios if points[method, ratio]]
    line = " ".join(f"{x(r):.1f},{y(statistics.mean(v)):.1f}" for r, v in means)
    out.append(f'<polyline points="{line}" fill="none" stroke="{colors[method]}" stroke-width="2"/>')
    for ratio, values in means:
        out.append(f'<circle cx="{x(ratio):.1f}" cy="{y(statistics.mean(values)):.1f}" r="3.5" fill="{colors[method]}">'
                   f'<title>{name}, {ratio:g}×: {statistics.mean(values):.2f} %</title></circle>')
    column, row = index % 2, index // 2
    out.append(f'<rect x="{left + column * 320}" y="{36 + row * 16}" width="14" height="4" fill="{colors[method]}"/>'
               f'<text x="{left + 20 + column * 320}" y="{42 + row * 16}" font-size="12">{name}</text>')
    cells = [f"{statistics.mean(v):.2f}" + (f" ± {statistics.stdev(v):.2f}" if len(v) > 1 else "") for _, v in means]
    print(f"| {name} | " + " | ".join(cells) + " |")
dense = points["dense", 1.0]
print(f"\nDense: {statistics.mean(dense):.2f} % over {len(dense)} seeds.")
(here / "mnist.svg").write_text("\n".join(out) + "</svg>\n")
