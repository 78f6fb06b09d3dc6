"""The description of the machine that ``NPIR_MACHINE`` names: what is wrong with it is said, and the cache tells it apart."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = """
import warnings
import numpy as np
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import npir
    f = npir.jit(lambda x: np.exp(x) + 1)
    result = f(np.zeros(3))
assert result.tolist() == [2.0, 2.0, 2.0], result
words = [str(w.message) for w in caught if w.category is RuntimeWarning]
print([f.stats.compilations, f.stats.cache_hits, words])
"""

#: What has the form of a description, and is of another machine.
OTHER = {
    "version": 2,
    "cpu": "none",
    "threads": 1,
    **{
        name: [{"bytes": 1024, "read": 1e9, "copy": 1e9, "stream": 1e9}] for name in ("memory", "memory_of_one")
    },
    "flops": {"f64": 1e9, "f32": 1e9},
    "fork_join": 1e-6,
    "kernel": 1e-7,
    "elements": dict.fromkeys(
        ("add", "divide", "root", "exp", "log", "power", "sin", "tanh", "gather", "scatter"), 1e-9
    ),
}


class Machines(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.program = pathlib.Path(self.folder.name, "program.py")
        self.program.write_text(PROGRAM)
        self.machine = pathlib.Path(self.folder.name, "machine.json")

    def run_with(self, machine):
        """Compilations, hits of the cache and warnings in a process of its own."""
        environment = {**os.environ, "NPIR_CACHE_DIR": str(pathlib.Path(self.folder.name, "cache"))}
        environment["NPIR_MACHINE"] = str(machine)
        command = [sys.executable, str(self.program)]
        output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        return eval(output)

    def test_what_cannot_be_used_is_said(self):
        for text, words in (
            (None, "machine.json is not used: it cannot be read: No such file"),
            ("{", "machine.json is not used: it is damaged"),
            (json.dumps(OTHER | {"version": 1}), "machine.json is not used: it has version 1, not 2"),
            (json.dumps(OTHER), "machine.json is not used: it was measured on 'none'"),
        ):
            with self.subTest(words):
                if text is not None:
                    self.machine.write_text(text)
                compilations, _, found = self.run_with(self.machine)
                self.assertEqual(compilations, 1)
                self.assertEqual(len(found), 1, found)
                self.assertIn(words, found[0])
                self.assertIn("the default is used", found[0])

    def test_the_cache_tells_descriptions_apart(self):
        self.assertEqual(self.run_with(""), [1, 0, []])
        self.assertEqual(self.run_with(""), [0, 1, []])
        self.machine.write_text(json.dumps(OTHER))
        self.assertEqual(self.run_with(self.machine)[:2], [1, 0])
        self.assertEqual(self.run_with(self.machine)[:2], [0, 1])
        self.machine.write_text(json.dumps(OTHER | {"threads": 2}))
        self.assertEqual(self.run_with(self.machine)[:2], [1, 0])


if __name__ == "__main__":
    unittest.main()
