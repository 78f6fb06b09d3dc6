"""NumPy's functions as they are in the namespaces: they take anything and return lazy arrays."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Callable

import numpy as np

from ._call import NAMES, call


class Function:
    """A function of NumPy that returns lazy arrays; what else it has is NumPy's."""

    def __init__(self, function: Any, name: str, method: tuple[np.ufunc, str] | None = None):
        self.__wrapped__ = function
        self.__name__ = self.__qualname__ = name
        self.__module__ = "npir.numpy"
        self.__doc__ = function.__doc__
        self._method = method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return call(self.__wrapped__, args, kwargs, self._method)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"npir.numpy.{self.__name__} has no {name}")
        found = getattr(self.__wrapped__, name)
        if isinstance(self.__wrapped__, np.ufunc) and callable(found):
            return Function(found, name, (self.__wrapped__, name))
        return found

    def __repr__(self) -> str:
        return f"<function npir.numpy.{self.__name__}>"

    def __reduce__(self) -> Any:
        return _again, (self.__wrapped__, self.__name__, self._method)


def _again(function: Any, name: str, method: Any) -> Function:
    return Function(function, name, method)


def attributes(module: ModuleType, names: dict[str, Any]) -> tuple[Callable[[str], Any], Callable]:
    """The functions ``__getattr__`` and ``__dir__`` of a namespace that has all that a module of NumPy has."""

    def of(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module '{names['__name__']}' has no attribute '{name}'")
        try:
            found = getattr(module, name)
        except AttributeError as error:
            raise AttributeError(str(error).replace(f"'{module.__name__}'", f"'{names['__name__']}'")) from None
        if _is_function(found):
            found = Function(found, name)
        names[name] = found
        return found

    def listed() -> list[str]:
        return sorted({*names, *dir(module)})

    return of, listed


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type) and value in NAMES
