"""The programs: plain NumPy, in modules by what they do."""
