// Every flag, pass and dialect of mlir-opt is there. (mlir-opt has test passes and test dialects,
// which are not part of MLIR's libraries.)
// RUN: %python %S/Inputs/compare_help.py

func.func private @unused()
