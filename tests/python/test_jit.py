"""`npir.jit`: NumPy's results, from compiled code."""

import array
import copy
import dataclasses
import gc
import unittest
import warnings
import weakref

import numpy as np

import npir
import programs
import programs_data  # noqa: F401
import programs_science  # noqa: F401

FACTOR = 2.0
TABLE = [1, 2, 3]


def scaled(x):
    return x * FACTOR


def alike(a, b):
    """Whether two results are of the same types and shapes, with close values."""
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, (int, str, type(None))):
        return type(a) is type(b) and a == b
    same = type(a) is type(b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)
    return same and np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True, rtol=1e-9)


class Programs(unittest.TestCase):
    def test_each_program_is_compiled_and_gives_what_numpy_gives(self):
        for function, arguments in programs.PROGRAMS:
            with self.subTest(function.__name__):
                ours, theirs = copy.deepcopy(arguments), copy.deepcopy(arguments)
                compiled = npir.jit(function, strict=True)
                with np.errstate(all="ignore"):
                    expected = function(*theirs)
                for _ in range(2):
                    ours = copy.deepcopy(arguments)
                    found = compiled(*ours)
                    self.assertTrue(alike(found, expected), f"{found} is not {expected}")
                    self.assertTrue(alike(ours, theirs), "arguments are left different")
                self.assertEqual(compiled.compilations, 1)


class Arguments(unittest.TestCase):
    def test_memory_is_not_copied(self):
        @npir.jit(strict=True)
        def increment(x):
            x[...] = x + 1
            return x

        x = np.zeros(5)
        self.assertIs(increment(x), x)
        np.testing.assert_array_equal(x, np.ones(5))

    def test_any_layout(self):
        @npir.jit(strict=True)
        def f(x, y):
            return x - 2 * y

        a = np.arange(48.0).reshape(6, 8)
        shifted = np.zeros(8 * 6 * 8 + 1, np.uint8)[1:].view(np.float64).reshape(6, 8)
        shifted[...] = a
        read_only = a.copy()
        read_only.flags.writeable = False
        for x in (a, a[::-1], np.asfortranarray(a), shifted, read_only, np.broadcast_to(a[:1], a.shape)):
            np.testing.assert_array_equal(f(x, a), x - 2 * a)

    def test_read_only_arrays_are_not_written_to(self):
        def f(x):
            x[0] = 1

        x = np.zeros(3)
        x.flags.writeable = False
        with self.assertRaises(ValueError):
            npir.jit(f)(x)

    def test_arguments_that_share_memory(self):
        def f(x, y):
            x[1:] = x[1:] + y[:-1]

        expected, found = np.arange(6.0), np.arange(6.0)
        f(expected, expected)
        npir.jit(f)(found, found)
        np.testing.assert_array_equal(found, expected)

    def test_arrays_of_other_packages(self):
        class Interface:
            def __init__(self, array):
                self.array = array

            @property
            def __array_interface__(self):
                return self.array.__array_interface__

        class Tensor:
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        def halved(a):
            x = np.asarray(a)
            x /= 2
            return (x * 2).sum() + x[0]

        def from_dlpack(a):
            x = np.from_dlpack(a)
            return (x * 2).sum() + x[-1]

        for function, make in ((halved, Interface), (from_dlpack, Tensor), (halved, lambda x: array.array("d", x))):
            compiled = npir.jit(function)
            for n in (4, 5):
                ours, theirs = make(np.arange(n * 1.0)), make(np.arange(n * 1.0))
                with self.subTest(make=make, n=n), warnings.catch_warnings():
                    warnings.simplefilter("ignore", npir.FallbackWarning)
                    self.assertTrue(alike(compiled(ours), function(theirs)))
                    if make is Interface:
                        np.testing.assert_array_equal(ours.array, theirs.array)
            self.assertEqual(compiled.stats.copies, 0)
            self.assertTrue(compiled.compilations)

    def test_keywords_and_defaults(self):
        @npir.jit(strict=True)
        def f(x, k=2, *, offset=0.5):
            return x * k + offset

        x = np.arange(3.0)
        np.testing.assert_array_equal(f(x), x * 2 + 0.5)
        np.testing.assert_array_equal(f(k=3, x=x, offset=1.0), x * 3 + 1.0)

    def test_types_of_numbers(self):
        @npir.jit(strict=True)
        def f(x, y):
            return x + y

        for x in (np.arange(3, dtype=np.int8), np.float32(1.5), np.ones(2, np.complex64)):
            for y in (1, 2.5, True, np.int16(3), np.ones(1, np.float32)):
                expected, found = x + y, f(x, y)
                self.assertTrue(alike(found, expected), f"{found!r} is not {expected!r}")

    def test_another_shape_is_compiled_once_more_and_no_more(self):
        @npir.jit(strict=True)
        def f(x):
            return x.sum(axis=0) * 2

        for n in (3, 4, 5, 6):
            x = np.arange(2.0 * n).reshape(2, n)
            np.testing.assert_array_equal(f(x), x.sum(axis=0) * 2)
        self.assertEqual(f.compilations, 2)

    def test_what_arrays_must_not_be(self):
        def f(x):
            return x + x

        objects = np.array([1, 2.5], object)
        swapped = np.arange(3, dtype=">f8")
        masked = np.ma.masked_array([1.0, 2.0], [True, False])
        for x in (objects, swapped, masked):
            expected, found = f(x), npir.jit(f)(x)
            self.assertEqual((type(found), str(found)), (type(expected), str(expected)))


class Lists(unittest.TestCase):
    def test_lists_that_loops_change(self):
        def f(x):
            parts = []
            for i in range(10):
                if i % 2 == 0:
                    parts.append(x[i] * i)
            return np.array(parts), len(parts)

        x = np.arange(10.0)
        compiled = npir.jit(f, strict=True)
        self.assertTrue(alike(compiled(x), f(x)))

    def test_lists_that_depend_on_values(self):
        def f(x):
            parts = []
            for i in range(10):
                if x[i] > 4:
                    parts.append(i)
            return parts

        x = np.arange(10.0)
        self.assertEqual(npir.jit(f)(x), f(x))

    def test_lists_of_the_caller(self):
        def f(items):
            items.append(items[0] + 1)
            return items

        ours, theirs = [np.ones(2)], [np.ones(2)]
        result = npir.jit(f)(ours)
        f(theirs)
        self.assertIs(result, ours)
        self.assertTrue(alike(ours, theirs))

        def g(items, other):
            other += items
            return other[0]

        other = [1.0]
        npir.jit(g)([2.0], other)
        self.assertEqual(other, [1.0, 2.0])


class Types(unittest.TestCase):
    def test_numbers_that_are_of_two_types(self):
        def positive(x):
            out = []
            for row in x:
                s = 0
                for v in row:
                    if v < 0:
                        continue
                    s = s + v
                out.append(s)
            return np.array(out)

        def last(x):
            t = 0
            i = 0.0
            while i < 3:
                if x[0] > 0:
                    t = x[1]
                i = i + x[0]
            return t

        for x in (
            np.arange(-12.0, 12.0).reshape(4, 6)[::-1, ::-2],
            np.arange(-9, 9, dtype=np.int8).reshape(3, 6),
            np.ones((0, 2)),
            np.ones((5, 0)),
        ):
            self.assertTrue(alike(npir.jit(positive)(x), positive(x)))
        x = np.array([1.5, 2.5])
        self.assertTrue(alike(npir.jit(last)(x), last(x)))

    def test_a_cap_on_versions_is_reported(self):
        function = npir.jit(lambda x, n: x * range(n)[0])
        for n in range(1, 20):
            np.testing.assert_array_equal(function(np.ones(2), n), [0, 0])
        self.assertEqual(function.compilations, 16)
        self.assertIn("16 versions", function.fallbacks[-1])


class Identity(unittest.TestCase):
    """Which array is returned, and which one a write changes."""

    def test_an_argument_that_may_be_returned(self):
        def halve(x, limit):
            while x.sum() > limit:
                x = x * 0.5
            return x

        def converge(v):
            for k in range(50):
                w = v / 2 + 0.5
                if np.abs(w - v).max() < 1e-6:
                    break
                v = w
            return v

        def choose(x, y):
            if x.sum() > y.sum():
                x = x + 1
            return x

        for function, calls in (
            (halve, [(np.ones(4), 100.0), (np.ones(4), 1.0)]),
            (converge, [(np.ones(3),), (np.zeros(3),)]),
            (choose, [(np.ones(2), np.zeros(2)), (np.zeros(2), np.ones(2))]),
        ):
            compiled = npir.jit(function, strict=True)
            for arguments in calls:
                expected, found = function(*arguments), compiled(*arguments)
                np.testing.assert_allclose(found, expected)
                self.assertEqual(found is arguments[0], expected is arguments[0], function.__name__)

    def test_writes_to_one_of_several_arrays(self):
        def either(x, y):
            z = x if x.sum() > 0 else y
            z[0] = 7
            return x + y

        def through_another_name(x):
            y = np.zeros(3)
            z = y
            for i in range(10):
                z = z + x
            y[0] = 5
            return y, z

        def before_the_loop(x):
            y = x * 2
            z = y
            while z.sum() < 100:
                z = z + x
            y[0] = 5
            return z

        for function, arguments in (
            (either, (np.ones(3), np.zeros(3))),
            (either, (-np.ones(3), np.zeros(3))),
            (through_another_name, (np.ones(3),)),
            (before_the_loop, (np.ones(3),)),
            (before_the_loop, (100 * np.ones(3),)),
        ):
            ours, theirs = copy.deepcopy(arguments), copy.deepcopy(arguments)
            expected = function(*theirs)
            self.assertTrue(alike(npir.jit(function)(*ours), expected), function.__name__)
            self.assertTrue(alike(ours, theirs), function.__name__)

    def test_a_view_of_an_argument_that_may_be_returned(self):
        def f(x, y):
            if x.sum() > 0:
                y = y * 2
            return y[:, ::-1]

        compiled = npir.jit(f, strict=True)
        for x in (np.ones(3), -np.ones(3)):
            y = np.arange(6.0).reshape(2, 3)
            found, expected = compiled(x, y), f(x, y)
            self.assertTrue(alike(found, expected))
            self.assertEqual(np.shares_memory(found, y), np.shares_memory(expected, y))

    def test_results_have_elements_of_their_own(self):
        def filled(x):
            t = np.copy(x)
            t[...] = 0.5
            return t

        def windows(x):
            t = np.lib.stride_tricks.sliding_window_view(x + 1, 2, axis=1)
            return t * 1, np.copy(t)

        for function in (filled, windows):
            result = npir.jit(function, strict=True)(np.ones((3, 4)))
            for found in result if isinstance(result, tuple) else [result]:
                expected = found.copy()
                found[0] += 1
                np.testing.assert_array_equal(found[1:], expected[1:], function.__name__)

    def test_results_that_may_be_one_array(self):
        def after_a_loop(x):
            y = x * 2
            z = y
            while z.sum() < 100:
                z = z + x
            return y, z

        def after_a_condition(x):
            y = x * 2
            z = y if x.sum() > 100 else x + 1
            return y, z

        for function in (after_a_loop, after_a_condition):
            for x in (np.ones(3), 100 * np.ones(3)):
                found, expected = npir.jit(function)(x), function(x)
                np.testing.assert_array_equal(found, expected)
                self.assertEqual(found[0] is found[1], expected[0] is expected[1], function.__name__)


class Memory(unittest.TestCase):
    def test_results_own_their_memory(self):
        @npir.jit
        def f(x):
            return x + 1, x[::-1] * 2, x.sum(), (x * 3).T

        x = np.arange(6.0).reshape(2, 3)
        for result in (r for r in f(x) if isinstance(r, np.ndarray)):
            own = result if result.base is None else result.base
            self.assertIsInstance(own, np.ndarray, "not a capsule")
            self.assertTrue(own.flags.owndata and own.flags.writeable and own.flags.aligned)

    def test_results_can_be_resized_as_other_arrays_can(self):
        result = npir.jit(twice)(np.arange(1000.0))
        result.resize(3000, refcheck=False)
        np.testing.assert_array_equal(result, np.r_[np.arange(1000.0) * 2, np.zeros(2000)])
        result.resize(10, refcheck=False)
        np.testing.assert_array_equal(result, np.arange(10.0) * 2)
        empty = npir.jit(twice)(np.zeros((0, 3)))
        self.assertEqual(empty.shape, (0, 3))

    def test_types_of_updates_at_positions(self):
        def f(a, i, v):
            np.add.at(a, i, v)
            np.maximum.at(a, i, v)
            np.subtract.at(a, i, 2)
            return a

        i = np.array([0, 2, 0, -1])
        values = [0.5, 3, True, 0.1, 200, np.float32(0.1), np.arange(4), np.linspace(0, 1, 4), np.arange(4, dtype="i1")]
        for dtype in ("i1", "i4", "i8", "u8", "f4", "f8"):
            for value in values:
                ours, theirs = (np.array([-16, 5, -15]).astype(dtype) for _ in range(2))
                with self.subTest(dtype=dtype, value=value), warnings.catch_warnings():
                    warnings.simplefilter("ignore", npir.FallbackWarning)
                    expected = f(theirs, i, value)
                    np.testing.assert_array_equal(npir.jit(f)(ours, i, value), expected, strict=True)

        def count(a, i):
            np.add.at(a, i, 1)
            return a

        counts = npir.jit(count, strict=True)(np.zeros(3, np.float32), i)
        np.testing.assert_array_equal(counts, count(np.zeros(3, np.float32), i), strict=True)

    def test_nothing_is_copied(self):
        @npir.jit
        def f(x, y):
            y += x * 2
            z = x[1:] - x[:-1]
            return x, z, y[::-1], x.sum(axis=0)

        x = np.arange(24.0).reshape(4, 6)
        fixed = x.copy()
        fixed.flags.writeable = False
        bytes_ = np.zeros(x.nbytes + 1, np.uint8)
        unaligned = bytes_[1:].view(np.float64).reshape(4, 6)
        unaligned[:] = x
        layouts = [x, np.asfortranarray(x), x[::-1, ::-1], fixed, unaligned, np.repeat(x, 2, axis=1)[:, ::2]]
        layouts += [np.broadcast_to(x[0], (4, 6)), np.frombuffer(x.tobytes()).reshape(4, 6)]
        for layout in layouts:
            expected, found = (g(layout, np.ones((4, 6))) for g in (f.__wrapped__, f))
            self.assertTrue(alike(found, expected))
        self.assertFalse(f.fallbacks)
        self.assertEqual(f.stats.copies, 0)
        packed = np.zeros((4, 6), np.dtype([("tag", "i1"), ("x", "f8")]))
        packed["x"] = x
        expected, found = (g(packed["x"], np.ones((4, 6))) for g in (f.__wrapped__, f))
        self.assertTrue(alike(found, expected))
        self.assertEqual(f.stats.copies, 1)

    def test_reshapes_that_may_copy(self):
        def f(x, n):
            return x.reshape(-1), x[1:].reshape(n, 1, -1)[0], x.reshape(-1).reshape(n, -1)

        x = np.arange(24.0).reshape(4, 6)
        for layout in (x, x.T, x[:, ::2], x[::-1], x[::2, 3:]):
            expected, found = f(layout, 1), npir.jit(f, strict=True)(layout, 1)
            self.assertTrue(alike(found, expected))
            for a, b in zip(found, expected):
                self.assertEqual(np.shares_memory(a, layout), np.shares_memory(b, layout))

    def test_results_share_memory_as_in_numpy(self):
        @dataclasses.dataclass
        class Pair:
            whole: np.ndarray
            part: np.ndarray

        def f(x, n):
            a, b = x * 2, x + 1
            return a, a, [a.T, a[n:, ::2]], {"row": a[-1]}, Pair(b, b.reshape(-1)), b[0].copy()

        compiled = npir.jit(f)
        for n in (1, 2, 0):
            results = [g(np.arange(12.0).reshape(3, 4), n) for g in (f, compiled)]
            for a, same, (t, part), row, pair, copied in results:
                self.assertIs(a, same)
                a[:] = 7
                pair.part[1] = -1
                self.assertTrue((t == 7).all() and (part == 7).all() and (row["row"] == 7).all())
                self.assertEqual(pair.whole[0, 1], -1)
                self.assertEqual(copied[1], 2)
            self.assertTrue(alike(results[0][2], results[1][2]))
        self.assertFalse(compiled.fallbacks)

    def test_memory_is_given_back(self):
        compiled, x = npir.jit(twice), np.ones(1 << 20)

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        compiled(x)
        before = resident()
        for _ in range(200):
            compiled(x)
        self.assertLess(resident() - before, 5 * x.nbytes)


def twice(x):
    return x * 2


class Calls(unittest.TestCase):
    def test_all_ways_to_call(self):
        @npir.jit
        def f(a, b=2.0, *rest, c=1.0, **more):
            return a * b + c + sum(rest) + more.get("d", 0.0)

        @npir.jit
        def g(a, b):
            return a - b

        x = np.arange(3.0)
        calls = [
            ((x,), {}),
            ((x, 3.0), {}),
            ((x, 3.0, 4.0, 5.0), {"c": 2.0}),
            ((x,), {"d": 1.5}),
            ((), {"b": 1.0, "a": x}),
        ]
        for args, keywords in calls * 2:
            np.testing.assert_array_equal(f(*args, **keywords), f.__wrapped__(*args, **keywords))
        for _ in range(2):
            np.testing.assert_array_equal(g(x, b=x), x - x)
            np.testing.assert_array_equal(g(b=x, a=x * 2), x)
            np.testing.assert_array_equal(list(map(g, [x], [x * 3])), [-2 * x])
            with self.assertRaisesRegex(TypeError, "missing 1 required positional argument: 'b'"):
                g(x)
            with self.assertRaisesRegex(TypeError, "takes 2 positional arguments but 3 were given"):
                g(x, x, x)
            with self.assertRaisesRegex(TypeError, "unexpected keyword argument 'z'"):
                g(x, z=1)

    def test_functions_are_freed(self):
        compiled = npir.jit(lambda x: x + 1)
        compiled(np.ones(2))
        gone = weakref.ref(compiled)
        compiled.itself = compiled
        del compiled
        gc.collect()
        self.assertIsNone(gone())


class Surroundings(unittest.TestCase):
    def test_a_global_that_changes(self):
        global FACTOR
        compiled = npir.jit(scaled, strict=True)
        x = np.ones(2)
        np.testing.assert_array_equal(compiled(x), [2, 2])
        try:
            FACTOR = 3.0
            np.testing.assert_array_equal(compiled(x), [3, 3])
        finally:
            FACTOR = 2.0
        self.assertEqual(compiled.compilations, 2)

    def test_a_variable_around_that_changes(self):
        k = 2.0

        def f(x):
            return x * k

        compiled = npir.jit(f, strict=True)
        np.testing.assert_array_equal(compiled(np.ones(2)), [2, 2])
        k = 5.0
        np.testing.assert_array_equal(compiled(np.ones(2)), [5, 5])

    def test_containers_from_outside_are_what_they_are_in_each_call(self):
        def f(x):
            return x * len(TABLE)

        compiled = npir.jit(f, strict=True)
        np.testing.assert_array_equal(compiled(np.ones(1)), [3])
        TABLE.append(4)
        try:
            np.testing.assert_array_equal(compiled(np.ones(1)), [4])
        finally:
            TABLE.pop()

    def test_functions_without_source(self):
        names = {}
        exec("def f(x):\n    return x + 1", names)
        compiled = npir.jit(names["f"])
        np.testing.assert_array_equal(compiled(np.ones(1)), [2])
        self.assertIn("not at hand", compiled.fallbacks[0])


class Reasons(unittest.TestCase):
    def test_what_cannot_be_compiled_runs_in_numpy_and_is_reported(self):
        def f(x):
            global where
            return np.packbits(x > 0)

        compiled = npir.jit(f)
        x = np.ones((2, 3))
        np.testing.assert_array_equal(compiled(x), [252])
        self.assertEqual(compiled.compilations, 0)
        line = f.__code__.co_firstlineno + 1
        self.assertIn(f"test_jit.py:{line}: ", compiled.fallbacks[0])

    def test_recursion_ends(self):
        def fibonacci(n):
            return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

        def f(x):
            return x * fibonacci(25)

        np.testing.assert_array_equal(npir.jit(f)(np.ones(1)), [75025])

    def test_what_was_refused_is_not_tried_again(self):
        attempts = []

        class Compiler:
            @staticmethod
            def compile(function, arguments, general, part):
                attempts.append(arguments)
                return "no reason", None

        function = npir.Jit(lambda x: x, lambda: Compiler, False)
        for x in (1, 2, 3, np.ones(2), np.ones(3), np.ones((2, 2))):
            self.assertIs(function(x), x)
        self.assertEqual(len(attempts), 3)
        self.assertEqual(function.fallbacks, ["no reason"])

    def test_strict_says_where_and_why(self):
        @npir.jit(strict=True)
        def f(x):
            return np.packbits(x > 1)

        with self.assertRaisesRegex(TypeError, r"test_jit.py:\d+: numpy.packbits"):
            f(np.ones((2, 3)))

    def test_exceptions_are_numpys(self):
        @npir.jit(strict=True)
        def add(x, y):
            return x + y

        @npir.jit(strict=True)
        def item(x, i):
            return x[i]

        @npir.jit(strict=True)
        def invert(x):
            return np.linalg.inv(x)

        # The second shape is compiled for all, which tells only when it runs.
        add(np.ones(3), np.ones(3))
        add(np.ones(4), np.ones(4))
        with self.assertRaises(ValueError):
            add(np.ones(3), np.ones(4))
        item(np.ones(3), 2)
        with self.assertRaises(IndexError):
            item(np.ones(3), 3)
        with self.assertRaises(np.linalg.LinAlgError):
            invert(np.zeros((2, 2)))


if __name__ == "__main__":
    unittest.main()
