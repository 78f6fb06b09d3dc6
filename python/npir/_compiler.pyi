import ast
from typing import Any, Callable

Place = tuple[int, int, int, int]
#: The place and the reason, and where the statement and the expression are that cannot be compiled, if that is known.
Refusal = tuple[str, tuple[Place, Place] | None]

def functions() -> dict[str, list[str]]:
    """NumPy's functions that are compiled, by their names below `numpy`: the names of their parameters."""

def compile(
    function: Callable[..., Any], arguments: tuple[Any, ...], general: tuple[bool, bool], part: bool
) -> tuple[bytes, str, tuple[Any, ...]] | Refusal:
    """An artifact, what it expects, and the objects that are meant; or why there is none."""

def lower(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, str] | str:
    """The program at each level, or the place and the reason why there is none."""

def explain(function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[str] | Refusal:
    """What the optimizer has to say, or why there is no program."""

def syntax_tree(function: Callable[..., Any]) -> tuple[ast.AST, str] | None:
    """The ``FunctionDef`` or ``Lambda`` of a function, and its file; None if its source is not at hand."""

def target() -> tuple[str, str]:
    """The processor that code is compiled for, and its features."""
