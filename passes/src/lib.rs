//! Passes that combine dialects, and the pipelines.
