"""The programs of the benchmark, at small sizes, and what it says about results."""

import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import npir

FOLDER = pathlib.Path(__file__).parents[2] / "bench"
sys.path.append(str(FOLDER))
catalog = importlib.import_module("catalog")
report = importlib.import_module("report")
peers = importlib.import_module("peers")

MACHINE = {
    "memory": [
        {"bytes": 1000, "read": 4e9, "copy": 2e9, "stream": 1e9},
        {"bytes": 10**9, "read": 1e9, "copy": 1e9, "stream": 2e9},
    ],
    "flops": {"f64": 1e9, "f32": 2e9},
}


def entry(kind="memory", **seconds):
    timed = {peer: {"first": 1.0, "best": best, "calls": 3} for peer, best in seconds.items()}
    return {"bytes": 2e6, "flops": 3e6, "kind": kind, "dtype": "float64", "peers": timed}


def run(**programs):
    return {"threads": 2, "processor": "P", "date": "D", "versions": {}, "machine": MACHINE, "programs": programs}


class Programs(unittest.TestCase):
    def test_all_are_compiled_and_agree(self):
        self.assertGreaterEqual(len(catalog.programs()), 40)
        for name, program in catalog.programs().items():
            with self.subTest(name), np.errstate(all="ignore"):
                arguments = program.inputs(small=True)
                expected = [np.copy(array) for array in catalog.arrays(program.function(*arguments))]
                found = npir.jit(program.function, strict=True)(*arguments)
                self.assertIsNone(catalog.wrong(program, found, expected))
                if program.loops is not None:
                    self.assertIsNone(catalog.wrong(program, program.loops(*arguments), expected))
                # Where NumPy's are not finite, those of other peers are seldom the same.
                self.assertTrue(all(np.isfinite(array).all() for array in expected))
                self.assertGreater(catalog.least_bytes(program, arguments, found), 0)
                for again, first in zip(program.inputs(small=True), arguments, strict=True):
                    np.testing.assert_array_equal(again, first)

    def test_each_has_a_file(self):
        files = {file.stem for file in (FOLDER / "mlir").glob("*.mlir")}
        self.assertEqual(files, set(catalog.programs()), "cargo xtask bench --write-mlir")
        for file in (FOLDER / "mlir").glob("*.mlir"):
            program = catalog.programs()[file.stem]
            parameters = [name for name, _ in peers.parameters_of(file.read_text())]
            names = program.function.__code__.co_varnames[: program.function.__code__.co_argcount]
            self.assertEqual(parameters, [name for name in names if name in parameters], file.name)
            self.assertGreater(peers.results_of(file.read_text()), 0, file.name)

    @unittest.skipUnless("NPIR_TEST_LONG" in os.environ, "minutes")
    def test_the_files_are_those_of_the_programs(self):
        for name, program in catalog.programs().items():
            text = npir.jit(program.function, strict=True).lower(*program.inputs()).numpy
            self.assertEqual(text, (FOLDER / "mlir" / f"{name}.mlir").read_text(), name)

    def test_wrong_results_are_found(self):
        program = catalog.programs()["softmax-float64"]
        x = np.ones((2, 3))
        self.assertIsNone(catalog.wrong(program, x, [x + 1e-13]))
        self.assertIn("differs by", catalog.wrong(program, x, [x + 1e-3]))
        self.assertIn("shape", catalog.wrong(program, x, [x[0]]))
        self.assertIn("finite", catalog.wrong(program, x * np.nan, [x]))
        self.assertIn("results", catalog.wrong(program, (x, x), [x]))
        self.assertIn("differ", catalog.wrong(program, np.arange(9), [np.zeros(9, int)]))


class Report(unittest.TestCase):
    def test_ratios(self):
        result = run(a=entry(numpy=8e-3, npir=4e-3, numba=2e-3), b=entry("contraction", numpy=8e-3, npir=3e-3))
        self.assertEqual(report.best_peer(result["programs"]["a"]), ("numba", 2e-3))
        self.assertAlmostEqual(report.speed(result["programs"]["a"]), 0.5)
        # 2 MB at the 2 GB/s of main memory take less than 3 MFLOP at 1 GFLOP/s.
        self.assertAlmostEqual(report.bound(entry(), MACHINE), 3e-3)
        text = report.summary(result)
        self.assertIn("npir over the best peer of each program: 1.15", text)
        self.assertIn("contraction: 100%", text)
        self.assertIn("| a | 8 ms | 4 ms | - | numba 2 ms | 0.50x |", report.table(result))

    def test_comparison(self):
        old, new = run(a=entry(numpy=8.0, npir=4.0)), run(a=entry(numpy=4.0, npir=1.0), b=entry(numpy=1.0, npir=1.0))
        text = report.comparison(old, new)
        self.assertIn("1 programs in both, speed over NumPy 2.00 times what it was", text)
        self.assertIn("2.00x a", text)

    def test_a_program_that_npir_did_not_finish_is_said(self):
        failed = entry(numpy=8e-3)
        failed["peers"]["npir"] = {"failed": "because"}
        self.assertIn("not timed: a", report.summary(run(a=failed)))
        self.assertIn("because", report.line("a", run(a=failed)))

    def test_wrong_results_are_said(self):
        other = entry(numpy=8e-3, npir=4e-3)
        other["peers"]["sklearn"] = {"wrong": "2 results instead of 1"}
        self.assertIn("sklearn on a", report.summary(run(a=other)))
        self.assertIn("2 results instead of 1", report.line("a", run(a=other)))


class Command(unittest.TestCase):
    def run_it(self, *arguments, check=True):
        command = [sys.executable, FOLDER / "run.py", "--python", sys.executable, *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(done.returncode == 0, check, done.stderr)
        return done.stdout + done.stderr

    def test_selection(self):
        text = self.run_it("--list", "softmax", "--peer", "numba")
        self.assertIn("softmax-float32", text)
        self.assertNotIn("matmul", text)
        self.assertNotIn("jax", text)
        self.assertIn("no program has a name with nothing", self.run_it("nothing-like-it", check=False))
        self.assertIn("no peer is called fortran", self.run_it("--peer", "fortran", check=False))

    def test_a_worker_answers(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        environment = {**os.environ, "NPIR_BENCH_FOLDER": str(folder), "NPIR_CACHE_DIR": ""}
        for peer in ("numpy", "npir"):
            command = [sys.executable, FOLDER / "worker.py", peer, "matmul-256-float64"]
            done = subprocess.run(command, env=environment, input="0.01\n", capture_output=True, text=True, check=True)
            first, timed = map(json.loads, done.stdout.splitlines())
            self.assertEqual((first["bytes"], first["flops"]), (3 * 8 * 256**2, 2 * 256**3))
            self.assertGreater(timed["best"], 0)


if __name__ == "__main__":
    unittest.main()
