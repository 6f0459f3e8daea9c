#!/usr/bin/env python3
"""Write one zip file per lie, and expected.json: the message for each, after the file's name.

The honest archive has `a.txt` (stored, 5 bytes) at byte 0 and `b.txt` (deflated, 300 bytes).
"""
import json, struct, zipfile, zlib
from pathlib import Path

HERE = Path(__file__).parent
A, B = b"hello", b"abcdef" * 50


def deflate(data):
    c = zlib.compressobj(6, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


def entry(name, data, method=0, **lies):
    stored = deflate(data) if method == 8 else data
    e = dict(name=name, lname=name, flags=0, lflags=None, method=method, lmethod=None, stored=stored,
             crc=zlib.crc32(data), lcrc=None, csize=len(stored), lcsize=None, size=len(data), lsize=None,
             extra=b"", lextra=b"", mode=0o100644, offset=None, disk=0, descriptor=b"")
    e.update(lies)
    for key in ("flags", "method", "crc", "csize", "size"):
        if e["l" + key] is None:
            e["l" + key] = e[key]
    return e


def archive(entries, prefix=b"", between=b"", count=None, start=None, size=None, tail=b"", comment=b"", end=b""):
    out = bytearray(prefix)
    directory = b""
    for e in entries:
        offset = len(out) if e["offset"] is None else e["offset"]
        out += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, e["lflags"], e["lmethod"], 0, 33, e["lcrc"], e["lcsize"],
                           e["lsize"], len(e["lname"]), len(e["lextra"])) + e["lname"] + e["lextra"] + e["stored"]
        out += e["descriptor"]
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 0x0314, 20, e["flags"], e["method"], 0, 33, e["crc"],
                                 e["csize"], e["size"], len(e["name"]), len(e["extra"]), 0, e["disk"], 0,
                                 e["mode"] << 16, offset) + e["name"] + e["extra"]
    out += between
    at = len(out) if start is None else start
    n = len(entries) if count is None else count
    out += directory + tail
    if end:
        return bytes(out + end)
    return bytes(out + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, n, n, len(directory) if size is None else size, at,
                                   len(comment)) + comment)


a, b = entry(b"a.txt", A), entry(b"b.txt", B, 8)
honest = archive([a, b])
bad_crc = entry(b"b.txt", B, 8, crc=1)
nested_end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0, 0, 0, 0, 0)

LIES = {
    "duplicate-name": (archive([a, entry(b"a.txt", B)]), "a.txt: the name occurs twice"),
    "file-and-folder": (archive([a, entry(b"a.txt/", b"")]), "a.txt/: the name occurs twice"),
    "encrypted": (archive([entry(b"a.txt", A, flags=1)]), "entry 0 'a.txt': encrypted"),
    "strong-encryption": (archive([entry(b"a.txt", A, flags=0x40)]), "entry 0 'a.txt': encrypted"),
    "symlink": (archive([entry(b"a.txt", A, mode=0o120777)]), "entry 0 'a.txt': a symbolic link"),
    "device": (archive([entry(b"a.txt", A, mode=0o020666)]), "entry 0 'a.txt': not a regular file"),
    "absolute-name": (archive([entry(b"/a.txt", A)]), "entry 0 '/a.txt': the name is absolute"),
    "drive-name": (archive([entry(b"C:a.txt", A)]), "entry 0 'C:a.txt': the name is absolute"),
    "parent-name": (archive([entry(b"x/../a.txt", A)]), "entry 0 'x/../a.txt': the name has a component '..'"),
    "dot-name": (archive([entry(b"./a.txt", A)]), "entry 0 './a.txt': the name has a component '.'"),
    "empty-component": (archive([entry(b"x//a.txt", A)]), "entry 0 'x//a.txt': the name has a component ''"),
    "backslash-name": (archive([entry(b"x\\a.txt", A)]), "entry 0 'x\\a.txt': the name holds a backslash"),
    "nul-name": (archive([entry(b"a.t\0t", A)]), "entry 0: the name holds a control character"),
    "empty-name": (archive([entry(b"", A)]), "entry 0: the name is empty"),
    "latin1-name": (archive([entry(b"\xe9.txt", A)]), "entry 0: the name is not UTF-8"),
    "unicode-path-extra": (archive([entry(b"a.txt", A, extra=struct.pack("<HHBI", 0x7075, 10, 1, 0) + b"e.txt")]),
                           "entry 0 'a.txt': an extra field gives another name"),
    "method-12": (archive([entry(b"a.txt", A, method=12)]), "entry 0 'a.txt': compression method 12, only 0 and 8 are read"),
    "local-name": (archive([entry(b"a.txt", A, lname=b"e.txt")]), "a.txt: its local header has another name"),
    "local-flags": (archive([entry(b"a.txt", A, lflags=2)]), "a.txt: its two headers have different flags"),
    "local-method": (archive([entry(b"a.txt", A, lmethod=8)]), "a.txt: its two headers name different methods"),
    "local-crc": (archive([entry(b"a.txt", A, lcrc=7)]), "a.txt: checksum 907060870 in the directory, 7 in the local header"),
    "local-size": (archive([entry(b"a.txt", A, lsize=6)]), "a.txt: size 5 in the directory, 6 in the local header"),
    "local-compressed-size": (archive([entry(b"a.txt", A, lcsize=4)]),
                              "a.txt: compressed size 5 in the directory, 4 in the local header"),
    "stored-sizes-differ": (archive([entry(b"a.txt", A, size=6)]), "entry 0 'a.txt': stored, but 5 bytes hold 6"),
    "bomb": (archive([entry(b"b.txt", B, 8, size=1 << 31)]),
             f"entry 0 'b.txt': {len(deflate(B))} bytes cannot hold the declared 2147483648"),
    "folder-with-content": (archive([entry(b"x/", A)]), "entry 0 'x/': a folder with 5 bytes of content"),
    "content-beyond-directory": (archive([entry(b"a.txt", A, csize=99, size=99)]),
                                 "a.txt: the file ends early: 99 bytes needed, 5 there"),
    "offset-beyond-directory": (archive([entry(b"a.txt", A, offset=4000)]),
                                "a.txt: its header should be at byte 4000, the directory begins at 40"),
    "offset-no-header": (archive([entry(b"a.txt", A), entry(b"b.txt", A, offset=1)]), "b.txt: no header at byte 1"),
    "overlap": (archive([a, entry(b"b.txt", B, stored=archive([])[:0] + b"", csize=0, size=0, crc=0, offset=0, lname=b"a.txt")]),
                None),
    "crc": (archive([bad_crc]), "b.txt: the content is damaged: checksum 0x1 stored, "
            f"{hex(zlib.crc32(B))} computed"),
    "inflates-to-less": (archive([entry(b"b.txt", B, 8, size=301)]), "b.txt: inflates to 300 bytes, 301 declared"),
    "inflates-to-more": (archive([entry(b"b.txt", B, 8, size=299)]), "b.txt: inflates to more than the declared 299 bytes"),
    "damaged-deflate": (archive([entry(b"b.txt", B, 8, stored=b"\xff" * len(deflate(B)))]),
                        "b.txt: the compressed data is damaged: invalid block type"),
    "bytes-after-deflate": (archive([entry(b"b.txt", B, 8, stored=deflate(B) + b"xy", csize=len(deflate(B)) + 2)]),
                            "b.txt: 2 bytes follow the compressed data"),
    "cut-deflate": (archive([entry(b"b.txt", B, 8, stored=deflate(B)[:-3], csize=len(deflate(B)) - 3)]),
                    f"b.txt: the file ends early: {len(deflate(B)) - 2} bytes needed, {len(deflate(B)) - 3} there"),
    "descriptor": (archive([entry(b"a.txt", A, flags=8, lcrc=0, lsize=0, lcsize=0, descriptor=b"PK\x07\x08" + bytes(12))]),
                   "a.txt: its data descriptor is missing or disagrees with the directory"),
    "zip64-missing": (archive([entry(b"a.txt", A, size=0xFFFFFFFF)]), "entry 0 'a.txt': the zip64 sizes are missing"),
    "zip64-huge": (archive([entry(b"a.txt", A, size=0xFFFFFFFF, extra=struct.pack("<HHQ", 1, 8, 1 << 63))]),
                   "entry 0 'a.txt': declares 9223372036854775808 bytes"),
    "zip64-twice": (archive([entry(b"a.txt", A, size=0xFFFFFFFF, extra=struct.pack("<HHQ", 1, 8, 5) * 2)]),
                    "entry 0 'a.txt': two zip64 records"),
    "extra-cut": (archive([entry(b"a.txt", A, extra=struct.pack("<HH", 9, 99))]), "entry 0 'a.txt': the extra field is cut off"),
    "other-disk": (archive([entry(b"a.txt", A, disk=3)]), "entry 0 'a.txt': on another disk"),
    "more-entries-declared": (archive([a], count=2), "entry 1: the file ends early: 46 bytes needed, 0 there"),
    "fewer-entries-declared": (archive([a, b], count=1), "51 bytes follow the 1 entries of the directory"),
    "prefix": (b"#!prefix" + honest, None),
    "directory-offset": (archive([a], start=39), "the central directory should end at byte 90, what follows it begins at 91"),
    "two-ends": (archive([a], comment=nested_end), "two ends of a central directory fit the file's end"),
    "trailing-bytes": (honest + b"junk", "no end of a central directory: cut off, or not a zip file"),
    "not-a-zip": (b"<!DOCTYPE html><html><body>not found</body></html>",
                  "no end of a central directory: cut off, or not a zip file"),
    "empty-file": (b"", "the file ends early: 22 bytes needed, 0 there"),
    "several-disks": (archive([], end=struct.pack("<IHHHHIIH", 0x06054B50, 1, 0, 0, 0, 0, 0, 0)), "split over several disks"),
    "counts-differ": (archive([], end=struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 0, 0, 0, 0)),
                      "1 entries on this disk, 0 in all"),
    "zip64-no-locator": (archive([], prefix=bytes(90), end=struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0)),
                         "no zip64 locator before the end record"),
}
# Two entries over the same bytes: the second header stands inside the first one's content.
inner = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, 5, 0) + b"b.txt" + b"x"
LIES["overlap"] = (archive([entry(b"a.txt", inner), entry(b"b.txt", b"x", offset=35)]), "the entries 'a.txt' and 'b.txt' overlap")
size = len(honest)
LIES["prefix"] = (LIES["prefix"][0], "the central directory should end at byte %d, what follows it begins at %d" % (size - 22, size - 14))

expected = {}
for name, (content, message) in LIES.items():
    (HERE / f"{name}.zip").write_bytes(content)
    expected[f"{name}.zip"] = message
(HERE / "honest.zip").write_bytes(honest)
(HERE / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
assert zipfile.ZipFile(HERE / "honest.zip").read("b.txt") == B
