//! `cargo xtask wheel`: the Python package with all that it needs, linked statically, as a wheel.

use std::path::Path;
use std::process::Command;

use crate::dist;
use crate::failure::{Failure, Result};
use crate::process;
use crate::python;
use crate::setup;
use crate::workspace;

/// Megabytes of a wheel at most.
const MOST_MB: f64 = 40.0;

/// What the package does in an environment that has nothing but it and NumPy.
const TRIAL: &str = "\
import sys, time
import numpy as np
start = time.perf_counter()
import npir
seconds = time.perf_counter() - start
assert 'npir._compiler' not in sys.modules
@npir.jit(strict=True)
def f(x, y):
    return np.tanh(x * y + 1).sum(axis=0)
x = np.linspace(0, 1, 12).reshape(3, 4)
np.testing.assert_allclose(f(x, x), np.tanh(x * x + 1).sum(axis=0))
print(f'installed and tried in an environment of its own; the import takes {seconds * 1e3:.0f} ms')
";

pub(crate) fn run() -> Result {
    process::heading("Set-up");
    let ready = setup::run()?;

    process::heading("Static release build");
    let target = python::build_release()?;

    process::heading("Wheel");
    let folder = target.join("wheel");
    dist::clear(&folder)?;
    python::lay_out(&target.join("release"), &folder.join("npir"))?;
    let tag = process::capture(Command::new(&ready.python).args(["-c", TAG]))?;
    describe(&folder, tag.trim())?;
    let packed = process::capture(
        Command::new(&ready.python)
            .args(["-m", "wheel", "pack", "--dest-dir"])
            .arg(&target)
            .arg(&folder),
    )?;
    let name = format!("npir-{VERSION}-{}.whl", tag.trim());
    let wheel = target.join(&name);
    let size = std::fs::metadata(&wheel)
        .map_err(|error| Failure::new(format!("{}: {error}\n{packed}", wheel.display())))?
        .len();
    let size = size as f64 / 1e6;
    println!("{} ({size:.1} MB)", wheel.display());
    if size > MOST_MB {
        return Err(Failure::new(format!(
            "the wheel is larger than {MOST_MB} MB"
        )));
    }

    process::heading("Trial");
    let environment = target.join("wheel-venv");
    dist::clear(&environment)?;
    process::capture(
        Command::new(&ready.python)
            .args(["-m", "venv"])
            .arg(&environment),
    )?;
    let python = environment.join("bin/python");
    process::capture(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg(&wheel),
    )?;
    // A file, for functions are compiled from their source; and no cache, for it is to be compiled.
    let trial = environment.join("trial.py");
    std::fs::write(&trial, TRIAL).map_err(|error| Failure::io(&trial, &error))?;
    process::run(
        Command::new(&python)
            .arg(&trial)
            .env("NPIR_CACHE_DIR", "")
            .current_dir(&environment),
    )?;
    // What is linked differs from a development build.
    process::run(
        Command::new(&python)
            .args([
                "-W",
                "ignore",
                "-m",
                "unittest",
                "discover",
                "--start-directory",
            ])
            .arg(workspace::root().join("tests/python"))
            .env("NPIR_CACHE_DIR", "")
            .current_dir(&environment),
    )
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints the wheel's tag: the stable interface of Python 3.11, and this machine's C library or a newer one.
const TAG: &str = "\
import platform, sysconfig
libc, version = platform.libc_ver()
machine = platform.machine()
system = f'manylinux_{version.replace(\".\", \"_\")}_{machine}' if libc == 'glibc' else f'linux_{machine}'
print(f'cp311-abi3-{system}')
";

/// Writes what a wheel says about itself, see the core metadata specifications of the Python Packaging Authority.
fn describe(folder: &Path, tag: &str) -> Result {
    let info = folder.join(format!("npir-{VERSION}.dist-info"));
    std::fs::create_dir_all(&info).map_err(|error| Failure::io(&info, &error))?;
    let readme = workspace::root().join("README.md");
    let readme = std::fs::read_to_string(&readme).map_err(|error| Failure::io(&readme, &error))?;
    let metadata = format!(
        "Metadata-Version: 2.4\nName: npir\nVersion: {VERSION}\n\
         Summary: Compiles NumPy functions as they are\n\
         License-Expression: {}\nLicense-File: LICENSE\n\
         Requires-Python: >=3.11\nRequires-Dist: numpy>=2\n\
         Description-Content-Type: text/markdown\n\n{readme}",
        env!("CARGO_PKG_LICENSE")
    );
    let wheel = format!(
        "Wheel-Version: 1.0\nGenerator: npir-xtask {VERSION}\nRoot-Is-Purelib: false\nTag: {tag}\n"
    );
    for (name, text) in [("METADATA", metadata), ("WHEEL", wheel)] {
        let file = info.join(name);
        std::fs::write(&file, text).map_err(|error| Failure::io(&file, &error))?;
    }
    dist::copy(&workspace::root().join("LICENSE"), &info.join("licenses"))
}
