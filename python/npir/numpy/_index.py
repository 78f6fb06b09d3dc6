"""Indices, and assignments to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._call import at_once, by_numpy, index_operand, new, operand
from ._forms import stand_in
from ._node import LOCK, Node, Unsupported, before_write
from . import _call


def _is_basic(index: Any) -> bool:
    if isinstance(index, tuple):
        return all(not isinstance(part, tuple) and _is_basic(part) for part in index)
    if isinstance(index, (slice, type(...), type(None))):
        return not isinstance(index, slice) or all(
            bound is None or type(bound) is int or isinstance(bound, np.integer)
            for bound in (index.start, index.stop, index.step)
        )
    return type(index) is int or isinstance(index, np.integer)


def _computed(index: Any) -> Any:
    """The index, with numbers for what slices have as bounds."""
    if isinstance(index, tuple):
        return tuple(map(_computed, index))
    if isinstance(index, slice):
        parts = (index.start, index.stop, index.step)
        return slice(*(None if part is None else part.__index__() for part in parts))
    return index


def getitem(array: Any, index: Any) -> Any:
    """``array[index]``: a view for slices and integers, lazily also for arrays of integers."""
    try:
        index = _computed(index)
        if _is_basic(index):
            return _basic(array, index)
        shape = _advanced_shape(array, index)
        of = (operand(array), index_operand(index))
    except Exception:
        return by_numpy(_get, (array, index), {})
    if shape is None:
        return at_once(Node("[]", of))
    # NumPy puts the axes of index arrays in memory as it likes.
    return new(Node("[]", of, (), shape, array.dtype, scalar=not shape))


def _get(array: Any, index: Any) -> Any:
    return array[index]


def _basic(array: Any, index: Any) -> Any:
    from ._array import View

    form = stand_in(array.shape, array.dtype)[index]
    if isinstance(form, np.generic) or not form.shape and not _has_ellipsis(index):
        # A scalar, which is no view.
        return new(Node("[]", (operand(array), index_operand(index)), (), (), array.dtype, scalar=True))
    if not _call.is_number(array.dtype):
        raise Unsupported(f"elements of type {array.dtype}")
    layout = array._layout()
    strides = None if layout is None else stand_in(array.shape, array.dtype, layout)[index].strides
    return array._view(View("[]", (index,), (), form.shape, form.dtype, strides))


def _has_ellipsis(index: Any) -> bool:
    return index is ... or isinstance(index, tuple) and any(part is ... for part in index)


def _advanced_shape(array: Any, index: Any) -> tuple[int, ...] | None:
    """The shape of the elements at an index with arrays; None where it depends on values.

    Raises:
        IndexError: there are more indices than axes.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    forms: list[Any] = []
    used = 0
    for part in parts:
        if isinstance(part, list):
            part = np.asarray(part)
        if isinstance(part, (bool, np.bool)):
            return None
        if hasattr(part, "dtype") and hasattr(part, "shape"):
            if part.dtype.kind == "b":
                return None
            if part.dtype.kind not in "iu":
                raise IndexError("arrays used as indices must be of integer (or boolean) type")
            part = np.zeros(part.shape, np.intp) if 0 in part.shape else stand_in(part.shape, np.dtype(np.intp))
        used += part is not None and part is not ...
        forms.append(part)
    if not any(part is ... for part in forms):
        forms.append(...)
    if used > array.ndim:
        raise IndexError("too many indices for array")
    at = next(i for i, part in enumerate(forms) if part is ...)
    forms[at : at + 1] = [slice(None)] * (array.ndim - used)
    # An axis of extent 0 at the end: nothing is read.
    return np.empty((*array.shape, 0), array.dtype)[(*forms, slice(None))].shape[:-1]


def assignment(array: Any, index: Any, value: Any) -> tuple[Any, Node]:
    """The operands of ``array[index] = value``.

    Raises:
        Unsupported: NumPy itself has to do it.
    """
    node = operand(value)
    index = _computed(index)
    try:
        if _is_basic(index):
            shape = stand_in(array.shape, array.dtype)[index].shape
        else:
            shape = _advanced_shape(array, index)
        if node.weak:
            np.zeros((), array.dtype)[...] = node.value
        elif node.dtype.kind == "c" and array.dtype.kind != "c":
            raise Unsupported("NumPy warns")
        if shape is not None:
            held = node.shape
            while len(held) > len(shape) and held[0] == 1:
                held = held[1:]
            np.broadcast_to(stand_in(held, np.dtype(bool)), shape)
        return index_operand(index), node
    except Exception as error:
        raise Unsupported(str(error)) from None


def assign_at_once(array: Any, index: Any, value: Any) -> None:
    """``array[index] = value`` by NumPy itself."""
    with LOCK:
        array._check_writable()
        value, index = _call.unwrapped(value), _call.unwrapped(index)
        memory = array._shared()
        before_write(memory)
        memory[index] = value
