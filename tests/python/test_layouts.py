"""Arrays that lie column by column, as data frames have them: versions of their own, and the order of results."""

import unittest

import numpy as np

import npir


def alike(x):
    return 2 * x + 1


def rows(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), x.argmin(axis=1), np.cumsum(x, axis=1)


def columns(x):
    return (x - x.mean(axis=0)) / x.std(axis=0), x.T @ x, np.ptp(x, axis=0)


def both(x):
    return (
        x[:, 0] + x.sum(axis=1),
        x[0] + x.sum(axis=0),
        np.where(x > x.mean(), x, -1),
        x.reshape(-1),
        x[::2].ravel() + 1,
    )


def beside(x, y):
    return x * y, np.maximum(x, y[0]), x - y[:, :1], (x + y.T.T).sum(axis=1)


def nearest(x, centres):
    distances = ((x[:, None] - centres[None]) ** 2).sum(axis=-1)
    labels = distances.argmin(axis=1)
    sums = np.zeros_like(centres)
    np.add.at(sums, labels, x)
    return labels, sums


def written(x, y):
    x += y
    x[1:] *= 2
    return x.sum(axis=1)


HIDDEN = np.asfortranarray(np.arange(12.0).reshape(3, 4))


def hidden(x):
    return x + HIDDEN


class Columns(unittest.TestCase):
    def agrees(self, found, expected):
        if isinstance(expected, tuple):
            self.assertEqual(len(found), len(expected))
            for pair in zip(found, expected):
                self.agrees(*pair)
            return
        self.assertEqual((found.dtype, found.shape), (expected.dtype, expected.shape))
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def test_they_agree_with_numpy(self):
        rng = np.random.default_rng(1)
        for function in (alike, rows, columns, both):
            compiled = npir.jit(function, strict=True)
            for dtype in (np.float64, np.float32, np.int32):
                for shape in ((300, 40), (7, 500), (2, 2), (5, 1), (0, 3)):
                    if 0 in shape and function is not alike:
                        continue
                    with self.subTest(function=function.__name__, dtype=dtype, shape=shape):
                        x = (9 * rng.random(shape)).astype(dtype, order="F")
                        self.agrees(compiled(x), function(x))
                        self.agrees(compiled(x.copy(order="C")), function(x))

    def test_more_axes(self):
        def f(x, y):
            return (
                x.sum(axis=(0, 2)),
                (x + y).max(axis=1),
                x.transpose(1, 0, 2).argmax(axis=0),
                np.exp(x).swapaxes(0, 2),
            )

        compiled = npir.jit(f, strict=True)
        x, y = np.random.default_rng(2).random((2, 6, 50, 20))
        for order in ("FF", "FC", "CF"):
            arguments = [np.asarray(a, order=o) for a, o in zip((x, y), order)]
            self.agrees(compiled(*arguments), f(*arguments))
        part = np.asfortranarray(x)[::2, :, 1:]
        self.agrees(compiled(part, y[::2, :, 1:]), f(part, y[::2, :, 1:]))

    def test_beside_rows(self):
        x, y = np.random.default_rng(3).random((2, 70, 90))
        for function in (beside, nearest):
            compiled = npir.jit(function, strict=True)
            for order in ("FF", "FC", "CF", "CC"):
                arguments = [np.asarray(a, order=o) for a, o in zip((x, y), order)]
                self.agrees(compiled(*arguments), function(*arguments))

    def test_each_order_has_its_version(self):
        compiled = npir.jit(rows, strict=True)
        x = np.random.default_rng(4).random((30, 20))
        for _ in range(2):
            for array in (x, np.asfortranarray(x), x[::-1], np.asfortranarray(x)[:, ::2]):
                self.agrees(compiled(array), rows(array))
        # Rows and what is no whole array share one, for the latter lie anyhow; so the last shape makes one for any.
        self.assertEqual(compiled.compilations, 3)

    def test_they_are_written_to(self):
        y = np.random.default_rng(5).random((6, 4))
        compiled = npir.jit(written, strict=True)
        for order in "FC":
            ours, theirs = (np.ones((6, 4), order=order) for _ in range(2))
            self.agrees(compiled(ours, y), written(theirs, y))
            np.testing.assert_array_equal(ours, theirs)

    def test_arrays_outside_of_the_function(self):
        self.agrees(npir.jit(hidden, strict=True)(np.ones((3, 4))), hidden(np.ones((3, 4))))

    def test_small_and_one_dimension(self):
        compiled = npir.jit(alike, strict=True)
        for x in (np.float64(2), np.array(3.0), np.arange(4.0), np.ones((1, 5), order="F"), np.ones((5, 1), order="F")):
            self.agrees(np.asarray(compiled(x)), np.asarray(alike(x)))

    def test_the_program_sees_its_own_axes(self):
        def f(x, labels):
            return x[labels, 0]

        x = np.asfortranarray(np.ones((5, 3)))
        with self.assertRaisesRegex(IndexError, "5"):
            npir.jit(f, strict=True)(x, np.array([7]))
        with self.assertRaisesRegex(TypeError, r"\(5, 3\) and \(4,\)"):
            npir.jit(lambda x, y: x + y, strict=True)(x, np.ones(4))


class Results(unittest.TestCase):
    def test_an_order_that_is_asked_for(self):
        functions = {
            "C": [
                lambda x: np.ascontiguousarray(np.exp(x)),
                lambda x: np.copy(x.T, order="C"),
                lambda x: np.exp(x).T.copy(),
                lambda x: np.array(x + 1, order="C"),
                lambda x: np.zeros(x.shape),
            ],
            "F": [
                lambda x: np.asfortranarray(np.exp(x)),
                lambda x: np.copy(x, order="F"),
                lambda x: np.zeros(x.shape, order="F"),
            ],
        }
        x = np.random.default_rng(6).random((30, 20))
        for order, listed in functions.items():
            for i, function in enumerate(listed):
                for array in (x, np.asfortranarray(x), x[::2, ::3]):
                    with self.subTest(order=order, function=i, strides=array.strides):
                        found = npir.jit(function, strict=True)(array)
                        np.testing.assert_allclose(found, function(array), rtol=1e-14)
                        self.assertTrue(found.flags[f"{order}_CONTIGUOUS"])

    def test_functions_keep_columns(self):
        x = np.asfortranarray(np.random.default_rng(7).random((30, 20)))
        self.assertTrue(npir.jit(lambda x: np.exp(x) * 2, strict=True)(x).flags.f_contiguous)


if __name__ == "__main__":
    unittest.main()
