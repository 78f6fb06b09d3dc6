//! Translation to and from other formats: `mlir-translate`.

fn main() -> std::process::ExitCode {
    npir_opt::translate()
}
