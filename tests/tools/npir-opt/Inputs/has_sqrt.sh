#!/bin/sh
# mlir-reduce keeps what makes this fail with 1.
if grep -q 'numpy.sqrt' "$1"; then exit 1; fi
