"""Writes files of bytes that are no program: `garbage.py FOLDER`."""

import pathlib
import random
import sys

random.seed(7)
(pathlib.Path(sys.argv[1]) / "garbage.mlir").write_bytes(bytes(random.randrange(256) for _ in range(4096)))
