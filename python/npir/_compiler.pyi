from typing import Any, Callable

def compile(
    function: Callable[..., Any], arguments: tuple[Any, ...], generalize: bool
) -> tuple[bytes, str, tuple[Any, ...]] | str:
    """An artifact, what it expects, and the objects that are meant; or the place and the reason why there is none."""
