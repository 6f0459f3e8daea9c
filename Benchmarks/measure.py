#!/usr/bin/env python3
"""Runs a command and prints one JSON line: wall and CPU seconds, peak memory of it and its children.

    measure.py NAME COMMAND...

OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are removed for the command: a pinned core slows OpenBLAS.
"""
import json
import os
import resource
import subprocess
import sys
import time

name, command = sys.argv[1], sys.argv[2:]
environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
start = time.perf_counter()
result = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
wall = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "name": name, "exit": result.returncode, "seconds": round(wall, 3),
    "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
    "peak_mib": round(usage.ru_maxrss / 1024, 1),
    "last_line": result.stdout.strip().splitlines()[-1] if result.stdout.strip() else "",
}))
