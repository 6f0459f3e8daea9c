#!/usr/bin/env python3
"""Write reference.json: texts and values as Python's json module and repr see them.

Each entry of `doubles` pairs a literal (repr, the shortest form that reads back) with the IEEE 754
bits; `ascii` and `utf8` are two spellings of one document.
"""
import json, random, struct
from pathlib import Path

random.seed(0)
special = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-5, 1e16, 1e22, 123456789.125, 5e-324, 2.2250738585072014e-308,
           1.7976931348623157e308, 1 / 3, 2**53 + 2.0, 9.313225746154785e-10]
bits = [random.getrandbits(64) for _ in range(200)]
drawn = [struct.unpack("<d", struct.pack("<Q", b))[0] for b in bits]
doubles = special + [d for d in drawn if d == d and abs(d) != float("inf")]
document = {"text": "tab\t quote\" back\\ slash/ nul\u0000 e\u0301 \u00e9 \u65e5 \U0001f600 \u2028",
            "nested": [[], {}, [[1, 2], {"a": None}], True, False], "big": 2**70, "min": -2**63, "max": 2**63 - 1}
reference = {
    "doubles": [[repr(d), struct.pack(">d", d).hex()] for d in doubles],
    "ascii": json.dumps(document),
    "utf8": json.dumps(document, ensure_ascii=False, indent=1),
}
Path(__file__).with_name("reference.json").write_text(json.dumps(reference) + "\n")
