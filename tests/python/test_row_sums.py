"""Sums over rows that are made block by block: chunks of the rows have sums of their own."""

import os
import subprocess
import sys
import unittest

import numpy as np

import npir


def covariance(x):
    centred = x - x.mean(axis=0)
    return centred.T @ centred / (len(x) - 1)


def gradient(x, y, w):
    p = 1 / (1 + np.exp(-(x @ w)))
    return x.T @ (p - y), p


def normal_equations(x, y):
    scaled = x / (1 + np.abs(x).sum(axis=1, keepdims=True))
    return scaled.T @ scaled, scaled.T @ y


def columns(x):
    rows = x - x.min(axis=1, keepdims=True)
    return rows, rows.sum(axis=0), rows.max(axis=0)


def counts(x):
    # Whole numbers, whose sums are exact in any order.
    largest = x.argmax(axis=1)
    return largest, largest.sum(), largest.min(), np.bincount(largest, minlength=x.shape[1])


def wide(x, w):
    hidden = np.tanh(x @ w)
    return hidden.T @ x


PRINT = """
import numpy as np, npir
from test_row_sums import gradient
rng = np.random.default_rng(7)
x, y, w = rng.normal(size=(120_000, 20)), rng.random(120_000), np.full(20, 0.1)
print(npir.jit(gradient, strict=True)(x, y, w)[0].tobytes().hex())
"""

SHAPES = ((100_000, 64), (70_001, 33), (200_003, 3), (40_000, 130), (65_537, 1), (9_000, 300), (64, 64), (1, 5), (0, 4))


class RowSums(unittest.TestCase):
    def agrees(self, function, *arguments, tolerance=1e-9):
        with np.errstate(all="ignore"):
            expected = function(*arguments)
        found = npir.jit(function, strict=True)(*arguments)
        if not isinstance(expected, tuple):
            found, expected = (found,), (expected,)
        for ours, theirs in zip(found, expected, strict=True):
            self.assertEqual((ours.dtype, ours.shape), (theirs.dtype, theirs.shape))
            if np.asarray(theirs).dtype.kind == "f":
                scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1.0)
                np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * scale)
            else:
                np.testing.assert_array_equal(ours, theirs)

    def each(self, kinds=("f8", "f4")):
        rng = np.random.default_rng(5)
        for shape in SHAPES:
            for kind in kinds:
                x = rng.normal(size=shape).astype(kind)
                for layout in (x, np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2]):
                    yield rng, layout, 1e-9 if kind == "f8" else 2e-3

    def test_covariance(self):
        for _, x, tolerance in self.each():
            if len(x) > 1:
                self.agrees(covariance, x, tolerance=tolerance)

    def test_gradient(self):
        for rng, x, tolerance in self.each(("f8",)):
            self.agrees(gradient, x, rng.random(len(x)), rng.normal(size=x.shape[1]) / 8, tolerance=tolerance)

    def test_normal_equations(self):
        for rng, x, tolerance in self.each():
            y = rng.normal(size=(len(x), 2)).astype(x.dtype)
            self.agrees(normal_equations, x, y, tolerance=tolerance)

    def test_columns(self):
        for _, x, tolerance in self.each(("f8",)):
            if len(x):
                self.agrees(columns, x, tolerance=tolerance)

    def test_counts(self):
        for _, x, _ in self.each(("f8",)):
            if len(x):
                self.agrees(counts, x)

    def test_wide(self):
        for rng, x, tolerance in self.each(("f8",)):
            self.agrees(wide, x, rng.normal(size=(x.shape[1], 24)), tolerance=tolerance)

    def test_sizes_known_late(self):
        compiled = npir.jit(covariance, strict=True)
        rng = np.random.default_rng(6)
        for shape in ((100, 3), (90_000, 20), (30_000, 64), (200_000, 7)):
            x = rng.normal(size=shape)
            np.testing.assert_allclose(compiled(x), covariance(x), rtol=1e-9, atol=1e-9)

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
