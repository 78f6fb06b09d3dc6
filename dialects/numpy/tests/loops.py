"""Writes loops.txt: for each NumPy function of the elementwise table and each element type, the
type that NumPy's loop takes and the type of its result. Run: python loops.py > loops.txt"""

import sys

import numpy as np

FUNCTIONS = sys.argv[1:] or [line.split(":")[0] for line in open("loops.txt")]
TYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()

for name in FUNCTIONS:
    function = getattr(np, name)
    loops = []
    for of in TYPES:
        try:
            types = function.resolve_dtypes((np.dtype(of),) * function.nin + (None,))
            loops.append(f"{of}>{types[0].name}>{types[-1].name}")
        except TypeError:
            loops.append(f"{of}>none")
    print(f"{name}:", *loops)
