"""Computations on the same rows, which run block by block: more rows than a block has, and a last block that is short."""

import unittest

import numpy as np

import npir


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def layer_norm(x, gain, bias):
    mean = x.mean(axis=1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5) * gain + bias


def nearest(x, centres):
    distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
    return distances.argmin(axis=1), distances.min(axis=1)


def farthest_pairs(x, y):
    return np.abs(x[:, None, :] - y[None, :, :]).sum(axis=2).max(axis=1)


def own_rows(x):
    # In the argument's own memory.
    x -= x.min(axis=1, keepdims=True)
    x /= x.max(axis=1, keepdims=True) + 1
    return x.sum(axis=1)


def neighbours(x):
    # Each row needs the next one, so that all must be there.
    y = x * x
    return y[1:] - y[:-1], y.sum(axis=1)


def numbered(x):
    rows = np.arange(x.shape[0])[:, None] + x
    return rows.sum(axis=1), rows / (1 + np.abs(rows).max(axis=1, keepdims=True))


def scans(x):
    y = np.cumsum(x, axis=1)
    return y / y[:, -1:], y.argmax(axis=1)


def masked(x):
    top = x.max(axis=1)
    return np.where(x > top[:, None] / 2, x, 0.0).sum(axis=1), (x > top[:, None] / 2).any(axis=1)


def products(x, w):
    hidden = np.maximum(x @ w, 0)
    return hidden / (1 + hidden.sum(axis=1, keepdims=True)), hidden.max(axis=1)


def both_ways(x):
    y = np.exp(-x)
    return y.sum(axis=0), y.sum(axis=1)


def batches(x):
    return np.tanh(x) / (1 + np.abs(x).sum(axis=(1, 2), keepdims=True))


def shuffled(x, order):
    y = x * 2 + 1
    return y[order].sum(axis=1), y.prod(axis=1)


def attention(q, k, v):
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ v


def last_axis(x):
    y = np.exp(x - x.max(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True), x.argmin(axis=-1)


def numbered_in_stacks(x):
    rows = np.arange(x.shape[0])[:, None, None] * x + np.arange(x.shape[1])[:, None]
    return rows.sum(axis=-1), rows - rows.min(axis=-1, keepdims=True)


def neighbours_in_stacks(x):
    # Each row needs the next one of the same matrix, and the sums need all of its rows.
    y = x * x
    return y[:, 1:] - y[:, :-1], y.sum(axis=1), y.sum(axis=2)


def of_two_stacks(x, y):
    z = np.sqrt(np.abs(x @ y))
    return z - z.mean(axis=-1, keepdims=True), z.max(axis=(1, 2)), z.max(axis=2)


class Rows(unittest.TestCase):
    def agrees(self, function, *arguments, **tolerances):
        tolerances = {"rtol": 1e-10, "atol": 1e-12} | tolerances
        compiled = npir.jit(function, strict=True)
        for turn in range(2):
            ours, theirs = ([np.copy(a, order="K") for a in arguments] for _ in range(2))
            found, expected = compiled(*ours), function(*theirs)
            for a, b in zip(
                [found] if isinstance(found, np.ndarray) else found,
                expected if isinstance(found, tuple) else [expected],
            ):
                self.assertEqual((a.dtype, a.shape), (b.dtype, b.shape))
                np.testing.assert_allclose(a, b, **tolerances)
            for a, b in zip(ours, theirs):
                np.testing.assert_allclose(a, b, **tolerances)
            # The second version takes any number of rows.
            arguments = [arguments[0][: len(arguments[0]) * 3 // 4 + 1], *arguments[1:]]
        self.assertEqual(compiled.stats.compilations, 2, compiled.stats)

    def test_rows_of_all_layouts(self):
        rng = np.random.default_rng(1)
        whole = rng.random((6007, 66)) - 0.5
        layouts = {
            "C": whole[:, :33].copy(),
            "Fortran": np.asfortranarray(whole[:, :33]),
            "parts of rows": whole[:, 3:36],
            "every other column": whole[:, ::2],
            "backwards": whole[::-1, :33],
            "columns backwards": whole[:, 32::-1],
        }
        functions = (softmax, own_rows, neighbours, numbered, scans, masked, both_ways)
        for name, x in layouts.items():
            for function in functions:
                with self.subTest(function.__name__, layout=name):
                    self.agrees(function, x)

    def test_products(self):
        rng = np.random.default_rng(2)
        for rows, depth, columns in ((5003, 16, 64), (4001, 3, 5), (2050, 70, 130), (3000, 1, 100)):
            x, y = rng.random((rows, depth)) - 0.5, rng.random((columns, depth)) - 0.5
            with self.subTest(rows=rows, depth=depth, columns=columns):
                self.agrees(nearest, x, y)
                self.agrees(farthest_pairs, x, y)
                self.agrees(products, x, y.T)
                self.agrees(products, x, y.T.copy())
                self.agrees(products, x.astype(np.float32), y.T.astype(np.float32), rtol=2e-4, atol=1e-5)

    def test_element_types(self):
        rng = np.random.default_rng(3)
        x = rng.random((9001, 40)) * 100
        for dtype in (np.float32, np.float16, np.complex128, np.int32, np.uint8, np.bool_):
            with self.subTest(dtype=np.dtype(dtype).name):
                loose = {"rtol": 2e-2, "atol": 1e-1} if dtype == np.float16 else {"rtol": 1e-4, "atol": 1e-4}
                y = (x / 100).astype(dtype) if dtype == np.float16 else x.astype(dtype)
                self.agrees(shuffled, y, rng.permutation(6000)[:800], **loose)
                if np.dtype(dtype).kind == "f":
                    self.agrees(softmax, y, **loose)

    def test_normalization(self):
        rng = np.random.default_rng(4)
        for shape in ((3001, 100), (40000, 7), (20, 30011)):
            with self.subTest(shape=shape):
                self.agrees(layer_norm, rng.random(shape), rng.random(shape[1]), rng.random(shape[1]))

    def test_batches(self):
        self.agrees(batches, np.random.default_rng(5).random((2003, 9, 11)))

    def test_rows_of_stacks(self):
        rng = np.random.default_rng(6)
        for shape in ((3, 1201, 40), (2, 3, 517, 32), (7, 5, 3, 67, 9)):
            q, k, v = (rng.random((*shape[:-1], n)) for n in (shape[-1], shape[-1], 13))
            with self.subTest("attention", shape=shape):
                self.agrees_once(attention, q, k, v)
                self.agrees_once(attention, q.astype("f4"), k.astype("f4"), v.astype("f4"), rtol=2e-4, atol=1e-5)
        functions = (last_axis, numbered_in_stacks, neighbours_in_stacks)
        for shape in ((5, 3001, 40), (3001, 5, 40), (3, 3, 70001), (1, 4001, 33), (0, 400, 40)):
            x = rng.random(shape)
            layouts = {"C": x, "Fortran": np.asfortranarray(x), "backwards": x[::-1, ::-1], "swapped": x.swapaxes(0, 1)}
            for name, y in layouts.items():
                for function in functions:
                    with self.subTest(function.__name__, shape=shape, layout=name):
                        self.agrees_once(function, y)
        self.agrees(of_two_stacks, rng.random((9, 803, 20)), rng.random((20, 311)))

    def agrees_once(self, function, *arguments, **tolerances):
        tolerances = {"rtol": 1e-10, "atol": 1e-12} | tolerances
        found, expected = npir.jit(function, strict=True)(*arguments), function(*arguments)
        both = ((found,), (expected,)) if isinstance(expected, np.ndarray) else (found, expected)
        for a, b in zip(*both, strict=True):
            self.assertEqual((a.dtype, a.shape), (b.dtype, b.shape))
            np.testing.assert_allclose(a, b, **tolerances)


if __name__ == "__main__":
    unittest.main()
