"""Rules of elementwise functions and their methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._call import NAMES, RULES, array_type, constant, new, operand
from ._forms import in_c_order, none_of, result
from ._node import Node, Unsupported

#: Elementwise functions of vectors and matrices: the axes of each operand that are not elementwise.
CORES = {np.matmul: (2, 2), np.vecdot: (1, 1), np.matvec: (2, 1), np.vecmat: (1, 2)}


def split_out(count: int, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any], Any]:
    """Operands, keywords without ``out``, and what results are written to: None, or one for each result."""
    out = args[count:] or kwargs.get("out")
    if out is not None and not isinstance(out, tuple):
        out = (out,)
    if len(args) < count or out is not None and len(out) > 1:
        raise Unsupported("NumPy checks the number of arguments, and has several results")
    if out is not None and out[0] is None:
        out = None
    return args[:count], {key: value for key, value in kwargs.items() if key != "out"}, out and out[0]


def _call(ufunc: np.ufunc, args: tuple, kwargs: dict[str, Any]) -> Any:
    inputs, keywords, out = split_out(ufunc.nin, args, kwargs)
    nodes = [operand(value) for value in inputs]
    if all(node.weak for node in nodes) or keywords.keys() - {"dtype", "casting", "where"}:
        raise Unsupported("NumPy does it")
    if ufunc.signature is not None:
        return _matrices(ufunc, nodes, keywords, out)
    where = keywords.pop("where", True)
    named = {key: constant(value) for key, value in keywords.items()}
    ndim = max(node.ndim for node in nodes)
    if where is not True:
        if out is None:
            raise Unsupported("elements would be undefined")
        named["where"] = mask = operand(where)
        if mask.dtype != bool:
            raise Unsupported("NumPy checks it")
        ndim = max(ndim, mask.ndim)
    written = operand(out) if out is not None else None
    if written is not None:
        if type(out) is not array_type() or written.scalar or ufunc.nout != 1:
            raise Unsupported("memory of others is written at once")
        ndim = max(ndim, written.ndim)
    forms = {key: none_of(value, ndim) if isinstance(value, Node) else value for key, value in named.items()}
    if written is not None:
        forms["out"] = none_of(written)
    form = ufunc(*(none_of(node, ndim) for node in nodes), **forms)
    call, tail = NAMES[ufunc], tuple(named.items())
    if written is None:
        ordered = in_c_order(*(node for node in nodes if not node.weak))
        return result(call, tuple(nodes), tail, form, ordered=ordered)
    if where is not True or _shape(nodes) != written.shape:
        # What is not computed stays what it was.
        copy = Node("np.copy", (written,), (("order", "K"),), written.shape, written.dtype)
        value = Node(call, tuple(nodes), (*tail, ("out", copy)), written.shape, written.dtype)
    else:
        forms.pop("out")
        dtype = ufunc(*(none_of(node, ndim) for node in nodes), **forms).dtype
        value = Node(call, tuple(nodes), tail, written.shape, dtype, not written.shape)
        value = _cast(value, written.dtype)
    out._assign(value)
    return out


def _shape(nodes: list[Node]) -> tuple[int, ...]:
    return np.broadcast_shapes(*(node.shape for node in nodes))


def _cast(node: Node, dtype: np.dtype) -> Node:
    if node.dtype == dtype:
        return node
    return Node(".astype", (node, dtype), (), node.shape, dtype, node.scalar)


def _matrices(ufunc: np.ufunc, nodes: list[Node], keywords: dict[str, Any], out: Any) -> Any:
    named = {key: constant(value) for key, value in keywords.items()}
    if "where" in named or any(node.weak for node in nodes):
        raise Unsupported("NumPy checks it")
    forms, dropped = [], []
    loops = max(node.ndim - core for node, core in zip(nodes, CORES[ufunc]))
    for at, (node, core) in enumerate(zip(nodes, CORES[ufunc])):
        shape = node.shape
        if ufunc is np.matmul and node.ndim == 1:
            # A vector is a row on the left and a column on the right, for the product.
            shape = (1, *shape) if at == 0 else (*shape, 1)
            dropped.append(-2 if at == 0 else -1)
        if len(shape) < core:
            raise Unsupported("NumPy checks it")
        forms.append(np.empty((0, *(1,) * (loops - (len(shape) - core)), *shape), node.dtype))
    form = ufunc(*forms, **named)
    for axis in dropped:
        form = form[..., 0] if axis == -1 else form[..., 0, :] if -1 not in dropped else form[..., 0]
    made = result(NAMES[ufunc], tuple(nodes), tuple(named.items()), form)
    return made if out is None else assigned(out, made)


def assigned(out: Any, made: Any) -> Any:
    """Writes a result to what the caller has given for it."""
    same = type(out) is array_type() and out.shape == made.shape
    if not same or not np.can_cast(made.dtype, out.dtype, "same_kind") or out._scalar:
        raise Unsupported("NumPy checks it, and writes to memory of others")
    out._assign(_cast(operand(made), out.dtype))
    return out


def shifted(axis: Any, ndim: int) -> Any:
    """Axes of an array with one more axis in front.

    Raises:
        Unsupported: NumPy raises.
    """
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(one, ndim) for one in axis)
    axis = axis.__index__()
    if not -ndim <= axis < ndim:
        raise Unsupported("axis is out of bounds")
    return axis + 1 if axis >= 0 else axis


def _reduce(method: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    given = dict(zip(("array", "axis", "dtype", "out", "keepdims", "initial", "where"), args)) | kwargs
    return _along(method, "reduce", given)


def _accumulate(method: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    return _along(method, "accumulate", dict(zip(("array", "axis", "dtype", "out"), args)) | kwargs)


def _along(method: Any, name: str, given: dict[str, Any]) -> Any:
    ufunc = method.__self__
    node = operand(given.pop("array"))
    axis = given.pop("axis", 0)
    if given.pop("out", None) is not None or node.weak or 0 in node.shape or not node.shape or "where" in given:
        raise Unsupported("NumPy does it")
    every = tuple(range(1, node.ndim + 1))
    form_axis = every if axis is None and name == "reduce" else shifted(axis, node.ndim)
    named = {key: constant(value) for key, value in given.items()}
    form = getattr(ufunc, name)(none_of(node), axis=form_axis, **named)
    return result(f"{NAMES[ufunc]}.{name}", (node,), (("axis", constant(axis)), *named.items()), form)


def _outer(method: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    ufunc = method.__self__
    if len(args) != 2 or kwargs or ufunc.signature is not None:
        raise Unsupported("NumPy does it")
    a, b = map(operand, args)
    form = ufunc(*(node.value if node.weak else np.empty(0, node.dtype) for node in (a, b)))
    if not isinstance(form, np.ndarray):
        raise Unsupported("NumPy does it")
    node = Node(f"{NAMES[ufunc]}.outer", (a, b), (), a.shape + b.shape, form.dtype, not (a.shape + b.shape))
    return new(node)


def _at(method: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    from ._index import assignment

    ufunc = method.__self__
    array, index, *more = args
    if type(array) is not array_type() or kwargs or len(more) != ufunc.nin - 1:
        raise Unsupported("NumPy does it")
    operands = tuple(map(operand, more))
    forms = [np.empty(0, array.dtype), *(node.value if node.weak else np.empty(0, node.dtype) for node in operands)]
    if ufunc(*forms).dtype != array.dtype:
        raise Unsupported("NumPy computes with the other type")
    at, *_ = assignment(array, index, more[0] if more else 0)
    array._write(f"{NAMES[ufunc]}.at", (at, *operands), ())
    return None


def _install() -> None:
    RULES[np.ufunc] = _call
    for ufunc in {f for f in vars(np).values() if isinstance(f, np.ufunc)}:
        if ufunc.signature is None:
            if ufunc.nin == 2:
                RULES[ufunc, "reduce"] = _reduce
                RULES[ufunc, "accumulate"] = _accumulate
                RULES[ufunc, "outer"] = _outer
            RULES[ufunc, "at"] = _at


_install()
