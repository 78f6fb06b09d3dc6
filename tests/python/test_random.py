"""Random programs give what NumPy gives."""

import copy
import importlib.util
import os
import pathlib
import random
import tempfile
import unittest
import warnings

import numpy as np

import npir
import random_programs
from test_jit import alike

#: How many programs, and the first one's seed.
COUNT = int(os.environ.get("NPIR_RANDOM_PROGRAMS", "5000" if "NPIR_TEST_LONG" in os.environ else "100"))
SEED = int(os.environ.get("NPIR_RANDOM_SEED", "1"))


def outcome(function, arguments):
    """What a call returns and leaves in its arguments, or the class of what it raises."""
    arguments = copy.deepcopy(arguments)
    try:
        with np.errstate(all="ignore"):
            return function(*arguments), arguments
    except Exception as error:
        return type(error)


def largest(value):
    """The largest finite number in results."""
    if isinstance(value, tuple):
        return max(map(largest, value), default=1.0)
    values = np.abs(np.asarray(value, dtype=complex))
    return np.max(values[np.isfinite(values)], initial=1.0)


def close(found, expected, digits, scale=None):
    """Whether results are of the same types and shapes and agree to so many digits of the largest number in them."""
    scale = largest(expected) if scale is None else scale
    if isinstance(expected, tuple):
        return len(found) == len(expected) and all(close(a, b, digits, scale) for a, b in zip(found, expected))
    if not isinstance(expected, (np.ndarray, np.inexact, float, complex)):
        return alike(found, expected)
    same = type(found) is type(expected) and np.shape(found) == np.shape(expected)
    if not same or np.asarray(found).dtype != np.asarray(expected).dtype:
        return False
    return np.allclose(found, expected, rtol=10.0**-digits, atol=scale * 10.0**-digits, equal_nan=True)


def arguments_of(choose, shape):
    def array():
        dtype = np.dtype(choose.choice(random_programs.DTYPES))
        values = np.random.default_rng(choose.randrange(1 << 30)).integers(-4, 8, shape)
        values = np.abs(values) if dtype.kind == "u" else values
        return values.astype(dtype)

    return array(), array(), choose.randrange(5)


class Random(unittest.TestCase):
    def test_random_programs(self):
        compiled = valid = 0
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for seed in range(SEED, SEED + COUNT):
                source = random_programs.Program(seed).source
                path = pathlib.Path(folder) / f"program_{seed}.py"
                path.write_text(source)
                spec = importlib.util.spec_from_file_location(path.stem, path)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                function = npir.jit(module.program)
                choose = random.Random(seed)
                first = arguments_of(choose, (3, 4))
                second = tuple(np.resize(x, (5, 3)) if isinstance(x, np.ndarray) else x + 1 for x in first)
                for arguments in (first, second):
                    expected, found = outcome(module.program, arguments), outcome(function, arguments)
                    types = {getattr(x, "dtype", None) for x in arguments}
                    # Roots of what has eight bits have sixteen.
                    half = types & {np.dtype("?"), np.dtype("i1"), np.dtype("u1")}
                    digits = 2 if half else 3 if np.dtype("f4") in types else 8
                    if isinstance(expected, type) or isinstance(found, type):
                        same = found is expected
                    else:
                        same = close(found, expected, digits)
                    self.assertTrue(same, f"seed {seed}\n{source}\n{arguments}\n{found}\nis not\n{expected}")
                compiled += function.compilations > 0
                valid += not isinstance(expected, type)
        # Most of those that do not raise are within what is compiled.
        self.assertGreater(compiled, valid // 2)


if __name__ == "__main__":
    unittest.main()
