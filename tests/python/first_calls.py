"""Milliseconds of first calls of the programs in this folder: compiled, and found on disk by another process.

Run it with `cargo xtask peers tests/python/first_calls.py`.
"""

import copy
import inspect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

import npir
import programs
import programs_data  # noqa: F401
import programs_science  # noqa: F401

#: Programs with so many lines are told apart.
LINES = 12


def first_calls():
    """For each program: its name, its lines, the milliseconds of the first call, and how often a cache had it."""
    found = []
    for function, arguments in programs.PROGRAMS:
        compiled = npir.jit(function)
        given = copy.deepcopy(arguments)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            start = time.perf_counter()
            compiled(*given)
            seconds = time.perf_counter() - start
        lines = len(inspect.getsource(function).splitlines()) - 1
        stats = compiled.stats
        found.append([function.__name__, lines, seconds * 1e3, bool(stats.fallbacks)])
    return found


def in_another_process(folder):
    """`first_calls` in a fresh process whose cache on disk is `folder`."""
    environment = {**os.environ, "NPIR_CACHE_DIR": folder}
    command = [sys.executable, __file__, "--json"]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)


def main():
    with tempfile.TemporaryDirectory() as folder:
        compiled, loaded = in_another_process(folder), in_another_process(folder)
    print(f"{'program':34}{'lines':>6}{'compiled':>10}{'from disk':>11}   ms")
    for (name, lines, first, fallback), (_, _, second, _) in zip(compiled, loaded):
        print(f"{name:34}{lines:6}{first:10.1f}{second:11.2f}{'   not compiled as a whole' if fallback else ''}")
    whole = [(a, b) for a, b in zip(compiled, loaded) if not a[3]]
    long = [a[2] for a, _ in whole if a[1] >= LINES]
    print(f"median of {len(whole)} programs: {statistics.median(a[2] for a, _ in whole):.1f} ms", end=", ")
    print(f"of the {len(long)} with {LINES} lines or more: {statistics.median(long):.1f} ms", end=", ")
    print(f"from disk: {statistics.median(b[2] for _, b in whole):.2f} ms, {max(b[2] for _, b in whole):.1f} at most")


if __name__ == "__main__":
    if "--json" in sys.argv:
        print(json.dumps(first_calls()))
    else:
        main()
