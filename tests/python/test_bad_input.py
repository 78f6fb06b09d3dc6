"""What compiled code cannot do or must survive: NumPy's result or NumPy's error, and a reason."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings

import numpy as np

import npir


@contextlib.contextmanager
def running(program, **environment):
    """A process that runs a program, of which the source is at hand."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "program.py")
        path.write_text(program)
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NPIR_CACHE_DIR": "", **environment},
            # Where tests run in the background, interrupts are ignored, also by what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            yield process


def doubled(x):
    return x + x


def sums(n):
    total = 0.0
    for i in range(n):
        total += (i % 7) * 0.5
    return total


class Arrays(unittest.TestCase):
    def reason(self, function, *arguments):
        """The reasons, where a call gives what NumPy gives."""
        compiled = npir.jit(function)
        with self.assertWarns(npir.FallbackWarning):
            found = compiled(*arguments)
        np.testing.assert_array_equal(found, function(*arguments))
        with self.assertRaises(TypeError) as raised:
            npir.jit(function, strict=True)(*arguments)
        reasons = "; ".join(compiled.stats.fallbacks)
        self.assertIn(str(raised.exception).rpartition(": ")[2], reasons)
        return reasons

    def test_elements_that_compiled_code_has_not(self):
        self.assertIn("object", self.reason(doubled, np.array([1, "two", 3.0], dtype=object)))
        self.assertIn("StringDType", self.reason(doubled, np.array(["a", "b"], dtype=np.dtypes.StringDType())))
        self.assertIn("float128", self.reason(doubled, np.ones(3, np.longdouble)))
        self.assertIn("datetime64", self.reason(lambda t: t[1:] - t[:-1], np.arange("2020", "2023", dtype="M8[Y]")))
        points = np.array([(1.0, 2.0), (3.0, 4.0)], dtype=[("x", "f8"), ("y", "f8")])
        self.assertIn("x", self.reason(lambda p: p["x"] * p["y"], points))
        self.assertIn(">f8", self.reason(doubled, np.ones(3, ">f8")))

    def test_subclasses(self):
        matrix = np.arange(4.0).reshape(2, 2).view(np.matrix)
        self.assertIn("matrix", self.reason(lambda m: m * m, matrix))

    def test_arrays_of_enormous_shapes(self):
        def large(n):
            return np.zeros((n, n))[::2] * 2.0

        for n, errors in ((1 << 22, MemoryError), (1 << 31, (MemoryError, ValueError)), (1 << 40, ValueError)):
            with self.subTest(n=n), warnings.catch_warnings():
                warnings.simplefilter("ignore", npir.FallbackWarning)
                with self.assertRaises(errors):
                    npir.jit(large)(n)
        # It takes no memory, so there is something to compute with.
        wide = np.broadcast_to(np.float64(1.0), (1 << 40, 1 << 19))
        self.assertEqual(npir.jit(lambda x: x[3, -5:] + 1)(wide).tolist(), [2.0] * 5)
        with self.assertRaises(MemoryError):
            npir.jit(doubled)(wide)

    def test_a_limit_of_memory(self):
        program = """
import numpy as np, npir

@npir.jit(strict=True)
def f(x):
    return (x * 2) @ (x + 1)

assert f(np.ones((10, 10)))[0, 0] == 40
try:
    f(np.ones((3000, 3000)))
except MemoryError as error:
    print("MemoryError", error)
assert f(np.ones((10, 10)))[0, 0] == 40
"""
        with running(program, NPIR_MEMORY_LIMIT="1M") as process:
            out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("MemoryError", out)


class Functions(unittest.TestCase):
    def test_generators_and_coroutines(self):
        def numbers(x):
            yield x * 2

        async def later(x):
            return x * 2

        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always", npir.FallbackWarning)
            self.assertEqual(next(npir.jit(numbers)(3)), 6)
            coroutine = npir.jit(later)(3)
        with self.assertRaises(StopIteration) as stopped:
            coroutine.send(None)
        self.assertEqual(stopped.exception.value, 6)
        self.assertEqual(len(found), 2)


class Interruptions(unittest.TestCase):
    def interrupted(self, program, after):
        """What a process writes that is interrupted some seconds after it has written a line."""
        with running(program) as process:
            process.stdout.readline()
            time.sleep(after)
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        return out

    def test_during_a_long_run(self):
        program = """
import time
import npir

@npir.jit(strict=True)
def f(n):
    total = 0.0
    for i in range(n):
        total += (i % 7) * 0.5
    return total

assert f(7) == 10.5
try:
    print("running", flush=True)
    f(300_000_000)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
assert f(7) == 10.5
"""
        self.assertEqual(self.interrupted(program, 0.05), "interrupted\n")

    def test_during_compilation(self):
        lines = "\n".join(f"    x = np.sin(x) * {i} + x[::-1] ** 2" for i in range(100))
        program = f"""
import time
import numpy as np
import npir

def f(x):
{lines}
    return x.sum()

g = npir.jit(f, strict=True)
try:
    print("compiling", flush=True)
    g(np.zeros(5))
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
assert g(np.zeros(5)) == f(np.zeros(5))
"""
        for after in (0.01, 0.05, 0.1, 0.2):
            self.assertEqual(self.interrupted(program, after), "interrupted\n")


class Threads(unittest.TestCase):
    def test_arrays_that_another_thread_writes_to(self):
        x = np.zeros(1 << 16)
        indices = np.zeros(1 << 10, np.int64)
        f = npir.jit(lambda x, i: x[i].sum() + (x * 2).sum(), strict=True)
        f(x, indices)
        stop = threading.Event()

        def write():
            while not stop.is_set():
                x[:] = np.random.default_rng().random(x.size)
                indices[:] = np.random.default_rng().integers(0, 1 << 17, indices.size)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(200):
                try:
                    self.assertTrue(np.isfinite(f(x, indices)))
                except IndexError:
                    pass
        finally:
            stop.set()
            writer.join()


if __name__ == "__main__":
    unittest.main()
