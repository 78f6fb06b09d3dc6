"""Compiled functions on disk, so that another process need not compile them.

An entry holds a compiled version and, for each object of Python that its guards and results refer to, how another
process finds that object, and what it must be there: a variable of the function's module, a cell of its closure, the
code of a function that it calls. An entry that is damaged, of another processor or of other versions, or that finds
something else, is not used.
"""

from __future__ import annotations

import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any, Callable, Iterable

import numpy

from ._dispatch import digest

#: Bytes of all entries, at most: the oldest are removed.
MOST_BYTES = 1 << 30

#: What an entry begins with, before the digest of the rest.
MAGIC = b"npir cache 1\n"
#: Bytes of a digest.
DIGEST = 32

#: Objects whose value says all.
PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), numpy.generic, numpy.dtype)

Parts = tuple[bytes, str, tuple[Any, ...]]


class _Unknown(Exception):
    """An object that another process cannot find."""


def folder() -> Path | None:
    """Where entries are: ``NPIR_CACHE_DIR``, or ``npir`` in the user's folder for caches; None for no cache."""
    chosen = os.environ.get("NPIR_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    around = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(around or Path.home() / ".cache") / "npir"
    except RuntimeError:
        return None


def load(function: Callable[..., Any], build: str) -> list[Parts]:
    """The versions of ``function`` that are on disk and fit the process.

    Args:
        function: a Python function.
        build: the compiler and the processor.
    """
    found = []
    for file in sorted(_entries(function, build)):
        try:
            entry = _read(file)
            found.append((entry["artifact"], entry["spec"], _objects(entry, function)))
            os.utime(file)
        except Exception:
            # Damaged, or of something that has changed. The compiler makes another one.
            continue
    return found


def store(function: Callable[..., Any], build: str, parts: Parts) -> str | None:
    """Keeps a version, if there is a cache; returns why that is not possible, or None."""
    home = _home(function, build)
    if home is None:
        return None
    artifact, spec, constants = parts
    try:
        recipes = _recipes(function, spec, constants)
    except _Unknown as unknown:
        return str(unknown)
    payload = pickle.dumps({"artifact": artifact, "spec": spec, "recipes": recipes})
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(home / _name((spec, recipes)), MAGIC + digest(payload) + payload)
        _prune(home.parent)
    except OSError as error:
        return f"it cannot be written: {error}"
    return None


def _home(function: Callable[..., Any], build: str) -> Path | None:
    around = folder()
    if around is None:
        return None
    key = (build, sys.version, numpy.__version__, function.__module__, function.__qualname__, _code(function.__code__))
    return around / _name(key)


def _name(key: Any) -> str:
    return digest(repr(key).encode()).hex()[:32]


def _entries(function: Callable[..., Any], build: str) -> Iterable[Path]:
    home = _home(function, build)
    # Unpickling runs what is written there: nobody else may have written it.
    if home is None or not home.is_dir() or hasattr(os, "getuid") and home.stat().st_uid != os.getuid():
        return []
    return (file for file in home.iterdir() if not file.name.startswith("."))


def _read(file: Path) -> dict[str, Any]:
    data = file.read_bytes()
    start = len(MAGIC) + DIGEST
    payload = data[start:]
    if data[:start] != MAGIC + digest(payload):
        raise _Unknown("damaged")
    return pickle.loads(payload)


def _write(file: Path, data: bytes) -> None:
    # Not needed to read, which has to be quick.
    import tempfile

    handle, partial = tempfile.mkstemp(prefix=".", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(partial, file)
    except BaseException:
        os.unlink(partial)
        raise


def _prune(around: Path) -> None:
    files = []
    for home in around.iterdir():
        if home.is_dir():
            files += [(file.stat(), file) for file in home.iterdir()]
    total = sum(status.st_size for status, _ in files)
    for status, file in sorted(files, key=lambda pair: pair[0].st_mtime):
        if total <= MOST_BYTES:
            break
        file.unlink(missing_ok=True)
        total -= status.st_size


def _code(code: types.CodeType) -> Any:
    """What a function's code is, the same in each process."""
    constants = [_code(c) if isinstance(c, types.CodeType) else _value(c) for c in code.co_consts]
    # Places are in messages of compiled code.
    place = (code.co_filename, code.co_firstlineno, code.co_linetable)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags, code.co_argcount)
    return ("code", code.co_name, _name((code.co_code, constants, place, names)))


def _value(value: Any) -> Any:
    if isinstance(value, frozenset):
        return ("frozenset", sorted(repr(_value(item)) for item in value))
    if isinstance(value, tuple):
        return ("tuple", type(value).__qualname__, [_value(item) for item in value])
    return (type(value).__qualname__, repr(value))


def _is_plain(value: Any) -> bool:
    if type(value) is tuple or type(value) is frozenset:
        return all(_is_plain(item) for item in value)
    return isinstance(value, PLAIN)


def _what(value: Any) -> Any:
    """What must be found in another process where ``value`` is in this one."""
    if _is_plain(value):
        return ("value", _value(value))
    if isinstance(value, types.CodeType):
        return _code(value)
    if isinstance(value, types.FunctionType):
        # Its code has a guard of its own.
        return ("function", value.__module__, value.__qualname__)
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    if isinstance(value, type):
        return ("class", [(base.__module__, base.__qualname__, _methods(base)) for base in value.__mro__])
    if isinstance(value, property):
        return ("property", [_what(part) for part in (value.fget, value.fset, value.fdel)])
    if isinstance(value, tuple):
        return ("tuple", [_what(item) for item in value])
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if callable(value) and isinstance(name, str):
        module = getattr(value, "__module__", None) or type(getattr(value, "__self__", None)).__qualname__
        return (type(value).__qualname__, module, name)
    raise _Unknown(f"it uses an object of the class {type(value).__qualname__}, which has no name")


def _methods(value: type) -> list[Any]:
    if value.__module__ in ("builtins", "abc", "typing", "numpy"):
        return []
    functions = ((name, part) for name, part in vars(value).items() if isinstance(part, types.FunctionType))
    return sorted((name, _code(part.__code__)) for name, part in functions)


def _recipes(function: Callable[..., Any], spec: str, constants: tuple[Any, ...]) -> list[Any]:
    """For each constant how to find it, and what it must be."""
    import json

    # Where constants are found from other ones.
    places = {guard["value"]: ("at", guard["namespace"], guard["name"]) for guard in json.loads(spec)["globals"]}
    functions = [(i, f) for i, f in enumerate(constants) if isinstance(f, types.FunctionType)]

    def recipe(i: int, value: Any) -> Any:
        if value is function:
            return ("root",), None
        if isinstance(value, dict):
            for at, owner in functions:
                for name in ("__globals__", "__kwdefaults__"):
                    if getattr(owner, name) is value:
                        return ("at", at, name), None
        if isinstance(value, types.CellType):
            for at, owner in functions:
                for k, cell in enumerate(owner.__closure__ or ()):
                    if cell is value:
                        return ("cell", at, k), None
        if i in places:
            return places[i], _what(value)
        if _is_plain(value):
            return ("value", pickle.dumps(value)), None
        if isinstance(value, types.ModuleType):
            return ("module", value.__name__), None
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
        if isinstance(module, str) and isinstance(name, str) and _imported(module, name) is value:
            return ("import", module, name), _what(value)
        raise _Unknown(f"it uses an object of the class {type(value).__qualname__} that no name leads to")

    return [recipe(i, value) for i, value in enumerate(constants)]


def _imported(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _objects(entry: dict[str, Any], function: Callable[..., Any]) -> tuple[Any, ...]:
    """The constants of an entry in this process."""
    recipes = entry["recipes"]
    known: dict[int, Any] = {}

    def found(i: int) -> Any:
        if i not in known:
            (how, *where), what = recipes[i]
            known[i] = _found(how, where, found, function)
            if what is not None and _what(known[i]) != what:
                raise _Unknown("something else is there")
        return known[i]

    return tuple(found(i) for i in range(len(recipes)))


def _found(how: str, where: list[Any], constant: Callable[[int], Any], function: Callable[..., Any]) -> Any:
    if how == "root":
        return function
    if how == "value":
        return pickle.loads(where[0])
    if how == "module":
        return sys.modules[where[0]]
    if how == "import":
        return _imported(*where)
    owner = constant(where[0])
    if how == "cell":
        return owner.__closure__[where[1]]
    if isinstance(owner, types.CellType):
        return owner.cell_contents
    if isinstance(owner, dict):
        return owner[where[1]]
    return getattr(owner, where[1])
