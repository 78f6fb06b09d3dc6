"""Python's functions of numbers and sequences, of NumPy's numbers and arrays, under `npir.jit(strict=True)`."""

import copy
import math
import unittest

import numpy as np

import npir
from test_functions import alike, text, tried

NUMBERS = [
    np.float64(2.5),
    np.float64(-3.5),
    np.float32(1.25),
    np.float16(7.5),
    np.int64(-7),
    np.int8(-128),
    np.uint8(200),
    np.bool_(True),
    np.complex128(1 + 2j),
    2.5,
    -7,
    True,
    np.array(3.75),
]

OF_NUMBERS = [
    lambda x: float(x),
    lambda x: int(x),
    lambda x: complex(x),
    lambda x: bool(x),
    lambda x: abs(x),
    lambda x: round(x),
    lambda x: round(x * np.float64(1.0), 1),
    lambda x: float(x) + 1,
    lambda x: int(x) // 2,
    lambda x: divmod(x, 3),
    lambda x: divmod(float(x), 3),
    lambda x: pow(x, 2),
    lambda x: max(x, 1.5),
    lambda x: min(x, x + 1, x * 2) if x else max(x, x - 1),
    lambda x: max(float(x), int(x), 0),
    lambda x: 0 < x < 3,
    lambda x: math.sqrt(x),
    lambda x: math.exp(x),
    lambda x: math.floor(x),
    lambda x: np.float64(x) ** 2,
    lambda x: np.int32(x) + 1,
    lambda x: x.item() if isinstance(x, np.generic) else x,
    lambda x: np.float64(x)[()],
    lambda x: np.float64(x)[None] + 1,
    lambda x: np.float64(x)[..., None],
    lambda x: np.float64(x)[...],
]

OF_ARRAYS = [
    lambda v: max(v),
    lambda v: min(v),
    lambda v: sum(v),
    lambda v: any(v),
    lambda v: all(v),
    lambda v: any(v > 1),
    lambda v: all([v[0] > 1, v[1] > 0]),
    lambda v: any([a > 2 for a in v[:3]]),
    lambda v: max([v[0], v[1], v[2]]),
    lambda v: sum([v[0], v[1]]),
    lambda v: sum(v[:2], 10),
    lambda v: len(v),
    lambda v: list(v[:2]),
    lambda v: tuple(v[:2]),
    lambda v: v.tolist(),
    lambda v: v.item(1),
    lambda v: float(v.sum()),
    lambda v: int(v[0]),
    lambda v: [float(a) for a in v[:3]],
    lambda v: divmod(v, 2),
    lambda v: pow(v, 2),
    lambda v: abs(v),
    lambda v: max(v) - min(v),
    lambda v: math.sqrt(abs(v[0])),
]

ARRAYS = [
    np.array([2.5, np.nan, -1.0, 7.0]),
    np.array([np.nan, 2.0, 5.0]),
    np.array([2.0, 1.0, 0.0, 3.0]),
    np.array([1.5, 2.5, 0.25], np.float32),
    np.array([100, 100, -3, 7], np.int8),
    np.array([3, 1, 2]),
    np.array([True, False, True]),
    np.array([1 + 1j, 2.0, 3.0]),
]


class Numbers(unittest.TestCase):
    def check(self, function, value):
        expected = tried(function, [copy.deepcopy(value)])
        # Numbers that lose their imaginary part and arrays of no dimensions may run in NumPy.
        strict = not (np.iscomplexobj(value) or np.ndim(value) == 0 and isinstance(value, np.ndarray))
        jitted = npir.jit(function, strict=strict and not isinstance(expected, Exception))
        found = tried(jitted, [copy.deepcopy(value)])
        if isinstance(expected, Exception):
            self.assertIs(type(found), type(expected), f"{found!r} is not {expected!r}")
            return
        self.assertNotIsInstance(found, Exception, repr(found))
        self.assertTrue(alike(found[0], expected[0], 1e-12), f"{found[0]!r} is not {expected[0]!r}")

    def test_functions_of_numbers(self):
        for function in OF_NUMBERS:
            for value in NUMBERS:
                with self.subTest(text(function), value=repr(value)):
                    self.check(function, value)

    def test_functions_of_arrays(self):
        for function in OF_ARRAYS:
            for value in ARRAYS:
                with self.subTest(text(function), value=repr(value)):
                    self.check(function, value)


if __name__ == "__main__":
    unittest.main()
