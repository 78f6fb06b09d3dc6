"""Compiles NumPy functions as they are.

``@npir.jit`` on a plain function that uses NumPy: the first call with arguments of new types runs through an abstract
interpreter, which makes a program of what happens to arrays and compiles it. Later calls run the compiled program on
the arrays' own memory. What cannot be compiled runs in NumPy itself; ``fallbacks`` of the function says why.
"""

from __future__ import annotations

from typing import Any, Callable

from ._dispatch import Jit, __version__

__all__ = ["Jit", "__version__", "jit"]


def _compile(function: Any, arguments: tuple, generalize: bool) -> Any:
    # Loads LLVM and MLIR: at the first compilation, not before.
    from . import _compiler

    return _compiler.compile(function, arguments, generalize)


def jit(function: Callable | None = None, *, strict: bool = False) -> Any:
    """A function that runs compiled where it can.

    Args:
        function: a Python function that uses NumPy.
        strict: raise ``TypeError`` with the place and the reason where the function would run in NumPy.

    Returns:
        A callable with the parameters of ``function``; without ``function``, a decorator.
    """
    if function is None:
        return lambda function: jit(function, strict=strict)
    return Jit(function, _compile, strict)
