"""Sums at places that are known at run time, of so many rows that chunks have memory of their own."""

import os
import subprocess
import sys
import unittest

import numpy as np

import npir

MANY = 300_007


def sums(labels, weights, k):
    out = np.full(k, 0.5)
    np.add.at(out, labels, weights)
    return out


def row_sums(labels, x, k):
    out = np.zeros((k, x.shape[1]), x.dtype)
    np.add.at(out, labels, x)
    return out, np.bincount(labels, minlength=k)


def in_place(out, labels, x):
    np.add.at(out, labels, x)
    return out.sum()


def differences(out, labels, weights):
    np.subtract.at(out, labels, weights)
    np.add.at(out, labels, weights * 3)
    return out


def squares(labels, x):
    out = np.zeros(100)
    np.add.at(out, labels, np.sqrt(x) * np.arange(len(x)))
    return out


def histograms(x):
    return np.histogram(x, bins=50, range=(-1.0, 2.0))[0], np.bincount((x * 30).astype(int), minlength=40)


def weighted(labels, x):
    return np.bincount(labels, weights=x)


def pairs(i, j, x):
    out = np.zeros((20, 30))
    np.add.at(out, (i, j), x)
    return out


def itself(x, labels):
    np.add.at(x, labels, x)
    return x


def nearest_sums(x, centres):
    labels = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    out = np.zeros_like(centres)
    np.add.at(out, labels, x)
    return out, labels


PRINT = """
import numpy as np, npir
from test_scatters import sums
rng = np.random.default_rng(0)
print(npir.jit(sums, strict=True)(rng.integers(0, 40, 300_007), rng.standard_normal(300_007), 40).tobytes().hex())
"""


class Scatters(unittest.TestCase):
    def check(self, function, *arguments, rtol=1e-11):
        def copied():
            return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]

        compiled, mine, theirs = npir.jit(function, strict=True), copied(), copied()
        found, expected = compiled(*mine), function(*theirs)
        if not isinstance(expected, tuple):
            found, expected = (found,), (expected,)
        for a, b in zip([*found, *mine], [*expected, *theirs], strict=True):
            self.assertEqual(np.asarray(a).dtype, np.asarray(b).dtype)
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9)

    def test_many_rows(self):
        rng = np.random.default_rng(0)
        x = rng.random(MANY)
        for places in (1, 7, 1000, MANY // 3):
            labels = rng.integers(-places, places, MANY)
            self.check(sums, labels, x, places)
            self.check(sums, np.sort(labels), x.astype(np.float32), places)
            self.check(weighted, np.abs(labels), x)
        labels = rng.integers(0, 100, MANY)
        self.check(row_sums, labels, rng.random((MANY, 5)), 100)
        self.check(row_sums, labels, rng.random((MANY, 5)).astype(np.float32), 100, rtol=1e-3)
        self.check(row_sums, labels, rng.integers(-9, 9, (MANY, 3)), 100)
        self.check(row_sums, labels.astype(np.uint8), rng.integers(0, 256, (MANY, 2)).astype(np.uint8), 100)
        self.check(in_place, np.ones(100), labels, x)
        self.check(differences, np.ones(100), labels, x)
        self.check(squares, labels, x)
        self.check(histograms, x)
        self.check(pairs, rng.integers(0, 20, MANY), rng.integers(-30, 30, MANY), x)
        self.check(nearest_sums, rng.random((MANY, 4)), rng.random((9, 4)))
        self.check(itself, np.arange(100.0), np.repeat(np.arange(100), 1))

    def test_other_layouts(self):
        rng = np.random.default_rng(1)
        labels, x = rng.integers(0, 50, 2 * MANY)[::-2], np.asfortranarray(rng.random((MANY, 4)))
        self.check(row_sums, labels, x, 50)
        self.check(row_sums, labels, x[::-1], 50)

    def test_any_number_of_rows(self):
        rng = np.random.default_rng(2)
        compiled = npir.jit(sums, strict=True)
        for n in (MANY, 5, 0, 70_000, 1, 200_000):
            labels, x = rng.integers(0, 9, n), rng.random(n)
            np.testing.assert_allclose(compiled(labels, x, 9), sums(labels, x, 9), rtol=1e-11)

    def test_an_index_out_of_bounds_changes_nothing(self):
        labels, out = np.zeros(MANY, int), np.zeros(10)
        labels[-1] = 10
        with self.assertRaises(IndexError):
            npir.jit(in_place, strict=True)(out, labels, np.ones(MANY))
        self.assertEqual(out.sum(), 0)

    def test_indices_out_of_bounds_are_errors(self):
        rng = np.random.default_rng(4)
        compiled, of_rows = npir.jit(sums, strict=True), npir.jit(row_sums, strict=True)
        for n, places in ((MANY, 100), (MANY, 0), (7, 3), (70_000, 1)):
            labels, x = rng.integers(0, max(places, 1), n), rng.random(n)
            for bad in (places, -places - 1, 2**62, -(2**63)):
                wrong = labels.copy()
                wrong[n // 2] = bad
                with self.subTest(n=n, places=places, bad=bad):
                    with self.assertRaisesRegex(IndexError, "out of bounds"):
                        compiled(wrong, x, places)
                    with self.assertRaisesRegex(IndexError, "out of bounds"):
                        of_rows(wrong, np.stack([x, x], axis=1), places)

    def test_results_do_not_depend_on_the_number_of_threads(self):
        found = set()
        for threads in (1, 2, 5):
            environment = {**os.environ, "NPIR_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(sys.path)}
            command = [sys.executable, "-c", PRINT]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            found.add(done.stdout)
        self.assertEqual(len(found), 1)


if __name__ == "__main__":
    unittest.main()
