"""Elementwise functions of NumPy under `npir.jit(strict=True)`: all of them, over element types and what they are passed."""

import copy
import importlib.util
import itertools
import os
import tempfile
import unittest

import numpy as np

import npir
from test_functions import ALL, TYPES, alike, argument, tolerance, tried

UFUNCS = sorted({f.__name__: f for f in vars(np).values() if isinstance(f, np.ufunc)})

# There are no such elements: dates.
WITHOUT = {"isnat"}


def module(text):
    """Functions of Python from their text, which a file has."""
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write("import numpy as np\n" + text)
    spec = importlib.util.spec_from_file_location(os.path.basename(file.name)[:-3], file.name)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    unittest.addModuleCleanup(os.remove, file.name)
    return made


def inputs(name, dtype, more=0):
    """Operands of a function, the shapes of which broadcast."""
    ufunc = getattr(np, name)
    if ufunc.signature is not None:
        shapes = {"matvec": "zv", "vecmat": "vz", "vecdot": "zz", "matmul": "zz"}[name]
        z = argument("s", dtype, more)
        return [z if shape == "z" else z[0].copy() for shape in shapes]
    x = argument("x", dtype, more)
    second = np.dtype(dtype) if name != "ldexp" else np.dtype(np.int64)
    return [x, argument("y", second, more)[0].copy()][: ufunc.nin]


class Ufuncs(unittest.TestCase):
    def compare(self, function, arguments, what, strict=True):
        expected = tried(function, copy.deepcopy(arguments))
        if isinstance(expected, Exception):
            found = tried(npir.jit(function), copy.deepcopy(arguments))
            self.assertIs(type(found), type(expected), f"{what}: {found!r} is not {expected!r}")
            return
        found = tried(npir.jit(function, strict=strict), copy.deepcopy(arguments))
        self.assertNotIsInstance(found, Exception, f"{what}: {found!r}")
        tol = max(tolerance(a) for a in arguments)
        self.assertTrue(alike(found[0], expected[0], tol), f"{what}: {found[0]!r} is not {expected[0]!r}")
        self.assertTrue(alike(found[1], expected[1], tol), f"{what}: arguments are left different")

    def calls(self, form, what):
        """`form` of each function: text with the name and the operands to fill in."""
        text = []
        for name in UFUNCS:
            operands = ", ".join("xy"[: getattr(np, name).nin])
            text.append(f"def {name}({operands}):\n    return {form.format(name=name, operands=operands)}\n")
        made = module("\n".join(text))
        return [(name, getattr(made, name)) for name in UFUNCS if name not in WITHOUT]

    def test_element_types(self):
        for i, (name, function) in enumerate(self.calls("np.{name}({operands})", "types")):
            for dtype in TYPES if ALL else itertools.islice(itertools.cycle(TYPES), i % 10, i % 10 + 3):
                with self.subTest(name, dtype=dtype):
                    self.compare(function, inputs(name, dtype), dtype)

    def test_numbers_and_mixed_types(self):
        for name, function in self.calls("np.{name}({operands})", "numbers"):
            if getattr(np, name).nin != 2 or getattr(np, name).signature:
                continue
            x = argument("x", np.float32)
            i = argument("x", np.int16)
            pairs = (x, 2), (3, i), (i, 1.5), (np.float64(1.5), x), (i, x), (np.int64(2), np.int8(3)), (x > 1, 2)
            for k, pair in enumerate(pairs):
                if ALL or k % 3 == len(name) % 3:
                    with self.subTest(name, types=[type(a).__name__ for a in pair]):
                        self.compare(function, list(pair), "numbers")

    def test_out_and_where(self):
        for name, function in self.calls("np.{name}({operands}, out=np.zeros_like(np.{name}({operands})))", "out"):
            if getattr(np, name).nout == 1:
                with self.subTest(name, out=True):
                    self.compare(function, inputs(name, "float64"), "out")
        form = "np.{name}({operands}, where=x > 1, out=np.ones_like(np.{name}({operands})))"
        for name, function in self.calls(form, "where"):
            if getattr(np, name).nout == 1 and getattr(np, name).signature is None:
                with self.subTest(name, where=True):
                    self.compare(function, inputs(name, "float64"), "where")

    def test_dtype(self):
        for name, function in self.calls("np.{name}({operands}, dtype=np.float32)", "dtype"):
            with self.subTest(name):
                self.compare(function, inputs(name, "float32"), "float32")
                self.compare(function, inputs(name, "int8"), "int8")
        for name, function in self.calls("np.{name}({operands}, dtype=np.float32, casting='unsafe')", "dtype"):
            with self.subTest(name, casting="unsafe"):
                self.compare(function, inputs(name, "float64"), "float64")

    def test_methods(self):
        reduced = "add multiply maximum minimum logical_and logical_or".split()
        running = "add multiply maximum minimum".split()
        for form, names in {
            "np.{name}.reduce(x)": reduced,
            "np.{name}.reduce(x, axis=None)": reduced,
            "np.{name}.reduce(x, axis=1, keepdims=True)": reduced,
            "np.{name}.accumulate(x)": running,
            "np.{name}.accumulate(x, axis=1)": running,
            "np.{name}.outer(x, x[0])": [n for n in UFUNCS if getattr(np, n).nin == 2 and not getattr(np, n).signature],
            "np.{name}.at(x, ([0, 2, 0], [1, 1, 1]), 2)": "add subtract multiply maximum minimum".split(),
        }.items():
            text = [f"def {name}(x):\n    return {form.format(name=name)}\n" for name in names]
            made = module("\n".join(text))
            for name in names:
                kinds = ("float64", "int64") if ".at(" in form else ("float64", "int64", "bool")
                for dtype in kinds if ALL or "outer" not in form else ("float64",):
                    with self.subTest(form.format(name=name), dtype=dtype):
                        self.compare(getattr(made, name), [argument("x", dtype)], dtype)


if __name__ == "__main__":
    unittest.main()
