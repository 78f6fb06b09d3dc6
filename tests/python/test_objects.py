"""Dictionaries, objects, variables outside of the function, and views as results."""

import copy
import dataclasses
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
W = np.arange(4.0)
LAYERS = [np.eye(4), np.ones((4, 4))]
CONF = {"lr": 0.5, "w": np.ones(4)}


@case((A,), (A[:, ::-1],))
def global_array(x):
    return x * W


@case((A,))
def global_list(x):
    for w in LAYERS:
        x = x @ w
    return x


@case((A,))
def global_dict(x):
    return x * CONF["lr"] + CONF["w"]


@case((A,), (np.ones((5, 6)),))
def view_t(x):
    return x.T


@case((A,), (np.ones((5, 6)),))
def view_row(x):
    return x[1], x[:, 0], x[1:, ::-1], x.reshape(-1)


@case((A, 2), (A, 1))
def view_dyn(x, k):
    return x[k:]


@case(({"w": A, "b": W}, A), ({"w": A + 1, "b": W}, A))
def params(p, x):
    return x @ p["w"].T, p.get("c", 0)


@case(({"w": A, "b": W},))
def dict_out(p):
    out = {}
    for k, v in p.items():
        out[k] = v * 2
    out["n"] = len(p)
    return out


@dataclasses.dataclass
class Body:
    pos: np.ndarray
    vel: np.ndarray
    mass: float = 1.0

    def energy(self):
        return 0.5 * self.mass * (self.vel**2).sum()

    @property
    def speed(self):
        return np.sqrt((self.vel**2).sum())


@case((Body(A, A + 1, 2.0), 0.1), (Body(A, A - 1, 3.0), 0.2))
def move(b, dt):
    new = Body(b.pos + dt * b.vel, b.vel * 0.9, b.mass)
    return new.pos, new.energy(), b.speed


@case((Body(A, A + 1, 2.0), 0.1))
def move2(b, dt):
    return Body(b.pos + dt * b.vel, vel=b.vel * 0.9)


def helper(x, *, scale=1.0, **kw):
    return x * scale + kw.get("shift", 0)


@case((A,))
def kws(x):
    opts = dict(scale=2.0, shift=3.0)
    return helper(x, **opts)


@case((A,))
def inplace_global(x):
    W[0] += 1
    return W.sum()


K = 3


def outer():
    buf = np.zeros(4)

    def f(x):
        buf[:] += x[0]
        return buf

    return f


accumulate = outer()


@case((A,), (A,))
def closure_call(x):
    return accumulate(x).sum()


class Model:
    def __init__(self):
        self.w = np.ones((4, 2))
        self.b = np.zeros(2)

    def forward(self, x):
        h = np.maximum(x @ self.w + self.b, 0)
        return h


M = Model()


@case((A,))
def model(x):
    return M.forward(x)


@case((M, A))
def model_arg(m, x):
    return m.forward(x)


def parts(value):
    """Objects and dictionaries as tuples."""
    if dataclasses.is_dataclass(value) or isinstance(value, Model):
        return type(value).__name__, parts(vars(value))
    if isinstance(value, dict):
        return tuple((key, parts(item)) for key, item in value.items())
    if isinstance(value, tuple):
        return tuple(map(parts, value))
    return value


class Objects(unittest.TestCase):
    def test_results_and_effects_are_pythons(self):
        for function, calls in CASES:
            compiled = npir.jit(function, strict=True)
            with self.subTest(function.__name__):
                for arguments in calls:
                    found = []
                    for call in (function, compiled):
                        W[...] = np.arange(4.0)
                        accumulate.__closure__[0].cell_contents[...] = 0
                        own = copy.deepcopy(arguments)
                        found.append(tuple(map(parts, (call(*own), own, W.copy()))))
                    self.assertTrue(alike(found[1], found[0]), f"{found[1]} is not {found[0]}")

    def test_a_view_of_an_argument_is_one(self):
        x = np.arange(12.0).reshape(3, 4)
        view = npir.jit(lambda x: x[1:, ::2], strict=True)(x)
        view[0, 0] = 99
        self.assertIs(view.base, x.base)
        self.assertEqual(x[1, 0], 99)

    def test_another_global_is_another_program(self):
        global K
        compiled = npir.jit(lambda x: x * K, strict=True)
        for K in (3, np.arange(2.0), [1.0, 2.0]):
            np.testing.assert_array_equal(compiled(np.ones(2)), np.ones(2) * K)


if __name__ == "__main__":
    unittest.main()
