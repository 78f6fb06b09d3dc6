//! Attribute macros that make an op or pass definition shorter.
