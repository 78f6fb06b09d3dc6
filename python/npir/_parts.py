"""Functions of which a part cannot be compiled: that part runs in Python, on the live arrays, all around it is compiled.

The statements of such a function become parts, functions of the variables that they read, which return those that they
set; each is compiled as any function is, when it is called. What is left of the function calls them. A part that cannot
be compiled in turn is taken apart in the same way.
"""

from __future__ import annotations

import ast
import copy
import itertools
import types
import weakref
from typing import Any, Callable, Iterable, Sequence

import numpy

from . import _names as names

#: Where something begins and ends: lines from 1, columns in bytes from 0.
Place = tuple[int, int, int, int]

#: What the parts of a function are called in what is left of it.
PART = "_npir_part"
#: Values that Python computes for a part.
VALUE = "_npir_value"
FOLLOW = "_npir_follow"
CALM = "_npir_calm"

#: Statements that stay in Python, whole.
RIGID = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Delete, ast.Global, ast.Nonlocal, ast.Raise, ast.Match)
RIGID += (ast.FunctionDef, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith)
#: Statements whose blocks are taken apart.
OPEN = (ast.If, ast.For, ast.While, ast.With, ast.Try)
COMPUTE = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Subscript, ast.AugAssign)
#: Expressions after which nothing tells when they were evaluated.
STILL = (ast.Name, ast.Constant)


class Parts:
    """The parts of a function, and the functions that they call.

    Args:
        make: compiles a function that is a part.
    """

    def __init__(self, make: Callable[[Callable[..., Any]], Any]) -> None:
        self.make = make
        self._split: dict[Any, Callable[..., Any] | None] = {}
        self._followed: weakref.WeakKeyDictionary[types.FunctionType, Any] = weakref.WeakKeyDictionary()

    def split(
        self, function: Callable[..., Any], tree: tuple[ast.AST, str], part: tuple[Place, Place] | None
    ) -> Callable[..., Any] | None:
        """A function that does what ``function`` does, part by part.

        Args:
            function: a plain function.
            tree: its syntax tree, a ``FunctionDef`` or ``Lambda``, and its file.
            part: where the statement and the expression are that cannot be compiled; None if that is not known.

        Returns:
            A function with one parameter for each of ``function``, by position; ``None`` if there is nothing to gain.
        """
        if not isinstance(function, types.FunctionType):
            return None
        key = (function, part)
        if key not in self._split:
            self._split[key] = _Split(function, *tree, self).made(part)
        return self._split[key]

    def followed(self) -> list[Any]:
        """The functions that are called, compiled."""
        return list(self._followed.values())

    def follow(self, function: Any) -> Any:
        """A function that Python calls, compiled if it is one of the user's."""
        if type(function) is types.MethodType and type(function.__func__) is types.FunctionType:
            return types.MethodType(self.follow(function.__func__), function.__self__)
        # Each closure is another function: it would be compiled again and again.
        if type(function) is not types.FunctionType or function.__closure__:
            return function
        if function.__module__ is None or function.__module__.partition(".")[0] == "numpy":
            return function
        made = self._followed.get(function)
        if made is None:
            made = self._followed.setdefault(function, self.make(function))
        return made


class _State:
    """Which variables have a value, at some place."""

    def __init__(self, surely: Iterable[str], perhaps: Iterable[str], loop: names.Position | None = None) -> None:
        self.surely = set(surely)
        self.perhaps = set(perhaps) | self.surely
        #: Where the outermost loop around begins, from which on all may run again.
        self.loop = loop
        #: Whether an exception may be caught, so that what has been set before it can be seen.
        self.caught = False
        #: Whether a context around may change what NumPy does.
        self.context = False

    def inside(
        self, block: Sequence[ast.stmt] = (), surely: Iterable[str] = (), loop: ast.stmt | None = None
    ) -> _State:
        """In a block, before which ``block`` may have run, of that loop."""
        began = (loop.lineno, loop.col_offset) if loop else None
        state = _State(self.surely | set(surely), self.perhaps | names.perhaps(block), self.loop or began)
        state.caught, state.context = self.caught, self.context
        return state

    def after(self, block: Sequence[ast.stmt]) -> None:
        self.surely |= names.surely(block)
        self.perhaps |= names.perhaps(block)
        gone = names.deleted(block)
        self.surely -= gone


class _Split:
    def __init__(self, function: types.FunctionType, node: ast.AST, file: str, all: Parts) -> None:
        self.function, self.node, self.file, self.all = function, node, file, all
        code = function.__code__
        self.locals = set(code.co_varnames) | set(code.co_cellvars)
        if isinstance(node, ast.Lambda):
            self.body: list[ast.stmt] = [ast.copy_location(ast.Return(node.body), node.body)]
        else:
            assert isinstance(node, ast.FunctionDef)
            self.body = node.body
        self.values = (f"{VALUE}{i}" for i in itertools.count())
        self.loads = names.loads(self.body)
        self.helpers = names.helpers(self.body)
        self.parts: dict[str, Any] = {}

    def made(self, part: tuple[Place, Place] | None) -> Callable[..., Any] | None:
        never = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal)
        if any(isinstance(node, never) for node in names.own(self.body)):
            return None
        target = expression = None
        if part is not None:
            target = self.statement(self.body, part[0])
            expression = part[1]
        if target is None or getattr(target, "npir_end", False):
            # What is to blame is known only to be before: what has several ways is likely.
            several = [s for s in self.body if isinstance(s, OPEN)]
            if not several:
                return None
            target, expression = several[-1], None
        self.target, self.expression = target, expression
        args = self.node.args
        parameters = [*args.posonlyargs, *args.args, *([args.vararg] if args.vararg else [])]
        parameters += [*args.kwonlyargs, *([args.kwarg] if args.kwarg else [])]
        given = [parameter.arg for parameter in parameters]
        body = self.block(self.body, _State(given, given), tail=True)
        if not self.parts:
            return None
        left = self.defined(given, body, self.node)
        cells = {FOLLOW: self.all.follow, CALM: calm, **self.parts}
        made = self.compiled(left, cells)
        made.__npir_parts__ = lambda: [*self.parts.values(), *self.all.followed()]
        made.__npir_text__ = ast.unparse(_Plain().visit(copy.deepcopy(left)))
        return made

    # Functions.

    def defined(self, given: Sequence[str], body: list[ast.stmt], place: ast.AST) -> ast.FunctionDef:
        args = ast.arguments([], [ast.arg(name) for name in given], None, [], [], None, [])
        name = getattr(self.node, "name", "function")
        node = ast.FunctionDef(name, args, body or [ast.Pass()], [], None, None)
        return ast.fix_missing_locations(ast.copy_location(node, place))

    def compiled(self, node: ast.FunctionDef, more: dict[str, Any]) -> types.FunctionType:
        """A function of that tree, with the variables around it that the whole function has, and more."""
        function = self.function
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
        cells |= {name: types.CellType(value) for name, value in more.items()}
        around = ast.arguments([], [ast.arg(name) for name in cells], None, [], [], None, [])
        outer = ast.copy_location(ast.FunctionDef("around", around, [node], [], None, None), node)
        module = ast.Module([ast.fix_missing_locations(outer)], [])
        future = function.__code__.co_flags & 0x1FF_0000
        code = compile(module, self.file, "exec", future, True)
        for name in ("around", node.name):
            code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
        code = code.replace(co_name=function.__code__.co_name, co_qualname=function.__code__.co_qualname)
        closure = tuple(cells[name] for name in code.co_freevars)
        made = types.FunctionType(code, function.__globals__, function.__name__, None, closure)
        made.__module__, made.__qualname__ = function.__module__, function.__qualname__
        return made

    def part(self, given: Sequence[str], body: list[ast.stmt], state: _State, place: ast.AST) -> ast.expr:
        """A call of a new part."""
        node = self.defined(given, body, place)
        made = self.compiled(node, {})
        made.__npir_source__ = (node, self.file)
        name = f"{PART}{len(self.parts)}"
        self.parts[name] = self.all.make(made)
        called: ast.expr = ast.Name(name, ast.Load())
        if state.context:
            called = ast.Call(ast.Name(CALM, ast.Load()), [called], [])
        call = ast.Call(called, [ast.Name(name, ast.Load()) for name in given], [])
        return ast.fix_missing_locations(ast.copy_location(call, place))

    # Statements.

    def statement(self, block: Sequence[ast.stmt], place: Place) -> ast.stmt | None:
        """The statement there."""
        for stmt in block:
            if _place(stmt) == place:
                return stmt
            for inner in names.blocks(stmt):
                if (found := self.statement(inner, place)) is not None:
                    return found
        return None

    def holds(self, stmt: ast.stmt) -> bool:
        """Whether what cannot be compiled is in there."""
        return any(node is self.target for node in ast.walk(stmt))

    def block(self, block: Sequence[ast.stmt], state: _State, tail: bool = False) -> list[ast.stmt]:
        """What is left of a block, after which the function ends if it is a ``tail``."""
        out: list[ast.stmt] = []
        run: list[ast.stmt] = []

        def close(last: bool = False) -> None:
            if run:
                out.extend(self.run(list(run), state, tail and last))
                state.after(run)
                run.clear()

        stays = [self.holds(stmt) or self.rigid(stmt, state, tail) for stmt in block]
        # From here on all may be one part.
        end = max((i + 1 for i, stays in enumerate(stays) if stays), default=0)
        for i, stmt in enumerate(block):
            last = i + 1 == len(block)
            if stmt is self.target and not isinstance(stmt, OPEN):
                here = state.inside()
                here.after(run)
                before, python, after = self.taken_apart(stmt, here)
                run.extend(before)
                close()
                out.extend(python)
                state.after(python)
                if i + 1 == end and tail or not any(names.leaves(s) for s in after):
                    run.extend(after)
                else:
                    out.extend(self.returned(s, state) for s in after)
            elif stays[i] or i < end and names.leaves(stmt):
                close()
                out.append(
                    self.opened(stmt, state, tail and last) if isinstance(stmt, OPEN) else self.returned(stmt, state)
                )
                state.after([stmt])
            else:
                run.append(stmt)
                # What has been set when an exception is raised can be seen: one statement at a time.
                if state.caught:
                    close()
        close(last=True)
        return out

    def returned(self, stmt: ast.stmt, state: _State) -> ast.stmt:
        """A statement that stays in Python, but for the value that it returns."""
        if not isinstance(stmt, ast.Return) or stmt.value is None or self.holds(stmt):
            return stmt
        return ast.copy_location(ast.Return(self.value(stmt.value, state)), stmt)

    def rigid(self, stmt: ast.stmt, state: _State, tail: bool) -> bool:
        """Whether a statement cannot be in a part, or only some of the statements in it."""
        if isinstance(stmt, ast.With) and not names.is_errstate(stmt) or state.caught and isinstance(stmt, OPEN):
            return True
        if names.leaves(stmt) - ({"return"} if tail else set()):
            return True
        # A function that is kept in a variable.
        if isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.Lambda):
            return True
        return any(isinstance(node, (*RIGID, ast.Try, ast.NamedExpr)) for node in ast.walk(stmt))

    def run(self, run: list[ast.stmt], state: _State, tail: bool) -> list[ast.stmt]:
        """A call of a part for statements in a row; the statements, if they cannot be one."""
        if not any(isinstance(node, COMPUTE) for stmt in run for node in ast.walk(stmt)):
            return run
        read = names.exposed(run)
        helpers = [self.helpers[name] for name in self.helpers if name in read]
        read |= names.exposed(helpers)
        given = read & self.known(state) - set(self.helpers)
        set_here = names.perhaps(run)
        inside = names.loads(run)
        since = state.loop or _start(run[-1])
        seen = {
            name
            for name, places in self.loads.items()
            if any(place >= since and place not in inside.get(name, ()) for place in places)
        }
        seen |= read if state.loop else set()
        seen |= {name for name in set_here if name.startswith(VALUE) and name not in inside}
        seen |= set(self.function.__code__.co_cellvars)
        returned = [] if tail else sorted(set_here & seen)
        given |= set(returned) - names.surely(run)
        if given - state.surely or set_here & set(self.helpers) or names.deleted(run):
            return run
        body = [*helpers, *run]
        if returned:
            results = [ast.Name(name, ast.Load()) for name in returned]
            end = ast.Return(results[0] if len(results) == 1 else ast.Tuple(list[ast.expr](results), ast.Load()))
            end.npir_end = True
            # Behind all that sets what it reads.
            end.lineno, end.col_offset = run[-1].end_lineno, run[-1].end_col_offset
            end.end_lineno, end.end_col_offset = end.lineno, end.col_offset
            body.append(ast.fix_missing_locations(end))
        call = self.part(sorted(given), body, state, run[0])
        if tail:
            made: ast.stmt = ast.Return(call)
        elif returned:
            targets = [ast.Name(name, ast.Store()) for name in returned]
            target = targets[0] if len(targets) == 1 else ast.Tuple(list[ast.expr](targets), ast.Store())
            made = ast.Assign([target], call)
        else:
            made = ast.Expr(call)
        return [ast.fix_missing_locations(ast.copy_location(made, run[0]))]

    def known(self, state: _State) -> set[str]:
        """Variables of the function that may have a value."""
        return {name for name in state.perhaps if name in self.locals or name.startswith(VALUE)}

    def opened(self, stmt: ast.stmt, state: _State, tail: bool) -> ast.stmt:
        """A statement with blocks, which stays in Python; what is in the blocks is taken apart."""
        made = copy.copy(stmt)
        if isinstance(made, ast.If):
            made.test = self.value(made.test, state)
            made.body = self.block(made.body, state.inside(), tail)
            made.orelse = self.block(made.orelse, state.inside(), tail)
        elif isinstance(made, ast.For):
            made.iter = self.value(made.iter, state)
            again = state.inside([stmt], names.targets(made.target), loop=stmt)
            made.body = self.block(made.body, again)
            made.orelse = self.block(made.orelse, state.inside([stmt]))
        elif isinstance(made, ast.While):
            again = state.inside([stmt], loop=stmt)
            made.test = self.value(made.test, again)
            made.body = self.block(made.body, state.inside([stmt], loop=stmt))
            made.orelse = self.block(made.orelse, state.inside([stmt]))
        elif isinstance(made, ast.With):
            around = state.inside()
            around.after([ast.copy_location(ast.With(made.items, []), made)])
            around.context = True
            made.body = self.block(made.body, around)
        elif isinstance(made, ast.Try):
            inside = state.inside()
            inside.caught = True
            made.body = self.block(made.body, inside)
            handlers = []
            for handler in made.handlers:
                handler = copy.copy(handler)
                named = [handler.name] if handler.name else []
                caught = state.inside(made.body, named)
                caught.caught = True
                handler.body = self.block(handler.body, caught)
                handlers.append(handler)
            made.handlers = handlers
        return made

    # Expressions.

    def taken_apart(self, stmt: ast.stmt, state: _State) -> tuple[list[ast.stmt], list[ast.stmt], list[ast.stmt]]:
        """A statement as what is compiled before, what runs in Python, and what is compiled after."""
        chain = self.chain(stmt)
        if chain is None:
            return [], [stmt], []
        guilty = chain[-1]
        if isinstance(guilty, STILL) or isinstance(stmt, ast.AugAssign) and not isinstance(stmt.target, ast.Name):
            return [], [stmt], []
        pairs = list(zip(chain, chain[1:]))
        plain = isinstance(stmt, ast.Assign) and all(isinstance(target, ast.Name) for target in stmt.targets)
        whole = len(chain) == 2 and (plain or isinstance(stmt, (ast.Expr, ast.Return)))
        if whole or self.rigid(stmt, state, True) or not all(_is_always_evaluated(a, b) for a, b in pairs):
            return [], [_replaced(stmt, {id(guilty): self.python(guilty, state)})], []
        before: list[ast.stmt] = []
        changes: list[tuple[ast.AST, ast.AST]] = []
        for parent, child in pairs:
            for sibling in _before(parent, child):
                if isinstance(sibling, ast.Attribute) and not _is_still(sibling):
                    # A method of something that is computed.
                    return [], [_replaced(stmt, {id(guilty): self.python(guilty, state)})], []
                if not _is_still(sibling):
                    changes.append((sibling, self.stored(sibling, before)))
                    before[-1].npir_start = _start(stmt)
        inside = state.inside()
        inside.after(before)
        python: list[ast.stmt] = []
        value = self.stored(guilty, python, self.python(guilty, inside))
        rest = _replaced(stmt, {id(old): new for old, new in [*changes, (guilty, value)]})
        return before, python, [rest]

    def stored(self, expr: ast.AST, into: list[ast.stmt], value: ast.expr | None = None) -> ast.expr:
        """A new variable for the value of an expression."""
        # The same in each process, so that parts are found on disk.
        name = next(name for name in self.values if name not in self.locals)
        assignment = ast.Assign([ast.Name(name, ast.Store())], value or expr)
        into.append(ast.fix_missing_locations(ast.copy_location(assignment, expr)))
        return ast.copy_location(ast.Name(name, ast.Load()), expr)

    def chain(self, stmt: ast.stmt) -> list[ast.AST] | None:
        """The statement, the nodes in it that hold what cannot be compiled, and that expression."""
        place = self.expression

        def found(node: ast.AST) -> list[ast.AST] | None:
            if isinstance(node, ast.expr) and _place(node) == place:
                return [node]
            for child in ast.iter_child_nodes(node):
                if (rest := found(child)) is not None:
                    return [node, *rest]
            return None

        return None if place is None else found(stmt)

    def python(self, expr: ast.AST, state: _State) -> ast.expr:
        """An expression that Python evaluates, with the arguments of a call as parts, and what it calls compiled."""
        assert isinstance(expr, ast.expr)
        if not isinstance(expr, ast.Call):
            return expr
        made = copy.copy(expr)
        if not (isinstance(expr.func, ast.Name) and expr.func.id in ("super", "locals", "eval", "exec", "vars", "dir")):
            follow = ast.Name(FOLLOW, ast.Load())
            made.func = ast.fix_missing_locations(ast.copy_location(ast.Call(follow, [expr.func], []), expr))
        made.args = [arg if isinstance(arg, ast.Starred) else self.value(arg, state) for arg in expr.args]
        made.keywords = [ast.copy_location(ast.keyword(k.arg, self.value(k.value, state)), k) for k in expr.keywords]
        return made

    def value(self, expr: ast.expr, state: _State) -> ast.expr:
        """An expression as a part, if it may be one."""
        nodes = list(ast.walk(expr))
        if not any(isinstance(node, (ast.BinOp, ast.Call)) for node in nodes):
            return expr
        if any(isinstance(node, (ast.NamedExpr, ast.Starred)) for node in nodes):
            return expr
        statement = ast.copy_location(ast.Return(expr), expr)
        read = names.exposed([statement])
        helpers = [self.helpers[name] for name in self.helpers if name in read]
        read |= names.exposed(helpers)
        given = read & self.known(state) - set(self.helpers)
        if given - state.surely:
            return expr
        return self.part(sorted(given), [*helpers, statement], state, expr)


class _Plain(ast.NodeTransformer):
    """What is left of a function, for people: calls as they were."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in (FOLLOW, CALM):
            return node.args[0]
        return node


def calm(part: Any) -> Any:
    """A part where a context may ask for errors that compiled code does not raise."""
    quiet = all(how in ("ignore", "warn") for how in numpy.geterr().values())
    return part if quiet else part.__wrapped__


def _place(node: ast.AST) -> Place:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _start(stmt: ast.stmt) -> names.Position:
    """Where a statement begins, or the one that it was a part of."""
    return getattr(stmt, "npir_start", (stmt.lineno, stmt.col_offset))


def _is_still(node: ast.AST) -> bool:
    """Whether an expression gives the same later: a variable, a constant, an attribute of a module."""
    if isinstance(node, ast.Attribute):
        return _is_still(node.value)
    return isinstance(node, (*STILL, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop))


def _is_always_evaluated(parent: ast.AST, child: ast.AST) -> bool:
    """Whether a child is evaluated, once, whenever its parent is."""
    if isinstance(parent, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)):
        return child is parent.value
    if isinstance(parent, ast.Compare):
        return child is parent.left or child is parent.comparators[0]
    always = (ast.BinOp, ast.UnaryOp, ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.Tuple, ast.List)
    return isinstance(parent, always)


def _before(parent: ast.AST, child: ast.AST) -> list[ast.AST]:
    """The expressions in ``parent`` that Python evaluates before ``child``."""
    if isinstance(parent, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.keyword)):
        return []
    before: list[ast.AST] = []
    for node in ast.iter_child_nodes(parent):
        if node is child:
            return before
        before.append(node.value if isinstance(node, (ast.Starred, ast.keyword)) else node)
    return before


def _replaced(node: Any, changes: dict[int, ast.AST]) -> Any:
    """A tree with other nodes in place of some; what is the same is shared."""
    if id(node) in changes:
        return changes[id(node)]
    if isinstance(node, list):
        return [_replaced(item, changes) for item in node]
    if not isinstance(node, ast.AST):
        return node
    made = copy.copy(node)
    for name, value in ast.iter_fields(node):
        setattr(made, name, _replaced(value, changes))
    return made
