//! `cargo xtask test`: every test there is, and one summary.
//!
//! Three suites: Rust tests through cargo, `.mlir` files through lit, Python tests through unittest.
//! A suite whose runner fails without naming a failed test counts as one failed test.
//! What failed tests printed is repeated in front of the summary: a log may be cut at its beginning.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Instant;

use serde_json::Value;

use crate::browser;
use crate::failure::{Failure, Result};
use crate::process::{self, Watched};
use crate::python;
use crate::setup::{self, Ready};
use crate::workspace;

/// Which tests to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Also the slow ones: sets `NPIR_TEST_LONG=1` for the tests.
    long: bool,
    /// Whole programs only, compiled with checks for undefined behaviour.
    sanitize: bool,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

impl Options {
    /// Reads the arguments after `test`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--long" => options.long = true,
                "--sanitize" => options.sanitize = true,
                option if option.starts_with('-') => {
                    return Err(Failure::new(format!(
                        "`test` has no option `{option}`; it has --long and --sanitize"
                    )));
                }
                filter => {
                    if let Some(first) = options.filter.replace(filter.to_owned()) {
                        return Err(Failure::new(format!(
                            "two filters: `{first}` and `{filter}`"
                        )));
                    }
                }
            }
        }
        Ok(options)
    }
}

/// Results of one suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// A runner that failed as a whole (no build, a crash) is a failure even when no test is named.
    fn with_status(mut self, status: ExitStatus) -> Self {
        if !status.success() && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

/// What a suite's runner prints about failed tests, line by line.
#[derive(Debug)]
struct Failed {
    /// The name of the test whose report begins with a line.
    begins: fn(&str) -> Option<&str>,
    /// Whether a line comes after the last report.
    ends: fn(&str) -> bool,
    inside: bool,
    reports: Vec<(String, Vec<String>)>,
}

impl Failed {
    /// Lines of a report that are repeated: its last ones, where the reason stands.
    const LINES: usize = 40;
    /// Tests whose reports are repeated; the others' names are.
    const REPORTS: usize = 8;

    fn new(begins: fn(&str) -> Option<&str>, ends: fn(&str) -> bool) -> Self {
        Self {
            begins,
            ends,
            inside: false,
            reports: Vec::new(),
        }
    }

    /// `---- a::b stdout ----` and what follows, up to the list of all failed tests.
    fn of_libtest() -> Self {
        Self::new(
            |line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"),
            |line| line == "failures:",
        )
    }

    /// `***… TEST 'npir :: a.mlir' FAILED ***…` and what follows, up to a line of stars.
    fn of_lit() -> Self {
        Self::new(
            |line| {
                let line = line.strip_prefix("*****")?.trim_start_matches('*');
                Some(line.strip_prefix(" TEST '")?.split_once('\'')?.0)
            },
            |line| line == "********************",
        )
    }

    /// `FAIL: test_a (…)` or `ERROR: …` and what follows, up to a line of equals signs or `Ran 5 tests`.
    fn of_unittest() -> Self {
        Self::new(
            |line| {
                line.strip_prefix("FAIL: ")
                    .or_else(|| line.strip_prefix("ERROR: "))
            },
            |line| line.starts_with("=====") || line.starts_with("Ran "),
        )
    }

    fn line(&mut self, line: &str) {
        if let Some(name) = (self.begins)(line) {
            self.inside = true;
            self.reports.push((name.to_owned(), Vec::new()));
        } else if (self.ends)(line) {
            self.inside = false;
        } else if let Some((_, lines)) = self.reports.last_mut().filter(|_| self.inside) {
            lines.push(line.to_owned());
        }
    }

    /// The names of failed tests, each with the last lines of its report.
    fn print(&self) {
        for (index, (name, lines)) in self.reports.iter().enumerate() {
            println!("FAILED: {name}");
            if index < Self::REPORTS {
                for line in &lines[lines.len().saturating_sub(Self::LINES)..] {
                    println!("    {line}");
                }
            }
        }
    }
}

/// What the suites share.
struct Context<'a> {
    options: &'a Options,
    ready: Ready,
    root: PathBuf,
    target: PathBuf,
}

impl Context<'_> {
    /// Tells a test runner where the tools are. Shared libraries are found as built, not by a path that only
    /// the shell of whoever runs this knows: a binary that lacks its own path fails here as it does elsewhere.
    fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("NPIR_BIN_DIR", self.target.join("debug"))
            .env("LLVM_BIN_DIR", self.ready.llvm_bin())
            .env("NPIR_PYTHON", &self.ready.python)
            .env_remove("LD_LIBRARY_PATH")
            .current_dir(&self.root);
        if self.options.long {
            command.env("NPIR_TEST_LONG", "1");
        }
        command
    }
}

/// Runs the tests of one kind.
type Suite = fn(&Context<'_>, &mut Failed) -> Result<Count>;

/// Runs the tests and prints the summary, whose last line is `N passed, N failed`.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    process::heading("Set-up");
    let ready = setup::run()?;
    let context = Context {
        options,
        ready,
        root: workspace::root(),
        target: workspace::target_dir()?,
    };

    if options.sanitize {
        return sanitized(&context);
    }
    let no_browser = browser::ensure();
    process::heading("Build");
    if !build(&context) {
        println!("The workspace does not build, so no test ran.\n0 passed, 1 failed");
        return Ok(ExitCode::FAILURE);
    }
    let mut suites: [(&str, Suite, Failed); 3] = [
        ("Rust", rust_tests, Failed::of_libtest()),
        ("lit", lit_tests, Failed::of_lit()),
        ("Python", python_tests, Failed::of_unittest()),
    ];
    let mut total = Count::default();
    let mut lines = Vec::new();
    for (name, suite, failed) in &mut suites {
        process::heading(&format!("{name} tests"));
        let start = Instant::now();
        let count = suite(&context, failed)?;
        total.add(count);
        lines.push(format!(
            "{name:<7} {:5} passed {:5} failed {:5} skipped  {:6.1} s",
            count.passed,
            count.failed,
            count.skipped,
            start.elapsed().as_secs_f64()
        ));
    }
    if let Some(filter) = options
        .filter
        .as_deref()
        .filter(|_| total == Count::default())
    {
        return Err(Failure::new(format!(
            "no test has a name that contains `{filter}`"
        )));
    }
    if total.failed > 0 {
        process::heading("What failed");
        for (.., failed) in &suites {
            failed.print();
        }
    }
    process::heading("Summary");
    if let Some(left_out) = no_browser {
        println!("{left_out}");
    }
    println!(
        "{}\n{} passed, {} failed",
        lines.join("\n"),
        total.passed,
        total.failed
    );
    Ok(if total.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds the tools themselves, for lit and Python; `cargo test` builds them only for some packages.
fn build(context: &Context<'_>) -> bool {
    let mut build = process::cargo();
    build.args([
        "build",
        "--locked",
        "--workspace",
        workspace::FEATURES,
        "--bins",
        "--lib",
    ]);
    let result = process::run(context.environment(&mut build))
        .and_then(|()| python::package(&context.target).map(drop));
    if let Err(failure) = &result {
        println!("{failure}");
    }
    result.is_ok()
}

/// What runs with `--sanitize` and no filter, in the binary of whole programs.
const SANITIZED: [&str; 3] = ["conformance::", "random::programs", "sanitizer::"];

/// Runs whole programs with AddressSanitizer's runtime, which ends the process at the first error.
fn sanitized(context: &Context<'_>) -> Result<ExitCode> {
    process::heading("Whole programs with AddressSanitizer");
    let runtime = sanitizer_runtime()?;
    let runner = context.target.join("sanitize.sh");
    let script = format!(
        "#!/bin/sh\nLD_PRELOAD='{}' ASAN_OPTIONS=detect_leaks=0:malloc_context_size=2:quarantine_size_mb=32 exec \"$@\"\n",
        runtime.display()
    );
    std::fs::write(&runner, script).map_err(|error| Failure::io(&runner, &error))?;
    let mut tests = process::cargo();
    tests.args([
        "--config",
        &format!("target.'cfg(unix)'.runner = ['sh', '{}']", runner.display()),
    ]);
    tests.args([
        "test",
        "--locked",
        "-p",
        "npir",
        "--test",
        "end_to_end",
        "--",
    ]);
    match &context.options.filter {
        Some(filter) => tests.arg(filter),
        None => tests.args(SANITIZED),
    };
    // Blocks that are freed go to the sanitizer, not to the next program.
    tests.env("NPIR_SANITIZE", "1").env("NPIR_CACHE_BYTES", "0");
    let mut count = Count::default();
    let status = process::watch(context.environment(&mut tests), Watched::Stdout, |line| {
        println!("{line}");
        count.add(libtest_line(line).unwrap_or_default());
    })?;
    let count = count.with_status(status);
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(if count.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// AddressSanitizer's runtime, which comes with the C compiler.
fn sanitizer_runtime() -> Result<PathBuf> {
    let answer = process::capture(Command::new("cc").arg("-print-file-name=libasan.so"))?;
    let path = PathBuf::from(answer.trim());
    match path.is_absolute() {
        true => path
            .canonicalize()
            .map_err(|error| Failure::io(&path, &error)),
        false => Err(Failure::new(
            "the C compiler has no AddressSanitizer; Debian's is in the package libgcc-12-dev",
        )),
    }
}

fn rust_tests(context: &Context<'_>, failed: &mut Failed) -> Result<Count> {
    let mut tests = process::cargo();
    tests.args([
        "test",
        "--locked",
        "--workspace",
        workspace::FEATURES,
        "--no-fail-fast",
    ]);
    tests.args(&context.options.filter);
    let mut count = Count::default();
    let status = process::watch(context.environment(&mut tests), Watched::Stdout, |line| {
        println!("{line}");
        failed.line(line);
        count.add(libtest_line(line).unwrap_or_default());
    })?;
    Ok(count.with_status(status))
}

/// Reads `test result: ok. 3 passed; 0 failed; 1 ignored; …`.
fn libtest_line(line: &str) -> Option<Count> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let number = |name: &str| {
        counts
            .split("; ")
            .find_map(|part| part.strip_suffix(name)?.trim().parse().ok())
    };
    Some(Count {
        passed: number("passed")?,
        failed: number("failed")?,
        skipped: number("ignored")?,
    })
}

fn lit_tests(context: &Context<'_>, failed: &mut Failed) -> Result<Count> {
    let results = context.target.join("lit-results.json");
    // Results of an earlier run must not be taken for those of this one.
    if results.exists() {
        std::fs::remove_file(&results).map_err(|error| Failure::io(&results, &error))?;
    }
    let mut lit = Command::new(&context.ready.python);
    lit.arg(context.ready.llvm_bin().join("lit"))
        .args(["-sv", "--allow-empty-runs", "--output"])
        .arg(&results)
        .arg("tests");
    if let Some(filter) = &context.options.filter {
        lit.args(["--filter", &escape_regex(filter)]);
    }
    let status = process::watch(context.environment(&mut lit), Watched::Stdout, |line| {
        println!("{line}");
        failed.line(line);
    })?;
    let count = match std::fs::read_to_string(&results) {
        Ok(text) => lit_report(&text)?,
        Err(_) => Count::default(),
    };
    Ok(count.with_status(status))
}

/// Counts the result codes in lit's JSON report.
fn lit_report(text: &str) -> Result<Count> {
    let report: Value = serde_json::from_str(text)
        .map_err(|error| Failure::new(format!("cannot read lit's report: {error}")))?;
    let mut count = Count::default();
    for test in report["tests"].as_array().into_iter().flatten() {
        match test["code"].as_str() {
            Some("PASS" | "FLAKYPASS" | "XFAIL") => count.passed += 1,
            Some("UNSUPPORTED" | "SKIPPED") => count.skipped += 1,
            // The filter leaves these out: nobody asked for them.
            Some("EXCLUDED") => {}
            _ => count.failed += 1,
        }
    }
    Ok(count)
}

fn escape_regex(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        if !c.is_alphanumeric() && c != '_' {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

fn python_tests(context: &Context<'_>, failed: &mut Failed) -> Result<Count> {
    let folder = Path::new("tests/python");
    if workspace::files(&context.root.join(folder), ".py")?.is_empty() {
        return Ok(Count::default());
    }
    let mut unittest = Command::new(&context.ready.python);
    unittest
        .args([
            "-m",
            "unittest",
            "discover",
            "--verbose",
            "--start-directory",
        ])
        .arg(folder)
        .env("PYTHONPATH", context.target.join("python"))
        // Each test compiles, but those of the cache.
        .env("NPIR_CACHE_DIR", "");
    if let Some(filter) = &context.options.filter {
        unittest.args(["-k", filter]);
    }
    let mut text = String::new();
    let status = process::watch(
        context.environment(&mut unittest),
        Watched::Stderr,
        |line| {
            println!("{line}");
            failed.line(line);
            text.push_str(line);
            text.push('\n');
        },
    )?;
    let count = unittest_report(&text);
    // With a filter, no test at all is no failure (Python 3.12 exits with 5 then).
    if count == Count::default() && context.options.filter.is_some() && text.contains("Ran 0 tests")
    {
        return Ok(count);
    }
    Ok(count.with_status(status))
}

/// Reads unittest's closing lines: `Ran 5 tests in 0.1s` and `FAILED (failures=1, errors=1, skipped=1)`.
fn unittest_report(text: &str) -> Count {
    let ran: u64 = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse().ok())
        .unwrap_or_default();
    let details = text
        .lines()
        .rev()
        .find(|line| line.starts_with("OK") || line.starts_with("FAILED"));
    let number = |name: &str| -> u64 {
        let inside = details
            .and_then(|line| line.split_once('(')?.1.strip_suffix(')'))
            .unwrap_or_default();
        inside
            .split(", ")
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
            .unwrap_or_default()
    };
    let failed = number("failures") + number("errors") + number("unexpected successes");
    let skipped = number("skipped");
    Count {
        passed: ran.saturating_sub(failed + skipped),
        failed,
        skipped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_options() {
        let options = Options::parse(&["--long", "numpy"]).unwrap();
        assert_eq!(
            options,
            Options {
                long: true,
                sanitize: false,
                filter: Some("numpy".into())
            }
        );
        assert!(Options::parse(&["--sanitize"]).unwrap().sanitize);
        assert!(Options::parse(&["--fast"]).is_err());
        assert!(Options::parse(&["a", "b"]).is_err());
    }

    #[test]
    fn reads_libtest() {
        let line = "test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s";
        assert_eq!(
            libtest_line(line),
            Some(Count {
                passed: 3,
                failed: 2,
                skipped: 1
            })
        );
        assert_eq!(libtest_line("test a::b ... ok"), None);
    }

    #[test]
    fn reads_lit() {
        let report = r#"{"tests": [{"code": "PASS"}, {"code": "XFAIL"}, {"code": "FAIL"}, {"code": "TIMEOUT"},
                                   {"code": "UNSUPPORTED"}, {"code": "EXCLUDED"}]}"#;
        assert_eq!(
            lit_report(report).unwrap(),
            Count {
                passed: 2,
                failed: 2,
                skipped: 1
            }
        );
    }

    #[test]
    fn reads_unittest() {
        let good = "...\nRan 5 tests in 0.1s\n\nOK (skipped=2)\n";
        assert_eq!(
            unittest_report(good),
            Count {
                passed: 3,
                failed: 0,
                skipped: 2
            }
        );
        let bad = "Ran 4 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n";
        assert_eq!(
            unittest_report(bad),
            Count {
                passed: 1,
                failed: 3,
                skipped: 0
            }
        );
    }

    #[test]
    fn repeats_what_failed() {
        let reports = |mut failed: Failed, text: &str| {
            text.lines().for_each(|line| failed.line(line));
            failed.reports
        };
        let report = |name: &str, line: &str| (name.to_owned(), vec![line.to_owned()]);
        assert_eq!(
            reports(
                Failed::of_libtest(),
                "failures:\n---- a::b stdout ----\nleft\n---- c stdout ----\nright\nfailures:\n    a::b"
            ),
            [report("a::b", "left"), report("c", "right")]
        );
        assert_eq!(
            reports(
                Failed::of_lit(),
                "******************** TEST 'npir :: a.mlir' FAILED ********************\nexit 1\n\
                 ********************\n1 warning(s) in tests"
            ),
            [report("npir :: a.mlir", "exit 1")]
        );
        assert_eq!(
            reports(
                Failed::of_unittest(),
                "test_a (m.T.test_a) ... ok\n======\nFAIL: test_b (m.T.test_b)\nAssertionError\n======\n\
                 ERROR: test_c\nValueError\nRan 3 tests in 0.1s\nFAILED (failures=1)"
            ),
            [
                report("test_b (m.T.test_b)", "AssertionError"),
                report("test_c", "ValueError")
            ]
        );
    }

    #[test]
    fn filters_are_literal() {
        assert_eq!(escape_regex("a.b+c"), r"a\.b\+c");
    }
}
