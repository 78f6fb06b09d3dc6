//! The command-line tool: what `mlir-opt` shows of our passes and dialects.
//!
//! `MlirOptMain` belongs to a process of its own: the test binary calls itself.

use crate::support::*;
use npir_mlir::tools::opt_main;
use std::io::Write;
use std::process::{Command, Output, Stdio};

const ARGS: &str = "FOUNDATION_OPT_ARGS";

/// Does nothing, but is the tool when another test has started it as such.
#[test]
fn child() {
    let Ok(args) = std::env::var(ARGS) else {
        return;
    };
    let args: Vec<String> = std::iter::once("toy-opt".to_string())
        .chain(args.split('\n').map(String::from))
        .collect();
    std::process::exit(opt_main(registry(), "toy optimizer driver", &args));
}

fn opt(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["tool::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(ARGS, args.join("\n"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that stops early closes its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn both(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

const TWO: &str =
    "func.func @f(%x: i32) { %0 = toy.scale %x by 2 : i32 return }\nfunc.func @g() { return }";

#[test]
fn statistics_are_shown() {
    for threading in ["", "--mlir-disable-threading"] {
        let mut args = vec![
            "--pass-pipeline=builtin.module(func.func(toy-mark))",
            "--mlir-pass-statistics",
        ];
        args.extend((!threading.is_empty()).then_some(threading));
        let output = opt(&args, TWO);
        let (out, err) = both(&output);
        assert!(output.status.success(), "{err}");
        assert!(
            out.contains("toy.tag = \"marked:3\"") && out.contains("toy.tag = \"marked:2\""),
            "{out}"
        );
        assert!(err.contains("Pass statistics report"), "{err}");
        let rows: Vec<_> = err
            .lines()
            .filter(|l| l.contains("(S)"))
            .map(str::trim)
            .collect();
        assert_eq!(rows.len(), 2, "{err}");
        for (n, name, description) in [
            (5, "num-ops", "Ops seen"),
            (2, "num-functions", "Functions seen"),
        ] {
            assert!(
                rows.iter()
                    .any(|r| r.contains(&format!("{n} {name}")) && r.ends_with(description)),
                "{name}: {rows:?}"
            );
        }
    }
}

#[test]
fn help_lists_passes_options_and_pipelines() {
    let (out, _) = both(&opt(&["--help"], ""));
    for piece in [
        "--toy-options",
        "Writes every option into attributes of the module",
        "--some-numbers=<long>",
        "A flag that is set",
        "--toy-pipeline",
        "Marks, then cleans up",
    ] {
        assert!(out.contains(piece), "{piece}");
    }
    let (out, err) = both(&opt(&["--show-dialects"], ""));
    assert!(out.contains("toy") && out.contains("linalg"), "{out}{err}");
}

#[test]
fn passes_are_flags() {
    let output = opt(&["--toy-options=number=3 words=a,b", "--toy-pipeline"], TWO);
    let (out, err) = both(&output);
    assert!(
        out.contains("number = 3 : i64")
            && out.contains("words = \"a|b\"")
            && out.contains("piped:3"),
        "{out}{err}"
    );
    let output = opt(&["--toy-nothing"], TWO);
    assert!(!output.status.success() && both(&output).1.contains("toy-nothing"));
}

#[test]
fn expected_diagnostics_splitting_and_printing_after_passes() {
    let source = "// expected-error @+1 {{'toy.scale' op has the negative factor -2}}\n\
                  func.func @f(%x: i32) { %0 = toy.scale %x by -2 : i32 return }\n// -----\nmodule {}";
    let output = opt(&["--split-input-file", "--verify-diagnostics"], source);
    assert!(output.status.success(), "{}", both(&output).1);
    let output = opt(
        &[
            "--pass-pipeline=builtin.module(func.func(toy-mark),canonicalize)",
            "--mlir-print-ir-after-all",
            "--mlir-timing",
        ],
        TWO,
    );
    let (_, err) = both(&output);
    assert!(
        err.contains("IR Dump After toy-mark (toy-mark)") && err.contains("Execution time report"),
        "{err}"
    );
}

#[test]
fn a_failing_pass_leaves_a_reproducer() {
    let path = std::env::temp_dir().join(format!("toy-reproducer-{}.mlir", std::process::id()));
    let output = opt(
        &[
            "--pass-pipeline=builtin.module(toy-options{number=3},toy-fail)",
            &format!("--mlir-pass-pipeline-crash-reproducer={}", path.display()),
        ],
        TWO,
    );
    assert!(!output.status.success());
    let reproducer = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(
        reproducer.contains("toy-options{number=3") && reproducer.contains("toy-fail"),
        "{reproducer}"
    );
    assert!(reproducer.contains("toy.scale %arg0 by 2"), "{reproducer}");
}

#[test]
fn bytecode_from_the_tool() {
    let path = std::env::temp_dir().join(format!("toy-bytecode-{}.mlirbc", std::process::id()));
    let output = opt(&["--emit-bytecode", &format!("-o={}", path.display())], TWO);
    assert!(output.status.success(), "{}", both(&output).1);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let ctx = context();
    let module = npir_mlir::source::parse_source(&ctx, &bytes, "x").unwrap();
    assert!(text(&module).contains("toy.scale %arg0 by 2"));
    let output = opt(&["--verify-roundtrip"], TWO);
    assert!(output.status.success(), "{}", both(&output).1);
}

#[test]
fn a_panic_is_an_error_and_an_exit_code() {
    let output = opt(&["--boom-pass"], TWO);
    let (_, err) = both(&output);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("error: internal error in pass boom-pass: a pass"),
        "{err}"
    );
}
