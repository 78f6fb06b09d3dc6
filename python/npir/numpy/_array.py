"""The array: what a program holds of a graph, with NumPy's rules of memory that is shared."""

from __future__ import annotations

import math
import operator
import weakref
from typing import Any, Iterator

import numpy as np

from . import _call, _index
from ._methods import Methods
from ._node import LOCK, Node, Unsupported, before_write, is_c_ordered
from ._program import evaluate

#: Updates of an array without a value, one on another, at most: after that it has memory, which is written.
MOST_WRITES = 8
#: Views through which NumPy does not write.
READ_ONLY = {"np.broadcast_to", "np.diagonal", "np.linalg.diagonal"}


class Storage:
    """The elements of an array and of all views of it: those of a node, which is another one after each write."""

    __slots__ = ("node", "pinned", "__weakref__")

    def __init__(self, node: Node, pinned: bool = False):
        #: Whether others have the memory: what is written has to be written there, at once.
        self.pinned = pinned
        self.put(node)

    def put(self, node: Node) -> None:
        self.node = node
        node.owner = weakref.ref(self)

    def memory(self) -> Any:
        """The array, or NumPy's scalar, that holds the elements; computes them."""
        if self.node.value is None:
            evaluate(self.node)
        return self.node.value


class View:
    """A step from an array to a view of it, and the form of the view."""

    __slots__ = ("call", "arguments", "keywords", "shape", "dtype", "strides")

    def __init__(
        self,
        call: str,
        arguments: tuple,
        keywords: tuple,
        shape: tuple[int, ...],
        dtype: np.dtype,
        strides: tuple[int, ...] | None,
    ):
        self.call, self.arguments, self.keywords = call, arguments, keywords
        self.shape, self.dtype, self.strides = shape, dtype, strides

    def node(self, of: Node) -> Node:
        arguments = tuple(_call.index_operand(a) for a in self.arguments) if self.call == "[]" else self.arguments
        return Node(self.call, (of, *arguments), self.keywords, self.shape, self.dtype, strides=self.strides)

    def apply(self, memory: np.ndarray) -> np.ndarray:
        if self.call == "[]":
            return memory[self.arguments[0]]
        return _call.FUNCTIONS[self.call](memory, *self.arguments, **dict(self.keywords))

    def written(self) -> tuple[str, tuple, tuple]:
        """The step in an update."""
        arguments = tuple(_call.index_operand(a) for a in self.arguments) if self.call == "[]" else self.arguments
        return self.call, arguments, self.keywords


class Array(Methods):
    """An array whose elements are computed when they are needed.

    It has the attributes, methods and operators of ``numpy.ndarray`` and of the arrays of the Python array API standard.
    Shape and element type are known at once. Functions of NumPy take it and return such arrays.
    """

    __slots__ = ("_storage", "_views", "_shape", "_dtype", "_cached", "__weakref__")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        raise TypeError("npir.numpy.Array is made by npir.numpy's functions, such as asarray")

    @classmethod
    def _of(cls, node: Node, pinned: bool = False) -> Array:
        self = object.__new__(cls)
        if node.shape is None:
            evaluate(node)
        self._storage = Storage(node, pinned)
        self._views = ()
        self._shape, self._dtype = node.shape, node.dtype
        self._cached = None
        return self

    def _view(self, view: View) -> Array:
        made = object.__new__(Array)
        made._storage = self._storage
        made._views = (*self._views, view)
        made._shape, made._dtype = view.shape, view.dtype
        made._cached = None
        return made

    @property
    def _scalar(self) -> bool:
        return not self._views and self._storage.node.scalar

    def _operand(self) -> Node:
        """What stands for the elements of now in a graph."""
        node = self._storage.node
        if not self._views:
            return node
        done = node.value is not None
        if self._cached is not None and self._cached[0] is node and self._cached[1] == done:
            return self._cached[2]
        if done:
            made = Node.leaf(self._seen(node.value))
        else:
            made = node
            for view in self._views:
                made = view.node(made)
        self._cached = (node, done, made)
        return made

    def _layout(self) -> tuple[int, ...] | None:
        """The strides, if they are known."""
        return self._operand().strides

    def _seen(self, memory: Any) -> Any:
        for view in self._views:
            memory = view.apply(memory)
        return memory

    def _value(self) -> Any:
        """The elements, in memory that nobody else may write to or keep."""
        with LOCK:
            return self._seen(self._storage.memory())

    def _shared(self) -> Any:
        """The elements, in memory that others may keep."""
        with LOCK:
            self._storage.pinned = True
            return self._value()

    def _check_writable(self) -> None:
        if self._scalar:
            raise TypeError(f"'numpy.{self.dtype.name}' object does not support item assignment")
        if any(view.call in READ_ONLY for view in self._views):
            raise ValueError("assignment destination is read-only")

    def _assign(self, node: Node) -> None:
        """Gives all elements new values: a node of the same shape and element type."""
        with LOCK:
            self._check_writable()
            storage = self._storage
            ordered = is_c_ordered(self._shape, storage.node.strides, self._dtype)
            if not self._views and not storage.pinned and ordered and node.value is None and node.owner is None:
                # The elements stay where they are: row by row.
                node.strides = storage.node.strides
                storage.put(node)
            else:
                self._write("[]=", (..., node), ())

    def _write(self, call: str, of: tuple, keywords: tuple) -> None:
        """Writes to elements: ``call`` with this array and ``of``, or an assignment of ``of[1]`` at ``of[0]``."""
        with LOCK:
            self._check_writable()
            storage = self._storage
            if storage.node.value is None and storage.node.writes >= MOST_WRITES:
                storage.memory()
            if storage.node.value is None:
                views = tuple(view.written() for view in self._views)
                old = storage.node
                arguments = (old, views, call, of, keywords)
                new = Node("update", arguments, (), old.shape, old.dtype, strides=old.strides)
                new.writes = old.writes + 1
                storage.put(new)
                return
            values = _call.values((of, dict(keywords)))
            memory = self._value()
            if not memory.flags.writeable:
                raise ValueError("assignment destination is read-only")
            before_write(memory)
            _call.write(memory, call, *values)

    # What is known without values.

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        other = self.reshape(shape, copy=False)
        self._storage, self._views, self._cached = other._storage, other._views, None
        self._shape = other._shape

    @property
    def dtype(self) -> np.dtype:
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        return math.prod(self._shape)

    @property
    def itemsize(self) -> int:
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    def __len__(self) -> int:
        if not self._shape:
            scalar = f"object of type 'numpy.{self._dtype.name}' has no len()"
            raise TypeError(scalar if self._scalar else "len() of unsized object")
        return self._shape[0]

    # Values.

    def compute(self) -> Any:
        """The elements as ``numpy.ndarray``, or as a scalar of NumPy where NumPy's function returns one."""
        return self._shared()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = np.asarray(self._value() if copy else self._shared())
        return np.array(value, dtype=dtype, copy=copy)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        memory = np.asarray(self._shared())
        return memory.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(np.asarray(self._shared()))

    def __bool__(self) -> bool:
        return bool(self._value())

    def __int__(self) -> int:
        return int(self._value())

    def __float__(self) -> float:
        return float(self._value())

    def __complex__(self) -> complex:
        return complex(self._value())

    def __index__(self) -> int:
        return operator.index(self._value())

    def __iter__(self) -> Iterator[Array]:
        if not self._shape:
            raise TypeError("iteration over a 0-d array")
        self._value()
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __repr__(self) -> str:
        # Of the same length: lines stay aligned.
        return repr(np.asarray(self._value())).replace("array(", "Array(", 1)

    def __str__(self) -> str:
        return str(self._value())

    def __format__(self, form: str) -> str:
        return format(self._value(), form)

    def __reduce__(self) -> Any:
        return _restored, (self._value(),)

    # The other side of NumPy's functions.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        if not all(map(_call.is_operand, [*inputs, *keywords.get("out", ())])):
            return NotImplemented
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if len(keywords.get("out", ())) == 1:
            keywords["out"] = keywords["out"][0]
        return _call.call(function, inputs, keywords, (ufunc, method))

    def __array_function__(self, function: Any, types: Any, args: tuple, kwargs: dict) -> Any:
        if not all(issubclass(kind, (Array, np.ndarray)) for kind in types):
            return NotImplemented
        return _call.call(function, args, kwargs)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        import npir.numpy

        if api_version not in (None, *_call.API_VERSIONS):
            raise ValueError(f"npir.numpy has no version {api_version!r} of the array API standard")
        return npir.numpy

    # Elements.

    def __getitem__(self, index: Any) -> Any:
        return _index.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(value, Array) and value._storage is self._storage and len(value._views) == len(self._views) + 1:
            last = value._views[-1]
            # The end of `a[i] += v`, which has written already.
            if last.call == "[]" and value._views[:-1] == self._views and last.arguments[0] is index:
                return
        try:
            of = _index.assignment(self, index, value)
        except Unsupported:
            _index.assign_at_once(self, index, value)
        else:
            self._write("[]=", of, ())


def _restored(value: Any) -> Array:
    return Array._of(Node.leaf(value))


def compute(*arrays: Any) -> Any:
    """Computes arrays together: what they have in common is computed once.

    Args:
        arrays: lazy arrays; anything else is returned as it is.

    Returns:
        The value of one array, or a tuple of those of several: ``numpy.ndarray``, and scalars of NumPy where NumPy's
        functions return those.
    """
    with LOCK:
        evaluate(*(array._storage.node for array in arrays if isinstance(array, Array)))
        values = tuple(array._shared() if isinstance(array, Array) else array for array in arrays)
    return values[0] if len(values) == 1 else values
