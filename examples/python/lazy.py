"""Formulas that come as text: there is no function whose source could be read, so lazy arrays compile them.

PYTHONPATH=target/python target/venv/bin/python examples/python/lazy.py
"""

import numpy

import npir.numpy as np

FORMULAS = [
    "sqrt(x**2 + y**2)",
    "where(x > y, x, y).mean()",
    "exp(-((x - x.mean()) ** 2) / (2 * x.var()))",
    "sort(x)[::1000] - median(y)",
]


def names(namespace, columns):
    """What a formula may use: functions, and columns."""
    functions = ("exp", "log", "sqrt", "where", "sort", "median")
    return {name: getattr(namespace, name) for name in functions} | columns


def main():
    rng = numpy.random.default_rng(0)
    columns = {name: rng.random(100_000) for name in "xy"}
    lazy = {name: np.asarray(column) for name, column in columns.items()}
    for formula in FORMULAS:
        result = eval(formula, names(np, lazy))
        # The form is known, and nothing is computed.
        print(f"{formula}: {result.dtype}{list(result.shape)}", end=" ")
        expected = eval(formula, names(numpy, columns))
        assert numpy.allclose(result.compute(), expected)
        print("as NumPy")

    # NumPy's own functions return lazy arrays when they are given such; several results are one program.
    centered = numpy.subtract(lazy["x"], lazy["x"].mean())
    spread, largest = np.compute(centered.std(), numpy.max(numpy.abs(centered)))
    print(f"spread {spread:.3f}, largest {largest:.3f}")

    # An equal structure is compiled once.
    before = np.stats().compilations
    for formula in FORMULAS:
        eval(formula, names(np, lazy)).compute()
    print(f"compiled again: {np.stats().compilations - before}, in NumPy: {np.stats().fallbacks}")


if __name__ == "__main__":
    main()
