"""What a call of a compiled function costs beyond its work.

Three arrays of eight elements go into `a * b + c`: compiled by npir, compiled by numba, in NumPy itself, and into an
extension function in C that does nothing, which is what a call costs at least. Run it with
`cargo xtask peers examples/python/call_overhead.py`; it needs a C compiler and Python's headers.
"""

import argparse
import importlib.util
import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import numpy as np

import npir

NOTHING = """
#include <Python.h>
static PyObject *nothing(PyObject *self, PyObject *const *args, Py_ssize_t count) { Py_RETURN_NONE; }
static PyMethodDef methods[] = {{"nothing", (PyCFunction)(void *)nothing, METH_FASTCALL, NULL}, {NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "nothing", NULL, -1, methods};
PyMODINIT_FUNC PyInit_nothing(void) { return PyModule_Create(&module); }
"""


def empty_function():
    """A function in C that takes any arguments and returns None."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "nothing.c"), Path(folder, "nothing.so")
        source.write_text(NOTHING)
        headers = f"-I{sysconfig.get_path('include')}"
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", headers, str(source), "-o", str(library)], check=True)
        spec = importlib.util.spec_from_file_location("nothing", library)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.nothing


def muladd(a, b, c):
    return a * b + c


def seconds(function, arguments, calls):
    """Seconds of one call, of `calls` in a row."""
    a, b, c = arguments
    counter = range(calls)
    start = time.perf_counter()
    for _ in counter:
        function(a, b, c)
    return (time.perf_counter() - start) / calls


def functions():
    """The functions by name; those of packages that are not installed are left out."""
    found = {"empty": empty_function(), "npir": npir.jit(muladd, strict=True), "numpy": muladd}
    try:
        import numba

        found["numba"] = numba.njit(muladd)
    except ImportError:
        pass
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=20_000, help="calls that are timed at once")
    parser.add_argument("--turns", type=int, default=50, help="turns; the best of each function counts")
    options = parser.parse_args()
    arguments = [np.random.default_rng(0).random(8) for _ in range(3)]
    known = functions()
    best = dict.fromkeys(known, float("inf"))
    for name, function in known.items():
        if name != "empty":
            np.testing.assert_allclose(function(*arguments), muladd(*arguments))
    for _ in range(options.turns):
        for name, function in known.items():
            best[name] = min(best[name], seconds(function, arguments, options.calls))
    print(f"{'':8}{'ns a call':>10}{'over the empty function':>26}")
    for name, time_of_one in best.items():
        print(f"{name:8}{time_of_one * 1e9:10.0f}{(time_of_one - best['empty']) * 1e9:26.0f}")


if __name__ == "__main__":
    main()
