"""Operators, methods and attributes of arrays, by NumPy's functions."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from . import _call
from ._call import by_numpy, call, constant, is_operand, new, operand, wrapped
from ._ufuncs import shifted
from ._node import LOCK, Node, Unsupported, before_write, c_strides, is_c_ordered


def _operator(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return call(ufunc, (self, other), {}) if is_operand(other) else NotImplemented

    operator.__doc__ = f"As ``numpy.{ufunc.__name__}``."
    return operator


def _reflected(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return call(ufunc, (other, self), {}) if is_operand(other) else NotImplemented

    operator.__doc__ = f"As ``numpy.{ufunc.__name__}``, with the operands the other way round."
    return operator


def _in_place(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        if not is_operand(other):
            return NotImplemented
        # A scalar of NumPy is replaced, an array is written to.
        return call(ufunc, (self, other), {} if self._scalar else {"out": self})

    operator.__doc__ = f"As ``numpy.{ufunc.__name__}``, written to the array."
    return operator


def _unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    def operator(self: Any) -> Any:
        return call(ufunc, (self,), {})

    operator.__doc__ = f"As ``numpy.{ufunc.__name__}``."
    return operator


def _method(function: Any, at: int = 0) -> Callable[..., Any]:
    """A method that is a function, with the array as its argument number ``at``."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(function, (*args[:at], self, *args[at:]), kwargs)

    method.__doc__ = f"As ``numpy.{function.__name__}``."
    return method


def _of_value(name: str) -> Callable[..., Any]:
    """A method of NumPy's arrays that needs values and returns none."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._value(), name)(*args, **kwargs)

    method.__doc__ = f"As ``numpy.ndarray.{name}``."
    return method


def _of_memory(name: str) -> Callable[..., Any]:
    """A method of NumPy's arrays that shares or writes their memory."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        with LOCK:
            memory = self._shared()
            if isinstance(memory, np.ndarray):
                before_write(memory)
            return wrapped(getattr(memory, name)(*args, **kwargs), (memory,))

    method.__doc__ = f"As ``numpy.ndarray.{name}``."
    return method


class Methods:
    """What arrays have by NumPy's functions."""

    __slots__ = ()

    # What the class of arrays has.
    _storage: Any
    _views: tuple[Any, ...]
    _shape: tuple[int, ...]
    _dtype: np.dtype
    _cached: Any
    _scalar: Any
    _value: Callable[[], Any]
    _shared: Callable[[], Any]
    _write: Callable[[str, tuple, tuple], None]
    ndim: Any
    size: Any
    dtype: Any

    __add__, __radd__, __iadd__ = _operator(np.add), _reflected(np.add), _in_place(np.add)
    __sub__, __rsub__, __isub__ = _operator(np.subtract), _reflected(np.subtract), _in_place(np.subtract)
    __mul__, __rmul__, __imul__ = _operator(np.multiply), _reflected(np.multiply), _in_place(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _operator(np.divide), _reflected(np.divide), _in_place(np.divide)
    __floordiv__, __rfloordiv__ = _operator(np.floor_divide), _reflected(np.floor_divide)
    __ifloordiv__ = _in_place(np.floor_divide)
    __mod__, __rmod__, __imod__ = _operator(np.remainder), _reflected(np.remainder), _in_place(np.remainder)
    __divmod__, __rdivmod__ = _operator(np.divmod), _reflected(np.divmod)
    __pow__, __rpow__, __ipow__ = _operator(np.power), _reflected(np.power), _in_place(np.power)
    __matmul__, __rmatmul__, __imatmul__ = _operator(np.matmul), _reflected(np.matmul), _in_place(np.matmul)
    __and__, __rand__, __iand__ = _operator(np.bitwise_and), _reflected(np.bitwise_and), _in_place(np.bitwise_and)
    __or__, __ror__, __ior__ = _operator(np.bitwise_or), _reflected(np.bitwise_or), _in_place(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = _operator(np.bitwise_xor), _reflected(np.bitwise_xor), _in_place(np.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = _operator(np.left_shift), _reflected(np.left_shift), _in_place(np.left_shift)
    __rshift__, __rrshift__ = _operator(np.right_shift), _reflected(np.right_shift)
    __irshift__ = _in_place(np.right_shift)
    __eq__, __ne__ = _operator(np.equal), _operator(np.not_equal)  # type: ignore[assignment]
    __lt__, __le__ = _operator(np.less), _operator(np.less_equal)
    __gt__, __ge__ = _operator(np.greater), _operator(np.greater_equal)
    __neg__, __pos__ = _unary(np.negative), _unary(np.positive)
    __abs__, __invert__ = _unary(np.absolute), _unary(np.invert)
    __hash__ = None  # type: ignore[assignment]

    all, any = _method(np.all), _method(np.any)
    argmax, argmin = _method(np.argmax), _method(np.argmin)
    argpartition, argsort = _method(np.argpartition), _method(np.argsort)
    choose, clip = _method(np.choose), _method(np.clip)
    compress = _method(np.compress, 1)
    conj, conjugate = _method(np.conjugate), _method(np.conjugate)
    cumprod, cumsum = _method(np.cumprod), _method(np.cumsum)
    diagonal, dot = _method(np.diagonal), _method(np.dot)
    max, min = _method(np.max), _method(np.min)
    mean, std, var = _method(np.mean), _method(np.std), _method(np.var)
    nonzero, prod, ptp = _method(np.nonzero), _method(np.prod), _method(np.ptp)
    ravel, repeat, round = _method(np.ravel), _method(np.repeat), _method(np.round)
    searchsorted, squeeze, sum = _method(np.searchsorted), _method(np.squeeze), _method(np.sum)
    swapaxes, take, trace = _method(np.swapaxes), _method(np.take), _method(np.trace)

    item, tolist, tobytes = _of_value("item"), _of_value("tolist"), _of_value("tobytes")
    tofile, dump, dumps = _of_value("tofile"), _of_value("dump"), _of_value("dumps")
    byteswap, getfield, setfield = _of_memory("byteswap"), _of_memory("getfield"), _of_memory("setfield")
    setflags = _of_memory("setflags")

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """As ``numpy.reshape``; the extents in a tuple or one by one."""
        return call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {"order": order, "copy": copy})

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.transpose``; the axes in a tuple or one by one."""
        return call(np.transpose, (self, axes[0] if len(axes) == 1 else axes or None), {})

    def flatten(self, order: str = "C") -> Any:
        """A copy of the elements in one row."""
        if order != "C" or self._scalar:
            return by_numpy(_flattened, (self, order), {})
        strides = c_strides((self.size,), self.dtype)
        return new(Node(".flatten", (operand(self),), (), (self.size,), self.dtype, strides=strides))

    def copy(self, order: str = "C") -> Any:
        """A copy, as ``numpy.ndarray.copy``."""
        return self if self._scalar else call(np.copy, (self, order), {})

    def __copy__(self) -> Any:
        return self.copy("K")

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy("K")

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """The elements converted, as ``numpy.ndarray.astype``.

        Raises:
            TypeError: ``casting`` does not allow it, or there is no such type.
        """
        to = np.empty(0, self.dtype).astype(dtype, order, casting).dtype
        if to == self.dtype and not copy:
            return self
        drops = self.dtype.kind == "c" and to.kind not in "cb"
        if drops or order not in "CK" or not _call.is_number(to) or not _call.is_number(self.dtype):
            return by_numpy(_converted, (self, to, order), {})
        node = operand(self)
        strides = (
            c_strides(node.shape, to) if order == "C" or is_c_ordered(node.shape, node.strides, node.dtype) else None
        )
        return new(Node(".astype", (node, to), (), node.shape, to, node.scalar, strides))

    def view(self, *args: Any, **kwargs: Any) -> Any:
        """As ``numpy.ndarray.view``."""
        with LOCK:
            memory = self._shared()
            return wrapped(memory.view(*args, **kwargs), (memory,))

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
        """Sorts in place, as ``numpy.ndarray.sort``."""
        self._in_place("sort", (axis,), {"kind": kind, "order": order, "stable": stable})

    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
        """Partitions in place, as ``numpy.ndarray.partition``."""
        self._in_place("partition", (kth, axis), {"kind": kind, "order": order})

    def fill(self, value: Any) -> None:
        """Sets all elements to one value."""
        if np.ndim(value) != 0:
            raise ValueError("setting an array element with a sequence.")
        self[...] = value

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """As ``numpy.put``."""
        call(np.put, (self, indices, values, mode), {})

    def resize(self, *shape: Any, refcheck: bool = True) -> None:
        """Changes the shape in place, as ``numpy.ndarray.resize``; new elements are zero.

        Raises:
            ValueError: the array is a view, or others share its memory.
        """
        with LOCK:
            if self._views or self._scalar or self._storage.pinned:
                raise ValueError("cannot resize this array: it does not own its data, or others refer to it")
            memory = self._value().copy()
            memory.resize(*shape)
            self._storage = type(self._storage)(Node.leaf(memory))
            self._shape = memory.shape

    def _in_place(self, name: str, args: tuple, keywords: dict[str, Any]) -> None:
        try:
            operand(self)
            shifted(args[-1], self.ndim)
            given_order = keywords.pop("order") is not None
        except Unsupported:
            given_order = True
        if given_order:
            _of_memory(name)(self, *args, **keywords)
            return
        given = tuple((key, constant(value)) for key, value in keywords.items() if value is not None)
        self._write(f".{name}", tuple(map(constant, args)), given)

    @property
    def T(self) -> Any:
        """The transpose: a view."""
        return call(np.transpose, (self,), {})

    @property
    def mT(self) -> Any:
        """The last two axes exchanged: a view."""
        return call(np.matrix_transpose, (self,), {})

    @property
    def real(self) -> Any:
        """The real parts: a view."""
        return call(np.real, (self,), {})

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Any:
        """The imaginary parts: a view of complex elements."""
        return call(np.imag, (self,), {})

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    @property
    def flat(self) -> Any:
        """NumPy's iterator over the elements, which can be written to."""
        return self._exposed().flat

    @flat.setter
    def flat(self, value: Any) -> None:
        memory = self._exposed()
        memory.flat = _call.unwrapped(value)

    @property
    def data(self) -> memoryview:
        """The memory."""
        return self._exposed().data

    @property
    def ctypes(self) -> Any:
        """As ``numpy.ndarray.ctypes``."""
        return self._exposed().ctypes

    @property
    def flags(self) -> Any:
        """How the elements lie in memory."""
        return self._shared().flags

    @property
    def strides(self) -> tuple[int, ...]:
        """How far apart in memory neighbours are, in bytes."""
        return self._value().strides

    @property
    def base(self) -> Any:
        """Whose memory it is: None, or an array of NumPy."""
        return self._shared().base

    @property
    def device(self) -> str:
        """Where the elements are: ``"cpu"``."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Any:
        """The array itself; there is one device, ``"cpu"``.

        Raises:
            ValueError: another device, or a stream.
        """
        if device != "cpu" or stream is not None:
            raise ValueError(f"npir.numpy has the device 'cpu' and no streams, not {device!r} and {stream!r}")
        return self

    def _exposed(self) -> Any:
        """Memory that others may write to at any time."""
        with LOCK:
            memory = self._shared()
            before_write(memory)
            return memory


def _flattened(array: Any, order: str) -> Any:
    return array.flatten(order)


def _converted(array: Any, dtype: Any, order: str) -> Any:
    return array.astype(dtype, order)
