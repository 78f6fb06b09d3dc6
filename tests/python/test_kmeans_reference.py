"""The NumPy reference of the k-means example does what its page says."""

import pathlib
import sys
import unittest

import numpy as np

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "kmeans"
sys.path.insert(0, str(EXAMPLE))

import kmeans_numpy  # noqa: E402


class KmeansReference(unittest.TestCase):
    def test_the_start_is_made_of_the_rows_that_the_readme_names(self):
        x = np.load(EXAMPLE / "digits.npy")
        start = np.load(EXAMPLE / "initial_centres.npy")
        self.assertEqual((x.dtype, x.shape, x.max()), (np.uint8, (1797, 64), 16))
        self.assertEqual(start.dtype, np.float64)
        np.testing.assert_array_equal(start, x[179 * np.arange(10)])

    def test_digits_converge_as_the_readme_says(self):
        x = np.load(EXAMPLE / "digits.npy").astype(np.float64)
        start = np.load(EXAMPLE / "initial_centres.npy")
        centres, labels, inertia, iterations = kmeans_numpy.kmeans(x, start)
        self.assertEqual(iterations, 34)
        self.assertAlmostEqual(inertia, 1218864.5104065887, delta=1e-9 * inertia)
        self.assertEqual((labels.dtype, labels.shape), (np.int64, (1797,)))
        np.testing.assert_array_equal(centres, kmeans_numpy.update(x, labels, centres))

    def test_an_empty_cluster_keeps_its_centre(self):
        x = np.array([[0.0, 0.0], [1.0, 1.0]])
        start = np.array([[0.5, 0.5], [100.0, 100.0]])
        centres, labels, _, iterations = kmeans_numpy.kmeans(x, start)
        np.testing.assert_array_equal(centres, start)
        np.testing.assert_array_equal(labels, [0, 0])
        self.assertEqual(iterations, 1)

    def test_the_first_of_equally_near_centres_wins(self):
        x = np.array([[0.0]])
        labels, distance = kmeans_numpy.assign(x, np.array([[2.0], [-2.0]]))
        np.testing.assert_array_equal(labels, [0])
        np.testing.assert_array_equal(distance, [4.0])

    def test_the_limit_of_iterations_holds(self):
        x = np.load(EXAMPLE / "digits.npy").astype(np.float64)
        start = np.load(EXAMPLE / "initial_centres.npy")
        self.assertEqual(kmeans_numpy.kmeans(x, start, max_iter=3)[3], 3)


if __name__ == "__main__":
    unittest.main()
