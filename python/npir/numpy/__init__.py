"""NumPy with lazy arrays: for programs whose source is not at hand.

``import npir.numpy as np`` has all that ``numpy`` has. Its functions, and those of ``numpy`` itself when they are given
an :class:`Array`, note what is to be done; it is compiled and done when values are needed.
"""

from __future__ import annotations

import numpy as _numpy

from . import _array, _creation, _rules, _ufuncs, _views, fft, linalg
from ._array import Array, compute
from ._namespace import attributes as _attributes
from ._program import stats
from ._standard import argsort, clip, sort

__all__ = ["Array", "argsort", "clip", "compute", "fft", "linalg", "sort", "stats"]

__version__ = _numpy.__version__
__array_api_version__ = "2024.12"
__array_namespace_info__ = _numpy.__array_namespace_info__
__getattr__, __dir__ = _attributes(_numpy, globals())
