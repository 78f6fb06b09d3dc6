"""Slices that are shifted against each other: stencils, convolutions, iterations in time."""

import numpy as np
from catalog import prange, program


def uniform(rng, dtype, *shape):
    return rng.random(shape).astype(dtype)


def jacobi_loops(u, steps):
    u, v = u.copy(), u.copy()
    for _ in range(steps):
        for i in prange(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                v[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1])
        u, v = v, u
    return u


@program(
    sizes={"": (1300, 100)},
    small=(30, 5),
    inputs=lambda rng, dtype, n, steps: (uniform(rng, dtype, n, n), steps),
    kind="memory",
    moved=lambda u, steps: 2 * u.nbytes,
    loops=jacobi_loops,
)
def jacobi_2d(u, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return u


def heat_loops(u, steps, alpha):
    u, v = u.copy(), u.copy()
    for _ in range(steps):
        for i in prange(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                for k in range(1, u.shape[2] - 1):
                    v[i, j, k] = u[i, j, k] + alpha * (
                        u[i - 1, j, k]
                        + u[i + 1, j, k]
                        + u[i, j - 1, k]
                        + u[i, j + 1, k]
                        + u[i, j, k - 1]
                        + u[i, j, k + 1]
                        - 6 * u[i, j, k]
                    )
        u, v = v, u
    return u


@program(
    sizes={"": (120, 50)},
    small=(12, 4),
    inputs=lambda rng, dtype, n, steps: (uniform(rng, dtype, n, n, n), steps, 0.1),
    kind="memory",
    moved=lambda u, steps, alpha: 2 * u.nbytes,
    loops=heat_loops,
)
def heat_3d(u, steps, alpha):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1, 1:-1] += alpha * (
            u[:-2, 1:-1, 1:-1]
            + u[2:, 1:-1, 1:-1]
            + u[1:-1, :-2, 1:-1]
            + u[1:-1, 2:, 1:-1]
            + u[1:-1, 1:-1, :-2]
            + u[1:-1, 1:-1, 2:]
            - 6 * u[1:-1, 1:-1, 1:-1]
        )
    return u


def wave_loops(u, steps, c):
    before, u, after = u.copy(), u.copy(), np.zeros_like(u)
    for _ in range(steps):
        for i in prange(1, len(u) - 1):
            after[i] = 2 * u[i] - before[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])
        before, u, after = u, after, before
    return u


@program(
    sizes={"": (2_000_000, 20)},
    small=(100, 4),
    inputs=lambda rng, dtype, n, steps: (uniform(rng, dtype, n), steps, 0.2),
    kind="memory",
    moved=lambda u, steps, c: 2 * u.nbytes,
)
def wave_1d(u, steps, c):
    before = u.copy()
    for _ in range(steps):
        after = 2 * u - before
        after[1:-1] += c * (u[:-2] - 2 * u[1:-1] + u[2:])
        before, u = u, after
    return u


def conv2d_loops(x, w):
    n, h, width, inputs = x.shape
    k, outputs = w.shape[0], w.shape[3]
    out = np.zeros((n, h - k + 1, width - k + 1, outputs), x.dtype)
    for b in prange(n):
        for i in range(h - k + 1):
            for j in range(width - k + 1):
                for p in range(k):
                    for q in range(k):
                        for c in range(inputs):
                            for o in range(outputs):
                                out[b, i, j, o] += x[b, i + p, j + q, c] * w[p, q, c, o]
    return out


@program(
    sizes={"": (8, 64, 5, 3, 16)},
    small=(2, 12, 3, 2, 4),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, n, h, k, c, o: (uniform(rng, dtype, n, h, h, c), uniform(rng, dtype, k, k, c, o)),
    kind="contraction",
    flops=lambda x, w: 2.0 * x.shape[0] * (x.shape[1] - len(w) + 1) * (x.shape[2] - len(w) + 1) * w.size,
    loops=conv2d_loops,
)
def conv2d(x, w):
    k = w.shape[0]
    h, width = x.shape[1] - k + 1, x.shape[2] - k + 1
    out = np.empty((x.shape[0], h, width, w.shape[3]), x.dtype)
    for i in range(h):
        for j in range(width):
            out[:, i, j, :] = np.sum(x[:, i : i + k, j : j + k, :, None] * w[None, :, :, :], axis=(1, 2, 3))
    return out


def blur_loops(image):
    out = np.empty((image.shape[0] - 2, image.shape[1] - 2), image.dtype)
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            total = image.dtype.type(0)
            for p in range(3):
                for q in range(3):
                    total += image[i + p, j + q]
            out[i, j] = total / 9
    return out


@program(
    sizes={"": (3000, 3000)},
    small=(30, 40),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, h, w: (uniform(rng, dtype, h, w),),
    kind="memory",
    loops=blur_loops,
)
def box_blur(image):
    h, w = image.shape
    total = np.zeros((h - 2, w - 2), image.dtype)
    for i in range(3):
        for j in range(3):
            total += image[i : h - 2 + i, j : w - 2 + j]
    return total / 9


def sobel_loops(image):
    out = np.empty((image.shape[0] - 2, image.shape[1] - 2), image.dtype)
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            a, b, c = image[i, j], image[i, j + 1], image[i, j + 2]
            d, f = image[i + 1, j], image[i + 1, j + 2]
            g, h, k = image[i + 2, j], image[i + 2, j + 1], image[i + 2, j + 2]
            x = (c + 2 * f + k) - (a + 2 * d + g)
            y = (g + 2 * h + k) - (a + 2 * b + c)
            out[i, j] = np.sqrt(x * x + y * y)
    return out


@program(
    sizes={"": (3000, 3000)},
    small=(30, 40),
    inputs=lambda rng, dtype, h, w: (uniform(rng, dtype, h, w),),
    kind="memory",
    loops=sobel_loops,
)
def sobel(image):
    x = (image[:-2, 2:] + 2 * image[1:-1, 2:] + image[2:, 2:]) - (
        image[:-2, :-2] + 2 * image[1:-1, :-2] + image[2:, :-2]
    )
    y = (image[2:, :-2] + 2 * image[2:, 1:-1] + image[2:, 2:]) - (
        image[:-2, :-2] + 2 * image[:-2, 1:-1] + image[:-2, 2:]
    )
    return np.sqrt(x * x + y * y)


def life_loops(cells, steps):
    cells, new = cells.copy(), cells.copy()
    for _ in range(steps):
        for i in prange(1, cells.shape[0] - 1):
            for j in range(1, cells.shape[1] - 1):
                n = (
                    cells[i - 1, j - 1]
                    + cells[i - 1, j]
                    + cells[i - 1, j + 1]
                    + cells[i, j - 1]
                    + cells[i, j + 1]
                    + cells[i + 1, j - 1]
                    + cells[i + 1, j]
                    + cells[i + 1, j + 1]
                )
                new[i, j] = 1 if n == 3 or (cells[i, j] == 1 and n == 2) else 0
        cells, new = new, cells
    return cells


@program(
    sizes={"": (2000, 10)},
    small=(30, 4),
    dtypes=("uint8",),
    inputs=lambda rng, dtype, n, steps: ((rng.random((n, n)) < 0.3).astype(dtype), steps),
    kind="memory",
    moved=lambda cells, steps: 2 * cells.nbytes,
    loops=life_loops,
)
def game_of_life(cells, steps):
    cells = cells.copy()
    for _ in range(steps):
        n = (
            cells[:-2, :-2]
            + cells[:-2, 1:-1]
            + cells[:-2, 2:]
            + cells[1:-1, :-2]
            + cells[1:-1, 2:]
            + cells[2:, :-2]
            + cells[2:, 1:-1]
            + cells[2:, 2:]
        )
        cells[1:-1, 1:-1] = (n == 3) | ((cells[1:-1, 1:-1] == 1) & (n == 2))
    return cells
