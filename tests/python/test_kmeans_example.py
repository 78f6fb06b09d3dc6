"""The example examples/python/kmeans.py: its functions, what it prints, and how it refuses."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import unittest
from unittest import mock

import numpy as np

import npir

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python" / "kmeans.py"
sys.path[:0] = [str(SCRIPT.parent), str(SCRIPT.parents[1] / "kmeans")]

import kmeans  # noqa: E402
import kmeans_numpy  # noqa: E402


def refusal(arguments):
    """What the script says when it ends without a result."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            kmeans.main(arguments)
        except SystemExit as end:
            return said.getvalue() if isinstance(end.code, int) else end.code
    raise AssertionError("the script came to its end")


class KmeansExample(unittest.TestCase):
    def test_each_version_is_k_means_and_compiles_as_it_is(self):
        x, start = kmeans.data((500, 3, 4))
        kept = start.copy()
        expected = kmeans_numpy.kmeans(x, start, max_iter=3)
        for function in kmeans.VERSIONS:
            for run in (function, npir.jit(function, strict=True)):
                centres, inertia = run(x, start, 3)
                np.testing.assert_allclose(centres, expected[0], rtol=1e-9)
                np.testing.assert_allclose(inertia, expected[2], rtol=1e-9)
            np.testing.assert_array_equal(start, kept)

    def test_it_measures_each_contender_and_answers_the_four_failures(self):
        arguments = ["--no-peers", "--shape", "500", "3", "4", "--iterations", "3", "--turns", "1", "--threads", "1"]
        done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, env=os.environ)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], "threads: 1; turns: 1; NumPy runs once")
        self.assertIn("500 x 3, 4 centres: 3 iterations; ms per iteration", lines)
        for family, numbers in (("NumPy", 2), ("npir.jit", 3)):
            for function in kmeans.VERSIONS:
                name = f"{family}, {function.__name__} "
                found = [line.removeprefix(name).split() for line in lines if line.startswith(name)]
                self.assertEqual([sum(text != "-" for text in row) for row in found], [numbers], name)
        copies = [line.split("copies made: ")[1].split()[0] for line in lines if "copies made: " in line]
        self.assertEqual(copies, ["0"] * 6 + ["1"])
        for number in range(1, 5):
            self.assertEqual(sum(line.startswith(f"{number}. ") for line in lines), 1)

    def test_layouts_are_what_they_are_called(self):
        x, _ = kmeans.data((10, 3, 2))
        arrays = kmeans.layouts(x)
        for rows in arrays.values():
            np.testing.assert_array_equal(rows, x)
        self.assertFalse(arrays["one byte off alignment"].flags.aligned)
        self.assertTrue(arrays["Fortran order"].flags.f_contiguous)
        self.assertEqual(arrays["every second row of an array"].strides, (48, 8))
        self.assertEqual(arrays["half of the columns of an array"].strides, (48, 8))
        self.assertFalse(arrays["read-only"].flags.writeable)
        self.assertEqual(arrays["field of packed records"].strides, (25, 8))

    def test_a_wrong_result_is_not_timed(self):
        def check(inertia, made):
            kmeans.check(kmeans.Contender("F", "n", lambda iterations: (inertia, made)), 4, 2.0)

        check(2.0 + 1e-9, 4)
        with self.assertRaisesRegex(SystemExit, "F, n: the inertia is 2.1, and should be 2.0"):
            check(2.1, 4)
        with self.assertRaisesRegex(SystemExit, "F, n: made 3 iterations, the others 4"):
            check(2.0, 3)
        with self.assertRaisesRegex(SystemExit, "F, n: a centre has lost its last row"):
            check(np.nan, 4)

    def test_what_is_missing_is_named_with_the_command_that_brings_it(self):
        small = ["--shape", "20", "2", "2"]
        for module, options, rest in (
            ("sklearn", [], "--no-peers leaves it out"),
            ("matplotlib", ["--no-peers", "--plot", "k.png"], "without --plot it is not needed"),
        ):
            with mock.patch.dict(sys.modules, {module: None}):
                text = refusal(small + options)
            self.assertIn(f"needs {module}, which is not installed", text)
            self.assertIn("`cargo xtask peers examples/python/kmeans.py`", text)
            self.assertIn(rest, text)

    def test_options_out_of_range(self):
        for arguments, text in (
            (["--shape", "3", "2", "4"], "K is at most N"),
            (["--shape", "3", "0", "2"], "N, D and K are at least 1"),
            (["--iterations", "1"], "--iterations is at least 2, but found 1"),
            (["--turns", "0"], "--turns is at least 1, but found 0"),
            (["--threads", "0"], "--threads is at least 1, but found 0"),
            (["--all-shapes", "--shape", "3", "2", "2"], "not allowed with argument"),
        ):
            self.assertIn(text, refusal(arguments))


if __name__ == "__main__":
    unittest.main()
