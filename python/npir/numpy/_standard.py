"""What the Python array API standard has and NumPy has otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._call import call


def sort(
    a: Any,
    axis: int | None = -1,
    kind: Any = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Any:
    """As ``numpy.sort``, with ``descending`` of the standard, and ``stable``."""
    found = call(np.sort, (a, axis, kind, order), {"stable": stable})
    return call(np.flip, (found, -1 if axis is None else axis), {}) if descending else found


def argsort(
    a: Any,
    axis: int | None = -1,
    kind: Any = None,
    order: Any = None,
    *,
    descending: bool = False,
    stable: bool | None = None,
) -> Any:
    """As ``numpy.argsort``, with ``descending`` of the standard, and ``stable``."""
    if not descending:
        return call(np.argsort, (a, axis, kind, order), {"stable": stable})
    if axis is None:
        a, axis = call(np.ravel, (a,), {}), -1
    # Equal elements stay in their order: they are sorted from the other end.
    found = call(np.argsort, (call(np.flip, (a, axis), {}), axis, kind, order), {"stable": stable})
    return found.shape[axis] - 1 - call(np.flip, (found, axis), {})


def clip(x: Any, min: Any = None, max: Any = None, out: Any = None, **keywords: Any) -> Any:
    """As ``numpy.clip``, with the names of the standard, ``a_min`` and ``a_max`` included."""
    min, max = keywords.pop("a_min", min), keywords.pop("a_max", max)
    return call(np.clip, (x, min, max), keywords if out is None else {"out": out, **keywords})


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """As ``numpy.fft.fftfreq``, with the element type of the standard."""
    return _frequencies(np.fft.fftfreq, n, d, dtype, device)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """As ``numpy.fft.rfftfreq``, with the element type of the standard."""
    return _frequencies(np.fft.rfftfreq, n, d, dtype, device)


def _frequencies(function: Any, n: int, d: float, dtype: Any, device: Any) -> Any:
    found = call(function, (n, d), {"device": device})
    return found if dtype is None else found.astype(dtype)
