#!/usr/bin/env python3
"""Draws the MNIST rows of Fixtures/regression/results.csv as mnist.svg and writes the tables of
README.md and Benchmarks/RESULTS.md between their markers: plot.py (standard library only)."""
import csv
import math
import re
import statistics
from collections import defaultdict
from pathlib import Path

here = Path(__file__).parent
root = here.parents[1]
rows = list(csv.DictReader((root / "Fixtures/regression/results.csv").open()))
points = defaultdict(list)
for row in rows:
    if row["data"] == "mnist":
        points[row["method"], float(row["ratio"])].append(100 * float(row["accuracy"]))
ratios = sorted({ratio for _, ratio in points if ratio > 1})
# Dashed ones are the honesty rows.
names = {"uniform": "plain SVD, same share everywhere",
         "uniform+finetune": "plain SVD, fine-tuned the same way",
         "narrow": "a narrow dense net of that size, trained from scratch",
         "global": "modelc, weights alone", "data": "modelc --data",
         "data+finetune": "modelc --data --finetune 10"}
colors = {"uniform": "#7f7f7f", "uniform+finetune": "#7f7f7f", "narrow": "#d55e00", "global": "#e69f00",
          "data": "#0072b2", "data+finetune": "#009e73"}
dashed = {"uniform+finetune", "narrow"}
names = {method: name for method, name in names.items() if any(method == key for key, _ in points)}


def cell(values):
    spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{spread}"


def draw():
    width, height, left, right, top, bottom = 720, 400, 64, 20, 90, 48
    x = lambda ratio: left + (width - left - right) * (math.log2(ratio) - 0.8) / 4.4
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
    for index, (method, name) in enumerate(names.items()):
        means = [(r, points[method, r]) for r in ratios if points[method, r]]
        line = " ".join(f"{x(r):.1f},{y(statistics.mean(v)):.1f}" for r, v in means)
        dash = ' stroke-dasharray="5 4"' if method in dashed else ""
        out.append(f'<polyline points="{line}" fill="none" stroke="{colors[method]}" stroke-width="2"{dash}/>')
        for ratio, values in means:
            out.append(f'<circle cx="{x(ratio):.1f}" cy="{y(statistics.mean(values)):.1f}" r="3.5" fill="{colors[method]}">'
                       f'<title>{name}, {ratio:g}×: {statistics.mean(values):.2f} %</title></circle>')
        column, row = index % 2, index // 2
        out.append(f'<rect x="{left + column * 320}" y="{36 + row * 16}" width="14" height="4" fill="{colors[method]}"/>'
                   f'<text x="{left + 20 + column * 320}" y="{42 + row * 16}" font-size="12">{name}</text>')
    (here / "mnist.svg").write_text("\n".join(out) + "</svg>\n")


def mnist_table():
    lines = ["| method | " + " | ".join(f"{r:g}×" for r in ratios) + " |", "|---|" + "--:|" * len(ratios)]
    for method, name in names.items():
        cells = [cell(points[method, r]) if points[method, r] else "–" for r in ratios]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    dense = points["dense", 1.0]
    lines.append(f"\nDense: {cell(dense)} % over {len(dense)} seeds. Test accuracy was not used to choose anything.")
    return "\n".join(lines)


def cifar_table():
    found = [row for row in rows if row["data"] == "cifar10"]
    if not found:
        return None
    dense = next(row for row in found if row["method"] == "dense")
    lines = ["| model | parameters | ratio | accuracy | points lost | forward time, of dense |", "|---|--:|--:|--:|--:|--:|"]
    for row in found:
        accuracy = 100 * float(row["accuracy"])
        lost = 100 * float(dense["accuracy"]) - accuracy
        time = f"{float(row['time']) / float(dense['time']):.2f}" if row["time"] and dense["time"] else "–"
        ratio = int(dense["parameters"]) / int(row["parameters"])
        lines.append(f"| {row['method']} | {int(row['parameters']):,} | {ratio:.2f}× | {accuracy:.2f} | {lost:.2f} | {time} |")
    lines.append("\nTest accuracy was not used to choose anything.")
    return "\n".join(lines)


def replace(path, marker, text):
    page = path.read_text()
    new, count = re.subn(rf"(<!-- {marker} -->\n).*?(\n<!-- end -->)", lambda m: m[1] + text + m[2], page, count=1, flags=re.S)
    if count:
        path.write_text(new)


draw()
for page in (root / "README.md", root / "Benchmarks/RESULTS.md"):
    replace(page, "accuracy", mnist_table())
    if cifar_table():
        replace(page, "cifar", cifar_table())
print(mnist_table())
print(cifar_table() or "")
