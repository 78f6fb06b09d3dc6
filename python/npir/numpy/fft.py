"""``numpy.fft`` of lazy arrays."""

import numpy as _numpy

from ._namespace import attributes as _attributes
from ._standard import fftfreq, rfftfreq

__all__ = ["fftfreq", "rfftfreq"]
__getattr__, __dir__ = _attributes(_numpy.fft, globals())
