"""Writes the arrays of the tests below a folder: `arrays.py FOLDER`."""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
x = np.arange(6.0).reshape(2, 3)
np.save(folder / "x.npy", x)
np.save(folder / "fortran.npy", np.asfortranarray(x))
np.save(folder / "big_endian.npy", x.astype(">f8"))
np.save(folder / "row.npy", np.array([10.0, 20.0, 30.0]))
np.save(folder / "empty.npy", np.empty((0, 3)))
np.save(folder / "labels.npy", np.array([0, 2, 2, 1, 2], dtype=np.int64))
np.save(folder / "single.npy", x.astype(np.float32))
np.savez(folder / "both.npz", x=x, row=np.array([1.0, 2.0, 3.0]), unrelated=np.arange(3))
np.savez_compressed(folder / "compressed.npz", a=x)
