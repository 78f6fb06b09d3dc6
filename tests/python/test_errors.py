"""Calls that raise under NumPy raise the same class of exception under `npir.jit`, whether it is found while the
function is compiled, after a good call, or with other shapes."""

import unittest

import numpy as np

import npir
from test_functions import alike, text, tried

A = np.arange(12.0).reshape(3, 4)
I = np.array([0, 2, 1])
BAD = np.array([0, 3, 1])
S = np.array([[2.0, 1], [1, 3]])
SINGULAR = np.array([[1.0, 2], [2, 4]])

# Functions, arguments of a good call, and arguments with which NumPy raises.
RAISE = [
    (lambda a, i: a[i], (A, I), (A, BAD)),
    (lambda a, i: np.take(a, i, axis=0), (A, I), (A, BAD)),
    (lambda a, i: a.take(i), (A, I), (A, I + 12)),
    (lambda a, k: a[k], (A, np.int64(1)), (A, np.int64(3))),
    (lambda a, k: a[k, 0], (A, 1), (A, -4)),
    (lambda a, i: np.put(a, i, 0), (A, I), (A, I + 12)),
    (lambda a, i: np.add.at(a, i, 1), (A, I), (A, BAD)),
    (lambda a, i: np.bincount(i), (A, I), (A, I - 1)),
    (lambda a, b: a + b, (A, A), (A, A[:, :3])),
    (lambda a, b: a + b, (A[:2], A[:2]), (A, A[:2])),
    (lambda a, b: a @ b, (A, A.T), (A, A)),
    (lambda a, b: np.dot(a, b), (A, A.T.copy()), (A, A)),
    (lambda a, b: np.concatenate((a, b)), (A, A), (A, A[:, :2])),
    (lambda a, b: np.stack((a, b)), (A, A), (A, A[:2])),
    (lambda a: a.reshape(6, 2) + 0, (A,), (A[:2],)),
    (lambda a: np.linalg.inv(a), (S,), (SINGULAR,)),
    (lambda a: np.linalg.inv(a), (S,), (A,)),
    (lambda a: np.linalg.solve(a, a[0]), (S,), (SINGULAR,)),
    (lambda a: np.linalg.cholesky(a), (S,), (-S,)),
    (lambda a: np.linalg.det(a), (S,), (A,)),
    (lambda a: np.linalg.eigvalsh(a), (S,), (A,)),
    (lambda a: a.max(axis=0), (A,), (A[:0],)),
    (lambda a: a.argmin(), (A,), (A[:0],)),
    (lambda a, k: a.sum(axis=k), (A, 1), (A, 2)),
    (lambda a, k: np.expand_dims(a, k) + 0, (A, 1), (A, 5)),
    (lambda a, k: np.swapaxes(a, 0, k) + 0, (A, 1), (A, 2)),
    (lambda a, k: np.split(a, k, axis=1)[0] + 0, (A, 2), (A, 3)),
    (lambda a, k: np.zeros(k), (A, 3), (A, -1)),
    (lambda a, k: np.delete(a, k, axis=0), (A, 1), (A, 3)),
    (lambda a, k: np.insert(a, k, 0, axis=0), (A, 1), (A, 4)),
    (lambda i, k: i**k, (I, 2), (I, -2)),
    (lambda i, k: np.power(i, k), (I, I), (I, -I)),
    (lambda i, k: i + k, (I.astype(np.int8), 100), (I.astype(np.int8), 1000)),
    (lambda i, k: np.unravel_index(i, k), (I, (2, 2)), (I, (2, 1))),
    (lambda a, k: a.fill(k), (I.astype(np.int8), np.float64(3)), (I.astype(np.int8), np.float64(300))),
    (lambda a, k: a.fill(k), (I.astype(np.int8), np.int32(3)), (I.astype(np.int8), np.int32(-129))),
    (lambda a, k: a.fill(k), (I, np.float32(3)), (I, np.float32("nan"))),
    (lambda a, k: a.fill(k), (I, np.float64(-(2.0**63))), (I, np.float64(2.0**63))),
    (lambda a, k: a.fill(k), (I, np.uint64(3)), (I, np.uint64(2**64 - 1))),
    (lambda a, k: a.fill(k), (I, 3.5), (I, float("nan"))),
    (lambda a, k: a.fill(k), (I, 3.5), (I, float("inf"))),
    (lambda a, k: a.fill(k), (I.astype(np.uint64), 2.0**63), (I.astype(np.uint64), -1.0)),
    (lambda a, k: np.put(a, [0], k), (I.astype(np.uint8), 3.5), (I.astype(np.uint8), 256.0)),
    (lambda a, b: np.interp(a, b, b), (A, I), (A, I[:0])),
    (lambda a, b: np.add(a, a, out=b), (A, A.copy()), (A, A.astype(int))),
    (lambda a, b: np.add(a, a, out=b), (A, A.copy()), (A, A[:2].copy())),
    (lambda a, b: np.sum(a, axis=0, out=b), (A, A[0].copy()), (A, A.copy())),
    (lambda a, b: np.copyto(a, b), (A, A), (A, A[:2])),
    (lambda a, b: np.fft.fft(a, b), (A, 3), (A, 0)),
    (lambda a, k: np.choose(k, [a, a]), (A, np.zeros((3, 4), int)), (A, np.full((3, 4), 2))),
    (lambda a, k: np.repeat(a, k), (A, 2), (A, -1)),
    (lambda a, k: np.percentile(a, k), (A, 50), (A, 101)),
    (lambda a, m: a[m], (A, A > 2), (A, A[:2] > 2)),
    (lambda a, k: float(a[k]), (A[0].copy(), 1), (A, 1)),
    (lambda a, k: a.item(k), (A, 1), (A, 12)),
    (lambda a, k: int(a[k]), (A[0].copy(), 1), (A[0] * np.nan, 1)),
]


class Errors(unittest.TestCase):
    def same(self, found, expected):
        if isinstance(expected, Exception):
            self.assertIs(type(found), type(expected), f"{found!r} is not {expected!r}")
        else:
            self.assertNotIsInstance(found, Exception, repr(found))
            self.assertTrue(alike(found[0], expected[0], 1e-9), f"{found[0]!r} is not {expected[0]!r}")

    def test_classes_of_exceptions(self):
        copies = lambda arguments: [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]  # noqa: E731
        for function, good, bad in RAISE:
            expected = tried(function, copies(bad))
            with self.subTest(text(function), bad=repr(bad)[:60]):
                self.assertIsInstance(expected, Exception, "NumPy does not raise")
                with self.subTest("at first"):
                    self.same(tried(npir.jit(function), copies(bad)), expected)
                jitted = npir.jit(function)
                self.same(tried(jitted, copies(good)), tried(function, copies(good)))
                for _ in range(2):
                    self.same(tried(jitted, copies(bad)), expected)
                self.same(tried(jitted, copies(good)), tried(function, copies(good)))


if __name__ == "__main__":
    unittest.main()
