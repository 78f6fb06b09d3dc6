"""`npir.numpy`: what is computed when, and what arrays are."""

import copy
import gc
import pathlib
import pickle
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import numpy as np

import npir
import npir.numpy as lazy
from lazy_cases import alike, is_lazy


def arrays():
    rng = np.random.default_rng(0)
    return rng.random((4, 6)), rng.random((4, 6))


class Laziness(unittest.TestCase):
    def test_nothing_is_computed_before_a_value_is_needed(self):
        a, b = arrays()
        x = lazy.asarray(a)
        y = (np.sin(x) * 2 + lazy.asarray(b)).sum(axis=0)[1:].reshape(5, 1).T
        before = lazy.stats().compilations
        self.assertTrue(is_lazy(y))
        self.assertEqual((y.shape, y.dtype, y.ndim, y.size, len(y), y.nbytes), ((1, 5), np.float64, 2, 5, 1, 40))
        self.assertEqual(lazy.stats().compilations, before)
        np.testing.assert_allclose(y.compute(), (np.sin(a) * 2 + b).sum(axis=0)[1:].reshape(5, 1).T)
        self.assertEqual(lazy.stats().compilations, before + 1)

    def test_what_needs_values(self):
        a, _ = arrays()

        def sums():
            return lazy.asarray(a).sum()

        needs = [
            float, int, bool, complex, str, repr, lambda x: f"{x:.3f}", lambda x: x.item(), lambda x: x.tolist(),
            np.asarray, lambda x: x.compute(), lambda x: 1 if x > 2 else 2, pickle.dumps, lambda x: x.__dlpack__(),
            lambda x: x.strides, lambda x: x.flags,
        ]  # fmt: skip
        for need in needs:
            x = sums()
            need(x)
            self.assertFalse(is_lazy(x) and need is not needs[11], need)
        self.assertEqual(f"{sums():.3f}", f"{a.sum():.3f}")
        self.assertEqual(range(9)[lazy.asarray(a).argmax() // 5], a.argmax() // 5)
        self.assertEqual([float(v) for v in lazy.asarray(a)[0] + 1], list(a[0] + 1))
        self.assertEqual(repr(lazy.zeros(2) + 1), "Array([1., 1.])")

    def test_an_equal_structure_is_compiled_once(self):
        for k in range(5):
            a = np.random.default_rng(k).random((7, 3))
            x = lazy.asarray(a)
            y = (x[k % 3 : k % 3 + 2] * (k + 0.5)).mean()
            self.assertAlmostEqual(float(y), (a[k % 3 : k % 3 + 2] * (k + 0.5)).mean())
            if k == 1:
                before = lazy.stats().compilations
        self.assertLessEqual(lazy.stats().compilations - before, 1)
        x = lazy.asarray(a)
        before = lazy.stats().compilations
        for _ in range(3):
            (x[:2] * 1.5).mean().compute()
        self.assertLessEqual(lazy.stats().compilations - before, 1)

    def test_what_a_variable_holds_is_computed_once(self):
        x = lazy.asarray(arrays()[0])
        y = np.exp(x)
        z = y + 1
        float(z.sum())
        self.assertFalse(is_lazy(y))
        self.assertFalse(is_lazy(z))
        w = np.exp(x) + 1
        float((w * 2).sum())
        self.assertFalse(is_lazy(w))

    def test_several_in_one_program(self):
        a, b = arrays()
        x = lazy.asarray(a)
        common = np.sqrt(x)
        p, q = common + b, common - b
        del common
        before = lazy.stats().compilations
        first, second, third = lazy.compute(p, q, 3)
        self.assertEqual(lazy.stats().compilations, before + 1)
        np.testing.assert_allclose(first, np.sqrt(a) + b)
        np.testing.assert_allclose(second, np.sqrt(a) - b)
        self.assertEqual(third, 3)
        self.assertIs(type(lazy.compute(x.sum())), np.float64)

    def test_operands_go_when_values_are_there(self):
        x = lazy.asarray(arrays()[0])
        y = x + 1
        node = y._storage.node
        y.compute()
        self.assertEqual((node.arguments, node.keywords), ((), ()))
        del x, y, node
        gc.collect()

    def test_long_chains_are_cut(self):
        x = lazy.zeros(4)
        before = lazy.stats().compilations
        for k in range(3000):
            x = x * 0.5 + k
        expected = np.zeros(4)
        for k in range(3000):
            expected = expected * 0.5 + k
        np.testing.assert_allclose(x.compute(), expected)
        self.assertLess(lazy.stats().compilations - before, 8)

    def test_many_writes(self):
        x, expected = lazy.zeros(50), np.zeros(50)
        before = lazy.stats().compilations
        for k in range(50):
            x[k] = k * 2
            expected[k] = k * 2
        self.assertTrue(alike(x, expected))
        self.assertLess(lazy.stats().compilations - before, 8)

    def test_shapes_that_depend_on_values(self):
        a, _ = arrays()
        x = lazy.asarray(a)
        self.assertTrue(alike(x[x > 0.5], a[a > 0.5]))
        self.assertTrue(alike(np.nonzero(x > 0.5), np.nonzero(a > 0.5)))
        self.assertTrue(alike(np.unique(np.round(x, 1)), np.unique(np.round(a, 1))))


class Kinds(unittest.TestCase):
    def test_scalars_and_arrays_without_axes(self):
        scalar, array = lazy.asarray([1, 2]).sum(), lazy.asarray(3)
        self.assertIs(type(scalar.compute()), np.int64)
        self.assertIs(type(array.compute()), np.ndarray)
        # A scalar is another one, an array is written to and keeps its type.
        other = scalar
        scalar += 1.5
        self.assertEqual((float(other), float(scalar), scalar.dtype), (3.0, 4.5, np.float64))
        with self.assertRaises(np._core._exceptions.UFuncTypeError):
            array += 1.5
        with self.assertRaises(TypeError):
            scalar[()] = 1

    def test_other_elements_are_numpys(self):
        for array in (
            np.array(["a", "bc"]),
            np.array([1, None]),
            np.array(["2020-01-01"], "M8[D]"),
            np.arange(3.0, dtype=">f8"),
        ):
            x = lazy.asarray(array)
            self.assertEqual((x.shape, x.dtype), (array.shape, array.dtype))
            self.assertEqual((x == array).tolist(), (array == array).tolist())
            self.assertEqual(x[0:1].tolist(), array[0:1].tolist())

    def test_copies_and_pickles(self):
        a, _ = arrays()
        x = lazy.array(a) + 1
        for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.copy()):
            other[0] = 9
            self.assertTrue(alike(x, a + 1))
            self.assertEqual(float(other[0, 0]), 9)
        self.assertIs(pickle.loads(pickle.dumps(lazy.add)).__wrapped__, np.add)

    def test_it_is_made_by_functions(self):
        with self.assertRaisesRegex(TypeError, "asarray"):
            lazy.Array()
        with self.assertRaises(TypeError):
            hash(lazy.zeros(2))

    def test_other_classes_decide(self):
        class Other:
            __array_ufunc__ = None

            def __radd__(self, other):
                return "other"

        class Known:
            def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
                return ufunc.__name__

        self.assertEqual(lazy.zeros(2) + Other(), "other")
        self.assertEqual(np.add(lazy.zeros(2), Known()), "add")
        with self.assertRaises(TypeError):
            lazy.zeros(2) + object()

    def test_operands_of_numpy(self):
        a, _ = arrays()
        x = lazy.asarray(a)
        for found, expected in (
            (a + x, a + a),
            (np.float32(2) * x, np.float32(2) * a),
            (2 - x, 2 - a),
            (a[0] @ x.T, a[0] @ a.T),
        ):
            self.assertIs(type(found), lazy.Array)
            self.assertTrue(alike(found, expected))
        target = a.copy()
        target += x
        np.testing.assert_array_equal(target, a + a)
        np.multiply(x, 2, out=target)
        np.testing.assert_array_equal(target, a * 2)


class Memory(unittest.TestCase):
    def test_views_see_what_is_written(self):
        for evaluated in (False, True):
            with self.subTest(evaluated=evaluated):
                x = lazy.zeros((4, 4))
                row, column, transposed, flat = x[1], x[:, 2], x.T, x.reshape(16)
                before = x + 1
                if evaluated:
                    str(x)
                row += 2
                column[...] = 5
                transposed[3, 0] = 7
                flat[15] = 9
                expected = np.zeros((4, 4))
                expected[1] += 2
                expected[:, 2] = 5
                expected[0, 3], expected[3, 3] = 7, 9
                self.assertIs(is_lazy(x), not evaluated)
                for view, values in (
                    (x, expected),
                    (row, expected[1]),
                    (column, expected[:, 2]),
                    (transposed, expected.T),
                    (flat, expected.reshape(16)),
                    (before, np.ones((4, 4))),
                ):
                    self.assertTrue(alike(view, values))

    def test_memory_of_numpy_is_written_at_once(self):
        a = np.arange(6.0)
        x, again = lazy.asarray(a), lazy.asarray(a[::2])
        before, before_again = x * 2, again * 2
        x[0] = 9
        x += 1
        np.testing.assert_array_equal(a, [10, 2, 3, 4, 5, 6])
        self.assertTrue(alike(again, np.array([10.0, 3, 5])))
        self.assertTrue(alike(before, np.arange(6.0) * 2))
        self.assertTrue(alike(before_again, np.arange(0, 6.0, 2) * 2))

    def test_memory_that_was_taken_out_is_the_arrays(self):
        x = lazy.zeros(4) + 1
        memory = x.compute()
        x[1:] *= 3
        np.testing.assert_array_equal(memory, [1, 3, 3, 3])
        memory[0] = 8
        self.assertEqual(float(x[0]), 8)
        self.assertIs(np.asarray(x), memory)

    def test_what_is_written_to_is_read_before(self):
        x = lazy.asarray(np.arange(4.0))
        for write in (
            lambda out: np.add(x, 1, out),
            lambda out: np.cumsum(x, 0, None, out),
            lambda out: np.add.reduce(np.ones((2, 4)), 0, None, out),
            lambda out: np.copyto(out, x),
            lambda out: out.__setitem__(slice(None), x),
        ):
            out = lazy.asarray(np.zeros(4))
            before = out + 1
            write(out)
            self.assertTrue(alike(before, np.ones(4)))
            self.assertNotEqual(float(out.sum()), 0)

    def test_copies_are_not_written_through(self):
        a = np.zeros(3)
        x = lazy.array(a)
        x += 1
        y = lazy.asarray(x)
        y += 1
        self.assertTrue(alike(x, np.full(3, 2.0)))
        np.testing.assert_array_equal(a, np.zeros(3))

    def test_read_only_memory(self):
        a = np.zeros(3)
        a.flags.writeable = False
        x = lazy.asarray(a)
        for write in (lambda: x.__setitem__(0, 1), lambda: x.__iadd__(1), lambda: x.sort()):
            with self.assertRaisesRegex(ValueError, "read-only"):
                write()


class Errors(unittest.TestCase):
    def test_errors_are_numpys_and_at_the_call(self):
        calls = [
            lambda x: x + np.ones(5),
            lambda x: x @ x,
            lambda x: x.sum(axis=2),
            lambda x: x.reshape(5, 5),
            lambda x: x[7],
            lambda x: x[1, 2, 3],
            lambda x: x[1.5],
            lambda x: x.astype("nothing"),
            lambda x: x.astype(np.int8, casting="safe"),
            lambda x: np.concatenate([x, x[0]]),
            lambda x: np.stack([x, x[0]]),
            lambda x: np.transpose(x, (0, 0)),
            lambda x: np.squeeze(x, axis=0),
            lambda x: np.linalg.inv(x),
            lambda x: np.sum(x, nonsense=1),
            lambda x: np.add(x),
            lambda x: x & x,
            lambda x: np.broadcast_to(x, (3, 3)),
            lambda x: np.expand_dims(x, 5),
            lambda x: x.astype(np.uint8) + 300,
            lambda x: np.where(x > 1, x, np.ones(3)),
            lambda x: np.take(x, 2, axis=4),
            lambda x: np.sort(x, axis=3),
            lambda x: x.__setitem__(slice(0, 2), np.ones(3)),
            lambda x: x.__setitem__((9, 9), 1),
            lambda x: np.broadcast_to(x[0], (2, 6)).__setitem__(0, 1),
            lambda x: np.diagonal(x).__setitem__(0, 1),
            lambda x: x.astype(np.int64).__iadd__(0.5),
            lambda x: len(x.sum() * np.ones(())),
            lambda x: x.sort(axis=5),
            lambda x: np.fft.fft(x, axis=4),
            lambda x: x[np.array([0.5])],
            lambda x: np.add(x, x, out=np.ones(3)),
            lambda x: np.max(x[:0], axis=0),
            lambda x: x.swapaxes(0, 3),
            lambda x: np.einsum("ij,jk", x, x),
        ]
        a, _ = arrays()
        for number, function in enumerate(calls):
            with self.subTest(number):
                with self.assertRaises(Exception) as expected:
                    function(a.copy())
                with self.assertRaises(type(expected.exception)) as found:
                    function(lazy.array(a))
                self.assertEqual(str(found.exception), str(expected.exception))

    def test_errors_of_values_come_with_the_values(self):
        x = lazy.zeros((3, 3))
        inverse = np.linalg.inv(x)
        with self.assertRaises(np.linalg.LinAlgError):
            inverse.compute()
        taken = x[lazy.asarray([0, 5])]
        with self.assertRaises(IndexError):
            taken.compute()
        self.assertTrue(alike(x, np.zeros((3, 3))))

    def test_what_runs_in_numpy_is_said(self):
        x = lazy.asarray(np.ones(3, bool))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            np.angle(x).compute()
        self.assertEqual([warning.category for warning in caught], [npir.FallbackWarning])
        self.assertTrue(any("numpy.angle" in text for text in lazy.stats().fallbacks))


class Elsewhere(unittest.TestCase):
    def test_threads(self):
        x = lazy.asarray(arrays()[0])
        y = np.exp(x) + 1
        found = []
        threads = [threading.Thread(target=lambda k=k: found.append((y * k).compute())) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected = np.exp(arrays()[0]) + 1
        self.assertEqual(len(found), 8)
        for value in found:
            k = round(float(value[0, 0] / expected[0, 0]))
            np.testing.assert_allclose(value, expected * k)

    def test_dlpack_and_buffers(self):
        x = lazy.arange(6).reshape(2, 3) + 1
        np.testing.assert_array_equal(np.from_dlpack(x), np.arange(6).reshape(2, 3) + 1)
        self.assertEqual(lazy.from_dlpack(np.arange(3)).tolist(), [0, 1, 2])
        self.assertEqual(x.__dlpack_device__(), np.zeros(1).__dlpack_device__())
        self.assertEqual(bytes(x.data), x.compute().tobytes())

    def test_another_process_compiles_nothing(self):
        code = "import npir.numpy as np; print(float((np.arange(5.0) * 3).sum()), np.stats().compilations, np.stats().cache_hits)"
        with tempfile.TemporaryDirectory() as folder:
            found = []
            for _ in range(2):
                environment = {"NPIR_CACHE_DIR": folder, "PYTHONPATH": ":".join(sys.path)}
                done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                found.append(done.stdout.split())
        self.assertEqual(found, [["30.0", "1", "0"], ["30.0", "0", "1"]])

    def test_the_example(self):
        example = pathlib.Path(__file__).parents[2] / "examples/python/lazy.py"
        environment = {"NPIR_CACHE_DIR": "", "PYTHONPATH": ":".join(sys.path)}
        done = subprocess.run([sys.executable, example], env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("compiled again: 0, in NumPy: []", done.stdout)

    def test_it_is_imported_when_it_is_used(self):
        code = "import sys, npir; assert 'npir.numpy' not in sys.modules; npir.numpy.zeros; assert 'npir.numpy' in sys.modules"
        done = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
