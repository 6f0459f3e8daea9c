"""Compares what exported C predicts with the engine, and an ELF with what was promised.

    check.py examples DATA.npz COUNT OUT.f32 OUT.h    the first examples, for a pipe and for a board
    check.py compare OUT.f32 ENGINE.npz TOLERANCE     largest difference divided by the largest value
    check.py agree OUT.f32 ENGINE.npz SHARE           share of examples with the same largest output
    check.py same OUT.f32 OTHER.f32                   the numbers that both have, to 1e-4
    check.py digits DATA.h5 OUT.f32 OUT.h             the test images of Fixtures/data/digits.h5
    check.py board LINES OUT.f32                      what the board printed, as float32
    check.py size ELF PROMISE.json                    flash and RAM within 5 % (and 64 bytes)
"""
import json
import subprocess
import sys

import numpy as np


def outputs(path, width):
    return np.fromfile(path, "<f4").reshape(-1, width)


def engine(path):
    with np.load(path) as arrays:
        values = [arrays[name] for name in arrays.files]
    assert len(values) == 1, f"{path}: {len(values)} outputs"
    return values[0].reshape(len(values[0]), -1)


def examples(data, count, pipe, header):
    with np.load(data) as arrays:
        x = arrays["x"][: int(count)].astype("<f4")
    x = x.reshape(len(x), -1)
    x.tofile(pipe)
    write(x, header)


def write(x, header):
    rows = ",\n".join("{" + ",".join(f"{v:.9g}f" if "." in f"{v:.9g}" or "e" in f"{v:.9g}" else f"{v:.9g}.0f"
                                     for v in row) + "}" for row in x)
    with open(header, "w") as file:
        file.write(f"#define EXAMPLES {len(x)}\n")
        file.write(f"static const float examples[EXAMPLES][{x.shape[1]}] = {{{rows}}};\n")


def compare(pipe, reference, tolerance):
    expected = engine(reference)
    found = outputs(pipe, expected.shape[1])
    expected = expected[: len(found)]
    error = np.abs(found.astype("f8") - expected).max() / max(np.abs(expected).max(), 1e-30)
    assert np.isfinite(found).all() and error <= float(tolerance), f"differs by {error:.2e} > {tolerance}"
    print(f"{len(found)} examples, differs by {error:.1e}")


def agree(pipe, reference, share):
    expected = engine(reference)
    found = outputs(pipe, expected.shape[1])
    same = (found.argmax(1) == expected[: len(found)].argmax(1)).mean()
    assert same >= float(share), f"the same class in {same:.4f} < {share}"
    print(f"{len(found)} examples, the same class in {100 * same:.2f} %")


def same(left, right):
    ours, others = np.fromfile(left, "<f4"), np.fromfile(right, "<f4")
    count = min(len(ours), len(others))
    error = np.abs(ours[:count] - others[:count]).max()
    assert count and error <= 1e-4, f"differs by {error:.2e}"
    print(f"{count} numbers, differs by {error:.1e}")


def digits(data, pipe, header):
    import h5py

    with h5py.File(data) as file:
        x = file["x_test"][()] if "x_test" in file else file["test/x"][()]
    x = x.reshape(len(x), -1).astype("<f4") * np.float32(1 / 16)
    x.tofile(pipe)
    write(x[:48], header)


def board(lines, pipe):
    numbers = [int(line[i:i + 8], 16) for line in open(lines).read().split() for i in range(0, len(line), 8)]
    np.array(numbers, "<u4").tofile(pipe)


def size(elf, promise):
    promised = json.load(open(promise))
    text = subprocess.run(["arm-none-eabi-size", "-A", elf], check=True, capture_output=True, text=True).stdout
    sections = {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if line.startswith(".")}
    flash = sum(sections.get(name, 0) for name in (".text", ".ARM.exidx", ".data"))
    ram = sum(sections.get(name, 0) for name in (".data", ".bss"))
    for what, found, said in (("flash", flash, promised["flash_bytes"]), ("RAM", ram, promised["ram_bytes"])):
        assert abs(found - said) <= max(0.05 * found, 64), f"{what}: {found} bytes in the ELF, {said} promised"
    print(f"flash {flash} bytes ({promised['flash_bytes']} promised), RAM {ram} ({promised['ram_bytes']})")


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except AssertionError as problem:
        print(problem)
        sys.exit(1)
