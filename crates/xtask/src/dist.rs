//! `cargo xtask dist`: the tools and the C library, linked statically and stripped, in one archive.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;
use crate::setup;
use crate::workspace;

/// The tools that the archive holds.
const TOOLS: [&str; 5] = [
    "npir",
    "npir-opt",
    "npir-lsp-server",
    "npir-reduce",
    "npir-translate",
];

/// The C library, and its header in the repository.
const LIBRARY: &str = "libnpir_c.so";
const HEADER: &str = "crates/npir-c/include/npir.h";

/// Files of the repository that go along.
const FURNITURE: [&str; 3] = ["LICENSE", "README.md", "CHANGELOG.md"];

/// A program with loops, products, reductions and scatters.
const TRIAL: &str = "examples/kmeans/kmeans.mlir";

pub(crate) fn run() -> Result {
    process::heading("Set-up");
    let ready = setup::run()?;

    process::heading("Static release build");
    let target = build(&[
        "--package=npir-opt",
        "--package=npir-c",
        "--bins",
        "--lib",
        "--features=npir-c/compiler",
    ])?;

    process::heading("Archive");
    let name = format!("npir-{}-{}", env!("CARGO_PKG_VERSION"), triple()?);
    let folder = target.join(&name);
    stage(&folder, &target.join("release"))?;
    process::run(
        Command::new(folder.join("bin/npir"))
            .arg("man")
            .arg(folder.join("share/man/man1")),
    )?;
    // What is linked differs from a development build: it must still compile a program through all levels.
    let trial = target.join("trial.npir");
    process::run(
        Command::new(folder.join("bin/npir"))
            .args(["compile", TRIAL, "-o"])
            .arg(&trial)
            .current_dir(workspace::root()),
    )?;
    let archive = pack(&ready.python, &target, &name)?;
    let size = std::fs::metadata(&archive)
        .map_err(|error| Failure::io(&archive, &error))?
        .len();
    println!("{} ({:.1} MB)", archive.display(), size as f64 / 1e6);
    Ok(())
}

/// Builds packages without shared libraries of LLVM, and says in which folder the folder `release` is.
pub(crate) fn build(packages: &[&str]) -> Result<PathBuf> {
    // A folder of its own: mlir-sys does not notice a change of MLIR_SYS_LINK_SHARED.
    let target = workspace::target_dir()?.join("dist");
    process::run(
        process::cargo()
            .args(["build", "--locked", "--release", "--no-default-features"])
            .args(packages)
            .env("MLIR_SYS_LINK_SHARED", "0")
            .env("CARGO_TARGET_DIR", &target)
            .current_dir(workspace::root()),
    )?;
    Ok(target)
}

/// Removes a folder and all that is in it, if there is one.
pub(crate) fn clear(folder: &Path) -> Result {
    match folder.exists() {
        true => std::fs::remove_dir_all(folder).map_err(|error| Failure::io(folder, &error)),
        false => Ok(()),
    }
}

/// The triple that rustc builds for.
fn triple() -> Result<String> {
    let text = process::capture(Command::new("rustc").arg("-vV"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new("`rustc -vV` names no host"))
}

/// Lays the archive's content out in `folder`, afresh.
fn stage(folder: &Path, built: &Path) -> Result {
    clear(folder)?;
    for tool in TOOLS {
        copy(&built.join(tool), &folder.join("bin"))?;
    }
    copy(&built.join(LIBRARY), &folder.join("lib"))?;
    copy(&workspace::root().join(HEADER), &folder.join("include"))?;
    for file in FURNITURE {
        copy(&workspace::root().join(file), folder)?;
    }
    Ok(())
}

/// Copies a file into a folder, which is made where there is none.
pub(crate) fn copy(file: &Path, folder: &Path) -> Result {
    std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    let name = file.file_name().unwrap_or_default();
    std::fs::copy(file, folder.join(name))
        .map(drop)
        .map_err(|error| Failure::io(file, &error))
}

/// Packs a folder with Python's tarfile, which is there wherever npir builds; the program xz may not be.
const PACK: &str = "\
import os, sys, tarfile
archive, folder, name = sys.argv[1:]
def plain(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ''
    return entry
with tarfile.open(archive, 'w:xz', preset=9) as tar:
    tar.add(os.path.join(folder, name), arcname=name, filter=plain)
";

/// Packs `folder/name` into `folder/name.tar.xz`; an interrupted run leaves no archive of that name.
fn pack(python: &Path, folder: &Path, name: &str) -> Result<PathBuf> {
    let partial = folder.join(format!("{name}.tar.xz.partial"));
    let archive = folder.join(format!("{name}.tar.xz"));
    println!("Packing {}, which takes a few minutes.", archive.display());
    process::capture(
        Command::new(python)
            .args(["-c", PACK])
            .arg(&partial)
            .arg(folder)
            .arg(name),
    )?;
    std::fs::rename(&partial, &archive).map_err(|error| Failure::io(&archive, &error))?;
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_holds_tools_and_furniture() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("release");
        std::fs::create_dir(&built).unwrap();
        let stage_of = folder.path().join("npir-0");
        for tool in TOOLS {
            assert!(stage(&stage_of, &built).is_err(), "there is no {tool} yet");
            std::fs::write(built.join(tool), "tool").unwrap();
        }
        assert!(stage(&stage_of, &built).is_err(), "there is no library yet");
        std::fs::write(built.join(LIBRARY), "library").unwrap();
        stage(&stage_of, &built).unwrap();
        let python = Path::new("python3");
        let archive = pack(python, folder.path(), "npir-0").unwrap();
        let list = process::capture(
            Command::new(python)
                .args(["-m", "tarfile", "--list"])
                .arg(&archive),
        )
        .unwrap();
        for name in [
            "npir-0/bin/npir-opt",
            "npir-0/lib/libnpir_c.so",
            "npir-0/include/npir.h",
            "npir-0/LICENSE",
        ] {
            assert!(
                list.lines().any(|line| line.trim() == name),
                "{name} in {list}"
            );
        }
    }
}
