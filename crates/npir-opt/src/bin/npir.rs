//! The `npir` command.

fn main() -> std::process::ExitCode {
    npir_opt::cli::main()
}
