"""Rules of functions along axes, of linear algebra and of Fourier transforms."""

from __future__ import annotations

import warnings
from typing import Any, Callable

import numpy as np

from ._call import AT_ONCE, NAMES, RULES, WRITERS, Rule, array_type, constant, new, operand, signature
from ._forms import none_of, result
from ._node import Node, Unsupported, c_strides
from ._ufuncs import assigned, shifted

#: What `axis=None` means.
ALL, FLAT, NONE = "all axes", "the elements row by row", "no axis"


def along(arrays: str, axes: str = "", none: str = NONE, least: int = 0) -> Rule:
    """A rule of a function that does the same for each position of other axes.

    NumPy itself says what comes out, for arrays with one more axis in front that has no positions.

    Args:
        arrays: the parameters that are arrays.
        axes: the parameters that are axes of the first one.
        none: what None means for these.
        least: how many axes the first array must have.
    """
    of, names = arrays.split(), axes.split()

    def rule(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        bound = signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        out = given.pop("out", None)
        nodes = {name: operand(given[name]) for name in of if given[name] is not None}
        first = nodes[of[0]]
        if first.weak or first.ndim < least or any(0 in node.shape for node in nodes.values()):
            raise Unsupported("NumPy does it")
        forms = {name: none_of(node, max(n.ndim for n in nodes.values())) for name, node in nodes.items()}
        for name in names:
            if given[name] is not None:
                forms[name] = shifted(given[name], first.ndim)
            elif none == ALL:
                forms[name] = tuple(range(1, first.ndim + 1))
            elif none == FLAT:
                if given.get("keepdims"):
                    raise Unsupported("NumPy does it")
                forms |= {key: np.empty((0, np.prod(nodes[key].shape, dtype=int)), nodes[key].dtype) for key in nodes}
                forms[name] = 1
        form = _without_warnings(function, bound.signature, given | forms, out)
        made = result(NAMES[function], *_written(bound.signature, args, kwargs, nodes), form)
        return made if out is None else assigned(out, made)

    return rule


def _without_warnings(function: Any, parameters: Any, given: dict[str, Any], out: Any) -> Any:
    if out is not None and isinstance(function, np.ufunc):
        raise Unsupported("NumPy does it")
    args, named = [], {}
    for name, parameter in parameters.parameters.items():
        if name not in given or given[name] is parameter.default:
            continue
        value = given[name]
        if parameter.kind is parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            named[name] = value if isinstance(value, np.ndarray) else _plain(value)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args, **named)


def _plain(value: Any) -> Any:
    if isinstance(value, array_type()):
        raise Unsupported("what comes out depends on values")
    return value


def _written(parameters: Any, args: tuple, kwargs: dict[str, Any], nodes: dict[str, Node]) -> tuple[tuple, tuple]:
    """Arguments and keywords as the caller has given them, with nodes for arrays."""
    order = list(parameters.parameters)
    arguments = tuple(nodes[name] if name in nodes else constant(value) for name, value in zip(order, args))
    if "out" in order[: len(args)]:
        raise Unsupported("NumPy does it")
    named = ((key, nodes[key] if key in nodes else constant(value)) for key, value in kwargs.items() if key != "out")
    return arguments, tuple(named)


def elementwise(arrays: str) -> Rule:
    """A rule of a function of arrays that broadcast."""
    of = arrays.split()

    def rule(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        bound = signature(function).bind(*args, **kwargs)
        given = bound.arguments
        out = given.pop("out", None)
        nodes = {name: operand(given[name]) for name in of if given.get(name) is not None}
        if all(node.weak for node in nodes.values()):
            raise Unsupported("NumPy does it")
        ndim = max(node.ndim for node in nodes.values())
        forms = {name: none_of(node, ndim) for name, node in nodes.items()}
        form = _without_warnings(function, bound.signature, given | forms, None)
        made = result(NAMES[function], *_written(bound.signature, args, kwargs, nodes), form, scalars=False)
        if not made.shape:
            raise Unsupported("NumPy knows whether it is a scalar")
        return made if out is None else assigned(out, made)

    return rule


def _joined(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    bound = signature(function).bind(*args, **kwargs)
    given = dict(bound.arguments)
    parts = given.pop("arrays")
    if given.pop("out", None) is not None or not isinstance(parts, (tuple, list)):
        raise Unsupported("NumPy does it")
    nodes = [operand(part) for part in parts]
    axis = given.pop("axis", 0)
    named = tuple((key, constant(value)) for key, value in given.items())
    if axis is None:
        forms = [np.empty((0, np.prod(node.shape, dtype=int)), node.dtype) for node in nodes]
        form_axis = 1
    else:
        if any(node.weak for node in nodes) or len({node.ndim for node in nodes}) != 1:
            raise Unsupported("NumPy does it")
        forms = [none_of(node) for node in nodes]
        form_axis = shifted(axis, nodes[0].ndim + (function is np.stack))
    form = function(forms, axis=form_axis, **{key: value for key, value in named})
    return result(NAMES[function], (tuple(nodes),), (("axis", constant(axis)), *named), form)


def _stacked(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    parts, *more = args
    if more or type(parts) not in (tuple, list):
        raise Unsupported("NumPy does it")
    # Of arrays of this form, with 0 along the axis that is joined or a sum of extents: small, and computed.
    nodes = [operand(part) for part in parts]
    if any(node.weak for node in nodes):
        raise Unsupported("NumPy does it")
    axis = {np.vstack: 0, np.dstack: 2, np.column_stack: 1}.get(function)
    if axis is None:
        axis = 0 if nodes[0].ndim <= 1 else 1
    as_one = {np.vstack: np.atleast_2d, np.dstack: np.atleast_3d, np.hstack: np.atleast_1d}.get(function, _column)
    shapes = [as_one(np.broadcast_to(np.zeros((), node.dtype), node.shape)).shape for node in nodes]
    forms = [np.empty((0, *shape), node.dtype) for shape, node in zip(shapes, nodes)]
    form = np.concatenate(forms, axis=axis + 1, **kwargs)
    named = tuple((key, constant(value)) for key, value in kwargs.items())
    return result(NAMES[function], (tuple(nodes),), named, form)


def _column(array: np.ndarray) -> np.ndarray:
    return np.reshape(array, (-1, 1)) if array.ndim < 2 else array


def _where(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    if len(args) != 3 or kwargs:
        raise Unsupported("its size depends on values")
    nodes = [operand(value) for value in args]
    ndim = max(node.ndim for node in nodes)
    if ndim == 0:
        raise Unsupported("NumPy does it")
    form = np.where(*(none_of(node, ndim) for node in nodes))
    return result("np.where", tuple(nodes), (), form)


def _products(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    if len(args) != 2 or kwargs:
        raise Unsupported("NumPy does it")
    a, b = map(operand, args)
    if a.weak or b.weak:
        raise Unsupported("NumPy does it")
    dtype = np.dot(np.zeros(1, a.dtype), np.zeros(1, b.dtype)).dtype
    if function is np.outer or function is np.linalg.outer:
        shape = tuple(np.prod(node.shape, dtype=int).item() for node in (a, b))
        if function is np.linalg.outer and (a.ndim, b.ndim) != (1, 1):
            raise Unsupported("NumPy raises")
        dtype = np.multiply(np.empty(0, a.dtype), np.empty(0, b.dtype)).dtype
    elif function is np.vdot:
        if np.prod(a.shape) != np.prod(b.shape):
            raise Unsupported("NumPy raises")
        shape = ()
    else:
        if not a.ndim or not b.ndim:
            raise Unsupported("NumPy does it")
        at = -1 if function is np.inner or b.ndim == 1 else -2
        if a.shape[-1] != b.shape[at]:
            raise Unsupported("NumPy raises")
        rest = list(b.shape)
        del rest[at]
        shape = (*a.shape[:-1], *rest)
    call = NAMES[function]
    return new(Node(call, (a, b), (), shape, dtype, not shape, c_strides(shape, dtype)))


def _tensordot(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    bound = signature(function).bind(*args, **kwargs).arguments
    a, b, *_ = map(operand, list(bound.values())[:2])
    axes = constant(bound.get("axes", 2))
    left, right = (range(-axes, 0), range(axes)) if isinstance(axes, int) else axes
    left, right = ([one] if isinstance(one, int) else list(one) for one in (left, right))
    left, right = [i % a.ndim for i in left], [i % b.ndim for i in right]
    if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
        raise Unsupported("NumPy raises")
    rest = [n for i, n in enumerate(a.shape) if i not in left], [n for i, n in enumerate(b.shape) if i not in right]
    shape = (*rest[0], *rest[1])
    dtype = np.dot(np.zeros(1, a.dtype), np.zeros(1, b.dtype)).dtype
    # An array also where there is no axis.
    node = Node(NAMES[function], (a, b), (("axes", axes),), shape, dtype, strides=c_strides(shape, dtype))
    return new(node)


def like(arrays: str, model: str) -> Rule:
    """A rule of a function whose result has the shape of one parameter; its type is that of a small result."""
    of = arrays.split()

    def rule(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        bound = signature(function).bind(*args, **kwargs)
        nodes = {name: operand(bound.arguments[name]) for name in of}
        shape = nodes[model].shape
        if not shape or bound.arguments.get("out") is not None:
            raise Unsupported("NumPy knows whether it is a scalar")
        ones = {key: node.value if node.weak else np.zeros((1,) * node.ndim, node.dtype) for key, node in nodes.items()}
        form = _without_warnings(function, bound.signature, bound.arguments | ones, None)
        arguments, named = _written(bound.signature, args, kwargs, nodes)
        node = Node(NAMES[function], arguments, named, shape, form.dtype, strides=c_strides(shape, form.dtype))
        return new(node)

    return rule


def _take(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    bound = signature(function).bind(*args, **kwargs)
    nodes = {name: operand(bound.arguments[name]) for name in ("a", "indices")}
    a, indices = nodes["a"], nodes["indices"]
    axis, mode = bound.arguments.get("axis"), bound.arguments.get("mode", "raise")
    number = indices.dtype is None and type(indices.value) is int
    if a.weak or not (number or indices.dtype is not None and indices.dtype.kind in "iu") or "out" in bound.arguments:
        raise Unsupported("NumPy does it")
    if mode not in ("raise", "wrap", "clip") or 0 in a.shape:
        raise Unsupported("NumPy does it")
    if axis is None:
        shape = indices.shape
    else:
        shifted(axis, a.ndim)
        at = axis % a.ndim
        shape = a.shape[:at] + indices.shape + a.shape[at + 1 :]
    arguments, named = _written(bound.signature, args, kwargs, nodes)
    return new(Node("np.take", arguments, named, shape, a.dtype, not shape, c_strides(shape, a.dtype)))


def _tile(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    bound = signature(function).bind(*args, **kwargs).arguments
    node, reps = operand(bound["A"]), constant(bound["reps"])
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    if node.weak or any(type(count) is not int or count < 0 for count in reps):
        raise Unsupported("NumPy does it")
    ndim = max(node.ndim, len(reps))
    shape = tuple(a * b for a, b in zip((1,) * (ndim - node.ndim) + node.shape, (1,) * (ndim - len(reps)) + reps))
    return new(Node("np.tile", (node, reps), (), shape, node.dtype, strides=c_strides(shape, node.dtype)))


def _solve(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    a, b = map(operand, args)
    if kwargs or a.ndim < 2 or b.ndim < 1:
        raise Unsupported("NumPy raises")
    ndim = max(a.ndim, b.ndim)
    column = np.empty((0, *(1,) * (ndim - 2), *b.shape, 1), b.dtype)
    form = np.linalg.solve(none_of(a, ndim), column if b.ndim == 1 else none_of(b, ndim))
    return result("np.linalg.solve", (a, b), (), form[..., 0] if b.ndim == 1 else form)


def _norm(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    node = operand(signature(function).bind(*args, **kwargs).arguments["x"])
    if node.ndim not in (1, 2):
        raise Unsupported("NumPy does it")
    return along("x", "axis", ALL)(function, args, kwargs)


def _transform(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    bound = signature(function).bind(*args, **kwargs).arguments
    node = operand(bound["a"])
    if bound.get("axes") is None and bound.get("s") is not None:
        raise Unsupported("NumPy does it")
    return along("a", "axes", ALL if node.ndim else NONE, 1)(function, args, kwargs)


def _astype(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    array, dtype = args[:2]
    device = kwargs.get("device")
    if type(array) is not array_type() or device not in (None, "cpu") or kwargs.keys() - {"copy", "device"}:
        raise Unsupported("NumPy raises")
    return array.astype(dtype, copy=kwargs.get("copy", args[2] if len(args) > 2 else True))


def _array(args: tuple) -> Any:
    (array,) = args
    if type(array) is not array_type():
        raise Unsupported("NumPy makes an array of it")
    return array


def _size(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    array, *axis = args
    if kwargs.keys() - {"axis"} or type(array) is not array_type():
        raise Unsupported("NumPy makes an array of it")
    (axis,) = axis or [kwargs.get("axis")]
    return array.size if axis is None else np.size(np.empty((0, *array.shape)), shifted(axis, array.ndim))


def _of_types(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    return function(*(value.dtype if isinstance(value, array_type()) else value for value in args), **kwargs)


def _einsum(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    subscripts, *parts = args
    if not isinstance(subscripts, str) or kwargs.keys() - {"optimize"} or "." in subscripts:
        raise Unsupported("its result is not known")
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    nodes = [operand(part) for part in parts]
    extents: dict[str, int] = {}
    for letters, node in zip(inputs.split(","), nodes, strict=True):
        for letter, extent in zip(letters, node.shape, strict=True):
            if extents.setdefault(letter, extent) != extent:
                raise Unsupported("NumPy raises, or it broadcasts")
    if not arrow:
        output = "".join(sorted(letter for letter in extents if inputs.count(letter) == 1))
    shape = tuple(extents[letter] for letter in output)
    dtype = np.result_type(*(node.dtype for node in nodes))
    if not shape or any(node.weak for node in nodes) or len(nodes) == 1:
        raise Unsupported("a scalar, or a view")
    named = tuple((key, constant(value)) for key, value in kwargs.items())
    return new(Node("np.einsum", (subscripts, *nodes), named, shape, dtype))


def _install() -> None:
    def rules(rule: Rule | Callable, names: str) -> None:
        for name in names.split():
            found: Any = np
            for part in name.split("."):
                found = getattr(found, part)
            RULES[found] = rule

    rules(along("a", "axis", ALL), "sum prod max min amax amin mean std var any all ptp count_nonzero")
    rules(along("a", "axis", ALL), "nansum nanprod nanmax nanmin nanmean nanstd nanvar")
    rules(along("a", "axis", FLAT), "argmax argmin cumsum cumprod nancumsum nancumprod sort argsort repeat")
    rules(along("a", "axis", FLAT), "median nanmedian")
    rules(along("x", "axis"), "cumulative_sum cumulative_prod")
    rules(along("a", "axis", FLAT), "partition argpartition")
    rules(along("a", "axis"), "diff")
    rules(along("arr indices", "axis", FLAT), "take_along_axis")
    rules(along("m", least=2), "tril triu")
    rules(along("a", "axis1 axis2", least=2), "trace")
    rules(along("x", least=2), "linalg.trace linalg.svdvals linalg.cond linalg.matrix_norm")
    rules(along("a", least=2), "linalg.inv linalg.det linalg.cholesky linalg.qr linalg.svd linalg.eigh linalg.eigvalsh")
    rules(along("a", least=2), "linalg.slogdet linalg.pinv linalg.matrix_power")
    rules(along("A", least=2), "linalg.matrix_rank")
    rules(along("x", "axis", ALL), "linalg.vector_norm")
    rules(along("a", "axis", least=1), "fft.fft fft.ifft fft.rfft fft.irfft fft.hfft fft.ihfft")
    rules(_transform, "fft.fft2 fft.ifft2 fft.rfft2 fft.irfft2 fft.fftn fft.ifftn fft.rfftn fft.irfftn")
    rules(along("x", "axes", ALL), "fft.fftshift fft.ifftshift")
    rules(_norm, "linalg.norm")
    rules(_solve, "linalg.solve")
    rules(elementwise("a a_min a_max min max"), "clip")
    rules(elementwise("a"), "round around")
    rules(elementwise("a b"), "isclose")
    rules(elementwise("x"), "nan_to_num sinc fix isneginf isposinf iscomplex isreal")
    rules(elementwise("z"), "angle")
    rules(_joined, "concatenate stack")
    rules(_stacked, "vstack hstack dstack column_stack")
    rules(_where, "where")
    rules(_products, "dot inner outer vdot linalg.outer")
    rules(_tensordot, "tensordot linalg.tensordot")
    rules(_einsum, "einsum")
    rules(like("a", "a"), "roll")
    rules(like("a v", "v"), "searchsorted")
    rules(like("x bins", "x"), "digitize")
    rules(like("element test_elements", "element"), "isin")
    rules(_take, "take")
    rules(_tile, "tile")
    rules(_astype, "astype")
    rules(_of_types, "result_type can_cast")
    rules(lambda function, args, kwargs: _array(args).shape, "shape")
    rules(lambda function, args, kwargs: _array(args).ndim, "ndim")
    rules(_size, "size")
    rules(lambda function, args, kwargs: _array(args).dtype.kind == "c", "iscomplexobj")
    rules(lambda function, args, kwargs: _array(args).dtype.kind != "c", "isrealobj")
    rules(lambda f, args, kwargs: _matrix_product(np.matmul, args, kwargs), "linalg.matmul")
    rules(_vecdot, "linalg.vecdot vecdot")
    for name in "put putmask place copyto fill_diagonal put_along_axis".split():
        WRITERS.add(getattr(np, name))
    at_once = """nonzero flatnonzero argwhere compress extract unique unique_values union1d intersect1d setdiff1d setxor1d
        bincount histogram average cov corrcoef quantile percentile nanquantile nanpercentile nanargmax nanargmin
        allclose array_equal array_equiv kron cross pad convolve correlate gradient interp trapezoid linalg.cross
        linalg.eig linalg.eigvals linalg.lstsq linalg.multi_dot lexsort block delete insert append vander polyfit
        polyval diagflat choose select ravel_multi_index unravel_index"""
    for name in at_once.split():
        found: Any = np
        for part in name.split("."):
            found = getattr(found, part)
        AT_ONCE.add(found)


def _matrix_product(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    return RULES[np.ufunc](function, args, kwargs)


def _vecdot(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    axis = kwargs.get("axis", -1)
    if kwargs.keys() - {"axis"} or len(args) != 2:
        raise Unsupported("NumPy does it")
    parts = list(args)
    if axis != -1:
        parts = [RULES[np.moveaxis](np.moveaxis, (part, axis, -1), {}) for part in parts]
    return RULES[np.ufunc](np.vecdot, tuple(parts), {})


_install()
