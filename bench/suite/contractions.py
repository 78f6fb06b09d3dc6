"""Products of matrices and what goes with them: distances, networks, decompositions."""

import numpy as np
from catalog import prange, program


def normal(rng, dtype, *shape):
    return rng.standard_normal(shape).astype(dtype)


def product_inputs(rng, dtype, n, k, m):
    return normal(rng, dtype, n, k), normal(rng, dtype, k, m)


def product_flops(a, b):
    return 2.0 * a.shape[0] * a.shape[1] * b.shape[1]


BOTH = ("float64", "float32")


@program(
    sizes={
        "2048": (2048, 2048, 2048),
        "200000x16x64": (200_000, 16, 64),
        "4096x64x4096": (4096, 64, 4096),
        "256": (256, 256, 256),
    },
    small=(30, 20, 25),
    dtypes=BOTH,
    inputs=product_inputs,
    kind="contraction",
    flops=product_flops,
)
def matmul(a, b):
    return a @ b


@program(
    sizes={"": (1500, 1500, 1500)},
    small=(30, 20, 25),
    inputs=lambda rng, dtype, n, k, m: (normal(rng, dtype, n, k), normal(rng, dtype, m, k)),
    kind="contraction",
    flops=lambda a, b: 2.0 * a.shape[0] * a.shape[1] * b.shape[0],
)
def matmul_transposed(a, b):
    return a @ b.T


@program(
    sizes={"": (256, 128, 128, 128)},
    small=(5, 20, 10, 30),
    inputs=lambda rng, dtype, s, n, k, m: (normal(rng, dtype, s, n, k), normal(rng, dtype, s, k, m)),
    kind="contraction",
    flops=lambda a, b: 2.0 * a.size * b.shape[2],
)
def matmul_batched(a, b):
    return a @ b


def matvec_loops(a, x):
    out = np.empty(a.shape[0])
    for i in prange(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * x[j]
        out[i] = total
    return out


@program(
    sizes={"": (4000, 4000)},
    small=(30, 20),
    inputs=lambda rng, dtype, n, m: (normal(rng, dtype, n, m), normal(rng, dtype, m)),
    kind="memory",
    loops=matvec_loops,
)
def matvec(a, x):
    return a @ x


@program(
    sizes={"": (2048, 1024)},
    small=(30, 20),
    dtypes=BOTH,
    inputs=lambda rng, dtype, n, d: (
        normal(rng, dtype, n, d),
        *(normal(rng, dtype, *shape) for shape in ((d, d), (d,), (d, d), (d,), (d, d // 4), (d // 4,))),
    ),
    kind="contraction",
    flops=lambda x, a, p, b, q, c, r: 2.0 * len(x) * (a.size + b.size + c.size),
)
def mlp(x, a, p, b, q, c, r):
    x = np.maximum(x @ a + p, 0)
    x = np.maximum(x @ b + q, 0)
    return x @ c + r


@program(
    sizes={"": (8, 512, 64)},
    small=(2, 20, 8),
    dtypes=BOTH,
    inputs=lambda rng, dtype, *shape: tuple(normal(rng, dtype, *shape) for _ in range(3)),
    kind="contraction",
    flops=lambda q, k, v: 4.0 * q.size * k.shape[1],
)
def attention(q, k, v):
    scores = q @ np.swapaxes(k, 1, 2) / np.sqrt(q.shape[2]).astype(q.dtype)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v


def pairwise_loops(x, y):
    out = np.empty((len(x), len(y)))
    for i in prange(len(x)):
        for j in range(len(y)):
            total = 0.0
            for k in range(x.shape[1]):
                total += (x[i, k] - y[j, k]) ** 2
            out[i, j] = np.sqrt(total)
    return out


def pairwise_inputs(rng, dtype, n, m, d):
    return normal(rng, dtype, n, d), normal(rng, dtype, m, d)


@program(
    sizes={"": (2000, 2000, 32)},
    small=(30, 20, 5),
    inputs=pairwise_inputs,
    kind="compute",
    loops=pairwise_loops,
)
def pairwise(x, y):
    return np.sqrt(((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2))


def manhattan_loops(x, y):
    out = np.empty((len(x), len(y)))
    for i in prange(len(x)):
        for j in range(len(y)):
            total = 0.0
            for k in range(x.shape[1]):
                total += abs(x[i, k] - y[j, k])
            out[i, j] = total
    return out


@program(
    sizes={"": (2000, 2000, 16)},
    small=(30, 20, 5),
    inputs=pairwise_inputs,
    kind="compute",
    loops=manhattan_loops,
)
def manhattan(x, y):
    return np.abs(x[:, None, :] - y[None, :, :]).sum(axis=-1)


def rbf_loops(x, y, gamma):
    out = np.empty((len(x), len(y)))
    for i in prange(len(x)):
        for j in range(len(y)):
            total = 0.0
            for k in range(x.shape[1]):
                total += (x[i, k] - y[j, k]) ** 2
            out[i, j] = np.exp(-gamma * total)
    return out


@program(
    sizes={"": (2000, 2000, 32)},
    small=(30, 20, 5),
    inputs=lambda rng, dtype, *shape: (*pairwise_inputs(rng, dtype, *shape), 0.02),
    kind="compute",
    loops=rbf_loops,
)
def rbf_kernel(x, y, gamma):
    squares = (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2 * (x @ y.T)
    return np.exp(-gamma * np.maximum(squares, 0))


@program(
    sizes={"": (100_000, 64)},
    small=(50, 6),
    inputs=lambda rng, dtype, n, d: (normal(rng, dtype, n, d),),
    kind="contraction",
    flops=lambda x: 1.0 * len(x) * x.shape[1] * (x.shape[1] + 1),
)
def covariance(x):
    centred = x - x.mean(axis=0)
    return centred.T @ centred / (len(x) - 1)


def logistic_loops(x, y, steps, rate):
    n, d = x.shape
    w = np.zeros(d)
    for _ in range(steps):
        gradient = np.zeros(d)
        for i in range(n):
            total = 0.0
            for j in range(d):
                total += x[i, j] * w[j]
            error = 1 / (1 + np.exp(-total)) - y[i]
            for j in range(d):
                gradient[j] += x[i, j] * error
        w -= rate / n * gradient
    return w


@program(
    sizes={"": (100_000, 32, 10)},
    small=(50, 6, 3),
    inputs=lambda rng, dtype, n, d, steps: (
        normal(rng, dtype, n, d),
        (rng.random(n) < 0.5).astype(dtype),
        steps,
        0.5,
    ),
    kind="memory",
    moved=lambda x, y, steps, rate: steps * (x.nbytes + y.nbytes),
    loops=logistic_loops,
)
def logistic_regression(x, y, steps, rate):
    w = np.zeros(x.shape[1])
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(x @ w))) - y
        w = w - rate / len(x) * (x.T @ error)
    return w


def positive(rng, dtype, n):
    a = normal(rng, dtype, n, n)
    return (a @ a.T / n + np.eye(n, dtype=dtype),)


@program(
    sizes={"": (2048,)},
    small=(20,),
    inputs=positive,
    kind="contraction",
    flops=lambda a: len(a) ** 3 / 3,
)
def cholesky(a):
    return np.linalg.cholesky(a)


@program(
    sizes={"": (1000, 200)},
    small=(20, 5),
    inputs=lambda rng, dtype, n, m: (*positive(rng, dtype, n), normal(rng, dtype, n, m)),
    kind="contraction",
    flops=lambda a, b: 2 / 3 * len(a) ** 3 + 2.0 * b.size * len(a),
    tolerance={"float64": 1e-7},
)
def solve(a, b):
    return np.linalg.solve(a, b)
