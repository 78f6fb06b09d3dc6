//! Python environments: `target/venv` for the tests, `target/peers` for scripts that measure npir beside others; and the
//! package npir of a development build and of a release.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dist;
use crate::failure::{Failure, Result};
use crate::process;
use crate::workspace;

/// The modules of the Python package that are libraries, and the crates' names for them.
const MODULES: [(&str, &str); 2] = [
    ("_dispatch", "libnpir_dispatch.so"),
    ("_compiler", "libnpir_compiler.so"),
];

/// The oldest Python that the pinned NumPy supports.
const OLDEST: (u32, u32) = (3, 11);

/// A virtual environment with pinned packages; paths are relative to the repository root.
pub(crate) struct Environment {
    folder: &'static str,
    requirements: &'static str,
    /// What makes it.
    command: &'static str,
}

/// What tests need.
pub(crate) const TESTS: Environment = Environment {
    folder: "target/venv",
    requirements: "tests/python/requirements.txt",
    command: "cargo xtask setup",
};

/// What scripts need that measure npir beside other packages.
pub(crate) const PEERS: Environment = Environment {
    folder: "target/peers",
    requirements: "bench/requirements.txt",
    command: "cargo xtask peers",
};

/// The last numba with Intel's vector functions; it wants an older NumPy.
pub(crate) const SVML: Environment = Environment {
    folder: "target/peers-svml",
    requirements: "bench/requirements-svml.txt",
    command: "cargo xtask bench",
};

/// What takes several gigabytes.
pub(crate) const TORCH: Environment = Environment {
    folder: "target/peers-torch",
    requirements: "bench/requirements-torch.txt",
    command: "cargo xtask bench",
};

/// Puts the Python package of a development build into `target/python`, and says where that is. Its libraries are built.
pub(crate) fn package(target: &Path) -> Result<PathBuf> {
    let site = target.join("python");
    lay_out(&target.join("debug"), &site.join("npir"))?;
    Ok(site)
}

/// Puts the Python package with the libraries in the folder `built` into the folder `package`.
pub(crate) fn lay_out(built: &Path, package: &Path) -> Result {
    let sources = workspace::root().join("python/npir");
    let mut copies = Vec::new();
    collect(&sources, package, &mut copies)?;
    for (module, library) in MODULES {
        let library = built.join(library);
        copies.push((library, package.join(format!("{module}.abi3.so"))));
    }
    for (from, to) in copies {
        // A library that a process has loaded keeps its contents: the new one is another file.
        if to.exists() {
            std::fs::remove_file(&to).map_err(|error| Failure::io(&to, &error))?;
        }
        std::fs::copy(&from, &to).map_err(|error| Failure::io(&from, &error))?;
    }
    Ok(())
}

/// Makes the folders of `from` below `to`, and adds where each file is to be copied to.
fn collect(from: &Path, to: &Path, copies: &mut Vec<(PathBuf, PathBuf)>) -> Result {
    std::fs::create_dir_all(to).map_err(|error| Failure::io(to, &error))?;
    let entries = std::fs::read_dir(from).map_err(|error| Failure::io(from, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io(from, &error))?;
        let target = to.join(entry.file_name());
        if entry.path().is_file() {
            copies.push((entry.path(), target));
        } else if entry.file_name() != "__pycache__" {
            collect(&entry.path(), &target, copies)?;
        }
    }
    Ok(())
}

/// `cargo xtask python`: builds the package and says how to import it.
pub(crate) fn build() -> Result {
    let ready = crate::setup::run()?;
    let mut cargo = process::cargo();
    cargo.args([
        "build",
        "--locked",
        "-p",
        "npir-dispatch",
        "-p",
        "npir-python",
    ]);
    process::run(&mut cargo)?;
    let site = package(&workspace::target_dir()?)?;
    println!(
        "\nThe package npir is in {0}. With NumPy 2, as in the test environment:\n\n  PYTHONPATH={0} {1}",
        site.display(),
        ready.python.display()
    );
    Ok(())
}

/// Builds the libraries of the Python package as releases do, and says in which folder the folder `release` is.
pub(crate) fn build_release() -> Result<PathBuf> {
    dist::build(&["--package=npir-dispatch", "--package=npir-python", "--lib"])
}

impl Environment {
    /// Its interpreter, which may not exist yet.
    pub(crate) fn interpreter(&self) -> PathBuf {
        workspace::root().join(self.folder).join("bin/python")
    }

    /// Makes sure that it exists and has the pinned packages, and returns its interpreter.
    ///
    /// Touches no network when it is right already. The stamp is written last, so an interrupted
    /// attempt is started afresh by the next one.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let root = workspace::root();
        let requirements = root.join(self.requirements);
        let wanted = std::fs::read_to_string(&requirements)
            .map_err(|error| Failure::io(&requirements, &error))?;
        let venv = root.join(self.folder);
        let stamp = venv.join("requirements.installed");
        let python = self.interpreter();
        if python.exists()
            && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted)
        {
            return Ok(python);
        }

        let packages: Vec<&str> = wanted
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        println!(
            "Making the Python environment {} with {}.",
            self.folder,
            packages.join(", ")
        );
        dist::clear(&venv)?;
        let base = find_base()?;
        create(&base, &venv)?;
        install(&base, &venv, &requirements).map_err(|failure| {
            Failure::new(format!(
                "cannot fetch the packages of {}; `{}` tries again.\n{failure}",
                self.requirements, self.command
            ))
        })?;
        std::fs::write(&stamp, wanted).map_err(|error| Failure::io(&stamp, &error))?;
        Ok(python)
    }
}

/// Whether a virtual environment can be made: some Python has `ensurepip` or `pip`.
pub(crate) fn can_make_environments() -> bool {
    TESTS.interpreter().exists() || find_base().is_ok()
}

/// A Python that is new enough and can bring pip along.
struct Base {
    program: &'static str,
    /// Whether `venv` can install pip by itself; Debian keeps that part in python3-venv.
    ensurepip: bool,
}

fn find_base() -> Result<Base> {
    let mut reasons = Vec::new();
    for program in ["python3", "/usr/bin/python3"] {
        match probe(program) {
            Ok(base) => return Ok(base),
            Err(failure) => reasons.push(format!("  - {program}: {failure}")),
        }
    }
    Err(Failure::new(format!(
        "no usable Python. It takes Python {}.{} or newer with venv and pip \
         (Debian packages python3 and python3-venv).\n{}",
        OLDEST.0,
        OLDEST.1,
        reasons.join("\n")
    )))
}

fn probe(program: &'static str) -> Result<Base> {
    const SCRIPT: &str = "import sys, importlib.util as u\n\
        print(*sys.version_info[:2], *(int(u.find_spec(m) is not None) for m in ('venv', 'ensurepip', 'pip')))";
    let text = process::capture(Command::new(program).args(["-c", SCRIPT]))?;
    let numbers: Vec<u32> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [major, minor, venv, ensurepip, pip] = numbers[..] else {
        return Err(Failure::new(format!("unexpected answer {:?}", text.trim())));
    };
    if (major, minor) < OLDEST {
        return Err(Failure::new(format!("version {major}.{minor} is too old")));
    }
    if venv == 0 || (ensurepip == 0 && pip == 0) {
        return Err(Failure::new("it has neither ensurepip nor pip"));
    }
    Ok(Base {
        program,
        ensurepip: ensurepip == 1,
    })
}

fn create(base: &Base, venv: &Path) -> Result {
    let mut command = Command::new(base.program);
    command.args(["-m", "venv"]);
    if !base.ensurepip {
        command.arg("--without-pip");
    }
    process::capture(command.arg(venv)).map(drop)
}

fn install(base: &Base, venv: &Path, requirements: &Path) -> Result {
    let python = venv.join("bin/python");
    let mut command;
    if base.ensurepip {
        command = Command::new(&python);
        command.args(["-m", "pip", "install"]);
    } else {
        let site = process::capture(Command::new(&python).args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ]))?;
        command = Command::new(base.program);
        command.args(["-m", "pip", "install", "--target", site.trim()]);
    }
    command
        .args([
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "--requirement",
        ])
        .arg(requirements);
    process::capture(&mut command).map(drop)
}
