"""What a program of the benchmark is, and where they all come from.

The modules of the folder ``suite`` hold plain NumPy functions. ``program`` puts them into the catalog with sizes and
element types; nothing else in them is for a compiler. This module needs NumPy only: it runs beside every peer.
"""

import dataclasses
import importlib
import pathlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

#: What ``range`` is where loops may run on several threads; numba's worker puts ``numba.prange`` in its place.
prange = range

KINDS = ("memory", "contraction", "compute")


@dataclasses.dataclass(frozen=True)
class Program:
    """One function at one size and element type."""

    name: str
    #: Plain NumPy.
    function: Callable[..., Any]
    #: The same as loops, as one writes them for numba; ``None`` where a loop is no other way to write it.
    loops: Callable[..., Any] | None
    #: As an expression of numexpr in the names of the parameters, or ``None``.
    expression: str | None
    #: Peers that have the whole program as one call: by name, what takes the arguments and gives the results.
    libraries: dict[str, Callable[..., Any]]
    #: What bounds it: ``memory`` bandwidth, the multiplications and additions of a ``contraction``, or the ``compute``
    #: of something that is neither.
    kind: str
    #: Floating-point operations of the contractions in it.
    flops: Callable[..., float] | None
    #: Bytes that have to be read and written at least, where that is not all arguments and results once.
    moved: Callable[..., float] | None
    #: Relative tolerance of results, to the largest magnitude of each.
    tolerance: float
    size: tuple[int, ...]
    small: tuple[int, ...]
    dtype: str
    make: Callable[..., tuple[Any, ...]]

    def inputs(self, small: bool = False) -> tuple[Any, ...]:
        """The arguments: the same ones at every call."""
        rng = np.random.default_rng(2017)
        return self.make(rng, np.dtype(self.dtype), *(self.small if small else self.size))


_found: dict[str, Program] = {}


def program(
    *,
    sizes: dict[str, tuple[int, ...]],
    small: tuple[int, ...],
    inputs: Callable[..., tuple[Any, ...]],
    kind: str,
    dtypes: tuple[str, ...] = ("float64",),
    loops: Callable[..., Any] | None = None,
    expression: str | None = None,
    libraries: dict[str, Callable[..., Any]] | None = None,
    flops: Callable[..., float] | None = None,
    moved: Callable[..., float] | None = None,
    tolerance: dict[str, float] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Puts a function into the catalog, once for each size and element type.

    Args:
        sizes: what ``inputs`` gets after the generator and the element type, by a name; ``""`` adds nothing to the
            program's name.
        small: the same for tests.
        inputs: makes the arguments. Programs do not change them.
        kind, loops, expression, libraries, flops, moved: see ``Program``; the last two get the arguments.
        tolerance: by element type, where results depend more on rounding than most.
    """
    assert kind in KINDS, kind

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for label, size in sizes.items():
            for dtype in dtypes:
                words = [function.__name__.replace("_", "-"), label, dtype if len(dtypes) > 1 else ""]
                name = "-".join(word for word in words if word)
                assert name not in _found, name
                usual = 2e-4 if dtype in ("float32", "complex64") else 1e-9
                _found[name] = Program(
                    name=name,
                    function=function,
                    loops=loops,
                    expression=expression,
                    libraries=libraries or {},
                    kind=kind,
                    flops=flops,
                    moved=moved,
                    tolerance=(tolerance or {}).get(dtype, usual),
                    size=size,
                    small=small,
                    dtype=dtype,
                    make=inputs,
                )
        return function

    return add


def programs() -> dict[str, Program]:
    """All programs by name, in the order of the modules' names and of the modules."""
    for file in sorted((pathlib.Path(__file__).parent / "suite").glob("*.py")):
        importlib.import_module(f"suite.{file.stem}")
    return dict(_found)


def with_globals(function: Callable[..., Any], **values: Any) -> Callable[..., Any]:
    """The function with other values for some of the names that it looks up outside of itself."""
    assert isinstance(function, types.FunctionType)
    names = {**function.__globals__, **values}
    made = types.FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def arrays(values: Any) -> list[np.ndarray]:
    """The arrays in arguments or results, in order; numbers of results as arrays without dimensions."""
    if isinstance(values, tuple | list):
        return [array for value in values for array in arrays(value)]
    return [np.asarray(values)]


def least_bytes(program: Program, arguments: tuple[Any, ...], results: Any) -> float:
    """Bytes that have to be moved: each array of the arguments once, each of the results once."""
    if program.moved is not None:
        return float(program.moved(*arguments))
    inputs = [value for value in arguments if isinstance(value, np.ndarray)]
    return float(sum(array.nbytes for array in [*inputs, *arrays(results)]))


def wrong(program: Program, results: Any, expected: list[np.ndarray]) -> str | None:
    """What is wrong with results, or ``None``."""
    found = arrays(results)
    if len(found) != len(expected):
        return f"{len(found)} results instead of {len(expected)}"
    for i, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        if mine.shape != theirs.shape:
            return f"result {i} has the shape {mine.shape} instead of {theirs.shape}"
        if theirs.dtype.kind in "biu":
            # Which of two equal values is the smallest depends on rounding.
            different = np.mean(mine != theirs)
            if different > 1e-4:
                return f"{different:.2%} of result {i} differ"
            continue
        finite = np.isfinite(theirs)
        if not np.array_equal(finite, np.isfinite(mine)):
            return f"result {i} is not finite where NumPy's is, or the other way round"
        largest = np.max(np.abs(theirs[finite]), initial=np.finfo(theirs.dtype).tiny)
        error = np.max(np.abs(mine[finite] - theirs[finite]), initial=0) / largest
        if not error <= program.tolerance:
            return f"result {i} differs by {error:.2g} of its largest magnitude"
    return None
