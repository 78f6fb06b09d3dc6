"""Lazy arrays against NumPy, in random programs: whole functions, and sequences of views and writes."""

import random
import unittest
import warnings

import numpy as np

import npir.numpy as lazy
import random_programs
from lazy_cases import alike, same

PROGRAMS = 60
SEQUENCES = 150


def outcome(function, *arguments):
    """What a function returns, or the exception."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*arguments)
    except Exception as error:  # noqa: BLE001: every class is compared
        return error


def made(kind, array):
    """A lazy array of such elements: NumPy's memory, a copy, or a graph."""
    if kind == 0:
        return lazy.asarray(array.copy())
    if kind == 1:
        return lazy.array(array)
    return lazy.add(array, lazy.zeros(array.shape, array.dtype))


class Programs(unittest.TestCase):
    def test_functions_that_are_given_lazy_arrays(self):
        for seed in range(PROGRAMS):
            program = random_programs.Program(seed)
            with self.subTest(program.source):
                rng = np.random.default_rng(seed)
                types = random.Random(seed).choices(random_programs.DTYPES, k=2)
                a, b = ((rng.random((5, 5)) * 6 - 2).astype(dtype) for dtype in types)
                text = program.source.replace("import numpy as np\n", "")
                results = []
                for namespace, arguments in (
                    (np, (a.copy(), b.copy())),
                    (lazy, (made(seed % 3, a), made(seed % 3, b))),
                ):
                    names = {"np": namespace}
                    exec(text, names)
                    results.append(outcome(names["program"], *arguments, 3))
                expected, found = results
                if isinstance(expected, Exception):
                    # Some are raised when values are needed.
                    found = outcome(lazy.compute, *found) if isinstance(found, tuple) else found
                    self.assertIs(type(found), type(expected))
                else:
                    self.assertTrue(alike(found, expected), f"{found} is not {expected}")


class Sequence:
    """Random steps, on NumPy's arrays and on lazy ones alike."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pairs = []
        #: What was taken out as NumPy's arrays.
        self.taken = []
        self.steps = []
        for _ in range(2):
            dtype = self.random.choice(["float64", "float64", "int64", "float32", "complex128"])
            array = np.arange(24, dtype=dtype).reshape(4, 6) - 7
            self.pairs.append((array.copy(), made(self.random.randrange(3), array)))

    def pick(self):
        return self.random.choice(self.pairs)

    def step(self):
        kinds = [self.view, self.view, self.write, self.write, self.operator, self.compute, self.function, self.take]
        kind = self.random.choice(kinds)
        if kind is self.take and self.random.random() < 0.7:
            kind = self.write
        kind()
        self.pairs = self.pairs[-8:]

    def index(self, array):
        def one(n):
            i = self.random.randrange(-n, n) if n else 0
            whole = [slice(None), slice(None, None, -1), slice(1, None), slice(None, -1), slice(None, None, 2), ...]
            return self.random.choice([i, *whole, None])

        parts = tuple(one(n) for n in array.shape)
        while sum(part is ... for part in parts) > 1:
            parts = tuple(slice(None) if part is ... else part for part in parts)
        parts = parts[: self.random.randint(0, len(parts))]
        return parts[0] if len(parts) == 1 and self.random.random() < 0.5 else parts

    def both(self, what, keep=True):
        """The same for both; ``what`` is given functions' arguments by their side, 0 or 1."""
        expected, found = outcome(what, 0), outcome(what, 1)
        if isinstance(expected, Exception) or isinstance(found, Exception):
            if type(expected) is not type(found):
                raise AssertionError(f"{found!r} is not {expected!r}")
        elif keep and np.size(expected):
            self.pairs.append((expected, found))

    def view(self):
        pair = self.pick()
        if np.ndim(pair[0]) == 0:
            return
        index = self.index(pair[0])
        # How memory of results lies is NumPy's only where it lies row by row.
        rows = pair[0]
        while isinstance(rows.base, np.ndarray):
            rows = rows.base
        shapes = [-1, (2, -1)] if rows.flags.c_contiguous else []
        choice = self.random.choice(["index", "index", "T", "flip", "diagonal", "expand", *["reshape"] * len(shapes)])
        shape = self.random.choice(shapes or [-1])
        self.steps.append((choice, index, shape))
        views = {
            "index": lambda x: x[index],
            "T": lambda x: x.T,
            "flip": lambda x: np.flip(x, 0),
            "diagonal": lambda x: np.diagonal(x),
            "expand": lambda x: np.expand_dims(x, 1),
            "reshape": lambda x: x.reshape(shape),
        }
        self.both(lambda side: views[choice](pair[side]))

    def write(self):
        pair, other = self.pick(), self.pick()
        if np.ndim(pair[0]) == 0:
            return
        index = self.index(pair[0])
        value = self.random.choice([2, 0.5, -1, True])
        positions = [0, -1, 0]

        def add(x):
            x += value

        def scale(x):
            x *= value

        def add_other(x, y):
            x += y

        def put(x):
            x[index] = value

        def put_other(x, y):
            x[index] = y

        def add_at_index(x):
            x[index] += value

        def mask(x):
            x[x.real > 1] = value

        def take(x):
            x[positions] += value

        def at(x):
            np.add.at(x, positions, value)

        def sort(x):
            x.sort(axis=0)

        def fill(x):
            x.fill(value)

        def out(x, y):
            np.subtract(x, y, out=x)

        def some(x, y):
            np.multiply(x, y, out=x, where=x.real < 3)

        def copyto(x, y):
            np.copyto(x, y, casting="same_kind")

        one = self.random.choice([add, scale, put, add_at_index, mask, take, at, sort, fill, None])
        if one:
            self.steps.append((one.__name__, index, value))
            self.both(lambda side: one(pair[side]), keep=False)
        else:
            two = self.random.choice([add_other, put_other, out, some, copyto])
            self.steps.append((two.__name__, index))
            self.both(lambda side: two(pair[side], other[side]), keep=False)

    def operator(self):
        pair, other = self.pick(), self.pick()
        functions = [np.add, np.subtract, np.maximum, lambda x, y: np.where(x.real > y.real, x, y), lambda x, y: x + 1]
        function = self.random.choice(functions)
        self.steps.append((function,))
        self.both(lambda side: function(pair[side], other[side]))

    def function(self):
        pair = self.pick()
        functions = [
            lambda x: x.sum(axis=0),
            lambda x: x.max(),
            lambda x: x.copy(),
            lambda x: x.astype(np.float32) if x.dtype.kind != "c" else x.astype(np.complex64),
            lambda x: np.concatenate([x, x]),
            lambda x: np.cumsum(x, axis=0),
            lambda x: np.sort(x, axis=-1),
        ]
        number = self.random.randrange(len(functions))
        self.steps.append(("function", number))
        self.both(lambda side: functions[number](pair[side]))

    def compute(self):
        self.steps.append(("compute",))
        str(self.pick()[1])

    def take(self):
        """Takes memory out, and makes an array of it again."""
        pair = self.pick()
        if np.ndim(pair[0]) == 0:
            return
        self.steps.append(("take",))
        memory = np.asarray(pair[1])
        self.taken.append((pair[0], memory))
        self.pairs.append((np.asarray(pair[0]), lazy.asarray(memory)))

    def differences(self):
        for expected, found in self.pairs:
            if not alike(found, expected):
                yield f"{found!r} is not {expected!r}"
        for expected, memory in self.taken:
            if not same(memory, expected):
                yield f"memory taken out: {memory!r} is not {expected!r}"


class Writes(unittest.TestCase):
    def test_views_and_writes(self):
        for seed in range(SEQUENCES):
            with self.subTest(seed=seed):
                sequence = Sequence(seed)
                for _ in range(25):
                    sequence.step()
                self.assertEqual(list(sequence.differences()), [], sequence.steps)


if __name__ == "__main__":
    unittest.main()
