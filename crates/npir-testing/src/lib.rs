//! Test support: lit, the NumPy oracle, random programs.
