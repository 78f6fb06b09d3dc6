"""NumPy's functions under `npir.jit(strict=True)`: every call of `calls.py`, over element types, shapes and layouts.

Each call gets some of them; with `NPIR_ALL_CALLS=1` in the environment all.
"""

import copy
import inspect
import os
import pathlib
import textwrap
import unittest
import warnings

import numpy as np

import npir
from calls import CALLS, IN_NUMPY, NOT_COMPILED
from npir import _compiler

ALL = bool(os.environ.get("NPIR_ALL_CALLS"))
TYPES = "float64 float32 float16 int64 int8 uint8 uint64 bool complex128 complex64".split()


def argument(name, dtype, more=0, layout="C"):
    """What is passed for a parameter; `more` makes shapes larger."""
    rng = np.random.default_rng(len(name) + ord(name[0]) + more)
    dtype = np.dtype(dtype)

    def elements(*shape):
        a = rng.integers(0, 5, shape) if dtype.kind in "iub" else rng.random(shape) * 3 - (dtype.kind != "u")
        a = a + 1j * rng.random(shape) if dtype.kind == "c" else a
        return laid_out(a.astype(dtype), layout)

    n, m = 3 + more, 4 + more
    if name in "xy":
        return elements(n, m)
    if name in "vw":
        return elements(6 + more if name == "v" else 5 + more)
    if name == "s":
        return elements(m, m)
    if name == "p":
        a = elements(m, m).astype(np.result_type(dtype, np.int64) if dtype.kind in "iub" else dtype)
        return (a @ a.conj().T + 9 * np.eye(m)).astype(a.dtype)
    if name == "z":
        return elements(3, m - 1, m)
    if name == "m":
        return laid_out(rng.random((n, m)) < 0.6, layout)
    if name in "ij":
        return rng.integers(0, 3, 4 + more)
    if name == "k":
        return 4 + more
    if name == "t":
        return 1.25 + more
    if name == "f":
        return laid_out(np.linspace(0.0, 3.0, 5 + more), layout)
    raise ValueError(name)


def laid_out(a, layout):
    if layout == "F":
        return np.asfortranarray(a)
    if layout == "strided":
        wide = np.zeros(tuple(2 * n for n in a.shape), a.dtype)
        view = wide[tuple(slice(None, None, -2) for _ in a.shape)]
        view[...] = a
        return view
    return a


def tolerance(a):
    kind = np.asarray(a).dtype
    if kind.kind not in "fc":
        return 0.0
    return {2: 2e-2, 4: 1e-4, 8: 1e-9 if kind.kind == "f" else 1e-4, 16: 1e-9}[kind.itemsize]


def alike(a, b, tol=0.0):
    """Whether results are of the same types and shapes, with close values."""
    if isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(alike(x, y, tol) for x, y in zip(a, b))
    if type(a) is not type(b) or getattr(a, "dtype", None) != getattr(b, "dtype", None) or np.shape(a) != np.shape(b):
        return False
    if b is None or isinstance(b, np.dtype):
        return a == b
    tol = max(tol, tolerance(b))
    return bool(np.allclose(a, b, rtol=tol, atol=tol, equal_nan=True))


def tried(function, arguments):
    """The result of a call and what its arguments are afterwards, or the exception."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(*arguments)
        return result, arguments
    except Exception as error:  # noqa: BLE001: every class is compared
        return error


def text(function):
    lines, _ = inspect.getsourcelines(function)
    return " ".join(line.strip() for line in lines)


def functions_page():
    """The page of the book about functions."""
    rows = [
        f"| `{name}` | {', '.join(f'`{p}`' for p in parameters)} |"
        for name, parameters in _compiler.functions().items()
    ]
    ufuncs = sorted({f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc)} - {"isnat"})
    others = sorted(set(CALLS) - set(_compiler.functions()))
    lines = [
        "# NumPy's functions from Python",
        "",
        "<!-- Made by the test of `tests/python/test_functions.py`. -->",
        "",
        "What `npir.jit` compiles, with NumPy's parameters. `tests/python/calls.py` has a call of each function, which is",
        "compared with NumPy for values, types, shapes and exceptions; what is not compiled runs in NumPy.",
        "",
        "## Elementwise functions",
        "",
        "With `out`, `where`, `dtype`, `casting`, and `outer`; some with `reduce`, `accumulate`, `at`:",
        "",
        *wrapped(ufuncs),
        "",
        "## Functions, and methods of arrays of the same names",
        "",
        "| function | parameters |",
        "|---|---|",
        *rows,
        "",
        "## Others",
        "",
        "Followed into NumPy's own source, computed while the function is compiled, or indexed:",
        "",
        *wrapped(others),
        "",
        "## Not compiled",
        "",
        *[
            line
            for reason, names in NOT_COMPILED.items()
            for line in [f"{reason[0].upper()}{reason[1:]}:", "", *wrapped(names.split()), ""]
        ],
    ]
    return "\n".join(lines).rstrip() + "\n"


def wrapped(names):
    return textwrap.wrap(
        ", ".join(f"`{name}`" for name in names) + ".", 120, break_long_words=False, break_on_hyphens=False
    )


class Calls(unittest.TestCase):
    def check(self, jitted, function, arguments, what):
        expected = tried(function, copy.deepcopy(arguments))
        if isinstance(expected, Exception):
            found = tried(npir.jit(function), copy.deepcopy(arguments))
            self.assertIs(type(found), type(expected), f"{what}: {found!r} is not {expected!r}")
            return
        found = tried(jitted, copy.deepcopy(arguments))
        self.assertNotIsInstance(found, Exception, f"{what}: {found!r}")
        tol = max([tolerance(a) for a in arguments], default=0.0)
        self.assertTrue(alike(found[0], expected[0], tol), f"{what}: {found[0]!r} is not {expected[0]!r}")
        self.assertTrue(alike(found[1], expected[1], tol), f"{what}: arguments are left different")

    def test_calls_give_what_numpy_gives(self):
        count = 0
        for name, functions in CALLS.items():
            for function in functions:
                count += 1
                names = list(inspect.signature(function).parameters)
                types = TYPES if ALL else [TYPES[1 + count % 9]]
                if not set(names) & set("xyvwspz"):
                    types = []
                for dtype in dict.fromkeys(types):
                    jitted = npir.jit(function, strict=(name, np.dtype(dtype).kind) not in IN_NUMPY)
                    with self.subTest(name, call=text(function), dtype=dtype):
                        self.check(jitted, function, [argument(n, dtype) for n in names], dtype)
                jitted = npir.jit(function, strict=True)
                layouts = [(0, "F"), (2, "strided")]
                for more, layout in [(0, "C"), (1, "C")] + (layouts if ALL else layouts[count % 2 :][:1]):
                    with self.subTest(name, call=text(function), more=more, layout=layout):
                        jitted = jitted if layout == "C" else npir.jit(function, strict=True)
                        arguments = [argument(n, "float64", more, layout) for n in names]
                        self.check(jitted, function, arguments, f"{more} more, {layout}")

    def test_numbers_and_empty_arrays(self):
        kinds = {"0-d": lambda a: a.ravel()[0:1].reshape(()), "empty": lambda a: a[:0]}
        count = 0
        for name, functions in CALLS.items():
            for function in functions:
                count += 1
                names = list(inspect.signature(function).parameters)
                for kind, change in kinds.items() if ALL else list(kinds.items())[count % 2 :][:1]:
                    with self.subTest(name, call=text(function), kind=kind):
                        arguments = [argument(n, "float64") for n in names]
                        arguments = [change(a) if isinstance(a, np.ndarray) else a for a in arguments]
                        expected = tried(function, copy.deepcopy(arguments))
                        found = tried(npir.jit(function), copy.deepcopy(arguments))
                        if isinstance(expected, Exception):
                            self.assertIs(type(found), type(expected), f"{found!r} is not {expected!r}")
                        else:
                            self.assertNotIsInstance(found, Exception, repr(found))
                            self.assertTrue(alike(found[0], expected[0], 1e-9), f"{found[0]!r} is not {expected[0]!r}")

    def test_every_function_of_the_table_is_called(self):
        self.assertLessEqual(set(_compiler.functions()), set(CALLS))

    def test_every_function_of_numpy_is_called_or_has_a_reason(self):
        reasons = " ".join(NOT_COMPILED.values()).split()
        for prefix, module in {"": np, "linalg.": np.linalg, "fft.": np.fft}.items():
            for public in module.__all__:
                function = getattr(module, public)
                if isinstance(function, (type, np.ufunc)) or not callable(function) or public == "test":
                    continue
                name = prefix + function.__name__
                with self.subTest(name):
                    self.assertTrue((name in CALLS) != (name in reasons))

    def test_the_page_of_functions(self):
        page = pathlib.Path(__file__).parents[2] / "docs/src/python-functions.md"
        if os.environ.get("NPIR_WRITE_DOCS"):
            page.write_text(functions_page())
        self.assertEqual(page.read_text(), functions_page(), "NPIR_WRITE_DOCS=1 writes it")

    @unittest.skipIf(np.lib.NumpyVersion(np.__version__) < "2.4.0", "older signatures are not at hand")
    def test_parameters_are_numpys(self):
        for name, signature in _compiler.functions().items():
            if name == "sliding_window_view" or "accumulate" in name:
                continue
            function = np
            for part in name.split("."):
                function = getattr(function, part)
            parameters = list(inspect.signature(function).parameters.values())
            expected = [p.name for p in parameters if p.kind != p.VAR_KEYWORD]
            if len(expected) < len(parameters):
                signature = signature[: len(expected)]
            with self.subTest(name):
                self.assertEqual(signature, expected)


if __name__ == "__main__":
    unittest.main()
