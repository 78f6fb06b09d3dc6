"""Loops over computations element by element, which go inside of them: results, and that they do."""

import unittest

import numpy as np

import npir


def horner(x, coefficients):
    total = np.zeros_like(x)
    for c in coefficients:
        total = total * x + c
    return total


def pendulums(angle, speed, steps, dt):
    for _ in range(steps):
        speed = speed - dt * np.sin(angle)
        angle = angle + dt * speed
    return angle, speed


def driven(state, force, dt):
    for t in range(len(force)):
        state = state + dt * (force[t] - state * abs(state) * t)
    return state


def fibonacci(a, b, n):
    for _ in range(n):
        a, b = b, a + b
    return a + 0


def averages(x, rows, columns):
    total = np.zeros(x.shape)
    for k in range(1, len(rows), 2):
        total = 0.5 * total + rows[k][:, None] * x + columns[k]
    return total


def backwards(x, factors):
    out = x.copy()
    for k in range(len(factors) - 1, -1, -1):
        out = out * factors[k] - x
    return out


def in_place(x, table, steps):
    for i in range(steps):
        x *= 0.5
        x += table[i, 0]
    return x


def kept(x, n):
    last = x + 0
    for i in range(n):
        last = x * i
        x = x + last
    return x, last


def escape(c, limit):
    z = np.zeros_like(c)
    counts = np.zeros(c.shape, np.int64)
    alive = np.ones(c.shape, bool)
    for _ in range(limit):
        z[alive] = z[alive] * z[alive] + c[alive]
        alive &= np.abs(z) <= 2
        counts[alive] += 1
    return z, counts


def relaxed(x, rows, rate):
    velocity = np.zeros_like(x)
    for row in rows:
        force = np.where(row > 0, np.sqrt(np.abs(row)), row * x) - 0.1 * velocity * np.abs(velocity)
        velocity = velocity + rate * (force - np.tanh(x) * 0.5 + np.cos(x + row))
        x = x + rate * velocity / (1 + velocity * velocity)
    return x


def rolled(x, n):
    for _ in range(n):
        x = 0.5 * (x + np.roll(x, 1))
    return x


def normalized(x, n):
    for _ in range(n):
        x = x * x
        x = x / x.sum()
    return x


class Interchange(unittest.TestCase):
    def check(self, function, *arguments, inside=True, rtol=1e-12):
        def copied():
            return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]

        compiled = npir.jit(function, strict=True)
        found, expected = compiled(*copied()), function(*copied())
        if not isinstance(expected, tuple):
            found, expected = (found,), (expected,)
        for found, expected in zip(found, expected, strict=True):
            self.assertEqual(found.dtype, expected.dtype)
            np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-12)
        self.assertEqual("scf.for" not in compiled.lower(*copied()).tensor, inside, function.__name__)

    def test_loops_that_go_inside(self):
        rng = np.random.default_rng(0)
        x = rng.random(1003)
        self.check(horner, x, rng.random(20))
        self.check(pendulums, x, np.zeros(1003), 100, 0.01)
        self.check(driven, x, rng.random(90), 0.01)
        self.check(driven, x[:37], rng.random((90, 37)), 0.01)
        self.check(fibonacci, np.arange(5), np.arange(5) + 1, 60)
        self.check(averages, rng.random((17, 19)), rng.random((40, 17)), rng.random((40, 19)))
        self.check(in_place, x, rng.random((70, 2)), 70)
        self.check(kept, x, 50)
        self.check(relaxed, rng.random(300), rng.standard_normal((60, 300)), 0.01)

    def test_of_other_types(self):
        rng = np.random.default_rng(1)
        z = rng.random((6, 7)) + 1j * rng.random((6, 7))
        self.check(horner, z, rng.random(30) + 0j)
        self.check(fibonacci, np.arange(9, dtype=np.uint8), np.arange(9, dtype=np.uint8), 80)
        plane = np.linspace(-2, 0.5, 43) + 1j * np.linspace(-1.25, 1.25, 31)[:, None]
        # What escapes takes rounding errors along.
        self.check(escape, plane, 60, rtol=1e-9)
        self.check(escape, plane[0], 60, rtol=1e-9)
        compiled = npir.jit(horner, strict=True)
        x, c = rng.random(100).astype(np.float32), rng.random(30).astype(np.float32)
        np.testing.assert_allclose(compiled(x, c), horner(x, c), rtol=1e-5)

    def test_none_or_one_iteration(self):
        x = np.arange(5.0)
        for n in (0, 1):
            compiled = npir.jit(horner, strict=True)
            coefficients = np.ones(n)
            np.testing.assert_array_equal(compiled(x, np.ones(40)), horner(x, np.ones(40)))
            np.testing.assert_array_equal(compiled(x, coefficients), horner(x, coefficients))
        empty = np.zeros((0, 3))
        np.testing.assert_array_equal(npir.jit(horner, strict=True)(empty, np.ones(40)), empty)

    def test_loops_that_stay(self):
        x = np.random.default_rng(2).random(50)
        self.check(rolled, x, 40, inside=False)
        self.check(normalized, x, 40, inside=False)

    def test_errors_stay(self):
        def beyond(x, table, n):
            for i in range(n):
                x = x * table[i + 1]
            return x

        compiled = npir.jit(beyond, strict=True)
        with self.assertRaises(IndexError):
            compiled(np.ones(4), np.ones(40), 40)


if __name__ == "__main__":
    unittest.main()
