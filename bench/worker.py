"""One peer and one program in a process of its own: ``worker.py PEER PROGRAM``.

Says on its standard output, as lines of JSON, that it is ready and whether its results are NumPy's, and then for every
number of seconds on its standard input the best of the calls that fit into that time, at least one.
"""

import json
import os
import pathlib
import sys
import time
import warnings
from typing import Any

import numpy as np

from catalog import arrays, least_bytes, programs, wrong
from peers import PEERS, Unfit


def main() -> None:
    peer, name = sys.argv[1:]
    # What peers print is not for the process that reads this one.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")

    def answer(**values: Any) -> None:
        print(json.dumps(values), file=answers)

    program = programs()[name]
    arguments = program.inputs()
    reference = pathlib.Path(os.environ["NPIR_BENCH_FOLDER"], f"{name}.npz")
    begin = time.perf_counter()
    try:
        with np.errstate(all="ignore"):
            call = PEERS[peer](program, arguments)
            results = call()
    except Unfit as reason:
        return answer(unfit=str(reason))
    except Exception as error:
        return answer(failed=f"{type(error).__name__}: {error}"[:300])
    first = time.perf_counter() - begin
    if peer == "numpy":
        np.savez(reference, *arrays(results))
    with np.load(reference) as saved:
        different = wrong(program, results, [saved[key] for key in saved.files])
    if different is not None:
        return answer(wrong=different)
    flops = program.flops(*arguments) if program.flops else 0.0
    answer(first=first, bytes=least_bytes(program, arguments, results), flops=flops)
    del results
    for line in sys.stdin:
        with np.errstate(all="ignore"):
            best, calls = timed(call, float(line))
        answer(best=best, calls=calls)


def timed(call: Any, seconds: float) -> tuple[float, int]:
    """The best of as many calls as take so long, at least one, and their number."""
    if hasattr(call, "best"):
        return call.best(seconds)
    best, calls = float("inf"), 0
    end = time.perf_counter() + seconds
    while calls == 0 or time.perf_counter() < end:
        begin = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - begin)
        calls += 1
        # As in a program that is done with it: not within the time of the next call.
        del result
    return best, calls


if __name__ == "__main__":
    main()
