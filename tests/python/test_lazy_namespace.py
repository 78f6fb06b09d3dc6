"""`npir.numpy` has NumPy's functions and the array API standard's, with NumPy's results."""

import copy
import inspect
import itertools
import os
import types
import unittest
import warnings

import numpy as np

import npir.numpy as lazy
from calls import CALLS
from lazy_cases import is_lazy
from test_functions import TYPES, alike, argument, tolerance, tried

ALL = bool(os.environ.get("NPIR_ALL_CALLS"))

#: The Python array API standard, 2024.12.
STANDARD = """
    e inf nan newaxis pi
    arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros
    zeros_like
    astype broadcast_arrays broadcast_to can_cast finfo iinfo isdtype result_type
    bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128
    abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_invert bitwise_or
    bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp expm1 floor floor_divide greater
    greater_equal hypot imag isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not
    logical_or logical_xor maximum minimum multiply negative nextafter not_equal positive pow real reciprocal remainder
    round sign signbit sin sinh square sqrt subtract tan tanh trunc
    take take_along_axis matmul matrix_transpose tensordot vecdot
    concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile unstack
    argmax argmin count_nonzero nonzero searchsorted where unique_all unique_counts unique_inverse unique_values
    argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all any diff
    __array_namespace_info__ __array_api_version__
    linalg.cholesky linalg.cross linalg.det linalg.diagonal linalg.eigh linalg.eigvalsh linalg.inv linalg.matmul
    linalg.matrix_norm linalg.matrix_power linalg.matrix_rank linalg.matrix_transpose linalg.outer linalg.pinv linalg.qr
    linalg.slogdet linalg.solve linalg.svd linalg.svdvals linalg.tensordot linalg.trace linalg.vecdot linalg.vector_norm
    fft.fft fft.ifft fft.fftn fft.ifftn fft.rfft fft.irfft fft.rfftn fft.irfftn fft.hfft fft.ihfft fft.fftfreq
    fft.rfftfreq fft.fftshift fft.ifftshift
""".split()

#: What arrays of the standard have.
METHODS = """
    dtype device mT ndim shape size T
    __abs__ __add__ __and__ __array_namespace__ __bool__ __complex__ __dlpack__ __dlpack_device__ __eq__ __float__
    __floordiv__ __ge__ __getitem__ __gt__ __index__ __int__ __invert__ __le__ __lshift__ __lt__ __matmul__ __mod__
    __mul__ __ne__ __neg__ __or__ __pos__ __pow__ __rshift__ __setitem__ __sub__ __truediv__ __xor__ to_device
    __iadd__ __isub__ __imul__ __itruediv__ __ifloordiv__ __ipow__ __imod__ __imatmul__ __iand__ __ior__ __ixor__
    __ilshift__ __irshift__ __radd__ __rsub__ __rmul__ __rtruediv__ __rfloordiv__ __rpow__ __rmod__ __rmatmul__ __rand__
    __ror__ __rxor__ __rlshift__ __rrshift__
""".split()

UFUNCS = sorted({f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc)} - {"isnat"})


def found_at(namespace, name):
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def computed(result):
    """NumPy's arrays for lazy ones, whose form has to be what was said before."""
    if isinstance(result, lazy.Array):
        shape, dtype = result.shape, result.dtype
        value = result.compute()
        if (np.shape(value), value.dtype) != (shape, dtype):
            raise AssertionError(f"{dtype}{shape} was said of {value!r}")
        return value
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*map(computed, result))
    if isinstance(result, (tuple, list)):
        return type(result)(map(computed, result))
    return result


def of_lazy(function):
    """A function with `npir.numpy` for NumPy."""
    return types.FunctionType(function.__code__, {**function.__globals__, "np": lazy}, function.__name__)


class Compared(unittest.TestCase):
    def compare(self, function, arguments, other=None):
        """The results of a function of NumPy's arrays and, as ``other`` if that is given, of lazy ones."""
        expected = tried(function, copy.deepcopy(arguments))
        mine = [lazy.array(a) if isinstance(a, np.ndarray) else a for a in arguments]
        found = tried(lambda *given: computed((other or function)(*given)), mine)
        if isinstance(expected, Exception):
            self.assertIs(type(found), type(expected), f"{found!r} is not {expected!r}")
            return
        self.assertNotIsInstance(found, Exception, repr(found))
        limit = max(map(tolerance, arguments), default=0.0)
        self.assertTrue(alike(found[0], expected[0], limit), f"{found[0]!r} is not {expected[0]!r}")
        left = [computed(a) for a in found[1]]
        self.assertTrue(alike(left, list(expected[1]), limit), "arguments are left different")


class Names(unittest.TestCase):
    def test_the_standard(self):
        for name in STANDARD:
            with self.subTest(name):
                found_at(lazy, name)
        self.assertIsNone(lazy.newaxis)
        for name in METHODS:
            with self.subTest(name):
                self.assertTrue(hasattr(lazy.Array, name))
        self.assertIs(lazy.zeros(2).__array_namespace__(), lazy)
        self.assertIs(lazy.zeros(2).__array_namespace__(api_version="2024.12"), lazy)
        with self.assertRaises(ValueError):
            lazy.zeros(2).__array_namespace__(api_version="1999.01")
        self.assertEqual(lazy.zeros(2).device, "cpu")
        with self.assertRaises(ValueError):
            lazy.zeros(2).to_device("gpu")

    def test_all_of_numpy(self):
        for namespace, mine in ((np, lazy), (np.linalg, lazy.linalg), (np.fft, lazy.fft)):
            for name in namespace.__all__:
                with self.subTest(name), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self.assertEqual(callable(getattr(mine, name)), callable(getattr(namespace, name)))
                    self.assertIn(name, dir(mine))
        with self.assertRaisesRegex(AttributeError, "npir.numpy"):
            lazy.nothing

    def test_attributes_of_arrays(self):
        a = np.arange(6.0).reshape(2, 3)
        x = lazy.array(a)
        for name in dir(a):
            if not name.startswith("_"):
                self.assertTrue(hasattr(x, name), name)
        for name in ("T", "mT", "real", "imag"):
            self.assertTrue(alike(computed(getattr(x, name)), getattr(a, name)))
        for name in ("shape", "ndim", "size", "itemsize", "nbytes", "strides", "dtype"):
            self.assertEqual(getattr(x, name), getattr(a, name))

    def test_what_the_standard_has_otherwise(self):
        a = np.array([[3.0, 1.0, 2.0, 1.0], [0.0, 5.0, 5.0, 4.0]])
        x = lazy.asarray(a)
        for axis in (0, 1, -1):
            order = lazy.argsort(x, axis=axis, descending=True, stable=True)
            expected = np.argsort(-a, axis=axis, stable=True)
            self.assertTrue(alike(computed(order), expected))
            self.assertTrue(alike(computed(lazy.sort(x, axis=axis, descending=True)), -np.sort(-a, axis=axis)))
        self.assertTrue(alike(computed(lazy.clip(x, 1, max=2)), np.clip(a, 1, 2)))
        self.assertTrue(alike(computed(lazy.clip(x, a_min=1, a_max=2)), np.clip(a, 1, 2)))
        frequencies = lazy.fft.fftfreq(4, d=2.0, dtype=np.float32)
        self.assertTrue(alike(computed(frequencies), np.fft.fftfreq(4, 2.0).astype(np.float32)))


class Functions(Compared):
    def test_each_call_of_each_function(self):
        every = list(itertools.product(TYPES, (False, True)))
        # Each call has the next one.
        turns = itertools.cycle(every[::7] + every[1::7] + every[2::7])
        for name, calls in CALLS.items():
            for function in calls:
                for dtype, lazy_namespace in every if ALL else [next(turns)]:
                    arguments = [argument(p, dtype) for p in inspect.signature(function).parameters]
                    with self.subTest(name, dtype=dtype, lazy_namespace=lazy_namespace):
                        self.compare(function, arguments, of_lazy(function) if lazy_namespace else None)

    def test_common_functions_wait(self):
        x = lazy.ones((3, 4)) + 1
        functions = (
            lambda x: np.sum(x, axis=0), lambda x: np.exp(x) @ x.T, lambda x: np.where(x > 1, x, 0), np.sort, np.ravel,
            lambda x: np.concatenate([x, x]), lambda x: np.linalg.svd(x)[1], lambda x: np.fft.rfft2(x), np.cumsum,
            lambda x: x[:, None] - x[None], lambda x: np.take(x, [0, 1], axis=1), lambda x: np.clip(x, 0, 1),
            lambda x: np.einsum("ij,kj->ik", x, x), lambda x: np.vstack([x, x]), lambda x: np.argmin(x, axis=1),
            lambda x: np.tile(x, 2), lambda x: np.stack([x, x], axis=-1), np.linalg.norm, np.std, np.median, np.diff,
            lambda x: np.add.reduce(x), lambda x: np.multiply.outer(x, x), lambda x: np.frexp(x)[1], np.zeros_like,
            lambda x: np.linalg.solve(x.T @ x, x[0]), lambda x: x[np.array([0, 2])], lambda x: np.tensordot(x, x, 2),
        )  # fmt: skip
        for number, function in enumerate(functions):
            self.assertTrue(is_lazy(function(x)), number)


class Ufuncs(Compared):
    def test_types_and_shapes(self):
        kinds = itertools.cycle(TYPES)
        for name in UFUNCS:
            ufunc = getattr(np, name)
            for first in TYPES if ALL else [next(kinds), next(kinds), next(kinds)]:
                second = "int64" if name == "ldexp" else next(kinds)
                operands = self.operands(ufunc, first, second)
                with self.subTest(name, types=(first, second)):
                    self.compare(lambda *given: ufunc(*given), operands)
                    self.compare(
                        lambda *given: getattr(np, name)(*given), operands, lambda *given: getattr(lazy, name)(*given)
                    )

    def test_numbers(self):
        kinds = itertools.cycle(TYPES)
        for name in UFUNCS:
            ufunc = getattr(np, name)
            if ufunc.nin == 2 and ufunc.signature is None:
                for number in (2, 1.5, True, 300, np.float32(2), 1j):
                    x = argument("x", next(kinds))
                    with self.subTest(name, number=number, dtype=x.dtype):
                        self.compare(lambda x: ufunc(x, number), [x])
                        self.compare(lambda x: ufunc(number, x), [x])

    def test_keywords_and_methods(self):
        x = argument("x", np.float64)
        i = argument("i", np.int64)
        mask = x > 1
        calls = [
            lambda x, y: np.add(x, y, dtype=np.float32),
            lambda x, y: np.add(x, y, dtype=np.float32, casting="no"),
            lambda x, y: np.add(x, y, out=y),
            lambda x, y: np.subtract(x, y, x),
            lambda x, y: np.multiply(x, 3, out=y, where=mask),
            lambda x, y: np.multiply(x[:1], 3, out=y),
            lambda x, y: np.greater(x, y, out=y),
            lambda x, y: np.modf(x, out=(y, None)),
            lambda x, y: np.divmod(x, y + 1),
            lambda x, y: np.add.reduce(x, axis=None),
            lambda x, y: np.add.reduce(x, axis=(0, 1), keepdims=True),
            lambda x, y: np.maximum.reduce(x, axis=1, initial=0),
            lambda x, y: np.add.reduce(x, where=mask),
            lambda x, y: np.add.reduce(x, out=y[0]),
            lambda x, y: np.multiply.accumulate(x, axis=1),
            lambda x, y: np.subtract.outer(x, y[0]),
            lambda x, y: np.add.reduceat(x, [0, 2]),
            lambda x, y: np.add.at(x, (i, 0), 2.5),
            lambda x, y: np.negative.at(x, i),
            lambda x, y: np.matmul(x, y.T, out=x[:, :3]),
            lambda x, y: np.matmul(x[0], y.T),
            lambda x, y: np.matmul(x, y[0]),
            lambda x, y: np.matmul(x[0], y[0]),
            lambda x, y: np.matmul(x, np.ones((2, 4, 1))),
            lambda x, y: np.vecdot(x, y, axis=0),
            lambda x, y: np.add(x, y, subok=False, order="F"),
        ]
        for number, function in enumerate(calls):
            with self.subTest(number):
                self.compare(function, [x.copy(), x.copy() + 1])
                self.compare(function, [x.copy(), x.copy() + 1], of_lazy_with(function, mask, i))

    def operands(self, ufunc, first, second):
        shapes = {"matvec": "zv", "vecmat": "vz", "vecdot": "zz", "matmul": "zz"}.get(ufunc.__name__)
        if shapes is None:
            return [argument("x", first), argument("x", second)[:1]][: ufunc.nin]
        stacks = argument("s", first), argument("s", second)
        return [z if shape == "z" else z[0].copy() for z, shape in zip(stacks, shapes)]


def of_lazy_with(function, mask, i):
    """As :func:`of_lazy`, for a function with variables around it."""
    cells = {"mask": mask, "i": i}
    closure = tuple(types.CellType(cells[name]) for name in function.__code__.co_freevars)
    return types.FunctionType(function.__code__, {**function.__globals__, "np": lazy}, "call", None, closure)


class KMeans(unittest.TestCase):
    def test_written_for_the_standard(self):
        def clusters(points, centers, rounds):
            xp = points.__array_namespace__()
            for _ in range(rounds):
                distances = xp.sum((points[:, None, :] - centers[None, :, :]) ** 2, axis=-1)
                nearest = xp.argmin(distances, axis=1)
                member = xp.astype(nearest[:, None] == xp.arange(centers.shape[0])[None, :], points.dtype)
                centers = xp.matrix_transpose(member) @ points / xp.sum(member, axis=0)[:, None]
            return centers, xp.sum(xp.min(distances, axis=1))

        rng = np.random.default_rng(0)
        points = rng.random((60, 2)) + rng.integers(0, 3, (60, 1)) * 2
        expected = clusters(points, points[:3], 5)
        found = clusters(lazy.asarray(points), lazy.asarray(points[:3]), 5)
        self.assertTrue(all(map(is_lazy, found)))
        before = lazy.stats().compilations
        self.assertTrue(alike(lazy.compute(*found), expected, 1e-9))
        self.assertEqual(lazy.stats().compilations, before + 1)


if __name__ == "__main__":
    unittest.main()
