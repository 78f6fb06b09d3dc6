"""Calls of NumPy's functions: as nodes of a graph where a rule says what comes out, at once otherwise."""

from __future__ import annotations

import inspect
import functools
from typing import Any, Callable, Iterator

import numpy as np

from ._node import LOCK, Node, Unsupported, before_write
from ._program import constant, evaluate, is_number

#: The versions of the array API standard that the namespace follows.
API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")

Rule = Callable[[Any, tuple, dict[str, Any]], Any]

#: What is known about functions: from the function, its arguments and keywords to lazy arrays.
RULES: dict[Any, Rule] = {}
#: Functions whose result depends on values; they are compiled together with what they need.
AT_ONCE: set[Any] = set()
#: Functions that write to their first argument.
WRITERS: set[Any] = set()
#: NumPy's functions by how they are written.
FUNCTIONS: dict[str, Any] = {}
#: How functions are written, by function.
NAMES: dict[Any, str] = {}


def _gather() -> None:
    for prefix, module in (("np", np), ("np.linalg", np.linalg), ("np.fft", np.fft)):
        for name in dir(module):
            function = getattr(module, name)
            if callable(function) and not isinstance(function, type) and not name.startswith("_"):
                FUNCTIONS[f"{prefix}.{name}"] = function
                # Those of the first module that has it, under its own name where there are several.
                if function not in NAMES or getattr(function, "__name__", None) == name and prefix == "np":
                    NAMES[function] = f"{prefix}.{name}"


_gather()


@functools.cache
def signature(function: Any) -> inspect.Signature:
    return inspect.signature(function)


def array_type() -> Any:
    from ._array import Array

    return Array


def is_operand(value: Any) -> bool:
    """Whether operators and elementwise functions take this; other classes may know more."""
    plain = (array_type(), np.ndarray, np.generic, bool, int, float, complex, list, tuple, str, type(None))
    return isinstance(value, plain)


def operand(value: Any) -> Node:
    """What stands for an array or a number in a graph.

    Raises:
        Unsupported: it is neither, or compiled code knows no such elements.
    """
    Array = array_type()
    if isinstance(value, Array):
        node = value._operand()
    elif type(value) in (bool, int, float, complex):
        return Node.leaf(value)
    elif type(value) is np.ndarray or isinstance(value, np.generic):
        node = Node.leaf(value)
    elif type(value) in (list, tuple) and not _has_lazy(value):
        node = Node.leaf(np.asarray(value))
    else:
        raise Unsupported(f"{type(value).__name__} is no array")
    if not is_number(node.dtype):
        raise Unsupported(f"elements of type {node.dtype}")
    return node


def _has_lazy(value: Any) -> bool:
    return any(isinstance(part, array_type()) for part in _leaves(value))


def index_operand(value: Any) -> Any:
    """What stands for an index: integers are arguments of the program, so that others need no other one."""
    if isinstance(value, tuple):
        return tuple(map(index_operand, value))
    if isinstance(value, slice):
        return slice(*(index_operand(part) for part in (value.start, value.stop, value.step)))
    if value is None or value is ...:
        return value
    if isinstance(value, (array_type(), np.ndarray, np.generic, list, bool)):
        return operand(np.asarray(value) if isinstance(value, (list, bool)) else value)
    return Node.leaf(value.__index__())


def mixed(value: Any) -> Any:
    """An argument that may be an array, a sequence of them, or a constant."""
    if isinstance(value, (array_type(), np.ndarray, np.generic)):
        return operand(value)
    if type(value) in (tuple, list):
        return type(value)(mixed(part) for part in value)
    return constant(value)


def new(node: Node) -> Any:
    """A lazy array of a node."""
    return array_type()._of(node)


def wrapped(value: Any, given: Any = ()) -> Any:
    """What NumPy returned for the arguments ``given``, with lazy arrays for arrays."""
    if type(value) is np.ndarray:
        alone = value.flags.owndata and not any(part is value for part in _leaves(given))
        return array_type()._of(Node.leaf(value), pinned=not alone)
    if isinstance(value, np.generic):
        return new(Node.leaf(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(wrapped(part, given) for part in value))
    if type(value) in (tuple, list):
        return type(value)(wrapped(part, given) for part in value)
    return value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    elif isinstance(value, slice):
        value = (value.start, value.stop, value.step)
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def unwrapped(value: Any) -> Any:
    """Arguments with NumPy's arrays, which share memory with the lazy ones, for lazy arrays."""
    if isinstance(value, array_type()):
        return value._shared()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(unwrapped, value))
    if type(value) in (tuple, list):
        return type(value)(map(unwrapped, value))
    if isinstance(value, slice):
        return slice(*(unwrapped(part) for part in (value.start, value.stop, value.step)))
    if type(value) is dict:
        return {key: unwrapped(part) for key, part in value.items()}
    return value


def values(value: Any) -> Any:
    """Operands of a graph as values."""
    evaluate(*(part for part in _leaves(value) if isinstance(part, Node)))

    def valued(part: Any) -> Any:
        if isinstance(part, Node):
            return part.value
        if type(part) in (tuple, list):
            return type(part)(map(valued, part))
        if isinstance(part, slice):
            return slice(*(valued(bound) for bound in (part.start, part.stop, part.step)))
        if type(part) is dict:
            return {key: valued(inner) for key, inner in part.items()}
        return part

    return valued(value)


def write(memory: np.ndarray, call: str, of: tuple, keywords: dict[str, Any]) -> None:
    """Writes to memory as an update of a graph does."""
    if call == "[]=":
        memory[of[0]] = of[1]
    elif call.startswith("."):
        getattr(memory, call[1:])(*of, **keywords)
    elif call.endswith(".at"):
        FUNCTIONS[call.removesuffix(".at")].at(memory, *of, **keywords)
    else:
        FUNCTIONS[call](memory, *of, **keywords)


def call(function: Any, args: tuple, kwargs: dict[str, Any], method: tuple[np.ufunc, str] | None = None) -> Any:
    """What ``function(*args, **kwargs)`` gives, computed later if a rule says what it is.

    Args:
        method: of a bound method of an elementwise function, that function and the method's name.

    Raises:
        Whatever NumPy raises for such arguments: where a rule finds no result, NumPy itself is called.
    """
    key = method if method is not None and method[1] != "__call__" else function
    rule = RULES.get(key)
    if rule is None and isinstance(function, np.ufunc):
        rule = RULES[np.ufunc]
    if rule is not None:
        try:
            return rule(function, args, kwargs)
        except Exception:
            # NumPy has the right error, or the result.
            pass
    elif key in AT_ONCE:
        try:
            arguments = tuple(mixed(value) for value in args)
            keywords = tuple((name, mixed(value)) for name, value in kwargs.items())
        except Exception:
            pass
        else:
            return at_once(Node(NAMES[function], arguments, keywords))
    return by_numpy(function, args, kwargs, function in WRITERS or method is not None and method[1] == "at")


def at_once(node: Node) -> Any:
    """The result of a node whose shape is not known before."""
    evaluate(node)
    return wrapped(node.value)


def by_numpy(function: Any, args: tuple, kwargs: dict[str, Any], writes: bool = False) -> Any:
    """What NumPy itself gives for the values."""
    with LOCK:
        evaluate(*(part._storage.node for part in _leaves((args, kwargs)) if isinstance(part, array_type())))
        arguments, keywords = unwrapped(args), unwrapped(kwargs)
        for memory in _leaves((_out(function, arguments, keywords), arguments[:1] if writes else ())):
            if isinstance(memory, np.ndarray):
                before_write(memory)
        result = function(*arguments, **keywords)
        return _as_given(result, (arguments, keywords), keywords.get("out"), kwargs.get("out"))


def _out(function: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What a call writes its result to."""
    if isinstance(function, np.ufunc):
        return (*args[function.nin :], kwargs.get("out"))
    try:
        return signature(function).bind(*args, **kwargs).arguments.get("out")
    except (TypeError, ValueError):
        # Methods of elementwise functions have no signature: all may be written to.
        return (*args, kwargs.get("out"))


def _as_given(result: Any, arguments: Any, out: Any, given: Any) -> Any:
    """The result, with the arrays of ``out`` as the caller has given them."""
    if isinstance(result, tuple) and isinstance(out, tuple):
        pairs = zip(result, out, given)
        return tuple(whole if part is other else wrapped(part, arguments) for part, other, whole in pairs)
    if isinstance(out, tuple):
        (out,), (given,) = out, given
    return given if out is not None and result is out else wrapped(result, arguments)
