"""The peers: how each is made ready for a program.

A peer is a function that takes a program and its arguments and returns something to call without arguments, which gives
the results as NumPy arrays or as what ``numpy.asarray`` takes. It raises ``Unfit`` where the program is none for it.
"""

import hashlib
import importlib.util
import inspect
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from catalog import Program, arrays, with_globals

Call = Callable[[], Any]
Arguments = tuple[Any, ...]


class Unfit(Exception):
    """The peer has nothing for this program."""


def _numpy(program: Program, arguments: Arguments) -> Call:
    return lambda: program.function(*arguments)


def _npir(program: Program, arguments: Arguments) -> Call:
    import npir

    compiled = npir.jit(program.function, strict=True)
    return lambda: compiled(*arguments)


def _numba(program: Program, arguments: Arguments) -> Call:
    import numba

    return _numba_compiled(numba.njit(parallel=True)(program.function), arguments)


def _numba_loops(program: Program, arguments: Arguments) -> Call:
    import numba

    if program.loops is None:
        raise Unfit("has no loops")
    compiler = numba.njit(parallel=True, fastmath=True)
    names = {name: compiler(value) for name, value in _helpers(program.loops).items()}
    return _numba_compiled(compiler(with_globals(program.loops, prange=numba.prange, **names)), arguments)


def _helpers(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Functions with loops that a function with loops calls."""
    found = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    return {name: value for name, value in found.items() if inspect.isfunction(value) and name.endswith("_loops")}


def _numba_compiled(compiled: Callable[..., Any], arguments: Arguments) -> Call:
    import numba

    # What numba says about loops that it leaves serial is not what this is about.
    import warnings

    warnings.simplefilter("ignore", numba.NumbaWarning)
    return lambda: compiled(*arguments)


def _jax(program: Program, arguments: Arguments) -> Call:
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax

    jax.config.update("jax_enable_x64", True)
    static = [i for i, value in enumerate(arguments) if isinstance(value, int)]
    compiled = jax.jit(with_globals(program.function, np=jax.numpy), static_argnums=static)
    # Already in the peer's own memory, where it wants them.
    ready = [jax.device_put(value) if isinstance(value, np.ndarray) else value for value in arguments]
    return lambda: jax.block_until_ready(compiled(*ready))


def _torch(program: Program, arguments: Arguments) -> Call:
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    compiled = torch.compile(program.function)
    return lambda: compiled(*arguments)


def _numexpr(program: Program, arguments: Arguments) -> Call:
    import numexpr

    if program.expression is None:
        raise Unfit("is no expression")
    names = inspect.signature(program.function).parameters
    values = dict(zip(names, arguments, strict=True))
    return lambda: numexpr.evaluate(program.expression, values)


def _sklearn(program: Program, arguments: Arguments) -> Call:
    library = program.libraries.get("sklearn")
    if library is None:
        raise Unfit("is not in scikit-learn")
    return lambda: library(*arguments)


def _pythran(program: Program, arguments: Arguments) -> Call:
    module = _pythran_module(program.function, arguments)
    compiled = getattr(module, program.function.__name__)
    return lambda: compiled(*arguments)


def _pythran_module(function: Callable[..., Any], arguments: Arguments) -> Any:
    """The function compiled ahead of time: kept by its source and the types of the arguments."""
    # Without the decorators.
    source = textwrap.dedent(inspect.getsource(function))
    source = source[re.search(r"^def ", source, re.MULTILINE).start() :]
    types = ", ".join(_pythran_type(value) for value in arguments)
    text = f"# pythran export {function.__name__}({types})\nimport numpy as np\n\n\n{source}"
    name = f"p{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    folder = pathlib.Path(os.environ["NPIR_BENCH_FOLDER"], "pythran")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not library.exists():
        (folder / f"{name}.py").write_text(text)
        command = [sys.executable, "-m", "pythran.run", "-O3", "-march=native", "-fopenmp", f"{name}.py"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout).strip().splitlines()[-1])
    spec = importlib.util.spec_from_file_location(name, library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pythran_type(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return value.dtype.name + "[" + ", ".join(":" * value.ndim) + "]"
    return value.dtype.name if isinstance(value, np.generic) else type(value).__name__


class Tool:
    """The program as a file, run by the command ``npir``, which says what its calls took.

    ``compiled`` is an artifact of the file to run instead of it; a call that takes longer than ``patience`` seconds
    fails.
    """

    def __init__(
        self,
        program: Program,
        arguments: Arguments,
        compiled: pathlib.Path | None = None,
        patience: float | None = None,
    ) -> None:
        source = source_of(program)
        folder = arrays_of(program)
        folder.mkdir(parents=True, exist_ok=True)
        self._patience = patience
        values = dict(zip(inspect.signature(program.function).parameters, arguments, strict=True))
        self._results = [folder / f"result{i}.npy" for i in range(results_of(source.read_text()))]
        self._command = [os.environ["NPIR_TOOL"], "run", str(compiled or source)]
        for name, element in parameters_of(source.read_text()):
            file = folder / f"{name}.npy"
            if compiled is None or not file.exists():
                np.save(file, np.asarray(values[name]).astype(ELEMENTS.get(element) or values[name].dtype))
            self._command += ["-i", f"{name}={file}"]
        self._command += [word for file in self._results for word in ("-o", str(file))]

    def __call__(self) -> list[np.ndarray]:
        self._run(1)
        return [np.load(file) for file in self._results]

    def best(self, seconds: float) -> tuple[float, int]:
        """The best of as many calls as take so long, at least one, and their number."""
        once = self._run(1)
        calls = max(1, min(1000, int(seconds / once)))
        return (once, 1) if calls == 1 else (self._run(calls), calls)

    def _run(self, calls: int) -> float:
        command = [*self._command, "--time", str(calls)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=self._patience)
        found = re.search(r"min ([0-9.]+)(ns|µs|ms|s),", done.stderr)
        if done.returncode or found is None:
            raise RuntimeError(done.stderr.strip())
        return float(found[1]) * {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}[found[2]]


def source_of(program: Program) -> pathlib.Path:
    """The program in the numpy dialect."""
    return pathlib.Path(__file__).parent / "mlir" / f"{program.name}.mlir"


def arrays_of(program: Program) -> pathlib.Path:
    """Where arguments and results of the command ``npir`` are."""
    return pathlib.Path(os.environ["NPIR_BENCH_FOLDER"], "arrays", program.name)


#: Element types of numbers that are parameters; the compiler gives those whose value it knows the type ``i1``.
ELEMENTS = {"i1": np.bool_, "i64": np.int64, "f64": np.float64, "f32": np.float32}


def parameters_of(text: str) -> list[tuple[str, str]]:
    """Names and element types of the parameters of a program's first function."""
    pattern = r"%arg\d+: tensor<(?:[0-9?]+x)*([a-z0-9<>]+?)> \{numpy.name = \"(\w+)\""
    return [(name, element) for element, name in re.findall(pattern, text)]


def results_of(text: str) -> int:
    """The number of results of a program's first function."""
    found = re.search(r"^    return .* : (.*)$", text, re.MULTILINE)
    return found[1].count("tensor<") if found else 0


PEERS: dict[str, Callable[[Program, Arguments], Call]] = {
    "numpy": _numpy,
    "numpy-avx512": _numpy,
    "npir": _npir,
    "npir-mlir": Tool,
    "numba": _numba,
    "numba-loops": _numba_loops,
    "numba-svml": _numba,
    "numba-svml-loops": _numba_loops,
    "jax": _jax,
    "pythran": _pythran,
    "numexpr": _numexpr,
    "sklearn": _sklearn,
    "torch": _torch,
}
