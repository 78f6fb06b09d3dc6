"""k-means as NumPy people write it, under npir.jit and beside scikit-learn.

Three ways to write Lloyd's iteration in NumPy are compiled as they are. From the same centres, for the same number of
iterations, they run beside scikit-learn's two algorithms; inertias are compared before anything is timed. At the end
stand the four failures of 2017, when NumPy was turned into TensorFlow to make it fast, and what is measured today.

    cargo xtask peers examples/python/kmeans.py --plot kmeans.png

That command builds npir and installs scikit-learn, numba and matplotlib. With --no-peers, npir and NumPy are enough.
"""

import argparse
import dataclasses
import importlib
import os
import statistics
import sys
import time
from typing import Callable

import numpy as np

import npir

# Rows, columns, centres. The first takes half a minute.
SHAPE = (100_000, 16, 32)
ALL_SHAPES = ((200_000, 16, 64), (50_000, 128, 256), (1_000_000, 2, 8))

# How far inertias may differ: sums of float64 in other orders.
RELATIVE = 1e-6

COMMAND = "cargo xtask peers examples/python/kmeans.py"


# What is compiled: plain NumPy. Each function moves the centres (k, d) `iterations` times to the means of the rows of
# x (n, d) that are nearest to them, and returns the centres and the inertia, the sum of squared distances of the rows
# to their nearest centres. A centre without rows becomes NaN.


def broadcast(x, centres, iterations):
    """Distances by broadcasting, means by masks."""
    centres = centres.copy()
    for _ in range(iterations):
        labels = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
        for j in range(len(centres)):
            centres[j] = x[labels == j].mean(axis=0)
    distances = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return centres, distances.min(axis=1).sum()


def gemm(x, centres, iterations):
    """Distances and sums by products of matrices. The squares of x are the same for all centres, so they come last."""
    for _ in range(iterations):
        distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
        members = np.eye(len(centres))[distances.argmin(axis=1)]
        centres = members.T @ x / members.sum(axis=0)[:, None]
    distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
    return centres, distances.min(axis=1).sum() + (x**2).sum()


def add_at(x, centres, iterations):
    """Distances by a product of matrices, sums by np.add.at."""
    for _ in range(iterations):
        distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
        labels = distances.argmin(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, labels, x)
        centres = sums / np.bincount(labels, minlength=len(centres))[:, None]
    distances = (centres**2).sum(axis=1) - 2 * x @ centres.T
    return centres, distances.min(axis=1).sum() + (x**2).sum()


VERSIONS = (broadcast, gemm, add_at)


def scatter(x, labels, k):
    """Sums (k, d) of the rows of x (n, d) that have the same label (n,), by NumPy's scatter-add."""
    sums = np.zeros((k, x.shape[1]))
    np.add.at(sums, labels, x)
    return sums


def scatter_loop(x, labels, k):
    """The same as a plain loop."""
    sums = np.zeros((k, x.shape[1]))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            sums[labels[i], j] += x[i, j]
    return sums


# Measuring


def interleaved(calls, turns):
    """Seconds of `turns` runs of each call, by name: each turn runs all of them, so that they share its noise."""
    seconds = {name: [] for name in calls}
    for _ in range(turns):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


@dataclasses.dataclass
class Contender:
    """One way to compute k-means, and what it took."""

    family: str
    name: str
    #: From a number of iterations to the inertia, and the iterations that were made.
    fit: Callable[[int], tuple[float, int]]
    #: Milliseconds for each iteration of a fit: the least, and the median of all turns.
    least: float = np.nan
    median: float = np.nan
    #: Milliseconds that one iteration more takes, without what is done once in a fit.
    further: float = np.nan


def fit_of(function, x, start):
    return lambda iterations: (float(function(x, start, iterations)[1]), iterations)


def scikit_learn(algorithm, x, start):
    """The contender with that algorithm of scikit-learn's KMeans."""
    kind = peer("sklearn.cluster", "the comparison", "--no-peers leaves it out").KMeans

    def fit(iterations):
        model = kind(len(start), init=start, n_init=1, max_iter=iterations, tol=0, algorithm=algorithm).fit(x)
        return model.inertia_, model.n_iter_

    return Contender("scikit-learn", algorithm, fit)


def peer(module, what, otherwise):
    """A module that only comparisons need; without it, the script ends and says how to get it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"{what} needs {module.split('.')[0]}, which is not installed: `{COMMAND}` runs this script where it is; "
            f"{otherwise}"
        ) from error


def check(contender, iterations, expected):
    """Ends the script unless `contender` makes that many iterations and comes to the expected inertia."""
    inertia, made = contender.fit(iterations)
    name = f"{contender.family}, {contender.name}"
    if np.isnan(inertia):
        raise SystemExit(f"{name}: a centre has lost its last row; take fewer centres, or more rows")
    if made != iterations:
        raise SystemExit(f"{name}: made {made} iterations, the others {iterations}")
    if abs(inertia - expected) > RELATIVE * expected:
        raise SystemExit(f"{name}: the inertia is {inertia!r}, and should be {expected!r}")


def data(shape, seed=0):
    """Rows (n, d) around k points, so that clusters overlap, and k of the rows to start from."""
    n, d, k = shape
    random = np.random.default_rng(seed)
    x = random.normal(size=(k, d))[random.integers(k, size=n)] + random.normal(size=(n, d))
    return x, x[random.choice(n, size=k, replace=False)]


def compare(shape, options):
    """Contenders with their times for one shape, and the number of iterations they made."""
    x, start = data(shape)
    iterations = options.iterations
    peers = [] if options.no_peers else [scikit_learn(name, x, start) for name in ("lloyd", "elkan")]
    if peers:
        # It ends early where no label changes: so do the others.
        expected, iterations = peers[0].fit(iterations)
    else:
        expected = float(add_at(x, start, iterations)[1])
    # A new compiled function for each shape: as in a program that has one.
    compiled = [Contender("npir.jit", f.__name__, fit_of(npir.jit(f, strict=True), x, start)) for f in VERSIONS]
    timed = [*compiled, *peers]
    for contender in timed:
        check(contender, iterations, expected)
        contender.fit(1)
    seconds = interleaved(
        {(c.family, c.name, i): lambda c=c, i=i: c.fit(i) for c in timed for i in (iterations, 1)}, options.turns
    )
    for c in timed:
        fits, firsts = (seconds[c.family, c.name, i] for i in (iterations, 1))
        c.least = 1e3 * min(fits) / iterations
        c.median = 1e3 * statistics.median(fits) / iterations
        c.further = 1e3 * (min(fits) - min(firsts)) / (iterations - 1)
    return [*(reference(f, x, start, iterations, expected) for f in VERSIONS), *timed], iterations


def reference(function, x, start, iterations, expected):
    """The contender that is the function in plain NumPy, run once; not at all where memory may not suffice."""
    contender = Contender("NumPy", function.__name__, fit_of(function, x, start))
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # The differences, and their squares.
    if function is broadcast and 2 * x.nbytes * len(start) > free:
        return contender
    begin = time.perf_counter()
    check(contender, iterations, expected)
    contender.least = contender.median = 1e3 * (time.perf_counter() - begin) / iterations
    return contender


def compare_scatter(shape, options):
    """Least milliseconds for the sums of the rows of each label, by the name of what computes them."""
    x, _ = data(shape)
    k = shape[2]
    labels = np.random.default_rng(1).integers(k, size=len(x))
    calls = {
        "np.add.at in NumPy": scatter,
        "np.add.at under npir.jit": npir.jit(scatter, strict=True),
        "plain loop under npir.jit": npir.jit(scatter_loop, strict=True),
    }
    if options.no_peers:
        calls["plain loop in Python"] = scatter_loop
    else:
        numba = peer("numba", "the comparison", "--no-peers leaves it out")
        calls["plain loop in numba"] = numba.njit(scatter_loop)
    expected = scatter(x, labels, k)
    for name, call in calls.items():
        if not np.allclose(call(x, labels, k), expected, rtol=RELATIVE):
            raise SystemExit(f"{name}: sums differ from NumPy's")
    seconds = interleaved({name: lambda call=call: call(x, labels, k) for name, call in calls.items()}, options.turns)
    return {name: 1e3 * min(times) for name, times in seconds.items()}


def layouts(x):
    """Arrays equal to x that lie in memory in other ways, by name."""
    n, d = x.shape
    unaligned = np.frombuffer(bytearray(x.nbytes + 1), x.dtype, x.size, offset=1).reshape(n, d)
    unaligned[...] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    records = np.zeros(n, [("tag", "u1"), ("row", x.dtype, d)])
    records["row"] = x
    return {
        "as it was made": x,
        "one byte off alignment": unaligned,
        "Fortran order": np.asfortranarray(x),
        "every second row of an array": np.repeat(x, 2, axis=0)[::2],
        "half of the columns of an array": np.hstack((x, x))[:, :d],
        "read-only": read_only,
        "field of packed records": records["row"],
    }


def compare_layouts(shape, options):
    """Arrays that a fit has copied, and least milliseconds for each of its iterations, by the layout of the rows."""
    x, start = data(shape)
    f = npir.jit(add_at, strict=True)
    expected = float(f(x, start, options.iterations)[1])
    calls, copies = {}, {}
    for name, rows in layouts(x).items():
        calls[name] = lambda rows=rows: f(rows, start, options.iterations)
        before = f.stats.copies
        check(Contender("npir.jit", name, fit_of(f, rows, start)), options.iterations, expected)
        copies[name] = f.stats.copies - before
    seconds = interleaved(calls, options.turns)
    return {name: (copies[name], 1e3 * min(seconds[name]) / options.iterations) for name in calls}


# Telling


def tell(shape, contenders, iterations):
    """Prints the times of one shape."""
    print(f"\n{describe(shape)}: {iterations} iterations; ms per iteration")
    print(f"{'':26}{'minimum':>10}{'median':>10}{'one more':>10}")
    for c in contenders:
        numbers = [f"{t:10.3f}" if np.isfinite(t) else f"{'-':>10}" for t in (c.least, c.median, c.further)]
        note = "   memory would not suffice" if np.isnan(c.least) else ""
        print(f"{c.family + ', ' + c.name:26}{''.join(numbers)}{note}")


def tell_failures(scatters, memory):
    """Prints the four failures and the answers: sums of rows and layouts, each by shape."""
    print("\nThe four failures of 2017, NumPy turned into TensorFlow, and the answers")
    print("\n1. Scatter-add was several times slower than a plain loop.")
    for shape, times in scatters.items():
        print(f"   {describe(shape)}, ms for the sums of the rows of each label:")
        loop = next(name for name in times if name in ("plain loop in numba", "plain loop in Python"))
        for name, least in times.items():
            print(f"     {name:26}{least:10.3f}{least / times[loop]:8.2f} of the {loop}")
    print("\n2. Each input that was not aligned was copied.")
    for shape, found in memory.items():
        print(f"   {describe(shape)}, add_at under npir.jit, by how the rows lie:")
        for name, (copies, least) in found.items():
            print(f"     {name:32} copies made: {copies}{least:10.3f} ms per iteration")
    print("   A stride that is no multiple of the element's size is the one reason to copy an argument.")
    print("\n3. Arrays were moved to the GPU and back on every call.")
    print("   Not answered: npir compiles for the CPU only. Nothing is moved, and no GPU is used.")
    print("\n4. Nobody knew which primitives belong on which processor.")
    print("   Not answered: all of them run on the CPU, so nothing is decided.")


def describe(shape):
    n, d, k = shape
    return f"{n} x {d}, {k} centres"


def plot(results, path):
    """Writes the medians as bars, one chart for each shape; `results` is what `compare` found by shape."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    colours = {"NumPy": "tab:gray", "npir.jit": "tab:orange", "scikit-learn": "tab:blue"}
    figure, axes = pyplot.subplots(len(results), squeeze=False, figsize=(8, 0.6 + 2.6 * len(results)))
    for (shape, (contenders, iterations)), chart in zip(results.items(), axes[:, 0]):
        shown = [c for c in reversed(contenders) if np.isfinite(c.median)]
        names = [f"{c.family}, {c.name}" for c in shown]
        bars = chart.barh(names, [c.median for c in shown], color=[colours[c.family] for c in shown])
        chart.bar_label(bars, fmt="%.3g", padding=3)
        chart.set(xscale="log", title=f"{describe(shape)}, {iterations} iterations", xlabel="ms per iteration (median)")
        chart.xaxis.set_major_formatter("{x:g}")
        chart.xaxis.set_minor_formatter("")
        chart.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    print(f"\nwritten: {path}")


# Running


def parse(arguments):
    parser = argparse.ArgumentParser(description="k-means in NumPy, under npir.jit and beside scikit-learn")
    shapes = parser.add_mutually_exclusive_group()
    shapes.add_argument("--shape", nargs=3, type=int, metavar=("N", "D", "K"), help="rows, columns, centres")
    names = ", ".join("x".join(map(str, shape)) for shape in ALL_SHAPES)
    shapes.add_argument("--all-shapes", action="store_true", help=f"these, which takes minutes: {names}")
    parser.add_argument("--iterations", type=int, default=20, metavar="I", help="of each fit, at least 2 (%(default)s)")
    parser.add_argument("--turns", type=int, default=7, metavar="T", help="runs of each contender (%(default)s)")
    parser.add_argument("--threads", type=int, metavar="N", help="of each contender; else each one's own choice")
    parser.add_argument("--no-peers", action="store_true", help="NumPy and npir only")
    parser.add_argument("--plot", metavar="FILE.png", help="write the times as a chart")
    options = parser.parse_args(arguments)
    if options.shape and (min(options.shape) < 1 or options.shape[2] > options.shape[0]):
        parser.error("--shape: N, D and K are at least 1, and K is at most N")
    for name, least in (("iterations", 2), ("turns", 1), ("threads", 1)):
        if (value := getattr(options, name)) is not None and value < least:
            parser.error(f"--{name} is at least {least}, but found {value}")
    return options


def limit_threads(number):
    """Starts the script again with that many threads, unless it has them: libraries read this when they are loaded."""
    limits = dict.fromkeys(("NPIR_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(number))
    if any(os.environ.get(name) != value for name, value in limits.items()):
        os.execve(sys.executable, sys.orig_argv, os.environ | limits)


def main(arguments=None):
    options = parse(arguments)
    if options.plot:
        peer("matplotlib", "--plot", "without --plot it is not needed")
    if options.threads:
        limit_threads(options.threads)
    print(f"threads: {options.threads or 'the choice of each library'}; turns: {options.turns}; NumPy runs once")
    if options.no_peers:
        print("without scikit-learn and numba: --no-peers")
    shapes = ALL_SHAPES if options.all_shapes else [tuple(options.shape or SHAPE)]
    results = {}
    for shape in shapes:
        results[shape] = compare(shape, options)
        tell(shape, *results[shape])
    tell_failures(
        {shape: compare_scatter(shape, options) for shape in shapes},
        {shape: compare_layouts(shape, options) for shape in shapes},
    )
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
