//! The numpy dialect: what NumPy would compute.
