//! What the tests share: cases that are compiled in batches, run in several memory layouts and
//! compared with NumPy.
//!
//! A case is one operation (or a function body) with inputs and the NumPy expression that it must
//! agree with. All cases of a batch become functions of a few modules. While functions run, a
//! [`Session`] holds a lock over the process: it checks that every byte that was allocated is given
//! back, which needs that nobody else allocates.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use npir::prelude::*;
use npir_runtime::alloc::{MemoryStats, memory_stats};
use npir_runtime::{Function, RunError, RunErrorKind};
use npir_testing::{Tolerance, compare, oracle};

use crate::samples::mlir;
use crate::sanitizer::checked;
use crate::value::{Layout, Value};

/// The only user of the runtime's allocator, for as long as it lives.
pub(crate) struct Session {
    before: MemoryStats,
    _lock: MutexGuard<'static, ()>,
}

impl Session {
    pub(crate) fn start() -> Self {
        static RUNNING: Mutex<()> = Mutex::new(());
        let lock = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        Session {
            before: memory_stats(),
            _lock: lock,
        }
    }

    /// Bytes and blocks in use that were not at the start.
    pub(crate) fn leaked(&self) -> (i64, i64) {
        let now = memory_stats();
        (
            now.live.wrapping_sub(self.before.live) as i64,
            now.live_blocks.wrapping_sub(self.before.live_blocks) as i64,
        )
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.leaked(),
                (0, 0),
                "bytes and blocks that were not given back"
            );
        }
    }
}

/// Says what runs next, if `NPIR_TEST_TRACE` is set: for programs that end the process.
pub(crate) fn trace(what: impl FnOnce() -> String) {
    if std::env::var_os("NPIR_TEST_TRACE").is_some() {
        eprintln!("{}", what());
    }
}

/// A compiler with everything that npir ships, and with the checks that this run asks for.
pub(crate) fn compiler() -> Compiler {
    checked(Compiler::new(Registry::standard()))
}

/// Compiles a program of the tests, which must be valid.
#[track_caller]
pub(crate) fn compile(source: &str) -> Executable {
    compiler()
        .compile_source(source, "test.mlir")
        .unwrap_or_else(|e| panic!("{e}\n{source}"))
}

/// Calls a function with arrays in C order.
pub(crate) fn call(
    exe: &Executable,
    name: &str,
    inputs: &[&Value],
) -> Result<Vec<Value>, RunError> {
    let placed: Vec<_> = inputs.iter().map(|v| v.place(Layout::C)).collect();
    let mut args: Vec<Arg<'_>> = placed.iter().map(|p| p.view().into()).collect();
    let results = exe.run(name, &mut args)?;
    Ok(results.iter().map(Value::of).collect())
}

/// Which sizes the types of a case state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dims {
    /// None.
    Dynamic,
    /// All.
    Static,
}

/// How an input is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Index,
}

#[derive(Clone, Debug)]
struct Input {
    name: &'static str,
    value: Value,
    kind: Kind,
}

/// One set of inputs, the layouts to try them in, and what NumPy says.
#[derive(Clone, Debug)]
struct Run {
    inputs: Vec<Input>,
    /// One layout per input, for each call.
    layouts: Vec<Vec<Layout>>,
    expected: Result<Vec<Value>, String>,
}

/// One function to compile and to compare with NumPy.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    op: String,
    numpy: String,
    results: usize,
    dims: Dims,
    tolerance: Tolerance,
    zero_signs: bool,
    bf16_results: bool,
    runs: Vec<Run>,
    raises: Option<(RunErrorKind, String)>,
    result_types: Option<String>,
    result_dims: Option<Dims>,
}

impl Case {
    /// A case of one operation, such as `numpy.take %a, %i axis 1`, or of a function body.
    ///
    /// In the text, `{a}` stands for the type of input `a` and `{r}` for that of the result. Without
    /// a colon the usual ` : types of the operands -> type of the result` is added. A text that
    /// contains `return` is a whole body. `numpy` is an expression of the inputs.
    pub(crate) fn new(op: impl Into<String>, numpy: impl Into<String>) -> Self {
        Case {
            op: op.into(),
            numpy: numpy.into(),
            results: 1,
            dims: Dims::Dynamic,
            tolerance: Tolerance::Bitwise,
            zero_signs: true,
            bf16_results: true,
            runs: Vec::new(),
            raises: None,
            result_types: None,
            result_dims: None,
        }
    }

    /// Types state all sizes.
    pub(crate) fn fixed(mut self) -> Self {
        self.dims = Dims::Static;
        self
    }

    pub(crate) fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    pub(crate) fn ulps(self, ulps: u64) -> Self {
        self.tolerance(Tolerance::Ulps(ulps))
    }

    /// The sign of a zero may differ from NumPy's.
    pub(crate) fn any_zero(mut self) -> Self {
        self.zero_signs = false;
        self
    }

    /// The results of `bfloat16` inputs are what NumPy computes: `float32`.
    pub(crate) fn wide_results(mut self) -> Self {
        self.bf16_results = false;
        self
    }

    /// The number of results; `numpy` gives a tuple of as many.
    pub(crate) fn results(mut self, count: usize) -> Self {
        self.results = count;
        self
    }

    /// The types of the results, where they are not those of NumPy's.
    pub(crate) fn types(mut self, types: impl Into<String>) -> Self {
        self.result_types = Some(types.into());
        self
    }

    /// The types of the results state no sizes: they depend on the elements.
    pub(crate) fn counted(mut self) -> Self {
        self.result_dims = Some(Dims::Dynamic);
        self
    }

    /// Another set of inputs, all of them arrays in C order.
    pub(crate) fn run(self, inputs: &[(&'static str, Value)]) -> Self {
        let layouts = vec![vec![Layout::C; inputs.len()]];
        self.run_in(inputs, &layouts)
    }

    /// Another set of inputs in several combinations of layouts.
    pub(crate) fn run_in(
        mut self,
        inputs: &[(&'static str, Value)],
        layouts: &[Vec<Layout>],
    ) -> Self {
        let inputs = inputs
            .iter()
            .map(|(name, value)| Input {
                name,
                value: value.clone(),
                kind: Kind::Array,
            })
            .collect();
        self.runs.push(Run {
            inputs,
            layouts: layouts.to_vec(),
            expected: Err("not evaluated".into()),
        });
        self
    }

    /// Another set of inputs, in every layout.
    pub(crate) fn run_everywhere(self, inputs: &[(&'static str, Value)]) -> Self {
        let layouts: Vec<_> = Layout::ALL
            .iter()
            .enumerate()
            .map(|(k, _)| (0..inputs.len()).map(|i| shuffled(k, i)).collect())
            .collect();
        self.run_in(inputs, &layouts)
    }

    /// Adds an `index` argument to every run so far.
    pub(crate) fn index(mut self, name: &'static str, value: i64) -> Self {
        for run in &mut self.runs {
            run.inputs.push(Input {
                name,
                value: Value::scalar(value),
                kind: Kind::Index,
            });
            run.layouts.iter_mut().for_each(|l| l.push(Layout::C));
        }
        self
    }

    /// Every run must raise this error; the message contains this text. NumPy is not asked for
    /// more than that it raises one, too.
    pub(crate) fn raises(mut self, kind: RunErrorKind, message: impl Into<String>) -> Self {
        self.raises = Some((kind, message.into()));
        self
    }

    fn type_of(&self, input: &Input) -> String {
        match input.kind {
            Kind::Index => "index".into(),
            Kind::Array => array_type(self.dims, &input.value),
        }
    }

    fn has_bf16(&self) -> bool {
        self.runs[0]
            .inputs
            .iter()
            .any(|i| i.value.dtype == DType::BF16)
    }

    /// Asks NumPy. `bfloat16`, which NumPy has not, is `float32` there, and results are rounded.
    fn ask_numpy(&mut self) {
        let outs: Vec<_> = (0..self.results).map(|i| format!("r{i}")).collect();
        let outs_ref: Vec<_> = outs.iter().map(String::as_str).collect();
        let has_bf16 = self.has_bf16();
        let rounds = has_bf16 && self.bf16_results;
        for run in &mut self.runs {
            let mut program = String::new();
            if has_bf16 {
                program.push_str(BF16);
            }
            let mut arrays = Vec::new();
            for input in &run.inputs {
                let mut value = input.value.clone();
                if value.dtype == DType::BF16 {
                    let _ = writeln!(program, "{0} = widened({0})", input.name);
                    value = value.reinterpreted(DType::U16);
                }
                arrays.push((input.name, value.to_array()));
            }
            let _ = writeln!(program, "{} = {}", outs.join(", "), self.numpy);
            if rounds {
                for out in &outs {
                    let _ = writeln!(program, "{out} = rounded({out})");
                }
            }
            let inputs: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
            let results = oracle().run(&program, &inputs, &outs_ref);
            run.expected = match results {
                Ok(arrays) => Ok(arrays
                    .iter()
                    .map(|a| match (rounds, a.dtype()) {
                        (true, DType::U16) => Value::of(a).reinterpreted(DType::BF16),
                        _ => Value::of(a),
                    })
                    .collect()),
                Err(e) => Err(e.to_string()),
            };
        }
    }

    fn result_types(&self) -> Vec<String> {
        if let Some(types) = &self.result_types {
            return types.split(';').map(str::to_owned).collect();
        }
        match self.runs.iter().find_map(|r| r.expected.as_ref().ok()) {
            Some(values) => {
                let dims = self.result_dims.unwrap_or(self.dims);
                values.iter().map(|v| array_type(dims, v)).collect()
            }
            None => panic!(
                "NumPy gives nothing for `{}`: {:?}",
                self.numpy, self.runs[0].expected
            ),
        }
    }

    /// The function's text.
    fn source(&self, name: &str) -> String {
        let inputs = &self.runs[0].inputs;
        let results = self.result_types();
        let params: Vec<_> = inputs
            .iter()
            .map(|i| format!("%{}: {}", i.name, self.type_of(i)))
            .collect();
        let mut body = self.op.clone();
        if !body.contains(':') {
            let operands: Vec<_> = inputs
                .iter()
                .filter(|i| i.kind == Kind::Array && mentions(&body, i.name))
                .map(|i| self.type_of(i))
                .collect();
            body = match operands.is_empty() {
                true => format!("{body} : {{r}}"),
                false => format!("{body} : {} -> {{r}}", operands.join(", ")),
            };
        }
        for input in inputs {
            body = body.replace(&format!("{{{}}}", input.name), &self.type_of(input));
        }
        body = body.replace("{r}", &results[0]);
        for (i, ty) in results.iter().enumerate() {
            body = body.replace(&format!("{{r{i}}}"), ty);
        }
        if !body.contains("return") {
            body = format!("  %result = {body}\n  return %result : {}", results[0]);
        }
        format!(
            "func.func @{name}({}) -> ({}) {{\n{body}\n}}\n",
            params.join(", "),
            results.join(", ")
        )
    }

    /// Runs the compiled function in every layout; says what is wrong.
    fn check(&self, function: &Function, failures: &mut Vec<String>) {
        for run in &self.runs {
            for layouts in &run.layouts {
                trace(|| {
                    let shapes: Vec<_> = run
                        .inputs
                        .iter()
                        .map(|i| (i.name, &i.value.shape))
                        .collect();
                    format!("{} on {shapes:?} in {layouts:?}", self.source("f"))
                });
                if let Err(why) = self.check_run(function, run, layouts) {
                    let shapes: Vec<_> = run
                        .inputs
                        .iter()
                        .map(|i| (i.name, &i.value.shape))
                        .collect();
                    failures.push(format!(
                        "{}\n    on {shapes:?} in {layouts:?}, against `{}`: {why}",
                        self.source("f").trim_end(),
                        self.numpy
                    ));
                    break;
                }
            }
        }
    }

    fn check_run(&self, function: &Function, run: &Run, layouts: &[Layout]) -> Result<(), String> {
        let placed: Vec<_> = run
            .inputs
            .iter()
            .zip(layouts)
            .map(|(i, l)| i.value.place(*l))
            .collect();
        let mut args: Vec<Arg<'_>> = run
            .inputs
            .iter()
            .zip(&placed)
            .map(|(input, placed)| match input.kind {
                Kind::Array => Arg::View(placed.view()),
                Kind::Index => index_arg(&input.value),
            })
            .collect();
        let outcome = function.call_with_report(&mut args);
        drop(args);
        for (input, placed) in run.inputs.iter().zip(&placed) {
            if placed.value() != input.value || !placed.surroundings_untouched() {
                return Err(format!("input {} was written to", input.name));
            }
        }
        let (results, report) = match (outcome, &self.raises) {
            (Ok(ok), None) => ok,
            (Err(e), Some((kind, message))) => {
                if e.kind() != *kind || !e.message().contains(message) {
                    return Err(format!(
                        "raises {:?} {:?}, not {kind:?} {message:?}",
                        e.kind(),
                        e.message()
                    ));
                }
                return match run.expected {
                    Ok(_) => Err(format!("raises {e}, but NumPy does not")),
                    Err(_) => Ok(()),
                };
            }
            (Ok(_), Some((kind, message))) => {
                return Err(format!("does not raise {kind:?} {message:?}"));
            }
            (Err(e), None) => return Err(format!("raises {e}")),
        };
        if let Some(copy) = report.copies.iter().find(|c| c.what.contains("argument")) {
            return Err(format!("copies an input: {copy}"));
        }
        let expected = run
            .expected
            .as_ref()
            .map_err(|e| format!("NumPy raises {e}"))?;
        if results.len() != expected.len() {
            return Err(format!("{} results", results.len()));
        }
        for (actual, expected) in results.iter().zip(expected) {
            self.compare(actual, expected)?;
        }
        Ok(())
    }

    fn compare(&self, actual: &Array, expected: &Value) -> Result<(), String> {
        compare(actual, &expected.to_array(), self.tolerance).map_err(|e| e.to_string())?;
        if self.zero_signs && zeros_differ(&Value::of(actual), expected) {
            return Err("the sign of a zero differs".into());
        }
        Ok(())
    }
}

/// Layout `k` of [`Layout::ALL`] for the first input, others for the other inputs.
fn shuffled(k: usize, input: usize) -> Layout {
    Layout::ALL[(k + 3 * input) % Layout::ALL.len()]
}

/// Whether `text` mentions the value `%name`.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(&format!("%{name}"))
        .any(|(at, m)| !text[at + m.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The tensor type of a value.
pub(crate) fn array_type(dims: Dims, value: &Value) -> String {
    let mut text = String::from("tensor<");
    for n in &value.shape {
        match dims {
            Dims::Dynamic => text.push_str("?x"),
            Dims::Static => {
                let _ = write!(text, "{n}x");
            }
        }
    }
    text + mlir(value.dtype) + ">"
}

/// An `index` argument.
pub(crate) fn index_arg<'a>(value: &Value) -> Arg<'a> {
    match Scalar::from_bytes(DType::I64, &value.bytes) {
        Some(scalar) => scalar.into(),
        None => panic!("an index has eight bytes"),
    }
}

/// Whether a zero of one has another sign than that of the other, at the same place.
fn zeros_differ(a: &Value, b: &Value) -> bool {
    if !crate::samples::is_float(a.dtype) {
        return false;
    }
    let size = a.dtype.size();
    let zero = |e: &[u8]| e[..size - 1].iter().all(|b| *b == 0) && e[size - 1] & 0x7f == 0;
    a.bytes
        .chunks(size)
        .zip(b.bytes.chunks(size))
        .any(|(a, b)| zero(a) && zero(b) && a != b)
}

/// `bfloat16` in NumPy: widened to `float32`, and rounded back to nearest even.
const BF16: &str = "
def widened(x):
    return np.asarray(np.asarray(x, np.uint32) << 16, np.uint32).view(np.float32)
def rounded(x):
    x = np.asarray(x)
    if x.dtype != np.float32:
        return x
    bits = x.view(np.uint32).astype(np.uint64)
    near = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(x), 0x7fc0, near).astype(np.uint16)
def bf16(x):
    return widened(rounded(np.asarray(x)))
def bf16_after(x, y):
    x, y = np.broadcast_arrays(x, y)
    bits = np.ascontiguousarray(x).reshape(x.shape).view(np.int32) >> 16
    place = np.where(bits < 0, -(bits & 0x7fff), bits) + np.sign(y - x).astype(int)
    next = np.copysign(widened(np.where(place < 0, 0x8000 - place, place)), np.where(place == 0, x, place.astype(np.float32)))
    return np.where(np.isnan(x) | np.isnan(y), np.float32(np.nan), np.where(x == y, y, next))
";

/// Functions per module: large enough to share the fixed costs, small enough for two threads.
const CHUNK: usize = 48;

/// Asks NumPy, compiles, runs and compares.
///
/// # Panics
/// With the first failures, if there are any.
#[track_caller]
pub(crate) fn check(cases: Vec<Case>) {
    let total = cases.len();
    report(&failures(cases), total);
}

/// As [`check`], but returns what is wrong.
fn failures(mut cases: Vec<Case>) -> Vec<String> {
    {
        let _session = Session::start();
        cases.iter_mut().for_each(Case::ask_numpy);
    }
    let mut failures = Vec::new();
    for chunk in cases.chunks(CHUNK) {
        let functions = compile_cases(chunk, &mut failures);
        let _session = Session::start();
        for (case, function) in chunk.iter().zip(functions) {
            if let Some(function) = function {
                case.check(&function, &mut failures);
            }
        }
    }
    failures
}

/// Fails with the first of the failures, if there are any.
#[track_caller]
pub(crate) fn report(failures: &[String], total: usize) {
    let shown = failures
        .iter()
        .take(25)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(
        failures.is_empty(),
        "{} failures in {total} cases:\n\n{shown}\n",
        failures.len()
    );
}

/// One function per case; those that do not compile are failures.
fn compile_cases(cases: &[Case], failures: &mut Vec<String>) -> Vec<Option<Function>> {
    let sources: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(i, case)| case.source(&format!("f{i}")))
        .collect();
    let load = |exe: &Executable, i: usize| match exe.function(&format!("f{i}")) {
        Ok(function) => Some(function),
        Err(e) => panic!("{e}"),
    };
    if let Ok(exe) = compiler().compile_source(sources.concat(), "test.mlir") {
        return (0..cases.len()).map(|i| load(&exe, i)).collect();
    }
    let alone = |(i, source): (usize, &String)| match compiler().compile_source(source, "test.mlir")
    {
        Ok(exe) => load(&exe, i),
        Err(e) => {
            failures.push(format!("{}\n    does not compile: {e}", source.trim_end()));
            None
        }
    };
    sources.iter().enumerate().map(alone).collect()
}

/// The harness itself: what differs from NumPy in one element, in the sign of a zero, in dtype or
/// shape, and what raises or does not, is found.
#[test]
fn differences_are_found() {
    let x = || [("a", Value::vector(&[1.5, -0.0, 3.0]))];
    let cases = vec![
        Case::new("numpy.negative %a", "-a").run_everywhere(&x()),
        Case::new("numpy.negative %a", "np.array([-1.5, 0.0, -2.0])").run(&x()),
        Case::new("numpy.negative %a", "np.array([-1.5, -0.0, -3.0])").run(&x()),
        Case::new("numpy.negative %a", "-a").ulps(4).run(&x()),
        Case::new("numpy.negative %a", "np.array([-1.5, -0.0, -3.0])")
            .ulps(4)
            .run(&x()),
        Case::new("numpy.negative %a", "np.array([-1.5, -0.0, -3.0])")
            .ulps(4)
            .any_zero()
            .run(&x()),
        Case::new("numpy.negative %a", "-a[1:]").run(&x()),
        Case::new("numpy.negative %a", "(-a).astype(np.float32)").run(&x()),
        Case::new("numpy.negative %a", "-a")
            .run(&x())
            .raises(RunErrorKind::Value, ""),
        Case::new("numpy.take %a, %b", "np.take(a, b)")
            .run(&[x()[0].clone(), ("b", Value::vector(&[4i64]))])
            .types("tensor<?xf64>"),
    ];
    let wrong = [1, 2, 4, 6, 7, 8, 9];
    for (i, case) in cases.into_iter().enumerate() {
        let found = failures(vec![case]);
        assert_eq!(!found.is_empty(), wrong.contains(&i), "case {i}: {found:?}");
    }
}
