"""Functions of which a part cannot be compiled: it runs in NumPy, what is around it is compiled."""

import contextlib
import copy
import io
import math
import traceback
import unittest
import warnings

import numpy as np

import npir
from test_jit import alike


def in_the_middle(x):
    y = x * 2 + 1
    z = np.packbits(y > 3)
    return z.sum() + y.mean()


def in_an_expression(x):
    y = x * 2 + 1
    return (y * y).sum() * np.packbits((y + x) > 3).sum() + 1


def in_order(a):
    def bump():
        a[0] += 1
        return np.packbits(a > 0)[0]

    return a[0] * 1 + bump() + a[0]


def random_numbers(n, seed):
    generator = np.random.default_rng(seed)
    total = np.zeros(n)
    for _ in range(5):
        z = 3 + 2 * generator.standard_normal(n)
        total += np.exp(-0.5 * z * z) + z
    return total


def memory(a):
    a[::2] += 1
    np.random.default_rng(3).shuffle(a)
    a *= 2
    b = a[1:]
    np.packbits(a > 0)
    b -= 1
    return a


def set_before_and_again(a, n):
    s = n // 3
    t = s
    if np.any(a > 2):
        a = a * 0.5
        for _ in range(3):
            s = 0.5
            a[0] = 5 - t
    return a, t


def set_and_read_in_loops(a, n):
    s = n * 1.0
    t = s + 1
    for i in range(3):
        a = a + t
        if i == 1:
            s = np.packbits(a > 5)[0] * 2.0
        a = a * 2
        t = a.sum()
    return a, t


def view_of_one_of_two(a, b, n):
    if a.sum() > 0:
        b = a * b
    v = b[:, ::-1]
    v += n * 3
    return a


def exceptions(a):
    try:
        x = np.linalg.solve(a, np.ones(a.shape[0]))
    except np.linalg.LinAlgError:
        x = np.zeros(a.shape[0])
    return x * 2 + a.sum(axis=0)


def set_before_an_exception(x, i):
    k = 0
    try:
        k = 1
        y = x * 2
        k = 2
        y = x[i] + y
        k = 3
    except IndexError:
        y = x + 10
    return y * k


def one_of_two_types(x):
    if x.sum() > 0:
        y = x
    else:
        y = 1.5
    z = y * 2
    return z + x


def one_of_two_arrays(x, y):
    z = x if x.sum() > 0 else y
    z[0] = 7
    return x * 2 + y


def packed(x):
    return np.packbits(x > 0) + np.uint8(1)


def in_a_helper(x):
    return packed(x).sum() + (x * x).sum()


def growing_list(x, n):
    out = []
    for i in range(n):
        x = x * 0.5 + 1
        if x.sum() > 3:
            out.append(x.max())
        if len(out) > 4:
            break
    else:
        out.append(-1.0)
    return np.array(out) * 2


def early_return(x):
    for i in range(3):
        b = np.packbits(x > i)
        if b.sum() > 100:
            return x * b.sum()
        x = x - 1
    return x


def inner_functions(x):
    def scaled(v):
        return v * k + 1

    shifted = lambda v: v + k
    k = 2
    b = np.packbits(x > 0)
    y = scaled(x)
    k = 3
    return y + scaled(x) + shifted(x) + b.sum()


def with_while(x):
    steps = 0
    while np.abs(x).max() > 0.1:
        x = x * 0.5
        steps += 1
        np.packbits(x > 0)
    return x, steps


def grown_dictionary(x):
    d = {"a": x * 2}
    d["b"] = np.packbits(x > 0)
    d["c"] = d["a"] + 1
    return d


def strict_errors(x):
    with np.errstate(divide="raise"):
        y = 1.0 / x
    return y + 1


def other_contexts(x):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        y = x * 2
        print(y.max())
    return y + 1, out.getvalue()


def deleted(x):
    y = x * 2
    del x
    np.packbits(y > 0)
    try:
        return x
    except UnboundLocalError:
        return y


def perhaps_unbound(x, n):
    for i in range(n):
        y = x * i
    np.packbits(x > 0)
    return x + y


class Model:
    def __init__(self, weights):
        self.weights, self.steps = weights, 0

    def step(self, x):
        self.weights = self.weights - 0.1 * (self.weights @ x) * x
        self.steps += 1
        return self.weights.sum()


def attributes(x):
    model = Model(np.ones(x.size))
    for _ in range(4):
        loss = model.step(x)
    return loss * 2, model.steps


def texts(x):
    return f"{x.sum():.2f}", x * 2


def imports(x):
    import io

    file = io.StringIO()
    np.savetxt(file, x * 2)
    return file.getvalue(), (x + 1) ** 2


def several_assignments(x):
    y = z = np.packbits(x > 0)
    p, *r = np.split(x, 3)
    total = 0
    total += np.packbits(p > 0).sum() if total == 0 else p.sum()
    return y + z, r[0] * 2 + total


def with_keywords(x, *others, scale=2, **more):
    y = np.packbits(x > 0) * scale
    return y, sum(o.sum() for o in others), more["shift"] + x


def raises(x):
    y = np.packbits(x > 0)
    if y.sum() > 0:
        raise ValueError(f"{y.sum()} is too large")
    return x


X = np.linspace(-3, 3, 24)


class Parts(unittest.TestCase):
    def agrees(self, function, *arguments, compiles=True, **keywords):
        """Calls agree with NumPy, in what they return, leave in their arguments, and raise; something is compiled."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", npir.FallbackWarning)
            compiled = npir.jit(function)
            for _ in range(3):
                ours, theirs = copy.deepcopy(arguments), copy.deepcopy(arguments)
                try:
                    expected = function(*theirs, **keywords)
                except Exception as error:
                    with self.assertRaises(type(error)) as raised:
                        compiled(*ours, **keywords)
                    self.assertEqual(str(raised.exception), str(error))
                else:
                    found = compiled(*ours, **keywords)
                    self.assertTrue(alike(found, expected), f"{function.__name__}: {found} is not {expected}")
                self.assertTrue(alike(ours, theirs), function.__name__)
            self.assertTrue(compiled.fallbacks, function.__name__)
            if compiles:
                self.assertGreater(compiled.compilations, 0, f"{function.__name__}: {compiled.fallbacks}")
        return compiled

    def test_programs(self):
        square = np.array([[2.0, 1], [1, 3]])
        for function, *arguments in [
            (in_the_middle, X),
            (in_an_expression, X),
            (in_order, X),
            (random_numbers, 50, 3),
            (memory, X),
            (set_before_and_again, np.arange(12, dtype=np.int32).reshape(3, 4), 2),
            (set_and_read_in_loops, X, 2),
            (view_of_one_of_two, square + 1, square, 2),
            (view_of_one_of_two, square - 9, square, 2),
            (exceptions, square),
            (exceptions, np.ones((3, 3))),
            (set_before_an_exception, X, 5),
            (set_before_an_exception, X, 50),
            (one_of_two_types, X + 1),
            (one_of_two_types, X - 1),
            (one_of_two_arrays, X + 1, X),
            (one_of_two_arrays, X - 1, X),
            (in_a_helper, X),
            (growing_list, X, 3),
            (growing_list, X, 10),
            (early_return, X),
            (early_return, -X - 9),
            (inner_functions, X),
            (with_while, X),
            (grown_dictionary, X),
            (strict_errors, X + 10),
            (other_contexts, X),
            (deleted, X),
            (attributes, X),
            (texts, X),
            (imports, X),
            (several_assignments, X),
            (raises, -X - 9),
        ]:
            with self.subTest(function.__name__):
                self.agrees(function, *arguments)

    def test_what_is_not_worth_compiling(self):
        def text(n):
            words = [str(i).zfill(3) for i in range(n)]
            return " ".join(words), n + 1

        self.agrees(text, 4, compiles=False)
        self.agrees(strict_errors, np.zeros(1), compiles=False)
        self.agrees(raises, X, compiles=False)
        self.agrees(perhaps_unbound, X, 2, compiles=False)
        self.agrees(perhaps_unbound, X, 0, compiles=False)

    def test_parameters_of_every_kind(self):
        self.agrees(with_keywords, X, X, X, scale=3, shift=1.0)

    def test_variables_around(self):
        count, scale = 0, np.full(3, 2.0)

        def counted(x):
            nonlocal count
            count += 1
            return x * 2

        def scaled(x):
            y = np.packbits(x > 0)
            return scale * x + y.sum() + math.pi

        compiled = self.agrees(scaled, np.arange(3.0))
        scale[:] = 3
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", npir.FallbackWarning)
            np.testing.assert_allclose(compiled(np.arange(3.0)), scaled(np.arange(3.0)))
            npir.jit(counted)(X)
        self.assertEqual(count, 1)

    def test_a_second_call_compiles_nothing(self):
        compiled = self.agrees(in_the_middle, X)
        before = compiled.compilations
        compiled(X)
        self.assertEqual(compiled.compilations, before)

    def test_places_of_errors_are_those_of_the_source(self):
        def f(x, y):
            z = np.packbits(x > 0)
            return x + y + z.sum()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", npir.FallbackWarning)
            compiled = npir.jit(f)
            compiled(X, X)
            try:
                compiled(np.ones(3), np.ones(4))
            except ValueError as error:
                lines = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        self.assertIn((__file__, f.__code__.co_firstlineno + 2), lines)

    def test_strict_refuses(self):
        with self.assertRaisesRegex(TypeError, "packbits"):
            npir.jit(in_the_middle, strict=True)(X)

    def test_explanation_shows_what_is_left_in_python(self):
        text = str(npir.explain(in_the_middle, X))
        self.assertIn("numpy.packbits", text)
        self.assertIn("part by part", text)
        self.assertIn("z = np.packbits", text)


if __name__ == "__main__":
    unittest.main()
