//! Arrays, memory, threads, errors and artifacts of compiled npir programs.
