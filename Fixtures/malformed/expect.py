"""Prints how a modelc answers each file of this folder, in the form of `expected.json`.

    python expect.py path/to/modelc > expected.json

Read the difference before it is committed: the file is what was judged to be right, and tests hold
modelc to it. `command` is the first that refuses: `inspect` (then `compress` says the same),
`compress`, or `run` for graphs that fit no input; their messages are written by hand.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile

FOLDER = os.path.dirname(os.path.abspath(__file__))


def answer(modelc, arguments, folder):
    done = subprocess.run(
        [modelc, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr.rstrip("\n")


def main(modelc):
    with open(os.path.join(FOLDER, "expected.json")) as file:
        before = json.load(file)
    result = {}
    for name in sorted(os.listdir(FOLDER)):
        if "." not in name or name.endswith((".py", ".md", ".json")):
            continue  # whatever else lies here is a model file, of any format
        with open(os.path.join(FOLDER, name), "rb") as file:
            content = file.read()
        if name.endswith(".gz"):
            name, content = name[:-3], gzip.decompress(content)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
            for command, more in ("inspect", []), ("compress", ["--rank", "2", "-o", "out.h5"]):
                code, message = answer(modelc, [command, name, *more], folder)
                if code:
                    result[name] = {"command": command, "message": message}
                    break
            else:
                result[name] = before.get(name, {"command": "run", "message": "?"})
    json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
    print()


main(os.path.abspath(sys.argv[1]))
