"""Which variables statements read and set."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Iterable, Iterator, Sequence

#: A line, from 1, and a column in bytes, from 0.
Position = tuple[int, int]

SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def blocks(stmt: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a statement that belong to the same function."""
    if isinstance(stmt, SCOPES):
        return
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(stmt, name, None):
            yield block
    for handler in getattr(stmt, "handlers", []):
        yield handler.body
    for case in getattr(stmt, "cases", []):
        yield case.body


def own(block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes but those of functions and classes inside, and of what comprehensions set."""
    for stmt in block:
        yield from _own(stmt)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, SCOPES):
        for decorator in getattr(node, "decorator_list", []):
            yield from _own(decorator)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from _own(child.iter)
            for test in child.ifs:
                yield from _own(test)
        else:
            yield from _own(child)


def is_errstate(stmt: ast.With) -> bool:
    """Whether the contexts of a statement are ``numpy.errstate``."""
    calls = [item.context_expr for item in stmt.items]
    return all(isinstance(call, ast.Call) and ast.unparse(call.func).endswith("errstate") for call in calls)


def targets(target: ast.AST) -> set[str]:
    """The variables that an assignment to ``target`` sets."""
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def perhaps(block: Sequence[ast.stmt]) -> set[str]:
    """The variables that statements may set."""
    found = set()
    for node in own(block):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
    return found


def deleted(block: Sequence[ast.stmt]) -> set[str]:
    """The variables that may have lost their value after statements."""
    gone = {n.id for n in own(block) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    return gone | {n.name for n in own(block) if isinstance(n, ast.ExceptHandler) and n.name}


def surely(block: Sequence[ast.stmt]) -> set[str]:
    """The variables that statements have set when they end normally."""
    return _surely_block(block) or set()


def _surely_block(block: Sequence[ast.stmt]) -> set[str] | None:
    """As :func:`surely`; None for a block that never ends normally."""
    found: set[str] = set()
    for stmt in block:
        if isinstance(stmt, (ast.Return, ast.Raise, ast.Break, ast.Continue)):
            return None
        inside = _surely(stmt)
        if inside is None:
            return None
        found |= inside
    return found


def _on_all(ways: Iterable[set[str] | None]) -> set[str] | None:
    open_ways = [way for way in ways if way is not None]
    return set.intersection(*open_ways) if open_ways else None


def _surely(stmt: ast.stmt) -> set[str] | None:
    if isinstance(stmt, ast.If):
        return _on_all([_surely_block(stmt.body), _surely_block(stmt.orelse)])
    if isinstance(stmt, ast.With):
        named = {name for item in stmt.items if item.optional_vars for name in targets(item.optional_vars)}
        if not is_errstate(stmt):
            # A context may catch what is raised in it.
            return named
        inside = _surely_block(stmt.body)
        return None if inside is None else inside | named
    if isinstance(stmt, (ast.For, ast.While, ast.AsyncFor, ast.AsyncWith, ast.Match)):
        return set()
    if isinstance(stmt, ast.Try):
        caught = [_surely_block(handler.body) for handler in stmt.handlers]
        found = _on_all([_surely_block([*stmt.body, *stmt.orelse]), *caught])
        end = _surely_block(stmt.finalbody)
        return None if found is None or end is None else found | end
    if isinstance(stmt, ast.AnnAssign) and stmt.value is None:
        return set()
    # In `a and (b := c)` the variable is set on one way only.
    named = {n.target.id for n in ast.walk(stmt) if isinstance(n, ast.NamedExpr)}
    return perhaps([stmt]) - named


def loads(block: Sequence[ast.stmt]) -> dict[str, list[Position]]:
    """Where each variable is read, in functions inside too."""
    found: dict[str, list[Position]] = {}
    for stmt in block:
        for node in ast.walk(stmt):
            if isinstance(node, ast.AugAssign):
                node = node.target
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                continue
            if isinstance(node, ast.Name):
                found.setdefault(node.id, []).append((node.lineno, node.col_offset))
    return found


def exposed(block: Sequence[ast.stmt]) -> set[str]:
    """The variables that statements may read before they have set them."""
    read: set[str] = set()
    known: set[str] = set()
    for stmt in block:
        inner = list(blocks(stmt))
        if not inner:
            # The value of an assignment is read before its targets are set.
            read |= set(loads([stmt])) - known
        else:
            there = known
            for name, field in ast.iter_fields(stmt):
                for item in field if isinstance(field, list) else [field]:
                    if isinstance(item, (ast.expr, ast.withitem)):
                        read |= {n.id for n in ast.walk(item) if isinstance(n, ast.Name)} - known - targets(item)
            if isinstance(stmt, ast.For):
                there = known | targets(stmt.target)
                read |= {n.id for n in ast.walk(stmt.target) if isinstance(n, ast.Name)} - targets(stmt.target) - known
            elif isinstance(stmt, ast.With):
                there = known | surely([stmt])
            for handler in getattr(stmt, "handlers", []):
                if handler.type is not None:
                    read |= {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} - known
            for i, part in enumerate(inner):
                read |= exposed(part) - (there if i == 0 or isinstance(stmt, ast.With) else known)
        known |= _surely(stmt) or set()
    return read


def leaves(stmt: ast.stmt) -> set[str]:
    """Which of ``return``, ``break`` and ``continue`` may lead out of a statement."""
    if isinstance(stmt, ast.Return):
        return {"return"}
    if isinstance(stmt, ast.Break):
        return {"break"}
    if isinstance(stmt, ast.Continue):
        return {"continue"}
    found = set()
    for block in blocks(stmt):
        inside = {way for inner in block for way in leaves(inner)}
        if isinstance(stmt, (ast.For, ast.While)) and block is stmt.body:
            inside -= {"break", "continue"}
        found |= inside
    return found


def helpers(block: Sequence[ast.stmt]) -> dict[str, ast.stmt]:
    """Functions inside of a function that mean the same wherever they are defined in it."""
    set_by: Counter[str] = Counter()
    for node in own(block):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            set_by[node.id] += 1
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            set_by[node.name] += 1
    found = {}
    for node in own(block):
        if isinstance(node, ast.FunctionDef) and not node.decorator_list:
            name, args = node.name, node.args
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Lambda)
            and len(node.targets) == 1
            and isinstance(node.targets[0], ast.Name)
        ):
            name, args = node.targets[0].id, node.value.args
        else:
            continue
        inside = list(ast.walk(node))
        defaults = [*args.defaults, *(default for default in args.kw_defaults if default is not None)]
        plain = all(isinstance(default, ast.Constant) for default in defaults)
        if plain and set_by[name] == 1 and not any(isinstance(n, (ast.Nonlocal, ast.Global)) for n in inside):
            found[name] = node
    return found
