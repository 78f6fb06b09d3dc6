"""Graphs as functions of Python: written down, compiled once for each structure, and run."""

from __future__ import annotations

import collections
import linecache
from typing import Any

import numpy as np

from .. import Jit, Stats, jit
from .._dispatch import digest
from ._node import LOCK, Node, Unsupported, finish, is_kept, ordered

#: Nodes of one function, at most: larger graphs are several.
MOST_NODES = 256
#: Functions that are remembered, at most.
MOST_PROGRAMS = 512

_programs: collections.OrderedDict[str, Jit] = collections.OrderedDict()
#: What functions that are forgotten had counted.
_forgotten = Stats(0, [], [], 0, [], 0)


def evaluate(*nodes: Node) -> None:
    """Computes the values of nodes, and of those among their operands that arrays refer to."""
    with LOCK:
        order = ordered(list(nodes))
        wanted = {id(node) for node in nodes}
        for start in range(0, len(order), MOST_NODES):
            part, rest = order[start : start + MOST_NODES], order[start + MOST_NODES :]
            later = {id(operand) for node in rest for operand in node.operands()}
            _run(part, [n for n in part if id(n) in wanted or id(n) in later or is_kept(n)])


def _run(part: list[Node], results: list[Node]) -> None:
    source, arguments = _written(part, results)
    values = _program(source)(*arguments)
    for node, value in zip(results, values):
        finish(node, value)


def _program(source: str) -> Jit:
    found = _programs.get(source)
    if found is not None:
        _programs.move_to_end(source)
        return found
    # The compiler reads the source by the name of its file, and so does the cache on disk: the name is the contents.
    name = f"<npir.numpy {digest(source.encode()).hex()[:16]}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"np": np, "__name__": "npir.numpy"}
    exec(compile(source, name, "exec", dont_inherit=True), namespace)
    made = _programs[source] = jit(namespace["graph"])
    if len(_programs) > MOST_PROGRAMS:
        _, oldest = _programs.popitem(last=False)
        _forget(oldest)
    return made


def _forget(program: Jit) -> None:
    global _forgotten
    _forgotten = _sum([_forgotten, program.stats])
    linecache.cache.pop(program.__wrapped__.__code__.co_filename, None)


def _sum(parts: list[Stats]) -> Stats:
    return Stats(
        sum(part.compilations for part in parts),
        [text for part in parts for text in part.recompilations],
        [text for part in parts for text in part.fallbacks],
        sum(part.cache_hits for part in parts),
        [text for part in parts for text in part.uncached],
        sum(part.copies for part in parts),
    )


def stats() -> Stats:
    """What was compiled so far for lazy arrays, and why graphs ran in NumPy."""
    with LOCK:
        return _sum([_forgotten, *(program.stats for program in _programs.values())])


def _written(part: list[Node], results: list[Node]) -> tuple[str, list[Any]]:
    """The source of a function that computes ``results``, and what to pass to it."""
    names: dict[int, str] = {}
    arguments: list[Any] = []
    #: The same array is one argument.
    arrays: dict[int, str] = {}
    lines: list[str] = []

    def name(node: Node) -> str:
        known = names.get(id(node))
        if known is None:
            known = arrays.get(id(node.value))
            if known is None:
                known = f"a{len(arguments)}"
                arguments.append(node.value)
                if isinstance(node.value, np.ndarray):
                    arrays[id(node.value)] = known
            names[id(node)] = known
        return known

    def text(value: Any) -> str:
        if isinstance(value, Node):
            return name(value)
        if isinstance(value, tuple):
            return f"({''.join(text(part) + ', ' for part in value)})"
        if isinstance(value, list):
            return f"[{', '.join(map(text, value))}]"
        if isinstance(value, slice):
            return f"slice({text(value.start)}, {text(value.stop)}, {text(value.step)})"
        if isinstance(value, np.dtype):
            return f"np.{value.name}" if value.kind != "b" else "np.bool"
        if value is ...:
            return "..."
        return repr(value)

    def at(index: Any) -> str:
        parts = []
        for item in index if isinstance(index, tuple) else (index,):
            if isinstance(item, slice):
                bounds = ["" if bound is None else text(bound) for bound in (item.start, item.stop)]
                step = "" if item.step is None else f":{text(item.step)}"
                parts.append(":".join(bounds) + step)
            else:
                parts.append(text(item))
        return f"[{', '.join(parts) or '()'}{',' if len(parts) == 1 and isinstance(index, tuple) else ''}]"

    def expression(call: str, of: tuple, keywords: tuple) -> str:
        if call == "[]":
            return text(of[0]) + at(of[1])
        if call == "item":
            return f"{text(of[0])}[{of[1]}]"
        before = call
        if call.startswith("."):
            before, of = text(of[0]) + call, of[1:]
        inside = [text(value) for value in of] + [f"{key}={text(value)}" for key, value in keywords]
        return f"{before}({', '.join(inside)})"

    for number, node in enumerate(part):
        new = f"t{number}"
        if node.call == "update":
            base, views, write, of, keywords = node.arguments
            lines.append(f"{new} = np.copy({text(base)}, order='K')")
            target = new
            for call, more, named in views:
                lines.append(f"{new}_v = {expression(call, (_Name(target), *more), named)}")
                target = f"{new}_v"
            if write == "[]=":
                lines.append(f"{target}{at(of[0])} = {text(of[1])}")
            else:
                lines.append(expression(write, (_Name(target), *of), keywords))
        else:
            lines.append(f"{new} = {expression(node.call, node.arguments, node.keywords)}")
        names[id(node)] = new
    lines.append(f"return ({''.join(names[id(node)] + ', ' for node in results)})")
    # A function has few versions: one for all types of arguments would soon have them all.
    types = ", ".join(map(_type_of, arguments))
    head = f"def graph({', '.join(f'a{i}' for i in range(len(arguments)))}):  # {types}\n"
    return head + "".join(f"    {line}\n" for line in lines), arguments


def _type_of(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name}[{value.ndim}]"
    return type(value).__name__


class _Name(str):
    """A variable of a function that is written, which stands for itself."""

    def __repr__(self) -> str:
        return str(self)


def constant(value: Any) -> Any:
    """A constant that stands in the source of a graph.

    Raises:
        Unsupported: it has no text.
    """
    if value is None or value is ... or isinstance(value, (bool, str)) or type(value) is int:
        return value
    if type(value) is float:
        return value if np.isfinite(value) else Node.leaf(value)
    if type(value) is complex:
        return Node.leaf(value)
    if type(value) in (tuple, list):
        return type(value)(constant(part) for part in value)
    if isinstance(value, slice):
        return slice(*(constant(part) for part in (value.start, value.stop, value.step)))
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.dtype) or isinstance(value, type):
        try:
            made = np.dtype(value)
        except TypeError:
            raise Unsupported(f"{value!r} is no element type") from None
        if is_number(made):
            return made
    raise Unsupported(f"{value!r} is no constant of a graph")


def is_number(dtype: np.dtype) -> bool:
    """Whether compiled code knows such elements."""
    return dtype.kind in "biufc" and dtype.isnative and dtype.itemsize <= (16 if dtype.kind == "c" else 8)
