"""Arrays that no cache keeps, whose elements are stored past the caches."""

import unittest

import numpy as np

import npir

COUNT = 6_000_011


def scaled(x):
    return x * 2 + 1


def into(x, out):
    out[...] = x * 2 + 1


def inner(x, out):
    out[1:-1] = x[2:] + x[:-2]


def columns(x, out):
    out[:, 3:-1] = x[:, 3:-1] - 1


def two(x):
    return x + 1, x * 3


def rows(x):
    y = x - x.mean(axis=1, keepdims=True)
    return y * y


def product(a, b):
    return a @ b


def product_into(a, b, out):
    out[...] = a @ b


def numbers(n):
    return np.arange(n), np.full(n, 7.0), np.zeros((n, 2))


class Large(unittest.TestCase):
    def agrees(self, function, *arguments):
        compiled = npir.jit(function, strict=True)
        ours, theirs = ([np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments] for _ in range(2))
        self.same(compiled(*ours), function(*theirs))
        self.same(ours, theirs)

    def same(self, found, expected):
        if expected is None:
            self.assertIsNone(found)
        elif isinstance(expected, (tuple, list)):
            for pair in zip(found, expected, strict=True):
                self.same(*pair)
        elif isinstance(expected, np.ndarray):
            self.assertEqual((found.dtype, found.shape), (expected.dtype, expected.shape))
            if expected.dtype.kind in "fc":
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
            else:
                np.testing.assert_array_equal(found, expected)

    def test_element_types(self):
        for dtype in ("f8", "f4", "f2", "c16", "i8", "i4", "u1", "?"):
            with self.subTest(dtype):
                count = 64 * COUNT // 8 if dtype in "u1?" else COUNT
                x = (np.arange(count) % 50).astype(dtype)
                self.agrees(scaled, x)
                self.agrees(two, x[: count // 2])

    def test_any_place(self):
        x = np.arange(COUNT, dtype="f8")
        for first in (0, 1, 5):
            out = np.zeros(COUNT + 8)
            self.agrees_in_place(into, x, out, slice(first, first + COUNT))
            self.agrees_in_place(inner, x, out, slice(first, first + COUNT))

    def test_elements_across_cache_lines(self):
        x = np.arange(COUNT, dtype="f8")
        for first in (1, 4):
            memory = np.zeros(8 * COUNT + 8, dtype="u1")
            out = memory[first : first + 8 * COUNT].view("f8")
            npir.jit(into, strict=True)(x, out)
            np.testing.assert_array_equal(out, x * 2 + 1)
            self.assertEqual((memory[:first].any(), memory[first + 8 * COUNT :].any()), (False, False))

    def agrees_in_place(self, function, x, out, place):
        expected = out.copy()
        function(x, expected[place])
        npir.jit(function, strict=True)(x, out[place])
        np.testing.assert_array_equal(out, expected)

    def test_rows(self):
        rng = np.random.default_rng(1)
        for shape in ((2003, 3001), (11, 600_007), (40_000, 151), (7, 300, 3001)):
            with self.subTest(shape):
                x = rng.random(shape)
                self.agrees(columns, x.reshape(shape[0], -1), np.zeros((shape[0], x.size // shape[0])))
                self.agrees(rows, x)

    def test_products(self):
        rng = np.random.default_rng(2)
        for rows, depth, columns in (
            (100_003, 16, 64),
            (150_001, 5, 40),
            (200_000, 3, 33),
            (65_000, 9, 130),
            (9, 4, 700_001),
        ):
            a, b = rng.integers(-9, 9, (rows, depth)), rng.integers(-9, 9, (depth, columns))
            for dtype in ("f8", "f4", "c16", "i4"):
                with self.subTest(rows=rows, depth=depth, columns=columns, dtype=dtype):
                    self.agrees(product, a.astype(dtype), b.astype(dtype))
                    self.agrees(product, np.asfortranarray(a.astype(dtype)), b.astype(dtype)[::-1, ::-1])

    def test_products_into_parts(self):
        rng = np.random.default_rng(3)
        a, b = rng.integers(-9, 9, (70_000, 16)).astype("f8"), rng.integers(-9, 9, (16, 64)).astype("f8")
        compiled = npir.jit(product_into, strict=True)
        for columns in (64, 72, 75):
            for first in (0, 3, 8):
                out = np.zeros((70_000, columns + 8))
                compiled(a, b, out[:, first : first + 64])
                expected = np.zeros_like(out)
                expected[:, first : first + 64] = a @ b
                np.testing.assert_array_equal(out, expected)

    def test_stacks_of_products(self):
        rng = np.random.default_rng(4)
        for shape in ((300, 128, 128), (301, 97, 152), (40, 300, 390)):
            a, b = rng.integers(-9, 9, shape).astype("f8"), rng.integers(-9, 9, (shape[0], shape[2], 128)).astype("f8")
            with self.subTest(shape):
                self.agrees(product, a, b)

    def test_other_sizes(self):
        compiled = npir.jit(scaled, strict=True)
        for count in (100, COUNT, 17, COUNT + 3, 0):
            x = np.arange(count, dtype="f8")
            np.testing.assert_array_equal(compiled(x), x * 2 + 1)
        self.agrees(numbers, COUNT)


if __name__ == "__main__":
    unittest.main()
