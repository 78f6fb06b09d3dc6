"""Histograms, scatters, gathers, sorting, compaction."""

import numpy as np
from catalog import program


def labelled(rng, dtype, n, k):
    return rng.integers(0, k, n), rng.random(n).astype(dtype), k


def histogram_loops(x, bins):
    counts = np.zeros(bins, np.int64)
    for i in range(len(x)):
        counts[min(int(x[i] * bins), bins - 1)] += 1
    return counts


@program(
    sizes={"": (10_000_000, 1000)},
    small=(1000, 10),
    inputs=lambda rng, dtype, n, bins: (rng.random(n).astype(dtype), bins),
    kind="memory",
    loops=histogram_loops,
)
def histogram(x, bins):
    return np.histogram(x, bins=bins, range=(0.0, 1.0))[0]


def bincount_loops(labels, weights, k):
    out = np.zeros(k, np.int64)
    for i in range(len(labels)):
        out[labels[i]] += 1
    return out


@program(
    sizes={"1000": (10_000_000, 1000), "10M": (10_000_000, 10_000_000)},
    small=(1000, 10),
    inputs=labelled,
    kind="memory",
    moved=lambda labels, weights, k: labels.nbytes + 8 * k,
    loops=bincount_loops,
)
def bincount(labels, weights, k):
    return np.bincount(labels, minlength=k)


def scatter_loops(labels, weights, k):
    out = np.zeros(k)
    for i in range(len(labels)):
        out[labels[i]] += weights[i]
    return out


@program(
    sizes={"1000": (10_000_000, 1000), "10M": (10_000_000, 10_000_000)},
    small=(1000, 10),
    inputs=labelled,
    kind="memory",
    loops=scatter_loops,
)
def scatter_add(labels, weights, k):
    out = np.zeros(k)
    np.add.at(out, labels, weights)
    return out


def group_mean_loops(labels, rows, k):
    sums, counts = np.zeros((k, rows.shape[1])), np.zeros(k)
    for i in range(len(labels)):
        counts[labels[i]] += 1
        for j in range(rows.shape[1]):
            sums[labels[i], j] += rows[i, j]
    return sums / counts.reshape(-1, 1)


@program(
    sizes={"": (500_000, 16, 100)},
    small=(300, 4, 5),
    inputs=lambda rng, dtype, n, d, k: (np.sort(rng.integers(0, k, n)), rng.random((n, d)).astype(dtype), k),
    kind="memory",
    loops=group_mean_loops,
)
def group_mean(labels, rows, k):
    sums = np.zeros((k, rows.shape[1]))
    np.add.at(sums, labels, rows)
    return sums / np.bincount(labels, minlength=k)[:, None]


def gather_loops(table, labels, weights):
    out = np.empty(len(labels))
    for i in range(len(labels)):
        out[i] = table[labels[i]] * weights[i]
    return out


@program(
    sizes={"": (10_000_000, 100_000)},
    small=(1000, 10),
    inputs=lambda rng, dtype, n, k: (rng.random(k).astype(dtype), *labelled(rng, dtype, n, k)[:2]),
    kind="memory",
    loops=gather_loops,
)
def gather(table, labels, weights):
    return table[labels] * weights


def compress_loops(x):
    out = np.empty_like(x)
    n = 0
    for i in range(len(x)):
        if x[i] > 0.5:
            out[n] = 2 * x[i]
            n += 1
    return out[:n].copy()


@program(
    sizes={"": (10_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: (rng.random(n).astype(dtype),),
    kind="memory",
    loops=compress_loops,
)
def compress(x):
    return 2 * x[x > 0.5]


@program(
    sizes={"": (2_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: (rng.random(n).astype(dtype),),
    kind="compute",
)
def sort(x):
    return np.sort(x)


@program(
    sizes={"": (2_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: (rng.random(n).astype(dtype),),
    kind="compute",
)
def argsort(x):
    return np.argsort(x)
