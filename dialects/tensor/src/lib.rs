//! The tensor_ext dialect: what linalg lacks.
