"""What the tests of lazy arrays share."""

import numpy as np

import npir.numpy as lazy


def same(a, b):
    """Whether two results of NumPy are of the same types and shapes, with close values."""
    if type(a) is not type(b) or getattr(a, "dtype", None) != getattr(b, "dtype", None) or np.shape(a) != np.shape(b):
        return False
    kind = np.asarray(b).dtype
    if kind.kind not in "fc":
        return bool(np.array_equal(a, b))
    tolerance = {2: 2e-2, 4: 1e-4, 8: 1e-9 if kind.kind == "f" else 1e-4, 16: 1e-9}[kind.itemsize]
    with np.errstate(all="ignore"):
        return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def alike(found, expected):
    """Whether what lazy arrays gave is NumPy's: containers, types, shapes before they are computed, and values."""
    if isinstance(expected, (tuple, list)):
        return type(found) is type(expected) and len(found) == len(expected) and all(map(alike, found, expected))
    if not isinstance(found, lazy.Array):
        return same(found, expected)
    if found.shape != np.shape(expected) or found.dtype != expected.dtype:
        return False
    return same(found.compute(), expected)


def is_lazy(array):
    """Whether nothing was computed for an array yet."""
    return array._storage.node.value is None
