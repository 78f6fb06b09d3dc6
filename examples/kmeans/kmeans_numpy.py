"""Lloyd's k-means in plain NumPy: the reference that the compiled program is compared with.

Each iteration
  1. computes the squared distance of every row to every centre by broadcasting,
  2. gives every row the nearest centre (the first one when several are equally near),
  3. moves every centre to the mean of its rows; a centre without rows stays where it is.
It stops when an iteration leaves all centres unchanged, or after `max_iter` iterations.
"""

import argparse
import pathlib
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def assign(x, c):
    """Nearest centre of each row.

    x: (n, d) float64, c: (k, d) float64.
    Returns labels (n,) int64 and the squared distance to that centre (n,) float64.
    """
    distance = ((x[:, None, :] - c[None]) ** 2).sum(-1)
    return distance.argmin(1), distance.min(1)


def update(x, labels, c):
    """Mean of the rows of each label, (k, d); the row of `c` where a label has no rows."""
    k = c.shape[0]
    sums = np.zeros_like(c)
    np.add.at(sums, labels, x)
    counts = np.bincount(labels, minlength=k)
    means = sums / np.maximum(counts, 1)[:, None]
    return np.where((counts > 0)[:, None], means, c)


def kmeans(x, c, max_iter=300):
    """Lloyd's algorithm from the centres `c`.

    x: (n, d) float64, c: (k, d) float64, neither is modified.
    Returns (centres (k, d), labels (n,), inertia, iterations). Labels and inertia belong to the
    centres returned; inertia is the sum of the squared distances of the rows to their centres.
    """
    iterations = 0
    changed = True
    while changed and iterations < max_iter:
        labels, _ = assign(x, c)
        moved = update(x, labels, c)
        changed = bool((moved != c).any())
        c = moved
        iterations += 1
    labels, distance = assign(x, c)
    return c, labels, float(distance.sum()), iterations


def main():
    parser = argparse.ArgumentParser(description="Lloyd's k-means in plain NumPy on the digits data")
    parser.add_argument("--data", type=pathlib.Path, default=HERE / "digits.npy", help="rows, (n, d)")
    parser.add_argument(
        "--centres", type=pathlib.Path, default=HERE / "initial_centres.npy", help="start, (k, d)"
    )
    parser.add_argument("--max-iter", type=int, default=300)
    parser.add_argument("--save-labels", type=pathlib.Path, metavar="FILE", help="write labels as .npy")
    parser.add_argument("--save-centres", type=pathlib.Path, metavar="FILE", help="write centres as .npy")
    options = parser.parse_args()

    x = np.load(options.data).astype(np.float64)
    start = np.load(options.centres).astype(np.float64)
    begin = time.perf_counter()
    centres, labels, inertia, iterations = kmeans(x, start, options.max_iter)
    seconds = time.perf_counter() - begin

    print(f"rows                {x.shape[0]} x {x.shape[1]}, {start.shape[0]} centres")
    print(f"iterations          {iterations}")
    print(f"inertia             {inertia!r}")
    print(f"time per iteration  {1e3 * seconds / max(iterations, 1):.3f} ms")
    if options.save_labels:
        np.save(options.save_labels, labels)
    if options.save_centres:
        np.save(options.save_centres, centres)


if __name__ == "__main__":
    main()
