from typing import Any, Callable

__version__: str

class FallbackWarning(UserWarning):
    """A call runs in NumPy, for the reason that the text gives."""

def threads() -> int:
    """How many threads compiled code uses."""

def processor() -> list[str]:
    """What the processor can do, as far as compiled code asks."""

def digest(data: bytes) -> bytes:
    """32 bytes that tell data apart."""

def vectorcall_type(base: type) -> type:
    """A class that inherits all from a subclass of ``Jit``; its instances are called without a tuple of arguments."""

class Record:
    """What has happened to a function, its parts included."""

class Jit:
    """A function with its compiled versions."""

    def __new__(
        cls,
        function: Callable[..., Any],
        compiler: Callable[[], Any],
        strict: bool,
        cache: Any = None,
        split: Any = None,
        record: Record | None = None,
    ) -> Jit: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def bind_arguments(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The arguments of a call, one for each parameter."""

    @property
    def record(self) -> Record:
        """What has happened, for functions that are parts of this one."""

    @property
    def cache(self) -> bool:
        """Whether versions are kept on disk."""

    @property
    def strict(self) -> bool:
        """Whether what cannot be compiled raises."""

    @property
    def compilations(self) -> int:
        """How many versions were compiled."""

    @property
    def copies(self) -> int:
        """How many arrays calls have copied."""

    @property
    def cache_hits(self) -> int:
        """How many versions came from the cache on disk."""

    @property
    def uncached(self) -> list[str]:
        """Why versions were not kept in the cache on disk, each reason once."""

    @property
    def recompilations(self) -> list[str]:
        """Why versions after the first were compiled, in order: what did not fit the version before."""

    @property
    def fallbacks(self) -> list[str]:
        """Why calls ran in NumPy: place and reason, each once."""
