from typing import Any, Callable

__version__: str

class FallbackWarning(UserWarning):
    """A call runs in NumPy, for the reason that the text gives."""

def threads() -> int:
    """How many threads compiled code uses."""

class Jit:
    """A function with its compiled versions."""

    def __new__(cls, function: Callable[..., Any], compiler: Callable[[], Any], strict: bool) -> Jit: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def bind_arguments(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The arguments of a call, one for each parameter."""
    @property
    def strict(self) -> bool:
        """Whether what cannot be compiled raises."""
    @property
    def compilations(self) -> int:
        """How many versions were compiled."""
    @property
    def recompilations(self) -> list[str]:
        """Why versions after the first were compiled, in order: what did not fit the version before."""
    @property
    def fallbacks(self) -> list[str]:
        """Why calls ran in NumPy: place and reason, each once."""
