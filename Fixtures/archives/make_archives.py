#!/usr/bin/env python3
"""Write well-formed archives with CPython's zipfile and gzip: what foreign writers really produce."""
import gzip, io, zipfile
from pathlib import Path

HERE = Path(__file__).parent
TEXT = b"hello, archive\n" * 20
STAMP = (2001, 2, 3, 4, 5, 6)


def info(name, method):
    entry = zipfile.ZipInfo(name, STAMP)
    entry.compress_type = method
    entry.external_attr = 0o100644 << 16
    return entry


class Stream(io.RawIOBase):
    """A target that cannot seek, so that zipfile writes data descriptors."""
    def __init__(self): self.content = bytearray()
    def writable(self): return True
    def seekable(self): return False
    def write(self, data): self.content += bytes(data); return len(data)


with zipfile.ZipFile(HERE / "plain.zip", "w") as z:
    z.writestr(info("folder/", zipfile.ZIP_STORED), b"")
    z.writestr(info("folder/stored.txt", zipfile.ZIP_STORED), TEXT)
    z.writestr(info("deflated.txt", zipfile.ZIP_DEFLATED), TEXT)
    z.writestr(info("\u00e9\u65e5.txt", zipfile.ZIP_DEFLATED), TEXT)
    z.writestr(info("empty.txt", zipfile.ZIP_DEFLATED), b"")
    z.comment = b"a comment"
with zipfile.ZipFile(HERE / "zip64-local.zip", "w") as z:  # as numpy.savez writes
    for name, method in [("stored.txt", zipfile.ZIP_STORED), ("deflated.txt", zipfile.ZIP_DEFLATED)]:
        with z.open(info(name, method), "w", force_zip64=True) as f:
            f.write(TEXT)
stream = Stream()
with zipfile.ZipFile(stream, "w") as z:
    z.writestr(info("stored.txt", zipfile.ZIP_STORED), TEXT)
    z.writestr(info("deflated.txt", zipfile.ZIP_DEFLATED), TEXT)
(HERE / "streamed.zip").write_bytes(stream.content)
with zipfile.ZipFile(HERE / "empty.zip", "w") as z:
    pass
one, two = gzip.compress(TEXT, mtime=0), gzip.compress(b"second\n", mtime=0)
(HERE / "one.gz").write_bytes(one)
(HERE / "two-members.gz").write_bytes(one + two)
(HERE / "padded.gz").write_bytes(one + bytes(100))
