//! `npir` on artifacts for one or several processors, and on those whose checksum is right and whose contents are not: made
//! for something else, or forged.

use npir::runtime::{ArgSpec, Artifact, DType, Dim, Manifest};
use std::path::{Path, PathBuf};
use std::process::Command;

fn npir(arguments: &[&str]) -> (i32, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_npir"))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    // No code at all: a signal ended it.
    (done.status.code().unwrap_or(-1), text)
}

/// An artifact of `func.func @f(%x: f64) -> f64` that `npir compile` made.
fn compiled(folder: &Path) -> Artifact {
    let (program, artifact) = (folder.join("f.mlir"), folder.join("f.npir"));
    std::fs::write(
        &program,
        "func.func @f(%x: f64) -> f64 {\n  return %x : f64\n}\n",
    )
    .unwrap();
    let (code, text) = npir(&[
        "compile",
        program.to_str().unwrap(),
        "--output",
        artifact.to_str().unwrap(),
    ]);
    assert_eq!((code, text.as_str()), (0, ""));
    Artifact::load(artifact).unwrap()
}

/// Saves and runs a changed copy; returns what `npir run` says.
fn run_with(
    folder: &Path,
    manifest: impl FnOnce(&mut Manifest),
    object: impl FnOnce(&mut Vec<u8>),
) -> String {
    let good = compiled(folder);
    let (mut changed, mut code) = (good.manifest().clone(), good.object().unwrap().to_vec());
    manifest(&mut changed);
    object(&mut code);
    let path: PathBuf = folder.join("changed.npir");
    Artifact::new(changed, vec![code])
        .unwrap()
        .save(&path)
        .unwrap();
    let output = folder.join("result.npy");
    let (status, text) = npir(&[
        "run",
        path.to_str().unwrap(),
        "--input",
        "x=1",
        "--output",
        output.to_str().unwrap(),
    ]);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.starts_with("error: ") && !text.contains("panicked"),
        "{text}"
    );
    assert!(!output.exists());
    text
}

#[test]
fn artifacts_for_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let text = run_with(
        folder.path(),
        |m| m.images[0].features.push("time-travel".into()),
        |_| (),
    );
    assert!(
        text.contains("this processor lacks features that the artifact uses: time-travel"),
        "{text}"
    );
    let text = run_with(
        folder.path(),
        |m| m.images[0].target_triple = "riscv64-unknown-linux-gnu".into(),
        |_| (),
    );
    assert!(
        text.contains("the artifact is for target riscv64-unknown-linux-gnu, this machine is"),
        "{text}"
    );
}

#[test]
fn forged_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    let text = run_with(folder.path(), |_| (), |code| code.truncate(100));
    assert!(text.contains("cannot load the object code"), "{text}");
    let text = run_with(folder.path(), |_| (), |code| code.fill(0x90));
    assert!(text.contains("cannot load the object code"), "{text}");
    let text = run_with(
        folder.path(),
        |m| m.functions[0].symbol = "npir_entry_g".into(),
        |_| (),
    );
    assert!(
        text.contains("the object code lacks the entry point `npir_entry_g`"),
        "{text}"
    );
    let text = run_with(
        folder.path(),
        |m| {
            let y = ArgSpec {
                name: "y".into(),
                dtype: DType::F64,
                shape: vec![Dim::Dynamic],
                scalar: false,
                updates: None,
            };
            m.functions[0].args.push(y);
        },
        |_| (),
    );
    assert!(text.contains("'f' needs --input for: y"), "{text}");
}

#[test]
fn an_artifact_for_a_larger_processor_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    compiled(folder.path());
    let (program, artifact) = (folder.path().join("f.mlir"), folder.path().join("g.npir"));
    let (program, artifact) = (program.to_str().unwrap(), artifact.to_str().unwrap());
    // Processors of different makers and years: hardly a host has what all of them have.
    for cpu in ["sapphirerapids", "znver5", "graniterapids"] {
        let (code, text) = npir(&[
            "compile",
            program,
            "--target-cpu",
            cpu,
            "--output",
            artifact,
        ]);
        assert_eq!((code, text.as_str()), (0, ""));
        let (code, text) = npir(&["run", artifact, "--input", "x=1"]);
        assert!(
            code == 0 || text.contains("this processor lacks features that the artifact uses: "),
            "{text}"
        );
    }
}

/// A name of a processor of this architecture that all machines have, and one of another architecture.
fn here_and_elsewhere() -> (&'static str, &'static str) {
    match cfg!(target_arch = "x86_64") {
        true => ("x86-64", "generic"),
        false => ("generic", "x86-64"),
    }
}

#[test]
fn one_artifact_for_several_processors() {
    let folder = tempfile::tempdir().unwrap();
    compiled(folder.path());
    let (program, artifact) = (folder.path().join("f.mlir"), folder.path().join("g.npir"));
    let (program, artifact) = (program.to_str().unwrap(), artifact.to_str().unwrap());
    let several = "generic,x86-64-v3,neoverse-v1,x86-64,a64fx,znver5";
    let compile = ["compile", program, "--target-cpu", several];
    let (code, text) = npir(&[&compile[..], &["--output", artifact]].concat());
    assert_eq!((code, text.as_str()), (0, ""));
    let read = Artifact::read(artifact).unwrap();
    let cpus: Vec<_> = read.manifest().images.iter().map(|i| &i.cpu).collect();
    // By the widths of vectors, which every machine tries in this order.
    assert_eq!(
        cpus,
        [
            "znver5",
            "a64fx",
            "x86-64-v3",
            "neoverse-v1",
            "generic",
            "x86-64"
        ]
    );
    let (code, text) = npir(&["run", artifact, "--input", "x=1"]);
    assert_eq!((code, text.as_str()), (0, ""));
    // A level is one of one processor.
    let (code, text) = npir(&[&compile[..], &["--emit", "asm"]].concat());
    assert_eq!(code, 1);
    assert!(
        text.contains("only artifacts are for several processors"),
        "{text}"
    );
}

#[test]
fn code_of_another_architecture_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    compiled(folder.path());
    let (program, artifact) = (folder.path().join("f.mlir"), folder.path().join("g.npir"));
    let (program, artifact) = (program.to_str().unwrap(), artifact.to_str().unwrap());
    let (here, elsewhere) = here_and_elsewhere();
    let options = ["--target-cpu", elsewhere];
    let (code, text) = npir(&[&["compile", program, "--output", artifact], &options[..]].concat());
    assert_eq!((code, text.as_str()), (0, ""));
    // It can be looked at.
    assert_eq!(npir(&["info", artifact]).0, 0);
    for run in [
        &["run", artifact][..],
        &["run", program, options[0], options[1]],
    ] {
        let (code, text) = npir(&[run, &["--input", "x=1"]].concat());
        assert_eq!(code, 1);
        assert!(text.contains("the artifact is for target "), "{text}");
    }
    let both = [options[0], &format!("{elsewhere},{here}")];
    let (code, text) = npir(&[&["run", program, "--input", "x=1"], &both[..]].concat());
    assert_eq!((code, text.as_str()), (0, ""));
}
