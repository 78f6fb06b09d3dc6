"""The benchmark: ``cargo xtask bench`` runs this with what it has built.

Every program is timed in one run beside every peer: each in a process of its own, which stands still while another one
is timed, in turns. Results are compared with NumPy's first. What is measured is written after each program, and
``--resume`` goes on with it.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import select
import signal
import subprocess
import sys
import tempfile
from typing import Any

import report
from catalog import Program, programs

FOLDER = pathlib.Path(__file__).parent
#: By peer, where it does not run in the first environment: the option that names the other one's interpreter.
ENVIRONMENTS = {"numba-svml": "svml", "numba-svml-loops": "svml", "torch": "torch"}
PEERS = (
    *("numpy", "npir", "npir-mlir", "numpy-avx512", "numba", "numba-loops", "numba-svml", "numba-svml-loops"),
    *("jax", "pythran", "numexpr", "sklearn", "torch"),
)


class Worker:
    """A process with one peer and one program."""

    def __init__(self, peer: str, program: str, options: argparse.Namespace) -> None:
        python = getattr(options, ENVIRONMENTS.get(peer, "python"))
        threads = str(options.threads)
        environment = {
            **os.environ,
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), threads),
            **dict.fromkeys(("NUMEXPR_MAX_THREADS", "NUMEXPR_NUM_THREADS", "NPIR_NUM_THREADS"), threads),
            "PYTHONPATH": str(options.site),
            "NPIR_CACHE_DIR": "",
            "NPIR_TOOL": str(options.tool),
            "NPIR_BENCH_FOLDER": str(options.folder),
        }
        if peer == "numpy-avx512":
            environment["OPENBLAS_CORETYPE"] = "SkylakeX"
        if python == options.svml:
            environment["LD_LIBRARY_PATH"] = str(python.parent.parent / "lib")
            # Its LLVM is older than many processors, for which it calls the vector functions with wrong results.
            if has_avx512():
                environment["NUMBA_CPU_NAME"] = "skylake-avx512"
        self._errors = tempfile.TemporaryFile()
        processors = sorted(os.sched_getaffinity(0))[: options.threads]
        self._process = subprocess.Popen(
            [python, FOLDER / "worker.py", peer, program],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )

    def answer(self, seconds: float) -> dict[str, Any]:
        """The next line of the process, or what is wrong instead."""
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return {"failed": f"no answer in {seconds:.0f} s"}
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        self._errors.seek(0)
        last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return {"failed": f"ended with {self._process.returncode}: {' '.join(last)}"}

    def timed(self, seconds: float, patience: float) -> dict[str, Any]:
        """The best of the calls that fit into this time; nothing else runs meanwhile."""
        self.signal(signal.SIGCONT)
        self._process.stdin.write(f"{seconds}\n".encode())
        self._process.stdin.flush()
        found = self.answer(patience)
        self.signal(signal.SIGSTOP)
        return found

    def signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass

    def end(self) -> None:
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()


def measure(program: Program, peers: list[str], options: argparse.Namespace, say: Any) -> dict[str, Any]:
    """What the peers take for a program: ``{"bytes", "flops", "kind", "peers": {name: {...}}}``."""
    found: dict[str, dict[str, Any]] = {}
    workers: dict[str, Worker] = {}
    work: dict[str, float] = {}
    try:
        # NumPy is first: the others compare their results with its.
        for peer in peers:
            say(f"{program.name}: {peer}")
            worker = workers[peer] = Worker(peer, program.name, options)
            state = worker.answer(options.patience)
            worker.signal(signal.SIGSTOP)
            if "first" in state:
                work = work or {"bytes": state["bytes"], "flops": state["flops"]}
                found[peer] = {"first": state["first"], "best": float("inf"), "calls": 0}
                continue
            if "unfit" not in state:
                found[peer] = state
            workers.pop(peer).end()
            if peer == "numpy":
                break
        for turn in range(options.turns):
            say(f"{program.name}: turn {turn + 1} of {options.turns}")
            # Another one is first in each turn.
            order = list(workers)[turn % len(workers) :] + list(workers)[: turn % len(workers)] if workers else []
            for peer in order:
                state = workers[peer].timed(options.seconds, options.patience)
                if "best" not in state:
                    found[peer] = state
                    workers.pop(peer).end()
                    continue
                found[peer]["best"] = min(found[peer]["best"], state["best"])
                found[peer]["calls"] += state["calls"]
    finally:
        for worker in workers.values():
            worker.end()
        (options.folder / f"{program.name}.npz").unlink(missing_ok=True)
    return {**work, "kind": program.kind, "dtype": program.dtype, "peers": found}


def limits(options: argparse.Namespace) -> dict[str, Any]:
    """What the machine does at most, measured now."""
    file = options.folder / "machine.json"
    command = [options.tool, "calibrate", "--threads", str(options.threads), "-o", file]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(file.read_text())


def processor() -> str:
    """The processor's name."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def has_avx512() -> bool:
    """Whether OpenBLAS can be told to use AVX-512."""
    return "avx512f" in pathlib.Path("/proc/cpuinfo").read_text() if sys.platform == "linux" else False


def chosen(options: argparse.Namespace) -> tuple[list[Program], list[str]]:
    """The programs and peers that the options select."""
    known = programs()
    selected = [
        program
        for name, program in known.items()
        if not options.programs or any(word in name for word in options.programs)
    ]
    if not selected:
        sys.exit(f"no program has a name with {' or '.join(options.programs)}; there are: {', '.join(known)}")
    unknown = sorted(set(options.peer or ()) - set(PEERS))
    if unknown:
        sys.exit(f"no peer is called {', '.join(unknown)}; there are: {', '.join(PEERS)}")
    peers = [peer for peer in PEERS if not options.peer or peer in (*options.peer, "numpy", "npir")]
    if not has_avx512() and "numpy-avx512" in peers:
        peers.remove("numpy-avx512")
    for peer in [peer for peer in peers if getattr(options, ENVIRONMENTS.get(peer, "python")) is None]:
        print(f"{peer} is not installed and left out")
        peers.remove(peer)
    return selected, peers


def write(file: pathlib.Path, values: dict[str, Any]) -> None:
    """Writes all of it or nothing."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(values, indent=1) + "\n")
    new.replace(file)


def write_programs(selected: list[Program]) -> None:
    """Writes the programs in the numpy dialect."""
    import npir

    (FOLDER / "mlir").mkdir(exist_ok=True)
    for program in selected:
        text = npir.jit(program.function, strict=True).lower(*program.inputs()).numpy
        (FOLDER / "mlir" / f"{program.name}.mlir").write_text(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cargo xtask bench", description=__doc__.splitlines()[0])
    parser.add_argument("programs", nargs="*", help="parts of names of programs; all without any")
    parser.add_argument("--peer", action="append", help="only this one, NumPy and npir; may be repeated")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of each peer")
    parser.add_argument("--turns", type=int, default=5, help="how often each peer's turn comes")
    parser.add_argument("--seconds", type=float, default=0.2, help="time of a turn; one call at least")
    parser.add_argument("--patience", type=float, default=120, help="seconds until a peer is given up")
    parser.add_argument("--output", type=pathlib.Path, help="the results (default: bench.json in the target folder)")
    parser.add_argument("--resume", action="store_true", help="leave out programs that the output has already")
    parser.add_argument("--compare", type=pathlib.Path, metavar="OLD", help="say what is faster and slower than there")
    parser.add_argument("--write", action="store_true", help="put the table and the plot into the book")
    parser.add_argument("--write-mlir", action="store_true", help="write the programs in the numpy dialect, and stop")
    parser.add_argument("--list", action="store_true", help="list programs and peers, and stop")
    for name, meaning in (
        ("tool", "the command npir"),
        ("site", "the folder with the package npir"),
        ("folder", "where files of the run go"),
        ("python", "the interpreter with most peers"),
        ("svml", "that with the numba that has SVML"),
        ("torch", "that with torch"),
    ):
        parser.add_argument(f"--{name}", type=pathlib.Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    selected, peers = chosen(options)
    if options.list:
        print("programs:", *(program.name for program in selected), sep="\n  ")
        print("peers:", *peers, sep="\n  ")
        return
    if options.write_mlir:
        return write_programs(selected)
    old = json.loads(options.compare.read_text()) if options.compare else None
    options.folder.mkdir(parents=True, exist_ok=True)
    output = options.output or options.folder / "bench.json"
    done: dict[str, Any] = {}
    if options.resume and output.exists():
        done = json.loads(output.read_text())
        if done["threads"] != options.threads:
            sys.exit(f"{output} is of {done['threads']} threads, not of {options.threads}")
    result = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "threads": options.threads,
        "versions": report.versions(options),
        "machine": limits(options),
        "programs": done.get("programs", {}),
    }
    status = sys.stdout.isatty()

    def say(text: str) -> None:
        if status:
            print(f"\r\033[K{text}", end="", flush=True)

    for i, program in enumerate(selected):
        if options.resume and program.name in result["programs"]:
            continue
        result["programs"][program.name] = measure(program, peers, options, say)
        write(output, result)
        say("")
        print(f"{i + 1}/{len(selected)} {report.line(program.name, result)}", flush=True)
    print(f"\n{report.summary(result)}\n\nresults: {output}")
    if old is not None:
        print(f"\n{report.comparison(old, result)}")
    if options.write:
        report.write(result, FOLDER.parent / "docs/src")


if __name__ == "__main__":
    main()
