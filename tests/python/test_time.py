"""Stencils iterated in time: several iterations run on rows that are still in the cache, and no bit changes."""

import unittest

import numpy as np

import npir


def jacobi(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return u


def far_above(u, steps):
    # Reaches further up than down, and leaves other borders.
    u = u.copy()
    for _ in range(steps):
        u[3:-1] = 0.5 * u[3:-1] + 0.25 * (u[:-4] + u[4:])
    return u


def upwards(u, steps):
    # All rows depend on rows below only.
    u = u.copy()
    for _ in range(steps):
        u[:-2] = u[2:] - 0.5 * u[:-2]
    return u


def two_arrays(e, h, steps):
    # As in the finite differences of Maxwell's equations.
    e, h = e.copy(), h.copy()
    for _ in range(steps):
        h[:-1] += 0.5 * (e[1:] - e[:-1])
        e[1:-1] += 0.5 * (h[1:-1] - h[:-2])
    return e, h


def waves(u, steps, c):
    before = u.copy()
    for _ in range(steps):
        after = 2 * u - before
        after[1:-1] += c * (u[:-2] - 2 * u[1:-1] + u[2:])
        before, u = u, after
    return u


def waves_and_before(u, steps, c):
    before, now = u.copy(), u * 0.5
    for _ in range(steps):
        after = 2 * now - before
        after[2:-1] += c * (now[:-3] - 2 * now[1:-2] + now[3:])
        before, now = now, after
    return before, now


def turns(u, steps):
    u, v = u.copy(), u.copy()
    for _ in range(steps):
        v[1:-1] = (u[:-2] + u[1:-1] + u[2:]) / 3
        u, v = v, u
    return u


def forced(u, source, steps):
    # An array that does not change, a number of its own for each step, and rows by number.
    u = u.copy()
    rows = np.arange(u.shape[0] - 2)[:, None] % 7
    for t in range(steps):
        u[1:-1] = 0.3 * (u[:-2] + u[2:]) + source[1:-1] * (t + 1) + rows
    return u


def coarse(u, steps):
    # Rows of pairs of elements, of whole numbers.
    u = u.copy()
    for _ in range(steps):
        u[1:-1] = (u[:-2] ^ (u[2:] << 1)) + (u[1:-1] >> 1)
    return u


def with_totals(u, steps):
    # Needs all rows of each iteration.
    u = u.copy()
    total = 0.0
    for _ in range(steps):
        u[1:-1] = 0.5 * (u[:-2] + u[2:])
        total += u.sum()
    return u, total


def in_place(a, b, steps):
    # The arguments themselves.
    for _ in range(steps):
        b[1:-1, 1:-1] = 0.2 * (a[1:-1, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] + a[2:, 1:-1] + a[:-2, 1:-1])
        a[1:-1, 1:-1] = 0.2 * (b[1:-1, 1:-1] + b[1:-1, :-2] + b[1:-1, 2:] + b[2:, 1:-1] + b[:-2, 1:-1])


def backwards(a, steps):
    for _ in range(steps):
        a[2:, ::-1] = a[:-2] * 0.5 + a[2:]


class Time(unittest.TestCase):
    def agrees(self, function, *arguments):
        expected = function(*(np.copy(a) if isinstance(a, np.ndarray) else a for a in arguments))
        found = npir.jit(function, strict=True)(*arguments)
        if not isinstance(expected, tuple):
            found, expected = (found,), (expected,)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13) if function is with_totals else None
            if function is not with_totals:
                np.testing.assert_array_equal(a, b)

    def test_planes(self):
        rng = np.random.default_rng(1)
        for shape in ((1201, 1000), (9001, 130), (3000, 417)):
            u = rng.random(shape)
            for function in (jacobi, far_above, upwards, turns, with_totals):
                for steps in (1, 7, 23):
                    with self.subTest(function.__name__, shape=shape, steps=steps):
                        self.agrees(function, u, steps)
            with self.subTest("forced", shape=shape):
                self.agrees(forced, u, rng.random(shape), 9)
                self.agrees(two_arrays, u, rng.random(shape), 12)

    def test_lines(self):
        rng = np.random.default_rng(2)
        for count in (1_200_003, 3_000_000):
            u = rng.random(count)
            for steps in (1, 2, 5, 40):
                with self.subTest(count=count, steps=steps):
                    self.agrees(waves, u, steps, 0.2)
                    self.agrees(waves_and_before, u, steps, 0.2)
                    self.agrees(turns, u, steps)
                    self.agrees(two_arrays, u, u[::-1].copy(), steps)
                    self.agrees(upwards, u, steps)

    def test_element_types(self):
        rng = np.random.default_rng(3)
        for dtype in ("f4", "c16", "f8"):
            u = rng.random((40_000, 45)).astype(dtype)
            with self.subTest(dtype):
                self.agrees(turns, u, 11) if dtype != "c16" else self.agrees(upwards, u, 11)
        for dtype in ("i4", "u1", "i8"):
            u = rng.integers(0, 100, (90_000, 150 // np.dtype(dtype).itemsize)).astype(dtype)
            with self.subTest(dtype):
                self.agrees(coarse, u, 13)

    def test_arguments(self):
        rng = np.random.default_rng(5)
        memory = rng.random((3, 2400, 1210))
        layouts = {
            "C": lambda x: x[:1300, :1200],
            "Fortran": lambda x: x[:1300, :1200].T,
            "backwards": lambda x: x[::-1, ::-1],
            "every other": lambda x: x[::2, 5:],
        }
        for name, layout in layouts.items():
            for steps in (1, 12):
                with self.subTest(layout=name, steps=steps):
                    ours, theirs = memory.copy(), memory.copy()
                    npir.jit(in_place, strict=True)(layout(ours[0]), layout(ours[1]), steps)
                    in_place(layout(theirs[0]), layout(theirs[1]), steps)
                    npir.jit(backwards, strict=True)(layout(ours[2]), steps)
                    backwards(layout(theirs[2]), steps)
                    np.testing.assert_array_equal(ours, theirs)

    def test_other_numbers_of_steps(self):
        u = np.random.default_rng(4).random((1500, 900))
        compiled = npir.jit(jacobi, strict=True)
        for steps in (4, 9, 0, 1, 30):
            np.testing.assert_array_equal(compiled(u, steps), jacobi(u, steps))


if __name__ == "__main__":
    unittest.main()
