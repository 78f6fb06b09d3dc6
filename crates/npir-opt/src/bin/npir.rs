//! The `npir` command.

/// MLIR and LLVM allocate and free small things all the time: a sixth of the time to compile went into the C library's
/// allocator. This one is their `malloc`, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    npir_opt::cli::main()
}
