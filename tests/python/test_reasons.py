"""What is said about compiled functions: statistics, levels, explanations, warnings; and functions as objects."""

import contextlib
import copy
import io
import pickle
import unittest
import warnings

import numpy as np

import npir


@npir.jit
def scaled(x, k=2):
    """Scales."""
    return x * k


def packed(x):
    return np.packbits(x)


class Scale:
    factor = 3.0

    @npir.jit
    def apply(self, x):
        return x * self.factor


class Reasons(unittest.TestCase):
    def test_only_what_has_changed_is_generalized(self):
        @npir.jit(strict=True)
        def powers(x, count):
            total = np.zeros_like(x)
            for i in range(count):
                total += x**i
            return total.reshape(count, -1)

        x = np.linspace(0, 1, 60)
        calls = (
            (x, 3, 1),
            (x, 3, 1),
            (x, 4, 2),  # another number: any number, of these shapes
            (x, 5, 2),
            (x[:30], 5, 3),  # and now any shape
            (x[:20], 2, 3),
        )
        for argument, count, compilations in calls:
            np.testing.assert_allclose(powers(argument, count), powers.__wrapped__(argument, count), rtol=1e-12)
            self.assertEqual(powers.stats.compilations, compilations, (len(argument), count, powers.stats))

    def test_another_text_says_nothing_of_numbers(self):
        @npir.jit(strict=True)
        def powers(x, count, kind):
            total = np.zeros_like(x)
            for i in range(count):
                total += x**i if kind == "powers" else x
            return total

        x = np.linspace(0, 1, 60)
        for count, kind, compilations in ((3, "powers", 1), (3, "lines", 2), (4, "lines", 3), (5, "lines", 3)):
            np.testing.assert_allclose(powers(x, count, kind), powers.__wrapped__(x, count, kind), rtol=1e-12)
            self.assertEqual(powers.stats.compilations, compilations, (count, kind, powers.stats))

    def test_each_recompilation_has_a_cause(self):
        compiled = npir.jit(lambda x, k: x * k, strict=True)
        for x, k in [
            (np.ones((3, 4)), 2.0),
            (np.ones((5, 6)), 2.0),
            (np.ones((7, 8)), 3.0),
            (np.ones((5, 6), np.float32), 2.0),
            (np.ones((5, 6)), np.float32(2)),
        ]:
            compiled(x, k)
        self.assertEqual(
            compiled.stats.recompilations,
            [
                "x: float64[5, 6], compiled was float64[3, 4]",
                "x: float32[5, 6], compiled was float64[?, ?]",
                "k: float32, compiled was float",
            ],
        )
        self.assertEqual(compiled.stats.compilations, 4)

    def test_every_level_can_be_looked_at(self):
        lowered = scaled.lower(np.ones(3), 2.0)
        for level, text in [
            ("numpy", "numpy.multiply"),
            ("tensor", "linalg.generic"),
            ("loop", "loop.nest"),
            ("device", "memref"),
            ("llvm", "llvm.func"),
            ("llvm_ir", "define"),
            ("asm", ".globl"),
        ]:
            self.assertIn(text, getattr(lowered, level), level)
        self.assertRegex(repr(lowered), r"numpy: \d+ lines")
        with self.assertRaisesRegex(TypeError, r"test_reasons.py:\d+: numpy.packbits"):
            npir.jit(packed).lower(np.zeros(8, bool))

    def test_explanations(self):
        text = str(npir.explain(scaled, np.ones(3)))
        self.assertIn("scaled is compiled: 1 loop nests", text)
        self.assertRegex(text, r"test_reasons.py:\d+:\d+: remark: a pass of its own; it reads \d arrays? and writes 1 array")
        self.assertRegex(text, r"test_reasons.py:\d+:1: remark: 1 kernel, 0.000 MB from and to memory")
        explanation = npir.explain(packed, np.zeros(8, bool))
        self.assertIn("packed runs in NumPy", str(explanation))
        self.assertIn("numpy.packbits", explanation._repr_html_())
        self.assertIn("<details>", npir.explain(scaled, np.ones(3))._repr_html_())

    def test_a_fallback_warns_once(self):
        compiled = npir.jit(packed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            compiled(np.zeros(8, bool))
            compiled(np.zeros(8, bool))
        self.assertEqual([w.category for w in caught], [npir.FallbackWarning])
        self.assertRegex(str(caught[0].message), r"test_reasons.py:\d+: numpy.packbits")
        self.assertEqual(caught[0].filename, __file__)

    def test_configuration(self):
        with contextlib.redirect_stdout(io.StringIO()) as text:
            npir.show_config()
        self.assertIn(f"npir {npir.__version__}", text.getvalue())
        self.assertRegex(text.getvalue(), r"threads: \d+")


class Objects(unittest.TestCase):
    def test_functions_look_like_functions(self):
        self.assertEqual((scaled.__name__, scaled.__doc__), ("scaled", "Scales."))

    def test_pickling(self):
        self.assertIs(pickle.loads(pickle.dumps(scaled)), scaled)
        self.assertIs(copy.deepcopy(scaled), scaled)
        again = pickle.loads(pickle.dumps(npir.jit(packed, strict=True)))
        self.assertTrue(again.strict)
        self.assertIs(again.__wrapped__, packed)

    def test_methods(self):
        np.testing.assert_array_equal(Scale().apply(np.ones(2)), [3, 3])
        np.testing.assert_array_equal(Scale.apply(Scale(), np.ones(2)), [3, 3])
        self.assertEqual(Scale.apply.compilations, 1)

    def test_fork(self):
        import os

        x = np.arange(2_000_000.0)
        compiled = npir.jit(lambda x: x * 2 + 1, strict=True)
        compiled(x)
        child = os.fork()
        if child == 0:
            other = npir.jit(lambda x: x - 1, strict=True)
            os._exit(0 if (compiled(x) == x * 2 + 1).all() and (other(x) == x - 1).all() else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


if __name__ == "__main__":
    unittest.main()
