"""Versions on disk: another process finds them, and nothing that is stale, damaged or of somebody else is used."""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

import npir

#: A module with all that a compiled function may refer to; a process calls `run` of it and prints what it finds.
MODULE = """
import dataclasses
import numpy as np
import npir

SCALE = 2.0
SHIFT = (1, 2)
TABLE = np.arange(4.0)

@dataclasses.dataclass
class State:
    x: np.ndarray
    n: int

    def grown(self, by):
        return State(self.x + by, self.n + 1)

def helper(x, *, by=1.5):
    return np.tanh(x) * by

def outer(k):
    def inner(x):
        return x * k
    return inner

triple = outer(3)

@npir.jit
def f(x, n=2):
    total = helper(x) * SCALE + TABLE
    for _ in range(n):
        total = triple(total) + SHIFT[1]
    return total, "name"

@npir.jit
def g(state):
    return state.grown(1.0)

def run():
    x = np.linspace(0, 1, 4)
    for function, argument in ((f, x), (g, State(x, 3))):
        expected, found = function.__wrapped__(argument), function(argument)
        assert str(expected) == str(found), (expected, found)
    for function in (f, g):
        s = function.stats
        assert not s.fallbacks and not s.uncached, s
        print(s.compilations, s.cache_hits, end=" ")
    import sys
    print("npir._compiler" in sys.modules)
"""


class Cache(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.cache = self.folder / "cache"
        (self.folder / "program.py").write_text(MODULE)

    def run_process(self, code="import program; program.run()", **changes):
        paths = [str(self.folder), str(pathlib.Path(npir.__file__).parent.parent)]
        environment = os.environ | {"NPIR_CACHE_DIR": str(self.cache), "PYTHONPATH": os.pathsep.join(paths)} | changes
        done = subprocess.run(
            [sys.executable, "-B", "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def change(self, old, new):
        text = (self.folder / "program.py").read_text()
        self.assertIn(old, text)
        (self.folder / "program.py").write_text(text.replace(old, new))

    def test_another_process_compiles_nothing(self):
        self.assertEqual(self.run_process(), "1 0 1 0 True")
        self.assertEqual(self.run_process(), "0 1 0 1 False", "the compiler is not loaded either")

    def test_the_first_shape_of_a_process_is_specialized(self):
        code = """
            import numpy as np, program
            for n in {}:
                program.scaled(np.linspace(0, 1, n))
            print(program.scaled.stats.compilations, program.scaled.stats.cache_hits)
        """
        self.change("@npir.jit\ndef g", "@npir.jit\ndef scaled(x):\n    return x / x.sum()\n\n@npir.jit\ndef g")
        self.assertEqual(self.run_process(code.format([4])), "1 0")
        # Not for any shape, though a version for another shape is there; that comes with the second shape.
        self.assertEqual(self.run_process(code.format([5, 6, 7])), "2 1")
        self.assertEqual(self.run_process(code.format([4, 5, 6, 7])), "0 3")

    def test_parts_of_a_function_are_kept(self):
        code = """
            import numpy as np, npir, program
            print(program.mixed(np.arange(6.0), []), end=" ")
            s = program.mixed.stats
            print(s.compilations > 1 and s.cache_hits == 0, s.cache_hits > 1 and s.compilations == 0, s.uncached)
        """
        mixed = """
        @npir.jit
        def mixed(x, log):
            y = np.sqrt(x) + 1
            log.append(float(y.sum()) + len({*log}))
            z = np.cumsum(y * np.sum([x.max(), {1: 2.0}.get(len(log))]))
            log.append({"z": z})
            return float((z * y).sum()), len(log)
        """
        path = self.folder / "program.py"
        path.write_text(path.read_text() + textwrap.dedent(mixed))
        first, second = (self.run_process(code, PYTHONWARNINGS="ignore") for _ in range(2))
        self.assertTrue(first.endswith("True False []"), first)
        self.assertTrue(second.endswith("False True []"), second)
        self.assertEqual(first.split(") ")[0], second.split(") ")[0])

    def test_what_has_changed_is_compiled_again(self):
        changes = [
            ("SCALE = 2.0", "SCALE = 2.5", "1 0 0 1 True"),
            ("np.tanh(x) * by", "np.tanh(x) + by", "1 0 0 1 True"),
            ("by=1.5", "by=1.25", "1 0 0 1 True"),
            ("outer(3)", "outer(4)", "1 0 0 1 True"),
            ("return x * k", "return x - k", "1 0 0 1 True"),
            ("total = triple(total) +", "total = triple(total) -", "1 0 0 1 True"),
            ("self.n + 1", "self.n + 7", "0 1 1 0 True"),
            ("TABLE = np.arange(4.0)", "TABLE = np.arange(4.0) + 1", "0 1 0 1 False"),
        ]
        self.run_process()
        for old, new, expected in changes:
            with self.subTest(new):
                self.change(old, new)
                self.assertEqual(self.run_process(), expected)
                self.assertEqual(self.run_process(), "0 1 0 1 False")

    def test_damaged_entries_are_not_used(self):
        self.run_process()
        entries = [file for file in self.cache.rglob("*") if file.is_file()]
        self.assertEqual(len(entries), 2)
        for spoil in (lambda data: data[:100], lambda data: b"", lambda data: data[:-1] + bytes([data[-1] ^ 1])):
            for entry in entries:
                entry.write_bytes(spoil(entry.read_bytes()))
            self.assertEqual(self.run_process(), "1 0 1 0 True")
            self.assertEqual(self.run_process(), "0 1 0 1 False")

    def test_no_cache(self):
        for _ in range(2):
            self.assertEqual(self.run_process(NPIR_CACHE_DIR=""), "1 0 1 0 True")
        self.change("@npir.jit", "@npir.jit(cache=False)")
        for _ in range(2):
            self.assertEqual(self.run_process(), "1 0 1 0 True")
        self.assertFalse(self.cache.exists())

    def test_a_folder_that_cannot_be_written_is_said(self):
        self.cache.write_text("a file")
        code = """
            import npir
            import numpy as np
            import program
            program.f(np.ones(4))
            assert program.f.stats.compilations == 1
            print(program.f.stats.uncached)
        """
        self.assertIn("it cannot be written", self.run_process(code))

    def test_what_no_name_leads_to_is_not_kept(self):
        self.change("triple = outer(3)", "triple = (outer(3),)")
        self.change("total = triple(total)", "total = triple[0](total)")
        code = """
            import numpy as np
            import program
            program.f(np.ones(4))
            print(program.f.stats)
        """
        for _ in range(2):
            stats = self.run_process(code)
            self.assertIn("compilations=1", stats)
            self.assertIn("an object of the class function that no name leads to", stats)


if __name__ == "__main__":
    unittest.main()
