"""Reductions, normalizations of rows, scans."""

import numpy as np
from catalog import prange, program


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def matrix(rng, dtype, n, m):
    return (normal(rng, dtype, n, m),)


SQUARE = {"": (4000, 4000)}


def sum_rows_loops(x):
    out = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            total += x[i, j]
        out[i] = total
    return out


def sum_all_loops(x):
    total = 0.0
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j]
    return total


def sum_columns_loops(x):
    out = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j]
    return out


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=sum_columns_loops)
def sum_columns(x):
    return x.sum(axis=0)


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=sum_rows_loops)
def sum_rows(x):
    return x.sum(axis=1)


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=sum_all_loops, expression="sum(x)")
def sum_all(x):
    return x.sum()


def variance_rows_loops(x):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total += x[i, j]
        mean = total / x.shape[1]
        total = 0.0
        for j in range(x.shape[1]):
            total += (x[i, j] - mean) ** 2
        out[i] = total / x.shape[1]
    return out


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory")
def variance_columns(x):
    return x.var(axis=0)


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=variance_rows_loops)
def variance_rows(x):
    return x.var(axis=1)


def variance_all_loops(x):
    total = 0.0
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j]
    mean = total / x.size
    total = 0.0
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            total += (x[i, j] - mean) ** 2
    return total / x.size


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=variance_all_loops)
def variance_all(x):
    return x.var()


def max_columns_loops(x):
    out = x[0].copy()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] = max(out[j], x[i, j])
    return out


def max_rows_loops(x):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        out[i] = largest
    return out


def max_all_loops(x):
    return max_rows_loops(x).max()


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=max_columns_loops)
def max_columns(x):
    return x.max(axis=0)


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=max_rows_loops)
def max_rows(x):
    return x.max(axis=1)


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", expression="max(x)")
def max_all(x):
    return x.max()


def argmax_rows_loops(x):
    out = np.empty(x.shape[0], np.int64)
    for i in prange(x.shape[0]):
        best = 0
        for j in range(x.shape[1]):
            if x[i, j] > x[i, best]:
                best = j
        out[i] = best
    return out


@program(sizes=SQUARE, small=(30, 40), inputs=matrix, kind="memory", loops=argmax_rows_loops)
def argmax_rows(x):
    return x.argmax(axis=1)


def softmax_loops(x):
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        total = x.dtype.type(0)
        for j in range(x.shape[1]):
            out[i, j] = np.exp(x[i, j] - largest)
            total += out[i, j]
        scale = 1 / total
        for j in range(x.shape[1]):
            out[i, j] *= scale
    return out


@program(
    sizes={"": (4096, 1024)},
    small=(30, 40),
    dtypes=("float64", "float32"),
    inputs=matrix,
    kind="memory",
    loops=softmax_loops,
)
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def layer_norm_loops(x, gain, shift):
    out = np.empty_like(x)
    n = x.shape[1]
    for i in prange(x.shape[0]):
        total = x.dtype.type(0)
        for j in range(n):
            total += x[i, j]
        mean = total / x.dtype.type(n)
        total = x.dtype.type(0)
        for j in range(n):
            total += (x[i, j] - mean) * (x[i, j] - mean)
        scale = x.dtype.type(1) / np.sqrt(total / x.dtype.type(n) + x.dtype.type(1e-5))
        for j in range(n):
            out[i, j] = (x[i, j] - mean) * scale * gain[j] + shift[j]
    return out


@program(
    sizes={"": (4096, 1024)},
    small=(30, 40),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, n, m: (normal(rng, dtype, n, m), normal(rng, dtype, m), normal(rng, dtype, m)),
    kind="memory",
    loops=layer_norm_loops,
)
def layer_norm(x, gain, shift):
    mean = x.mean(axis=-1, keepdims=True)
    variance = x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * gain + shift


def logsumexp_loops(x):
    out = np.empty(x.shape[0], x.dtype)
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        total = 0.0
        for j in range(x.shape[1]):
            total += np.exp(x[i, j] - largest)
        out[i] = largest + np.log(total)
    return out


@program(sizes={"": (4096, 1024)}, small=(30, 40), inputs=matrix, kind="memory", loops=logsumexp_loops)
def logsumexp(x):
    largest = x.max(axis=1)
    return largest + np.log(np.exp(x - largest[:, None]).sum(axis=1))


def cosine_loops(x, y):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        xy = xx = yy = 0.0
        for j in range(x.shape[1]):
            xy += x[i, j] * y[i, j]
            xx += x[i, j] * x[i, j]
            yy += y[i, j] * y[i, j]
        out[i] = xy / np.sqrt(xx * yy)
    return out


@program(
    sizes={"": (50_000, 128)},
    small=(30, 40),
    inputs=lambda rng, dtype, n, m: (normal(rng, dtype, n, m), normal(rng, dtype, n, m)),
    kind="memory",
    loops=cosine_loops,
)
def cosine_similarity(x, y):
    return (x * y).sum(axis=1) / (np.sqrt((x * x).sum(axis=1)) * np.sqrt((y * y).sum(axis=1)))


def standardize_loops(x):
    n, m = x.shape
    mean, variance = np.zeros(m), np.zeros(m)
    for i in range(n):
        for j in range(m):
            mean[j] += x[i, j]
    mean /= n
    for i in range(n):
        for j in range(m):
            variance[j] += (x[i, j] - mean[j]) ** 2
    scale = 1 / np.sqrt(variance / n)
    out = np.empty_like(x)
    for i in prange(n):
        for j in range(m):
            out[i, j] = (x[i, j] - mean[j]) * scale[j]
    return out


@program(sizes={"": (200_000, 32)}, small=(60, 7), inputs=matrix, kind="memory", loops=standardize_loops)
def standardize(x):
    return (x - x.mean(axis=0)) / x.std(axis=0)


def cumsum_loops(x):
    out = np.empty_like(x)
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        out[i] = total
    return out


@program(
    sizes={"": (20_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: (rng.random(n).astype(dtype),),
    kind="memory",
    loops=cumsum_loops,
)
def cumsum(x):
    return np.cumsum(x)


def rolling_mean_loops(x, width):
    out = np.empty(len(x) - width + 1)
    total = 0.0
    for i in range(width):
        total += x[i]
    out[0] = total / width
    for i in range(1, len(out)):
        total += x[i + width - 1] - x[i - 1]
        out[i] = total / width
    return out


@program(
    sizes={"": (10_000_000, 50)},
    small=(1000, 50),
    inputs=lambda rng, dtype, n, width: (rng.random(n).astype(dtype), width),
    kind="memory",
    loops=rolling_mean_loops,
)
def rolling_mean(x, width):
    sums = np.cumsum(x)
    out = np.empty(len(x) - width + 1)
    out[0] = sums[width - 1]
    out[1:] = sums[width:] - sums[:-width]
    return out / width
