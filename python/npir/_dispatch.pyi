from typing import Any, Callable

__version__: str

class Jit:
    """A function with its compiled versions."""

    def __init__(self, function: Callable[..., Any], compile: Callable[..., Any], strict: bool) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @property
    def __wrapped__(self) -> Callable[..., Any]:
        """The Python function."""
    @property
    def compilations(self) -> int:
        """How many versions were compiled."""
    @property
    def fallbacks(self) -> list[str]:
        """Why calls ran in NumPy: place and reason, each once."""
