"""Expression graphs: what is to be computed, as nodes that are written down as Python and compiled."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Iterator

import numpy as np


class Unsupported(Exception):
    """A call that no rule covers; NumPy itself makes it, on values."""


class Node:
    """One operation of a graph, or a value.

    ``call`` says how the operation is written: a dotted name (``np.add``), a method (``.astype``), ``[]`` for an index,
    ``item`` for a part of several results, ``update`` for a copy of an array with something written to it, None for a
    value. ``arguments`` and ``keywords`` hold nodes and plain constants.

    A node with ``value`` is done: it has no operands any more. ``shape`` is None where it depends on values. ``strides``
    is None where it is not known how NumPy's result lies. ``scalar`` says that NumPy's result is a scalar, no array.
    """

    __slots__ = (
        "call",
        "arguments",
        "keywords",
        "shape",
        "dtype",
        "strides",
        "scalar",
        "value",
        "owner",
        "writes",
        "__weakref__",
    )

    def __init__(
        self,
        call: str,
        arguments: tuple,
        keywords: tuple[tuple[str, Any], ...] = (),
        shape: Any = None,
        dtype: Any = None,
        scalar: bool = False,
        strides: tuple[int, ...] | None = None,
    ):
        self.call: str | None = call
        self.arguments = arguments
        self.keywords = keywords
        self.shape = shape
        self.dtype = dtype
        self.strides = strides
        self.scalar = scalar
        self.value: Any = None
        #: The storage whose elements these are, as a weak reference: its value is kept.
        self.owner: Any = None
        #: How many updates it is away from an array that is no update.
        self.writes = 0
        with _PENDING_LOCK:
            _PENDING.add(self)

    @classmethod
    def leaf(cls, value: Any) -> Node:
        """A value: an array, a NumPy scalar, or a number of Python."""
        self = cls.__new__(cls)
        self.call = None
        self.arguments = self.keywords = ()
        self.owner = None
        self.writes = 0
        self.put(value)
        return self

    def put(self, value: Any) -> None:
        """Makes this a value."""
        self.value = value
        self.shape = getattr(value, "shape", ())
        self.dtype = getattr(value, "dtype", None)
        self.strides = value.strides if isinstance(value, np.ndarray) else None
        self.scalar = not isinstance(value, np.ndarray)

    @property
    def weak(self) -> bool:
        """Whether this is a number of Python, whose type gives way to that of arrays."""
        return isinstance(self.value, (bool, int, float, complex)) and not isinstance(self.value, np.generic)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def operands(self) -> Iterator[Node]:
        """The nodes that this one needs."""
        yield from _nodes(self.arguments)
        for _, value in self.keywords:
            yield from _nodes(value)


#: Nodes without a value that somebody holds.
_PENDING: weakref.WeakSet[Node] = weakref.WeakSet()
_PENDING_LOCK = threading.Lock()

#: Held while values are computed and memory is written.
LOCK = threading.RLock()


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _nodes(part)
    elif isinstance(value, slice):
        yield from _nodes((value.start, value.stop, value.step))


def _replaced(value: Any, new: dict[int, Node]) -> Any:
    if isinstance(value, Node):
        return new.get(id(value), value)
    if isinstance(value, (tuple, list)):
        return type(value)(_replaced(part, new) for part in value)
    if isinstance(value, slice):
        return slice(*(_replaced(part, new) for part in (value.start, value.stop, value.step)))
    return value


def before_write(memory: np.ndarray) -> None:
    """Gives a copy of ``memory`` to each node without a value that reads it: it is about to be written to."""
    with _PENDING_LOCK:
        pending = [node for node in _PENDING if node.value is None]
    new: dict[int, Node] = {}
    for node in pending:
        for leaf in node.operands():
            value = leaf.value
            if isinstance(value, np.ndarray) and id(leaf) not in new and np.may_share_memory(value, memory):
                new[id(leaf)] = Node.leaf(value.copy(order="K"))
    if new:
        for node in pending:
            node.arguments = _replaced(node.arguments, new)
            node.keywords = _replaced(node.keywords, new)


def ordered(nodes: list[Node]) -> list[Node]:
    """The nodes without values that ``nodes`` need, each after its operands."""
    found: dict[int, Node] = {}
    open_nodes: set[int] = set()
    stack = list(nodes)
    while stack:
        node = stack[-1]
        if node.value is not None or id(node) in found:
            stack.pop()
        elif id(node) in open_nodes:
            found[id(node)] = stack.pop()
        else:
            open_nodes.add(id(node))
            stack.extend(node.operands())
    return list(found.values())


def is_kept(node: Node) -> bool:
    """Whether an array that somebody holds has these elements."""
    storage = node.owner and node.owner()
    return storage is not None and storage.node is node


def c_strides(shape: tuple[int, ...], dtype: np.dtype) -> tuple[int, ...]:
    """The strides of a new array whose elements lie row by row."""
    strides = []
    step = dtype.itemsize
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


def is_c_ordered(shape: tuple[int, ...], strides: tuple[int, ...] | None, dtype: np.dtype) -> bool:
    """Whether elements lie row by row; axes of extent 1 do not count."""
    if strides is None:
        return False
    step = dtype.itemsize
    for extent, stride in zip(reversed(shape), reversed(strides)):
        if extent == 0:
            return True
        if extent > 1 and stride != step:
            return False
        step *= extent
    return True


def _laid_out(value: np.ndarray, strides: tuple[int, ...] | None) -> np.ndarray:
    """A result of a program, with memory of its own for each element, and row by row where that was said."""
    if strides is not None and is_c_ordered(value.shape, strides, value.dtype) and not value.flags.c_contiguous:
        return np.ascontiguousarray(value)
    if any(stride == 0 and extent > 1 for stride, extent in zip(value.strides, value.shape)):
        return value.copy()
    return value


def finish(node: Node, value: Any) -> None:
    """Takes what was computed for a node.

    Raises:
        RuntimeError: it is not what was said before.
    """
    if node.shape is not None:
        if node.scalar and isinstance(value, np.ndarray) and value.shape == ():
            value = value[()]
        elif not node.scalar and not isinstance(value, np.ndarray):
            value = np.asarray(value)
        if isinstance(value, np.ndarray) and node.shape == value.shape:
            value = _laid_out(value, node.strides)
        if np.shape(value) != node.shape or value.dtype != node.dtype:
            raise RuntimeError(
                f"{node.call} gave {value.dtype}{list(np.shape(value))}, not {node.dtype}{list(node.shape)}"
            )
    if isinstance(value, tuple):
        # Several results: parts of it are taken by other nodes.
        node.value = value
    else:
        node.put(value)
    node.call, node.arguments, node.keywords = None, (), ()
    with _PENDING_LOCK:
        _PENDING.discard(node)
