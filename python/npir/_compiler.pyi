from typing import Any, Callable

def functions() -> dict[str, list[str]]:
    """NumPy's functions that are compiled, by their names below `numpy`: the names of their parameters."""

def compile(
    function: Callable[..., Any], arguments: tuple[Any, ...], generalize: bool
) -> tuple[bytes, str, tuple[Any, ...]] | str:
    """An artifact, what it expects, and the objects that are meant; or the place and the reason why there is none."""

def lower(function: Callable[..., Any], arguments: tuple[Any, ...]) -> dict[str, str] | str:
    """The program at each level, or the place and the reason why there is none."""

def explain(function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[str] | str:
    """What the optimizer has to say, or the place and the reason why there is no program."""

def target() -> tuple[str, str]:
    """The processor that code is compiled for, and its features."""
