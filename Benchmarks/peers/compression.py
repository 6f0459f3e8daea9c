"""What both compressing peers share: the loop over a file, its clock, and the error that it reports.

`factors(kernel, ranks)` of a peer returns the list of factor arrays; `rebuild` multiplies them out. The clock
covers reading, factorising and writing; the error is computed after it has stopped.
"""
import argparse
import json
import math
import os
import time

import h5py
import numpy as np

import kerasfile


def rebuild(kernel_shape, factors):
    if len(factors) == 2:
        return (factors[0] @ factors[1]).reshape(kernel_shape)
    core, inputs, outputs = factors  # [h×w×r×s], [i×r], [o×s]
    return np.einsum("hwrs,ir,os->hwio", core, inputs, outputs, optimize=True)


def main(name, doc, factorise):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--plan", help="a modelc plan (JSON) whose ranks are used")
    parser.add_argument("--ratio", type=float, default=4.0, help="without a plan: uniform, per layer")
    parser.add_argument("--save-plan")
    parser.add_argument("--no-error", action="store_true", help="skip the error, which needs a second pass")
    options = parser.parse_args()
    table = kerasfile.ranks(options.model, options.plan, options.ratio)
    if options.save_plan:
        kerasfile.save_plan(options.save_plan, table)
    start, before, after = time.perf_counter(), 0, 0
    with h5py.File(options.out, "w") as out:
        for layer, weight, data in kerasfile.weights(options.model):
            value = data[()]
            before += value.size
            group = out.require_group(f"{layer}/{weight}")
            parts = [value]
            if weight == "kernel" and layer in table:
                parts = factorise(value, table[layer])
            for index, part in enumerate(parts):
                group[str(index)] = part
                after += part.size
    seconds, memory = time.perf_counter() - start, kerasfile.peak_memory()
    cpu = time.process_time()
    line = {"peer": name, "model": os.path.basename(options.model), "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu, 2), "peak_mib": memory, "parameters_in": before, "parameters_out": after,
            "ratio": round(before / after, 4)}
    if not options.no_error:
        line["relative_error"] = round(total_error(options.model, options.out, table), 6)
    print(json.dumps(line), flush=True)


def total_error(model, out, table):
    """√(Σ‖W − Ŵ‖² ÷ Σ‖W‖²) over every Dense and convolution kernel."""
    lost = whole = 0.0
    with h5py.File(out, "r") as file:
        for layer, weight, data in kerasfile.weights(model):
            if weight != "kernel":
                continue
            kernel = data[()]
            whole += float(np.vdot(kernel, kernel))
            if layer in table:
                group = file[f"{layer}/{weight}"]
                kernel -= rebuild(kernel.shape, [group[str(i)][()] for i in range(len(group))])
                lost += float(np.vdot(kernel, kernel))
    return math.sqrt(lost / whole)
