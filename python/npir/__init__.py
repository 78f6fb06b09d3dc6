"""Compiles NumPy functions as they are.

``@npir.jit`` on a plain function that uses NumPy: the first call with arguments of new types runs through an abstract
interpreter, which makes a program of what happens to arrays and compiles it. Later calls run the compiled program on
the arrays' own memory. What cannot be compiled runs in NumPy itself; ``fallbacks`` of the function says why.
"""

from __future__ import annotations

import functools
import os
import pathlib
import sys
from typing import Any, Callable

from . import _dispatch
from ._dispatch import FallbackWarning, __version__
from ._reasons import Explanation, Lowered, Stats

__all__ = [
    "Explanation",
    "FallbackWarning",
    "Jit",
    "Lowered",
    "Stats",
    "__version__",
    "explain",
    "jit",
    "show_config",
]


def __getattr__(name: str) -> Any:
    if name == "numpy":
        import importlib

        return importlib.import_module(".numpy", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _load_compiler() -> Any:
    # Loads LLVM and MLIR: at the first compilation, not before.
    from . import _compiler

    return _compiler


class _Cache:
    """Compiled versions on disk."""

    @staticmethod
    def build() -> str:
        # Code for one processor, of one compiler.
        library = pathlib.Path(__file__).with_name("_compiler.abi3.so").stat()
        build = f"{__version__} {library.st_mtime_ns} {library.st_size} {_dispatch.processor()}"
        machine = os.environ.get("NPIR_MACHINE")
        if machine:
            # What it says decides, and for how many threads.
            try:
                described = _dispatch.digest(pathlib.Path(machine).read_bytes()).hex()
            except OSError:
                described = ""
            build += f" {described} {_dispatch.threads()}"
        return build

    def load(self, function: Callable) -> list[Any]:
        from . import _cache

        return _cache.load(function, self.build())

    def store(self, function: Callable, parts: Any) -> str | None:
        from . import _cache

        return _cache.store(function, self.build(), parts)


class _Split:
    """Takes functions apart of which a part cannot be compiled; ``cache`` keeps what becomes of the parts."""

    def __init__(self, cache: _Cache | None) -> None:
        self._cache = cache
        self._parts: Any = None

    def __call__(self, function: Callable, part: Any, record: Any) -> Callable | None:
        tree = _load_compiler().syntax_tree(function)
        if tree is None:
            return None
        if self._parts is None:
            from ._parts import Parts

            self._parts = Parts(lambda part: self._made(part, record))
        return self._parts.split(function, tree, part)

    def _made(self, part: Callable, record: Any) -> Jit:
        made = Jit(part, _load_compiler, False, self._cache, self, record)
        made.__wrapped__ = part
        return made


@_dispatch.vectorcall_type
class Jit(_dispatch.Jit):
    """A function that runs compiled where it can; made by :func:`jit`."""

    #: The Python function.
    __wrapped__: Callable

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Any:
        # A function that its module has under its own name is that name.
        module = sys.modules.get(getattr(self, "__module__", ""))
        found: Any = module
        for name in self.__qualname__.split("."):
            found = getattr(found, name, None)
        if found is self:
            return self.__qualname__
        return _jit, (self.__wrapped__, self.strict, self.cache)

    @property
    def stats(self) -> Stats:
        """What was compiled so far, and why calls ran in NumPy."""
        return Stats(
            self.compilations, self.recompilations, self.fallbacks, self.cache_hits, self.uncached, self.copies
        )

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """The program for such arguments at every level, without running it.

        Raises:
            TypeError: the function cannot be compiled, with the place and the reason.
        """
        texts = _load_compiler().lower(self.__wrapped__, self.bind_arguments(*args, **kwargs))
        if isinstance(texts, str):
            raise TypeError(texts)
        return Lowered(**texts)


def _jit(function: Callable, strict: bool, cache: bool) -> Jit:
    kept = _Cache() if cache else None
    made = Jit(function, _load_compiler, strict, kept, None if strict else _Split(kept))
    return functools.update_wrapper(made, function)


def jit(function: Callable | None = None, *, strict: bool = False, cache: bool = True) -> Any:
    """A function that runs compiled where it can.

    Args:
        function: a Python function that uses NumPy.
        strict: raise ``TypeError`` with the place and the reason where the function would run in NumPy. Without it,
            a ``FallbackWarning`` says so once for each reason.
        cache: keep what is compiled on disk, for other processes: in the folder that the environment variable
            ``NPIR_CACHE_DIR`` names, or ``npir`` in the user's folder for caches. ``NPIR_CACHE_DIR=`` keeps nothing.

    Returns:
        A callable with the parameters of ``function``; without ``function``, a decorator.
    """
    if function is None:
        return lambda function: jit(function, strict=strict, cache=cache)
    return _jit(function, strict, cache)


def explain(function: Callable, *args: Any, **kwargs: Any) -> Explanation:
    """What becomes of a call of ``function`` with these arguments, without running it.

    Args:
        function: a Python function, compiled by :func:`jit` or not.

    Returns:
        Text that says whether and to what the call is compiled, what the optimizer does and why; also as HTML.
    """
    function = function if isinstance(function, Jit) else _jit(function, False, False)
    arguments = function.bind_arguments(*args, **kwargs)
    remarks = _load_compiler().explain(function.__wrapped__, arguments)
    if isinstance(remarks, tuple):
        reason, part = remarks
        left = _Split(None)(function.__wrapped__, part, function.record)
        return Explanation(function.__qualname__, None, [], reason, left and left.__npir_text__)
    lowered = function.lower(*args, **kwargs)
    return Explanation(function.__qualname__, lowered, remarks, None, None)


def show_config() -> None:
    """Prints versions, the processor that code is compiled for, and the number of threads."""
    import numpy

    processor, features = _load_compiler().target()
    print(f"npir {__version__}, Python {sys.version.split()[0]}, NumPy {numpy.__version__}")
    print(f"processor: {processor}")
    print(f"features: {features}")
    print(f"threads: {_dispatch.threads()}")
