"""What npir has done and why, as objects that print."""

from __future__ import annotations

import dataclasses
import html
import textwrap


@dataclasses.dataclass(frozen=True)
class Stats:
    """What happened to a compiled function so far."""

    #: How many versions were compiled.
    compilations: int
    #: Why versions after the first were compiled: what did not fit the version before.
    recompilations: list[str]
    #: Why calls ran in NumPy, each place and reason once.
    fallbacks: list[str]
    #: How many versions came from the cache on disk.
    cache_hits: int
    #: Why versions were not kept there, each reason once.
    uncached: list[str]
    #: How many arrays calls have copied: arguments with a stride that is no multiple of the size of an element, results
    #: that are the memory of something else.
    copies: int


@dataclasses.dataclass(frozen=True)
class Lowered:
    """A program at every level, as text."""

    numpy: str
    tensor: str
    loop: str
    device: str
    llvm: str
    llvm_ir: str
    asm: str

    def __repr__(self) -> str:
        lines = {field.name: getattr(self, field.name).count("\n") for field in dataclasses.fields(self)}
        return f"Lowered({', '.join(f'{name}: {count} lines' for name, count in lines.items())})"


@dataclasses.dataclass(frozen=True)
class Explanation:
    """What becomes of a call."""

    name: str
    #: The program, if there is one.
    lowered: Lowered | None
    #: What the optimizer has to say.
    remarks: list[str]
    #: Why the call runs in NumPy, or a part of it, if it does.
    fallback: str | None
    #: What Python runs of a call that is compiled part by part: source with a call of each part.
    left: str | None

    def __str__(self) -> str:
        if self.left is not None:
            return f"{self.name} is compiled part by part\n  {self.fallback}\n{textwrap.indent(self.left, '  ')}"
        if self.lowered is None:
            return f"{self.name} runs in NumPy\n  {self.fallback}"
        kernels = self.lowered.loop.count("loop.nest")
        lines = [f"{self.name} is compiled: {kernels} loop nests"]
        lines += [f"  {remark}" for remark in self.remarks or ["no rule of the optimizer applies"]]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<pre>{html.escape(str(self))}</pre>"]
        if self.lowered is not None:
            for field in dataclasses.fields(self.lowered):
                text = html.escape(getattr(self.lowered, field.name))
                parts.append(f"<details><summary>{field.name}</summary><pre>{text}</pre></details>")
        return "".join(parts)
