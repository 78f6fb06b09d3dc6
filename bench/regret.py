"""What the cost model is worth: ``cargo xtask regret`` runs this with what it has built.

*Regret* is the time of the plan that the optimizer and fusion choose over that of the best of some other plans of the same
program, which are taken by chance: 1 or less where the choice is as good as any. The plans of a program are compiled first
and then run in turns, each in a process of its own; the best time of each counts. Plans whose programs are the same at the
loop level are one.
"""

import argparse
import hashlib
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

from catalog import Program, programs
from peers import Tool, arrays_of, source_of

BOOK = pathlib.Path(__file__).parent.parent / "docs/src/cost-model.md"
BEGIN, END = "<!-- regret -->", "<!-- end -->"
#: Seeds that are tried for so many different plans.
TRIES = 6
#: Other plans that have more turns than the rest.
FINALISTS = 2
#: What is asked for: the geometric mean and the worst.
MEAN, WORST = 1.10, 1.5


def compiled(program: Program, seed: int | None, emit: str, options: argparse.Namespace) -> bytes | None:
    """A program as the compiler makes it with this seed, None for the chosen plan; nothing where that takes too long."""
    command = [options.tool, "compile", source_of(program), "--emit", emit, "-o", "-", "--optimize", options.optimize]
    command += [] if seed is None else ["--sample", str(seed)]
    command += [] if options.machine is None else ["--machine", options.machine]
    try:
        done = subprocess.run(command, capture_output=True, timeout=options.patience)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise RuntimeError(f"{program.name}, seed {seed}: {done.stderr.decode().strip()}")
    return done.stdout


def plans(program: Program, options: argparse.Namespace, folder: pathlib.Path) -> dict[int | None, pathlib.Path]:
    """Artifacts of the chosen plan, ``None``, and of others by their seeds."""
    found: dict[int | None, pathlib.Path] = {}
    seen = set()
    for seed in (None, *range(TRIES * options.plans)):
        if len(found) > options.plans:
            break
        text = compiled(program, seed, "loop", options)
        if text is None:
            continue
        digest = hashlib.blake2b(text).digest()
        artifact = compiled(program, seed, "artifact", options) if digest not in seen else None
        seen.add(digest)
        if artifact is not None:
            found[seed] = folder / f"{'chosen' if seed is None else seed}.npir"
            found[seed].write_bytes(artifact)
    return found


def measure(program: Program, options: argparse.Namespace, say: Any) -> dict[str, Any]:
    """Seconds of the chosen plan, of the best of the others, and how many those are."""
    folder = options.folder / "plans" / program.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        say(f"{program.name}: plans")
        made = plans(program, options, folder)
        if None not in made:
            return {"failed": f"not compiled in {options.patience:.0f} s"}
        arguments = program.inputs()
        tools = {seed: Tool(program, arguments, file, options.patience) for seed, file in made.items()}
        del arguments
        best: dict[int | None, float] = dict.fromkeys(tools, math.inf)
        for turn in range(3 * options.turns):
            say(f"{program.name}: turn {turn + 1} of {3 * options.turns}, {len(tools)} plans")
            if turn == options.turns:
                # The best of many is the luckiest, too: those that count have more turns, in which the chosen one has its own.
                first = sorted((seed for seed in tools if seed is not None), key=best.__getitem__)[:FINALISTS]
                tools = {seed: tools[seed] for seed in (None, *first) if seed in tools}
            for seed in list(tools):
                try:
                    best[seed] = min(best[seed], tools[seed].best(options.seconds)[0])
                except subprocess.TimeoutExpired:
                    del tools[seed]
                except RuntimeError as error:
                    return {"failed": f"seed {seed}: {error}"}
        others = {seed: time for seed, time in best.items() if seed is not None}
        if not others:
            return {"chosen": best[None], "others": 0}
        seed = min(others, key=others.__getitem__)
        return {"chosen": best[None], "others": len(others), "best": others[seed], "seed": seed}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(arrays_of(program), ignore_errors=True)


def table(found: dict[str, dict[str, Any]], options: argparse.Namespace) -> str:
    """Markdown: a line for each program that has other plans, and what they are worth together."""
    with_others = {name: row for name, row in found.items() if row.get("others")}
    ratios = {name: row["chosen"] / row["best"] for name, row in with_others.items()}
    mean = math.exp(sum(map(math.log, ratios.values())) / max(1, len(ratios)))
    worst = max(ratios, key=ratios.__getitem__, default=None)
    machine = "the embedded numbers" if options.machine is None else "the numbers of `npir calibrate`"
    lines = [
        f"{len(ratios)} programs with {machine}, `--optimize {options.optimize}`, up to {options.plans} other plans each, "
        f"{options.threads} threads: geometric mean **{mean:.2f}**"
        + (f", worst **{ratios[worst]:.2f}** (`{worst}`)." if worst else "."),
        "",
        "| program | other plans | chosen, ms | best of the others, ms | its seed | regret |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in sorted(ratios, key=ratios.__getitem__, reverse=True):
        row = with_others[name]
        lines.append(
            f"| {name} | {row['others']} | {row['chosen'] * 1e3:.3f} | {row['best'] * 1e3:.3f} | {row['seed']} "
            f"| {ratios[name]:.2f} |"
        )
    alone = [name for name, row in found.items() if row.get("others") == 0]
    if alone:
        lines += ["", f"With one plan only: {', '.join(alone)}."]
    failed = [f"{name} ({row['failed']})" for name, row in found.items() if "failed" in row]
    if failed:
        lines += ["", f"Not measured: {'; '.join(failed)}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="cargo xtask regret", description=__doc__.split("\n\n")[1])
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="only programs with one of these in their names")
    parser.add_argument("--plans", type=int, default=10, help="other plans of each program (default 10)")
    parser.add_argument("--turns", type=int, default=3, help="how often each plan has its turn (default 3)")
    parser.add_argument("--seconds", type=float, default=0.4, help="what a turn takes (default 0.4)")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which a plan is given up (default 60)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of programs")
    parser.add_argument("--optimize", default="relaxed", help="how faithful plans are (default relaxed)")
    parser.add_argument("--machine", help="a file of npir calibrate; the default is the embedded numbers")
    parser.add_argument("--write", action="store_true", help="put the table into the book")
    parser.add_argument("--check", action="store_true", help=f"fail beyond a mean of {MEAN} or a worst of {WORST}")
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.update(NPIR_TOOL=options.tool, NPIR_BENCH_FOLDER=str(options.folder), NPIR_NUM_THREADS=str(options.threads))
    os.environ.pop("NPIR_MACHINE", None)
    options.folder.mkdir(parents=True, exist_ok=True)
    processors = sorted(os.sched_getaffinity(0))[: options.threads]
    os.sched_setaffinity(0, processors)

    def say(words: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)

    found = {}
    for program in programs().values():
        if options.programs and not any(word in program.name for word in options.programs):
            continue
        row = found[program.name] = measure(program, options, say)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)
        if row.get("others"):
            print(f"{program.name:32} {row['chosen'] / row['best']:6.2f}  ({row['others']} others)", flush=True)
        else:
            print(f"{program.name:32} {row.get('failed', 'one plan only')}", flush=True)
    (options.folder / "regret.json").write_text(json.dumps(found, indent=1))
    text = table(found, options)
    print(text)
    if options.write:
        book = BOOK.read_text()
        pattern = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
        assert pattern.search(book), f"{BOOK} has no place for the table"
        BOOK.write_text(pattern.sub(lambda _: f"{BEGIN}\n\n{text}\n{END}", book))
    ratios = [row["chosen"] / row["best"] for row in found.values() if row.get("others")]
    mean = math.exp(sum(map(math.log, ratios)) / max(1, len(ratios)))
    if options.check and (mean > MEAN or max(ratios, default=0.0) > WORST):
        sys.exit(f"error: regret beyond {MEAN} in the mean or {WORST} at worst")


if __name__ == "__main__":
    main()
