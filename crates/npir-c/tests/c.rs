//! The C interface from C: the header that the sources make, and programs that use it.

use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `include/npir.h` is what cbindgen makes of the sources; `NPIR_WRITE_DOCS=1` writes it.
#[test]
fn header() {
    let config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(folder(), config).unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    let made = String::from_utf8(made).unwrap();
    let path = folder().join("include/npir.h");
    if std::env::var_os("NPIR_WRITE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "{} is not what the sources make; `NPIR_WRITE_DOCS=1 cargo test -p npir-c` writes it",
        path.display()
    );
}

/// The folder of the library that cargo built beside this test.
fn library() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().unwrap();
    assert!(
        folder.join("libnpir_c.so").exists(),
        "no libnpir_c.so in {}",
        folder.display()
    );
    folder.to_path_buf()
}

/// Compiles a C program against the header, as strictly as C can be read, and runs it in `at`.
fn compile_and_run(source: &Path, at: &Path, args: &[&str]) -> String {
    let program = at.join("program");
    let library = library();
    let output = Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-g",
        ])
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg("-I")
        .arg(folder().join("include"))
        .arg("-L")
        .arg(&library)
        .arg("-lnpir_c")
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = Command::new(&program)
        .args(args)
        .current_dir(at)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[test]
fn example() {
    let at = tempfile::tempdir().unwrap();
    let source = folder().join("../../examples/c/standardize.c");
    let text = compile_and_run(&source, at.path(), &["saved.npir"]);
    assert_eq!(
        text,
        "argument x: rank 2, updated in place\n\
         std = [1.632993161855452, 0.0, 1.632993161855452]\n\
         -2 0 2 | -1\n\
         0 0 -2 | -1\n\
         2 0 0 | -1\n\
         std[0] = 1.633\n\
         error 3 at standardize.mlir:9:10: numpy.take: index 7 is out of bounds for axis 0 with size 3\n"
    );
    assert!(at.path().join("saved.npir").exists());
}

#[test]
fn every_function() {
    let at = tempfile::tempdir().unwrap();
    let text = compile_and_run(&folder().join("tests/all.c"), at.path(), &[]);
    assert!(text.ends_with("all is well\n"), "{text}");
}
