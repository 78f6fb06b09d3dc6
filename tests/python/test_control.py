"""Control flow that depends on values: what Python does, classes of numbers and exceptions included."""

import copy
import math
import unittest

import numpy as np

import npir
from test_jit import alike

#: Functions, and the arguments of calls that are made one after the other.
CASES = []


def case(*calls):
    def add(function):
        CASES.append((function, calls))
        return function

    return add


A = np.arange(12.0).reshape(3, 4)


@case((A,), (A - 20,), (A[::-1],))
def any_and(x):
    if not x.any():
        return 0.0
    if x[0, 0] > 1 and x[0, 1] > 2 or x[2, 2] < 0:
        s = x.sum()
    else:
        s = 1.5
    return s if s > 1 else 0.5


@case((np.array([3.0, 1, 2, -4, 5]),), (np.array([-3.0, 1]),))
def best(x):
    b = -1
    for i in range(len(x)):
        if b == -1 or x[i] < x[b]:
            b = i
    return b


@case((np.array([3.0, 1, 2, -4, 5]),), (np.array([-3.0, 1]),))
def best_none(x):
    b = None
    for v in x:
        if b is None or v < b:
            b = v
    return b


@case((np.array([3, 1, 2, 4, 5]), 2), (np.array([3, 1, 2, 4, 5]), 7))
def find(x, v):
    for i in range(len(x)):
        if x[i] == v:
            return i
    return -1


@case((np.array([3, 1, 2, 4, 5]), 2), (np.array([3, 1, 2, 4, 5]), 7))
def find_else(x, v):
    for i, y in enumerate(x):
        if y == v:
            break
    else:
        i = -1
    return i


@case((np.arange(50),), (np.arange(10)[::2],))
def count(x):
    c = 0
    for v in x:
        if v % 3 == 0:
            c += 1
    return c


@case((27,), (97,), (1,))
def collatz(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


@case((np.array([5.0, 3.0]), 1e-9), (np.array([2.0, 300.0]), 1e-3))
def newton(a, tol):
    x = a.copy()
    k = 0
    while True:
        y = 0.5 * (x + a / x)
        k += 1
        if np.max(np.abs(y - x)) < tol:
            break
        x = y
    return y, k


@case((np.arange(10.0), 3), (np.arange(10.0), 0), (np.arange(10.0), 5))
def dyn_range(x, n):
    s = 0.0
    for i in range(n):
        s += x[i]
    return s


@case((np.arange(10.0), 3), (np.arange(10.0), 0), (np.arange(10.0), 5))
def dyn_undefined(x, n):
    for i in range(n):
        y = x[i]
    return y


@case((np.arange(10.0),), (np.arange(5.0),))
def zipped(x):
    out = np.zeros_like(x)
    for i, (a, b) in enumerate(zip(x, x[::-1])):
        out[i] = a * b + i
    return out


@case((np.array([1.0, 2, 3]),), (np.array([-1.0, 2, 3]),))
def raises(x):
    if x[0] < 0:
        raise ValueError("negative")
    return np.sqrt(x)


@case((np.array([1.0, 2, 3]),), (np.array([-1.0, 2, 3]),))
def raises2(x):
    assert x[0] > 0, "no"
    return np.sqrt(x)


@case((np.array([[4.0, 1], [1, 3]]),), (np.array([[4.0, 1, 0], [1, 3, 1], [0, 1, 2]]),))
def power_iteration(a):
    v = np.ones(a.shape[0])
    lam = 0.0
    for it in range(1000):
        w = a @ v
        new = np.linalg.norm(w)
        v = w / new
        if abs(new - lam) < 1e-12:
            break
        lam = new
    return lam, v, it


@case((np.arange(6.0),), (np.arange(7.0),))
def pingpong(x):
    u = x.copy()
    v = np.zeros_like(u)
    for _ in range(20):
        v[1:-1] = 0.5 * (u[:-2] + u[2:])
        v[0] = u[0]
        v[-1] = u[-1]
        u, v = v, u
    return u


@case((np.arange(20),), (np.array([], dtype=np.int64),))
def primes(x):
    n = 50
    sieve = np.ones(n + 1, dtype=bool)
    sieve[:2] = False
    i = 2
    while i * i <= n:
        if sieve[i]:
            sieve[i * i :: i] = False
        i += 1
    return sieve.sum()


@case(
    (np.frombuffer(b"kitten", dtype=np.uint8), np.frombuffer(b"sitting", dtype=np.uint8)),
    (np.frombuffer(b"abc", dtype=np.uint8), np.frombuffer(b"abdd", dtype=np.uint8)),
)
def lev(a, b):
    m, n = len(a), len(b)
    d = np.zeros((m + 1, n + 1), dtype=np.int64)
    d[:, 0] = np.arange(m + 1)
    d[0, :] = np.arange(n + 1)
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return d[m, n]


@case((np.arange(8.0),), (np.arange(9.0),))
def shrink(x):
    while len(x) > 1:
        x = x[:-1] + x[1:]
    return x


@case((np.array([1.0, 5, 2]),), (np.array([7.0, 5, 2, 9]),))
def bubble(x):
    x = x.copy()
    n = x.shape[0]
    for i in range(n):
        for j in range(0, n - i - 1):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return x


@case((np.array([1, 5, 7, 9, 12]), 9), (np.array([1, 5, 7, 9, 12]), 4))
def bsearch(x, t):
    lo, hi = 0, len(x) - 1
    while lo <= hi:
        mid = (lo + hi) // 2
        if x[mid] == t:
            return mid
        elif x[mid] < t:
            lo = mid + 1
        else:
            hi = mid - 1
    return -1


@case((3.0, 2.0), (-3.0, 0.5), (1e308, 10.0), (0.0, -1.0))
def pymath(a, b):
    c = a * b
    d = math.sqrt(c) if c > 0 else -c
    return d**b, math.floor(d), -a, a // b


@case((5, 3), (-5, 3), (2**62, 4), (5, 0))
def pyint(a, b):
    return a * b + 1, a // b, a % b, -a, a / b, a < b, a & b, a | 3, a << 2, a**2


@case((np.arange(4.0), 3), (np.arange(4.0), 0))
def zerodiv(x, n):
    return x.sum() / n, 1 / n


@case((np.arange(6.0).reshape(2, 3),), (np.ones((4, 5)),))
def tupl(x):
    a = x
    k = 0
    for i in range(5):
        if x.sum() > 100:
            return a, k
        a, k = a * 2, k + 1
        x = a
    return a, k


@case((np.arange(5.0),), (np.zeros(5),))
def chain(x):
    return 0 < x[1] < 2, 0 < x.sum() <= 10.0


@case((4,), (10,))
def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case(
    (200,),
)
def fibbig(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case((np.array([[0.0, 0], [2, 0], [2, 1], [0, 1]]),), (np.zeros((0, 2)),))
def area(p):
    a = 0
    for i in range(len(p)):
        j = (i + 1) % len(p)
        a += p[i, 0] * p[j, 1] - p[j, 0] * p[i, 1]
    return abs(a) / 2, round(a), float(a), max(a, 1)


@case((np.arange(5.0), 3), (np.arange(5.0), 0))
def reversed_in_place(a, n):
    for _ in range(n):
        a = a[::-1]
    a[0] = 7
    return n


@case((np.arange(5.0), 3), (np.arange(5.0), 0))
def two_names(a, n):
    b = a * 2
    for _ in range(n):
        x = b + 1
        b = x
    b[0] = -1
    return x, b


@case((np.arange(5.0), 3), (np.arange(5.0), 0))
def next_state(a, n):
    b = a * 2
    for _ in range(n):
        new = b + 1
        new[1:] = b[:-1]
        b = new
    return b


@case((np.zeros(3), np.ones(3)), (np.zeros(2), np.ones(2)))
def becomes_another_argument(a, b):
    for _ in range(len(a)):
        b = a
    return b


@case((A[0], A[1] - 5), (A[0], A[1]))
def same_or_new(a, b):
    x = np.maximum(a, b)
    for _ in range(len(a)):
        a = x
        if not b.all():
            a -= b + x
        else:
            x = a * 2
    return a, x


SMALL, WIDE = np.array([1, 2, 3], np.int8), np.array([1, 2, 3], np.uint16)


@case(*((a, k) for a in (SMALL, WIDE) for k in (np.float64(300.7), np.int64(-1), np.float64("nan"), np.float64(5.5))))
def casts_by_index(a, k):
    a[[0, 1]] = k
    a[a > 2] = k
    return np.full(2, k, a.dtype)


@case(*((a, k) for a in (SMALL, WIDE) for k in (5.5, 1e30, float("nan"), -float("inf"), -1.5)))
def makes_of_floats(a, k):
    return np.full(2, k, a.dtype)


#: Calls that leave what compiled code can do, and are made in NumPy.
REPEATED = {"pymath": 1, "pyint": 1, "fibbig": 1}

#: Functions that run in NumPy.
LEFT = {
    "becomes_another_argument": "which argument is returned depends on values",
    "same_or_new": "which array is written to depends on values",
    "reversed_in_place": "which array is written to depends on values",
    "two_names": "which array is written to depends on values",
}


def outcome(function, arguments):
    """What a call returns or raises, and what it leaves in its arguments."""
    arguments = copy.deepcopy(arguments)
    try:
        with np.errstate(all="ignore"):
            return function(*arguments), None, arguments
    except Exception as error:
        return None, (type(error), str(error)), arguments


class Control(unittest.TestCase):
    def test_values_classes_and_exceptions_are_pythons(self):
        for function, calls in CASES:
            compiled = npir.jit(function)
            with self.subTest(function.__name__):
                for arguments in calls:
                    expected, found = outcome(function, arguments), outcome(compiled, arguments)
                    self.assertEqual(found[1], expected[1])
                    if isinstance(expected[0], np.ndarray):
                        of_arguments = [[result is own for own in args] for result, _, args in (found, expected)]
                        self.assertEqual(*of_arguments)
                    self.assertTrue(alike(found[0], expected[0]), f"{found[0]} is not {expected[0]}")
                    self.assertTrue(alike(found[2], expected[2]), "arguments are left different")
                if function.__name__ in LEFT:
                    continue
                self.assertGreater(compiled.compilations, 0, compiled.fallbacks)
                self.assertEqual(len(compiled.fallbacks), REPEATED.get(function.__name__, 0), compiled.fallbacks)


if __name__ == "__main__":
    unittest.main()
