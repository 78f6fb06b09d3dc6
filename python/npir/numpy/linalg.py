"""``numpy.linalg`` of lazy arrays."""

import numpy as _numpy

from ._namespace import attributes as _attributes

__getattr__, __dir__ = _attributes(_numpy.linalg, globals())
