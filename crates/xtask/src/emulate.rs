//! `cargo xtask emulate`: programs compiled for 64-bit Arm and run by an emulator, in the runtime as it is built for Arm.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;
use crate::setup;
use crate::workspace;

const TARGET: &str = "aarch64-unknown-linux-gnu";

/// Debian's packages with [`LINKER`], [`EMULATOR`] and [`LIBRARIES`].
const PACKAGES: &str = "gcc-aarch64-linux-gnu qemu-user";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the C library for Arm lies, unless QEMU's own variable says something else.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// Builds the runtime for Arm, then runs the tests that are ignored elsewhere for want of an emulator.
pub(crate) fn run() -> Result {
    for tool in [LINKER, EMULATOR] {
        process::capture(Command::new(tool).arg("--version")).map_err(|error| {
            Failure::new(format!(
                "{error}\n`{tool}` is in one of Debian's packages {PACKAGES}"
            ))
        })?;
    }
    let libraries = std::env::var_os("QEMU_LD_PREFIX").map_or(LIBRARIES.into(), PathBuf::from);
    let loader = libraries.join("lib/ld-linux-aarch64.so.1");
    if !loader.exists() {
        return Err(Failure::new(format!(
            "`{}` is missing; it is in one of Debian's packages {PACKAGES}, and QEMU_LD_PREFIX names the folder above `lib`",
            loader.display()
        )));
    }
    let library = process::capture(Command::new("rustc").args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]))?;
    if !Path::new(library.trim_end()).exists() {
        return Err(Failure::new(format!(
            "Rust has no library for {TARGET}: rustup target add {TARGET}"
        )));
    }
    process::heading("Set-up");
    let ready = setup::run()?;
    process::heading("Runtime for Arm");
    let folder = workspace::target_dir()?;
    let mut build = process::cargo();
    build
        .args(["build", "--locked", "--package=npir-runtime"])
        .args(["--example=call", "--target", TARGET])
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
        .current_dir(workspace::root());
    process::run(&mut build)?;
    process::heading("Emulated programs");
    let mut tests = process::cargo();
    tests
        .args(["test", "--locked", "--package=npir", "--test=end_to_end"])
        .args(["--", "--ignored", "processors::emulated"])
        .env("NPIR_PYTHON", &ready.python)
        .env("NPIR_AARCH64_EMULATOR", EMULATOR)
        .env(
            "NPIR_AARCH64_CALL",
            folder.join(TARGET).join("debug/examples/call"),
        )
        .env("QEMU_LD_PREFIX", libraries)
        .current_dir(workspace::root());
    process::run(&mut tests)
}
