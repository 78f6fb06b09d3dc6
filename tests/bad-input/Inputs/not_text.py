"""Runs a command with a file name that is not UTF-8; fails unless it ends with an exit code of 1."""

import subprocess
import sys

arguments = [argument.encode() for argument in sys.argv[1:]] + [b"\xff\xfe.mlir"]
done = subprocess.run(arguments, capture_output=True, timeout=60)
print(done.stderr.decode(errors="replace"))
if done.returncode != 1:
    sys.exit(f"exit code {done.returncode}")
