"""Rules of functions that make arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._call import NAMES, RULES, array_type, constant, is_number, new, operand, signature
from ._node import Node, Unsupported, c_strides, is_c_ordered


def _shape(shape: Any) -> tuple[int, ...]:
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    shape = tuple(extent.__index__() for extent in shape)
    if any(extent < 0 for extent in shape):
        raise Unsupported("NumPy raises")
    return shape


def _type(dtype: Any) -> np.dtype:
    made = np.dtype(dtype)
    if not is_number(made):
        raise Unsupported("NumPy does it")
    return made


def _check(given: dict[str, Any], allowed: str) -> None:
    if given.get("device") not in (None, "cpu") or given.get("order") not in (None, "C", "K", "A"):
        raise Unsupported("NumPy does it")
    if {key for key in given if given[key] is not None} - {*allowed.split(), "device", "order"}:
        raise Unsupported("NumPy does it")


def _made(call: str, arguments: tuple, keywords: tuple, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    return new(Node(call, arguments, keywords, shape, dtype, strides=c_strides(shape, dtype)))


def _filled(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    _check(given, "shape dtype fill_value")
    shape, dtype = _shape(given["shape"]), given.get("dtype")
    if function is not np.full:
        dtype = _type(float if dtype is None else dtype)
        return _made(NAMES[function], (shape,), (("dtype", dtype),), shape, dtype)
    return _full(shape, given["fill_value"], dtype)


def _full(shape: tuple[int, ...], value: Any, dtype: Any) -> Any:
    node = operand(value)
    if node.shape:
        raise Unsupported("NumPy does it")
    dtype = _type(dtype if dtype is not None else np.asarray(node.value).dtype if node.weak else node.dtype)
    if node.weak:
        np.full((), node.value, dtype)
    return _made("np.full", (shape, node), (("dtype", dtype),), shape, dtype)


def _like(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    _check(given, "a prototype dtype fill_value shape subok")
    model = given.get("a", given.get("prototype"))
    if not isinstance(model, array_type()):
        model = operand(model)
        if model.weak:
            raise Unsupported("NumPy does it")
    shape = model.shape if given.get("shape") is None else _shape(given["shape"])
    dtype = _type(model.dtype if given.get("dtype") is None else given["dtype"])
    if function is np.full_like:
        return _full(shape, given["fill_value"], dtype)
    plain = {np.zeros_like: "np.zeros", np.ones_like: "np.ones", np.empty_like: "np.empty"}[function]
    return _made(plain, (shape,), (("dtype", dtype),), shape, dtype)


def _arange(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    _check(given, "start_or_stop stop step dtype")
    start, stop, step = given["start_or_stop"], given.get("stop"), given.get("step", 1)
    if stop is None:
        start, stop = 0, start
    if any(type(number) not in (int, float) for number in (start, stop, step)):
        raise Unsupported("NumPy does it")
    dtype = _type(given["dtype"] if given.get("dtype") is not None else np.result_type(*map(type, (start, stop, step))))
    if dtype.kind not in "iuf" or step == 0:
        raise Unsupported("NumPy does it")
    count = max(math.ceil((stop - start) / step), 0)
    np.arange(start, start, step, dtype=dtype)
    if abs(start) > 1 << 52 or abs(stop) > 1 << 52:
        raise Unsupported("rounding")
    return _made("np.arange", (start, stop, step), (("dtype", dtype),), (count,), dtype)


def _linspace(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    _check(given, "start stop num endpoint dtype")
    start, stop = given["start"], given["stop"]
    if any(type(number) not in (int, float) for number in (start, stop)):
        raise Unsupported("NumPy does it")
    num, endpoint = given.get("num", 50).__index__(), bool(given.get("endpoint", True))
    form = np.linspace(start, stop, 0, dtype=given.get("dtype"))
    keywords = (("endpoint", endpoint), ("dtype", _type(form.dtype)))
    if num < 0 or not (math.isfinite(start) and math.isfinite(stop)):
        raise Unsupported("NumPy raises")
    return _made("np.linspace", (start, stop, num), keywords, (num,), form.dtype)


def _eye(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    _check(given, "N n M k dtype")
    n = given.get("N", given.get("n")).__index__()
    m = n if given.get("M") is None else given["M"].__index__()
    dtype = _type(float if given.get("dtype") is None else given["dtype"])
    if n < 0 or m < 0:
        raise Unsupported("NumPy does it")
    name = "np.tri" if function is np.tri else "np.eye"
    return _made(name, (n, m, constant(given.get("k", 0))), (("dtype", dtype),), (n, m), dtype)


def _copy(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    array = given["a"]
    order = given.get("order", "K")
    if not isinstance(array, array_type()) or order not in "CK":
        raise Unsupported("NumPy does it")
    return copied(array, order)


def copied(array: Any, order: str) -> Any:
    """A copy of an array."""
    node = operand(array)
    strides = c_strides(node.shape, node.dtype)
    if order == "K" and not is_c_ordered(node.shape, node.strides, node.dtype):
        strides = None
    return new(Node("np.copy", (node,), (("order", order),), node.shape, node.dtype, strides=strides))


def _asarray(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = signature(function).bind(*args, **kwargs).arguments
    value = given.get("a", given.get("object"))
    copy, dtype = given.get("copy", True if function is np.array else None), given.get("dtype")
    _check(given, "a object dtype copy")
    value = _lazily_stacked(value)
    if not isinstance(value, array_type()):
        raise Unsupported("NumPy makes an array of it")
    if value._scalar:
        node = operand(value)
        value = new(Node("np.asarray", (node,), (), (), node.dtype, strides=()))
        copy = False if copy else copy
    dtype = value.dtype if dtype is None else np.dtype(dtype)
    if dtype == value.dtype:
        return copied(value, "K") if copy else value
    if given.get("copy") is False:
        raise Unsupported("NumPy raises")
    return value.astype(dtype)


def _lazily_stacked(value: Any) -> Any:
    """A sequence of lazy arrays of the same shape as one array."""
    if type(value) not in (list, tuple) or not value:
        return value
    parts = [_lazily_stacked(part) for part in value]
    if all(isinstance(part, array_type()) for part in parts):
        return RULES[np.stack](np.stack, (parts,), {})
    if all(isinstance(part, (array_type(), int, float, complex)) for part in parts):
        raise Unsupported("NumPy makes an array of it")
    return value


def _install() -> None:
    for function in (np.zeros, np.ones, np.empty, np.full):
        RULES[function] = _filled
    for function in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
        RULES[function] = _like
    RULES[np.arange] = _arange
    RULES[np.linspace] = _linspace
    for function in (np.eye, np.identity, np.tri):
        RULES[function] = _eye
    RULES[np.copy] = _copy
    for function in (np.asarray, np.asanyarray, np.array):
        RULES[function] = _asarray


_install()
