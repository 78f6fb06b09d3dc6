"""What comes out of a function, found by running NumPy on arrays without elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ._call import new
from ._node import Node, c_strides, is_c_ordered

_NOTHING: dict[np.dtype, np.ndarray] = {}


def stand_in(shape: tuple[int, ...], dtype: np.dtype, strides: tuple[int, ...] | None = None) -> np.ndarray:
    """An array of that form without memory: its elements must not be read, but views can be taken."""
    one = _NOTHING.get(dtype)
    if one is None:
        one = _NOTHING[dtype] = np.zeros((), dtype)
    return np.broadcast_to(one, shape) if strides is None else as_strided(one, shape, strides)


def none_of(node: Node, ndim: int = 0) -> Any:
    """No arrays of the form of a node: it with an axis of extent 0 before at least ``ndim`` others, of extent 1 where
    it has fewer. A number of Python is what it is."""
    if node.weak:
        return node.value
    return np.empty((0, *(1,) * (ndim - len(node.shape)), *node.shape), node.dtype)


def result(
    call: str,
    arguments: tuple,
    keywords: tuple,
    form: Any,
    drop: int = 1,
    scalars: bool = True,
    ordered: bool = True,
) -> Any:
    """Lazy arrays for what a call gives.

    Args:
        form: the result, or a tuple of the results, for arguments of :func:`none_of`.
        drop: how many axes in front are not the result's.
        scalars: whether results without axes are NumPy's scalars.
        ordered: whether results lie row by row.
    """
    if not isinstance(form, tuple):
        return new(_node(call, arguments, keywords, form, drop, scalars, ordered))
    whole = Node(call, arguments, keywords)
    parts = [new(_node("item", (whole, k), (), part, drop, scalars, ordered)) for k, part in enumerate(form)]
    return type(form)(*parts) if hasattr(form, "_fields") else type(form)(parts)


def _node(call: str, arguments: tuple, keywords: tuple, form: Any, drop: int, scalars: bool, ordered: bool) -> Node:
    shape = form.shape[drop:]
    strides = c_strides(shape, form.dtype) if ordered else None
    return Node(call, arguments, keywords, shape, form.dtype, scalars and not shape, strides)


def in_c_order(*nodes: Node) -> bool:
    """Whether an elementwise result of these lies row by row."""
    return all(node.scalar or is_c_ordered(node.shape, node.strides, node.dtype) for node in nodes)
