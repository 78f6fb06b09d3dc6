"""Rules of functions that return views."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ._call import NAMES, RULES, array_type, constant, is_number, new, operand, signature
from ._forms import stand_in
from ._node import Node, Unsupported, c_strides


def _view(name: str) -> Callable:
    """A rule: views of the first parameter, ``name``; all others are constants."""

    def rule(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        arguments = dict(signature(function).bind(*args, **kwargs).arguments)
        array = as_array(arguments.pop(name))
        keywords = tuple((key, constant(value)) for key, value in arguments.items())
        return view(array, NAMES[function], function, keywords)

    return rule


def as_array(value: Any) -> Any:
    """A lazy array of what may be one, or NumPy's."""
    if isinstance(value, array_type()):
        array = value
    elif type(value) is np.ndarray:
        array = array_type()._of(Node.leaf(value), pinned=True)
    else:
        raise Unsupported("NumPy makes an array of it")
    if not is_number(array.dtype) or array._scalar:
        raise Unsupported("NumPy does it")
    return array


def view(array: Any, name: str, function: Any, keywords: tuple) -> Any:
    from ._array import View

    named = dict(keywords)
    layout = array._layout()
    # Of the forms only views are taken: nothing is read.
    form = function(stand_in(array.shape, array.dtype, layout), **named)
    strides = None if layout is None else form.strides
    return array._view(View(name, (), keywords, form.shape, form.dtype, strides))


def _reshape(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arguments = dict(signature(function).bind(*args, **kwargs).arguments)
    return reshape(as_array(arguments["a"]), arguments["shape"], arguments.get("order", "C"), arguments.get("copy"))


def reshape(array: Any, shape: Any, order: str, copy: bool | None) -> Any:
    """A view where NumPy gives one, a copy otherwise."""
    shape = constant(tuple(shape) if isinstance(shape, (tuple, list)) else (shape,))
    order = constant(order)
    if array._layout() is None:
        # How it lies is known when it is there.
        array._value()
    form = stand_in(array.shape, array.dtype, array._layout())
    try:
        form = form.reshape(shape, order=order, copy=False)
        is_view = copy is not True
    except ValueError:
        # Or the shape is wrong, which raises again.
        form = stand_in(array.shape, array.dtype).reshape(shape, order=order, copy=False)
        is_view = False
    if not is_view and copy is False:
        raise Unsupported("NumPy raises")
    if not is_view:
        if order != "C":
            raise Unsupported("NumPy makes the copy")
        array = RULES[np.copy](np.copy, (array, "C"), {})
    return view(array, "np.reshape", np.reshape, (("shape", form.shape), ("order", order)))


def _ravel(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arguments = dict(signature(function).bind(*args, **kwargs).arguments)
    return reshape(as_array(arguments["a"]), (-1,), arguments.get("order", "C"), None)


def _real(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    (value,) = args
    array = value if isinstance(value, array_type()) else as_array(value)
    if array.dtype.kind == "c" and not array._scalar:
        return view(array, NAMES[function], function, ())
    node = operand(array)
    if function is np.real and array.dtype.kind != "c":
        return array
    dtype = node.dtype if node.dtype.kind != "c" else np.empty(0, node.dtype).real.dtype
    return new(Node(NAMES[function], (node,), (), node.shape, dtype, node.scalar))


def _at_least(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arrays = []
    for value in args:
        array = as_array(value)
        if array.ndim < {"atleast_1d": 1, "atleast_2d": 2, "atleast_3d": 3}[function.__name__]:
            array = view(array, NAMES[function], function, ())
        arrays.append(array)
    if kwargs or not arrays:
        raise Unsupported("NumPy raises")
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


def _broadcast_arrays(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    if kwargs:
        raise Unsupported("NumPy does it")
    arrays = [as_array(value) for value in args]
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    rule = RULES[np.broadcast_to]
    parts = (a if a.shape == shape else rule(np.broadcast_to, (a, shape), {}) for a in arrays)
    return tuple(parts)


def _split(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arguments = signature(function).bind(*args, **kwargs)
    array = as_array(args[0] if args else arguments.arguments["ary"])
    constant(arguments.arguments.get("indices_or_sections", 0))
    # It is written in Python with views.
    named = {key: value for key, value in arguments.arguments.items() if key not in ("ary", "x")}
    return function.__wrapped__(array, **named)


def _unstack(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arguments = signature(function).bind(*args, **kwargs)
    array = as_array(args[0] if args else arguments.arguments["x"])
    if array.ndim == 0:
        raise Unsupported("NumPy raises")
    moved = RULES[np.moveaxis](np.moveaxis, (array, arguments.arguments.get("axis", 0), 0), {})
    return tuple(moved[i, ...] for i in range(moved.shape[0]))


def _diag(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    arguments = signature(function).bind(*args, **kwargs).arguments
    array, k = as_array(arguments["v"]), constant(arguments.get("k", 0))
    if array.ndim == 2:
        return view(array, "np.diagonal", np.diagonal, (("offset", k),))
    if array.ndim != 1 or type(k) is not int:
        raise Unsupported("NumPy raises")
    n = array.shape[0] + abs(k)
    shape = (n, n)
    return new(Node("np.diag", (operand(array), k), (), shape, array.dtype, strides=c_strides(shape, array.dtype)))


def _install() -> None:
    for function, name in {
        np.transpose: "a",
        np.permute_dims: "a",
        np.matrix_transpose: "x",
        np.linalg.matrix_transpose: "x",
        np.swapaxes: "a",
        np.moveaxis: "a",
        np.rollaxis: "a",
        np.squeeze: "a",
        np.expand_dims: "a",
        np.broadcast_to: "array",
        np.flip: "m",
        np.fliplr: "m",
        np.flipud: "m",
        np.rot90: "m",
        np.diagonal: "a",
        np.linalg.diagonal: "x",
    }.items():
        RULES[function] = _view(name)
    RULES[np.reshape] = _reshape
    RULES[np.ravel] = _ravel
    RULES[np.diag] = _diag
    for function in (np.real, np.imag):
        RULES[function] = _real
    for function in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
        RULES[function] = _at_least
    RULES[np.broadcast_arrays] = _broadcast_arrays
    for function in (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit):
        RULES[function] = _split
    RULES[np.unstack] = _unstack


_install()
