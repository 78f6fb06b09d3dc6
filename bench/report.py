"""What a run of the benchmark says: lines, tables and a plot."""

import argparse
import math
import pathlib
import subprocess
from collections.abc import Iterable
from typing import Any

#: Who is measured, not measured against.
OURS = ("npir", "npir-mlir")
PACKAGES = ("numpy", "numba", "jax", "pythran", "numexpr", "scikit-learn", "torch", "npir")


def versions(options: argparse.Namespace) -> dict[str, str]:
    """Versions of packages, by environment and package."""
    script = f"""
from importlib.metadata import PackageNotFoundError, version
for name in {PACKAGES!r}:
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
"""
    found = {}
    for environment in ("python", "svml", "torch"):
        python = getattr(options, environment)
        if python is not None:
            text = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True).stdout
            for name, version in map(str.split, text.splitlines()):
                where = "" if environment == "python" else f" ({environment})"
                found[f"{name}{where}"] = version
    return found


def bests(entry: dict[str, Any]) -> dict[str, float]:
    """Seconds by peer, of those that were timed."""
    return {peer: state["best"] for peer, state in entry["peers"].items() if "best" in state}


def best_peer(entry: dict[str, Any]) -> tuple[str, float] | None:
    """The fastest that is not npir."""
    others = {peer: best for peer, best in bests(entry).items() if peer not in OURS}
    return min(others.items(), key=lambda item: item[1]) if others else None


def bound(entry: dict[str, Any], machine: dict[str, Any]) -> float | None:
    """The seconds that the machine needs at least, for programs whose work says so."""
    if entry["kind"] == "compute":
        return None
    fitting = [level for level in machine["memory"] if level["bytes"] >= entry["bytes"]]
    level = min(fitting or machine["memory"][-1:], key=lambda level: level["bytes"])
    seconds = entry["bytes"] / max(level["read"], level["copy"], level["stream"])
    element = "f32" if entry["dtype"] == "float32" else "f64"
    return max(seconds, entry["flops"] / machine["flops"][element])


def mean(ratios: Iterable[float]) -> float:
    """The geometric mean."""
    logarithms = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logarithms) / len(logarithms)) if logarithms else float("nan")


def time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def line(name: str, result: dict[str, Any]) -> str:
    """One program in words."""
    entry = result["programs"][name]
    found = bests(entry)
    words = [f"{peer} {time(best)}" for peer, best in sorted(found.items(), key=lambda item: item[1])]
    # That a peer does not take a program is no news; that it computes something else is.
    bad = [
        f"{peer}: {state}"
        for peer, state in entry["peers"].items()
        if "wrong" in state or (peer in OURS and "best" not in state)
    ]
    ratio, peer = speed(entry), best_peer(entry)
    head = f"{name}: {ratio:.2f}x {peer[0]}" if ratio and peer else name
    least = bound(entry, result["machine"])
    if least and "npir" in found:
        head += f", {least / found['npir']:.0%} of the bound"
    return f"{head}; {', '.join(words)}{'; ' if bad else ''}{'; '.join(bad)}"


def speed(entry: dict[str, Any], of: str = "npir") -> float | None:
    """How many times as fast as the best peer."""
    found, peer = bests(entry), best_peer(entry)
    return peer[1] / found[of] if peer and of in found else None


def summary(result: dict[str, Any]) -> str:
    """The numbers over all programs."""
    entries = result["programs"]
    speeds = {name: ratio for name, entry in entries.items() if (ratio := speed(entry))}
    lines = [f"{len(entries)} programs, {result['threads']} threads, {result['processor']}"]
    if speeds:
        slowest = sorted(speeds.items(), key=lambda item: item[1])[:5]
        words = ", ".join(f"{name} {ratio:.2f}" for name, ratio in slowest)
        lines.append(f"npir over the best peer of each program: {mean(speeds.values()):.2f} (lowest: {words})")
    over = [bests(entry) for entry in entries.values()]
    over_numpy = [found["numpy"] / found["npir"] for found in over if "npir" in found and "numpy" in found]
    if over_numpy:
        lines.append(f"npir over NumPy: {mean(over_numpy):.2f}")
    for kind in ("memory", "contraction"):
        parts = [
            least / bests(entry)["npir"]
            for entry in entries.values()
            if entry["kind"] == kind and "npir" in bests(entry) and (least := bound(entry, result["machine"]))
        ]
        if parts:
            lines.append(f"of the machine's bound, {kind}: {mean(parts):.0%} (lowest {min(parts):.0%})")
    wrong = [
        f"{peer} on {name}"
        for name, entry in entries.items()
        for peer, state in entry["peers"].items()
        if "wrong" in state
    ]
    if wrong:
        lines.append(f"not counted, for results that are not NumPy's: {', '.join(wrong)}")
    missing = [name for name, entry in entries.items() if "npir" not in bests(entry)]
    if missing:
        lines.append(f"not timed: {', '.join(missing)}")
    return "\n".join(lines)


def comparison(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What has changed, as ratios to NumPy in the same run: machines and their load differ."""
    lines = []
    for name in [name for name in new["programs"] if name in old["programs"]]:
        before, after = (bests(run["programs"][name]) for run in (old, new))
        if "npir" in before and "npir" in after:
            change = (before["npir"] / before["numpy"]) / (after["npir"] / after["numpy"])
            lines.append((change, name))
        elif ("npir" in before) != ("npir" in after):
            lines.append((math.inf if "npir" in after else 0.0, name))
    lines.sort()
    changed = [f"  {change:5.2f}x {name}" for change, name in lines if not 0.9 <= change <= 1.1]
    whole = mean(change for change, _ in lines if 0 < change < math.inf)
    head = f"{len(lines)} programs in both, speed over NumPy {whole:.2f} times what it was"
    return "\n".join([head, *(changed or ["  none by more than 10 %"])])


def table(result: dict[str, Any]) -> str:
    """All programs as a table in Markdown."""
    rows = [
        "| program | NumPy | npir | npir, `.mlir` | best peer | | of the bound |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    for name, entry in result["programs"].items():
        found, peer, ratio = bests(entry), best_peer(entry), speed(entry)
        least = bound(entry, result["machine"])
        part = f"{least / found['npir']:.0%}" if least and "npir" in found else ""
        cells = [name, *(time(found[who]) if who in found else "-" for who in ("numpy", *OURS))]
        cells += [f"{peer[0]} {time(peer[1])}" if peer else "-", f"{ratio:.2f}x" if ratio else "-", part]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def page(result: dict[str, Any]) -> str:
    """The page of the book."""
    packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    machine = result["machine"]
    memory = machine["memory"][-1]
    return f"""# Results of the benchmark

What [the benchmark](bench.md) says, written by `cargo xtask bench --write`. Every time is the best of one interleaved run.

{result['processor']}, {result['threads']} threads, {result['date']}. Main memory {memory['stream'] / 1e9:.0f} GB/s,
float64 {machine['flops']['f64'] / 1e9:.0f} and float32 {machine['flops']['f32'] / 1e9:.0f} GFLOP/s, measured in the same
run. {packages}.

```text
{summary(result)}
```

![Speed of npir over the best peer of each program](bench.svg)

*Of the bound*: the time in which this machine can move the bytes that have to be moved, or do the multiplications and
additions of the contractions, over the time it took. Programs without a number are bound by neither.

{table(result)}
"""


def write(result: dict[str, Any], folder: pathlib.Path) -> None:
    """Writes the page, the plot and the results into the book's folder."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "npir"
    from matplotlib import pyplot

    speeds = sorted((ratio, name) for name, entry in result["programs"].items() if (ratio := speed(entry)))
    figure, axes = pyplot.subplots(figsize=(8, 0.8 + 0.17 * len(speeds)))
    colours = ["#2a7f62" if ratio >= 1 else "#b5483a" for ratio, _ in speeds]
    axes.barh([name for _, name in speeds], [ratio - 1 for ratio, _ in speeds], left=1, color=colours)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("times as fast as the best peer")
    axes.tick_params(axis="y", labelsize=7)
    axes.margins(y=0.01)
    figure.tight_layout()
    figure.savefig(folder / "bench.svg", metadata={"Date": None})
    (folder / "bench-results.md").write_text(page(result))
