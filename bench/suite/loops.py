"""Iterations: k-means, n-body, masks with an early exit, shortest paths."""

import numpy as np
from catalog import prange, program


def clusters(rng, dtype, n, d, k, *rest):
    # So near each other that ten iterations do not settle it: scikit-learn stops where nothing changes.
    middles = rng.standard_normal((k, d)) * 0.5
    labels = rng.integers(0, k, n)
    # Begun with a row of each cluster, no centre loses all of its rows.
    labels[:k] = np.arange(k)
    x = (middles[labels] + rng.standard_normal((n, d))).astype(dtype)
    return x, x[:k].copy(), *rest


def assignment_loops(x, centres):
    labels = np.empty(len(x), np.int64)
    for i in prange(len(x)):
        best, nearest = np.inf, 0
        for j in range(len(centres)):
            total = 0.0
            for c in range(x.shape[1]):
                total += (x[i, c] - centres[j, c]) ** 2
            if total < best:
                best, nearest = total, j
        labels[i] = nearest
    return labels


@program(
    sizes={"": (200_000, 16, 64)},
    small=(100, 3, 5),
    inputs=clusters,
    kind="contraction",
    flops=lambda x, centres: 2.0 * x.size * len(centres),
    loops=assignment_loops,
)
def nearest_centre(x, centres):
    return ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)


def kmeans_loops(x, centres, iterations):
    n, d = x.shape
    k = len(centres)
    labels = np.empty(n, np.int64)
    for _ in range(iterations):
        for i in prange(n):
            best, nearest = np.inf, 0
            for j in range(k):
                total = 0.0
                for c in range(d):
                    total += (x[i, c] - centres[j, c]) ** 2
                if total < best:
                    best, nearest = total, j
            labels[i] = nearest
        sums, counts = np.zeros((k, d)), np.zeros(k)
        for i in range(n):
            counts[labels[i]] += 1
            for c in range(d):
                sums[labels[i], c] += x[i, c]
        centres = sums / counts.reshape(-1, 1)
    return centres


def sklearn_kmeans(x, centres, iterations):
    from sklearn.cluster import KMeans

    model = KMeans(len(centres), init=centres, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd", copy_x=False)
    return model.fit(x).cluster_centers_


# scikit-learn stops where nothing changes and finds the labels once more at the end; the loops do not.
@program(
    sizes={
        "200000x16x64": (200_000, 16, 64, 10),
        "50000x128x256": (50_000, 128, 256, 10),
        "1000000x2x8": (1_000_000, 2, 8, 10),
    },
    small=(200, 3, 4, 3),
    inputs=clusters,
    kind="contraction",
    flops=lambda x, centres, iterations: 2.0 * iterations * x.size * len(centres),
    loops=kmeans_loops,
    libraries={"sklearn": sklearn_kmeans},
    tolerance={"float64": 1e-6},
)
def kmeans(x, centres, iterations):
    for _ in range(iterations):
        distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
        labels = distances.argmin(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, x)
        centres = sums / np.bincount(labels, minlength=len(centres))[:, None]
    return centres


@program(
    sizes={"": (200_000, 16, 64, 5)},
    small=(200, 3, 4, 3),
    inputs=clusters,
    kind="contraction",
    flops=lambda x, centres, iterations: 2.0 * iterations * x.size * len(centres),
    loops=kmeans_loops,
    libraries={"sklearn": sklearn_kmeans},
    tolerance={"float64": 1e-6},
)
def kmeans_broadcast(x, centres, iterations):
    centres = centres.copy()
    for _ in range(iterations):
        labels = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        for j in range(len(centres)):
            centres[j] = x[labels == j].mean(axis=0)
    return centres


def mandelbrot_loops(c, limit):
    out = np.zeros(c.shape, np.int64)
    for i in prange(c.shape[0]):
        for j in range(c.shape[1]):
            x = y = 0.0
            for step in range(limit):
                x, y = x * x - y * y + c[i, j].real, 2 * x * y + c[i, j].imag
                if x * x + y * y > 4:
                    break
                out[i, j] = step + 1
    return out


def plane(rng, dtype, n, limit):
    return np.linspace(-2, 0.5, n) + 1j * np.linspace(-1.25, 1.25, n)[:, None], limit


@program(sizes={"": (1000, 100)}, small=(30, 20), inputs=plane, kind="compute", loops=mandelbrot_loops)
def mandelbrot(c, limit):
    z = np.zeros_like(c)
    counts = np.zeros(c.shape, np.int64)
    alive = np.ones(c.shape, bool)
    for _ in range(limit):
        z[alive] = z[alive] * z[alive] + c[alive]
        alive &= z.real * z.real + z.imag * z.imag <= 4
        counts[alive] += 1
    return counts


def nbody_loops(position, velocity, mass, steps, dt):
    position, velocity = position.copy(), velocity.copy()
    n = len(position)
    for _ in range(steps):
        for i in prange(n):
            ax = ay = az = 0.0
            for j in range(n):
                dx = position[j, 0] - position[i, 0]
                dy = position[j, 1] - position[i, 1]
                dz = position[j, 2] - position[i, 2]
                r2 = dx * dx + dy * dy + dz * dz + 0.01
                w = mass[j] / (r2 * np.sqrt(r2))
                ax += w * dx
                ay += w * dy
                az += w * dz
            velocity[i, 0] += dt * ax
            velocity[i, 1] += dt * ay
            velocity[i, 2] += dt * az
        for i in range(n):
            for c in range(3):
                position[i, c] += dt * velocity[i, c]
    return position


@program(
    sizes={"": (2000, 5)},
    small=(30, 3),
    inputs=lambda rng, dtype, n, steps: (
        rng.standard_normal((n, 3)).astype(dtype),
        rng.standard_normal((n, 3)).astype(dtype),
        rng.random(n).astype(dtype),
        steps,
        0.001,
    ),
    kind="compute",
    loops=nbody_loops,
)
def nbody(position, velocity, mass, steps, dt):
    for _ in range(steps):
        d = position[None, :, :] - position[:, None, :]
        r2 = (d * d).sum(axis=2) + 0.01
        w = mass[None, :] * r2**-1.5
        velocity = velocity + dt * (w[:, :, None] * d).sum(axis=1)
        position = position + dt * velocity
    return position


def shortest_loops(d):
    d = d.copy()
    n = len(d)
    for k in range(n):
        for i in prange(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])
    return d


@program(
    sizes={"": (600,)},
    small=(30,),
    inputs=lambda rng, dtype, n: (rng.random((n, n)).astype(dtype),),
    kind="compute",
    loops=shortest_loops,
)
def shortest_paths(d):
    d = d.copy()
    for k in range(len(d)):
        d = np.minimum(d, d[:, k, None] + d[k, None, :])
    return d


def newton_loops(a):
    out = np.empty_like(a)
    for i in prange(len(a)):
        x = a[i]
        for _ in range(100):
            new = x - (x * x * x - a[i]) / (3 * x * x)
            change = abs(new - x)
            x = new
            if change < 1e-12:
                break
        out[i] = x
    return out


@program(
    sizes={"": (1_000_000,)},
    small=(100,),
    inputs=lambda rng, dtype, n: (1 + 9 * rng.random(n).astype(dtype),),
    kind="compute",
    loops=newton_loops,
    tolerance={"float64": 1e-9},
)
def newton(a):
    x = a.copy()
    for _ in range(100):
        new = x - (x**3 - a) / (3 * x**2)
        change = np.abs(new - x).max()
        x = new
        if change < 1e-12:
            break
    return x
