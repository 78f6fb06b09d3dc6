//! The npir library: compile and run array programs.
