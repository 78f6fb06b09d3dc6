//! Compiles the C++ shim against MLIR 22 and, for dynamic linking, writes the
//! linker script that stands in for the `libMLIR-C.so` that Debian does not ship.
use std::{env, fs, path::Path, path::PathBuf};

fn main() {
    for name in ["MLIR_SYS_220_PREFIX", "MLIR_SYS_LINK_SHARED"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    println!("cargo:rerun-if-changed=shim");
    let prefix = PathBuf::from(
        env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into()),
    );
    if !prefix.join("include/mlir/IR/Dialect.h").exists() {
        println!(
            "cargo:error=MLIR 22 was not found under {} (variable MLIR_SYS_220_PREFIX). \
             Run `cargo xtask setup`, or install libmlir-22-dev, mlir-22-tools, llvm-22-dev and clang-22.",
            prefix.display()
        );
        std::process::exit(1);
    }
    // The compiler of that LLVM: with another one the TypeIDs of a shared libMLIR differ.
    let clang = prefix.join("bin/clang++");
    let mut build = cc::Build::new();
    if clang.exists() {
        build.compiler(&clang);
    }
    build
        .cpp(true)
        .std("c++17")
        .warnings(false)
        .define("NDEBUG", None)
        .define("_GNU_SOURCE", None)
        .flag("-fno-exceptions")
        .flag("-fno-rtti")
        .opt_level(1)
        .debug(false)
        .include(prefix.join("include"))
        .files(
            [
                "interfaces",
                "dialect",
                "assembly",
                "passes",
                "queries",
                "selected",
                "source",
                "tools",
                "translate",
            ]
            .map(|f| format!("shim/{f}.cpp")),
        )
        .compile("npirshim");

    if env::var("MLIR_SYS_LINK_SHARED").as_deref() == Ok("1") {
        let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
        write_mlir_c_script(&prefix.join("lib"), &out);
        println!("cargo:rustc-link-search={}", out.display());
    }
}

/// `GROUP` of all static C API libraries under the name that `-lMLIR-C` finds.
fn write_mlir_c_script(lib: &Path, out: &Path) {
    let mut members: Vec<String> = fs::read_dir(lib)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .filter(|p| {
            let name = p.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with("libMLIRCAPI")
                && name.ends_with(".a")
                && !name.contains("ExecutionEngine")
        })
        .map(|p| p.display().to_string())
        .collect();
    members.sort();
    let script = format!("GROUP ( {} )\n", members.join(" "));
    fs::write(out.join("libMLIR-C.so"), script).expect("OUT_DIR is writable");
}
