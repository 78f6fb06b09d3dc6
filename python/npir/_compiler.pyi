from typing import Any, Callable

def functions() -> dict[str, list[str]]:
    """NumPy's functions that are compiled, by their names below `numpy`: the names of their parameters."""

def compile(
    function: Callable[..., Any], arguments: tuple[Any, ...], generalize: bool
) -> tuple[bytes, str, tuple[Any, ...]] | str:
    """An artifact, what it expects, and the objects that are meant; or the place and the reason why there is none."""
