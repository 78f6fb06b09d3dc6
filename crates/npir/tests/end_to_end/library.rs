//! Ops that call the runtime's library, against NumPy: agreement within a tolerance relative to the largest element,
//! or a property of the results where NumPy's own are one choice of many.

use npir_runtime::{Arg, Array, DType, RunErrorKind, symbols};
use npir_testing::oracle;

use npir::prelude::*;

use crate::harness::{Dims, Session, array_type, compile, report, trace};
use crate::value::{Layout, Value};

/// One function: `op` with `{name}` for the type of an input and `{r0}` … for those of the results.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) op: String,
    /// Names and NumPy expressions, which may use `rng` and the inputs before.
    pub(crate) inputs: Vec<(&'static str, String)>,
    /// The results, a tuple if there are several.
    pub(crate) numpy: String,
    /// What must hold of the results `r0` …, the inputs, and NumPy's results `e0` …; agreement without it.
    pub(crate) holds: Option<String>,
    /// The kind and a part of the message that every call raises.
    pub(crate) raises: Option<(RunErrorKind, String)>,
    /// The name of the value that is returned, where `op` is several operations.
    pub(crate) last: &'static str,
    /// Types state no sizes.
    pub(crate) only_dynamic: bool,
    /// Types state all sizes.
    pub(crate) only_static: bool,
}

impl Row {
    pub(crate) fn new(
        op: impl Into<String>,
        inputs: &[(&'static str, &str)],
        numpy: impl Into<String>,
    ) -> Self {
        Row {
            op: op.into(),
            inputs: inputs.iter().map(|(n, e)| (*n, (*e).to_string())).collect(),
            numpy: numpy.into(),
            holds: None,
            raises: None,
            last: "%0",
            only_dynamic: false,
            only_static: false,
        }
    }

    pub(crate) fn holds(mut self, property: impl Into<String>) -> Self {
        self.holds = Some(property.into());
        self
    }

    pub(crate) fn raises(mut self, kind: RunErrorKind, message: &str) -> Self {
        self.raises = Some((kind, message.to_string()));
        self
    }

    /// The results are NumPy's to the bit.
    pub(crate) fn exact(self) -> Self {
        self.holds("np.array_equal(r0, e0)")
    }

    /// `DT` in every text replaced by the name of a dtype.
    pub(crate) fn of(&self, dtype: DType) -> Self {
        let name = format!("np.{dtype}");
        let with = |text: &String| text.replace("DT", &name);
        Row {
            op: self.op.clone(),
            inputs: self.inputs.iter().map(|(n, e)| (*n, with(e))).collect(),
            numpy: with(&self.numpy),
            holds: self.holds.as_ref().map(with),
            raises: self.raises.clone(),
            last: self.last,
            only_dynamic: self.only_dynamic,
            only_static: self.only_static,
        }
    }
}

/// What the tests say in Python.
const PRELUDE: &str = "
L = np.linalg
rng = np.random.default_rng(7)
def fill(dtype, *shape):
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind in 'iub':
        x = np.round(x * 4)
    if np.dtype(dtype).kind == 'c':
        x = x + 1j * rng.normal(size=shape)
    return np.asarray(x).astype(dtype)
def positive(dtype, *shape):
    x = fill(dtype, *shape)
    return (x @ np.conj(np.swapaxes(x, -1, -2)) + 3 * np.eye(shape[-1])).astype(dtype)
def near(a, b, scale=200):
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind not in 'fc':
        return bool(np.array_equal(a, b))
    finite = np.isfinite(b)
    if not np.array_equal(np.where(finite, 0, a), np.where(finite, 0, b), equal_nan=True):
        return False
    size = max(1, np.abs(b[finite]).max(initial=0))
    return bool(np.all(np.abs(a[finite] - b[finite]) <= scale * np.finfo(a.dtype).eps * size))
";

const LAYOUTS: [Layout; 5] = [
    Layout::C,
    Layout::Fortran,
    Layout::Strided,
    Layout::Reversed,
    Layout::Misaligned,
];

/// A row with what NumPy says.
struct Asked {
    row: Row,
    inputs: Vec<Value>,
    expected: Vec<Value>,
}

fn ask(row: Row) -> Result<Asked, String> {
    let _session = Session::start();
    let mut program = PRELUDE.to_string();
    for (name, expression) in &row.inputs {
        program += &format!("{name} = np.asarray({expression})\n");
    }
    let names: Vec<_> = row.inputs.iter().map(|(name, _)| *name).collect();
    let values = |arrays: Vec<Array>| arrays.iter().map(Value::of).collect::<Vec<_>>();
    let inputs = oracle().run(&program, &[], &names);
    let inputs = values(inputs.map_err(|e| format!("{}: {e}", row.op))?);
    program += &format!(
        "results = {}\nresults = results if isinstance(results, tuple) else (results,)\n\
         results = [np.asarray(r) for r in results]\ncount = np.array(len(results))\n",
        row.numpy
    );
    let evaluate = |program: &str, outs: &[&str]| {
        let found = oracle().run(program, &[], outs);
        found.map_err(|e| format!("`{}`: {e}", row.numpy))
    };
    let count = Value::of(&evaluate(&program, &["count"])?[0]).bytes[0];
    let outs: Vec<_> = (0..count).map(|i| format!("e{i}")).collect();
    for (i, out) in outs.iter().enumerate() {
        program += &format!("{out} = results[{i}]\n");
    }
    let outs: Vec<_> = outs.iter().map(String::as_str).collect();
    let expected = values(evaluate(&program, &outs)?);
    Ok(Asked {
        row,
        inputs,
        expected,
    })
}

impl Asked {
    fn has_static_form(&self) -> bool {
        self.row.only_static || (self.row.raises.is_none() && !self.row.only_dynamic)
    }

    fn source(&self, name: &str, dims: Dims) -> String {
        let mut op = self.row.op.clone();
        let mut params = Vec::new();
        for ((name, _), value) in self.row.inputs.iter().zip(&self.inputs) {
            let ty = array_type(dims, value);
            op = op.replace(&format!("{{{name}}}"), &ty);
            params.push(format!("%{name}: {ty}"));
        }
        let types: Vec<_> = self.expected.iter().map(|v| array_type(dims, v)).collect();
        for (i, ty) in types.iter().enumerate() {
            op = op.replace(&format!("{{r{i}}}"), ty);
        }
        let outs: Vec<_> = (0..types.len()).map(|i| format!("%0#{i}")).collect();
        let (count, outs) = match types.len() {
            1 => (String::new(), self.row.last.to_string()),
            n => (format!(":{n}"), outs.join(", ")),
        };
        let types = types.join(", ");
        let params = params.join(", ");
        format!(
            "func.func @{name}({params}) -> ({types}) {{\n  %0{count} = {op}\n  return {outs} : {types}\n}}\n"
        )
    }

    fn check(&self, exe: &Executable, name: &str, layout: Layout) -> Result<(), String> {
        trace(|| self.source(name, Dims::Dynamic));
        let outcome = {
            let _session = Session::start();
            let placed: Vec<_> = self.inputs.iter().map(|v| v.place(layout)).collect();
            let mut args: Vec<Arg<'_>> = placed.iter().map(|p| p.view().into()).collect();
            let outcome = exe.run(name, &mut args);
            outcome.map(|results| results.iter().map(Value::of).collect::<Vec<_>>())
        };
        let results = match (outcome, &self.row.raises) {
            (Ok(results), None) => results,
            (Err(e), Some((kind, message)))
                if e.kind() == *kind && e.message().contains(message) =>
            {
                return Ok(());
            }
            (Ok(_), Some(_)) => return Err("raises nothing".into()),
            (Err(e), _) => return Err(format!("raises {:?} {e}", e.kind())),
        };
        let _session = Session::start();
        let mut arrays: Vec<(String, Array)> = Vec::new();
        for ((name, _), value) in self.row.inputs.iter().zip(&self.inputs) {
            arrays.push(((*name).to_string(), value.to_array()));
        }
        for (i, value) in results.iter().enumerate() {
            arrays.push((format!("r{i}"), value.to_array()));
        }
        for (i, value) in self.expected.iter().enumerate() {
            arrays.push((format!("e{i}"), value.to_array()));
        }
        let agreement: Vec<_> = (0..results.len())
            .map(|i| format!("near(r{i}, e{i})"))
            .collect();
        let agreement = agreement.join(" and ");
        let property = self.row.holds.as_ref().unwrap_or(&agreement);
        let alike: Vec<_> = (0..results.len())
            .map(|i| format!("(r{i}.dtype, r{i}.shape) == (e{i}.dtype, e{i}.shape)"))
            .collect();
        let program = format!(
            "{PRELUDE}ok = np.array(bool({} and ({property})))",
            alike.join(" and ")
        );
        let inputs: Vec<_> = arrays.iter().map(|(n, a)| (n.as_str(), a)).collect();
        let ok = oracle().run(&program, &inputs, &["ok"]);
        match ok.map(|ok| Value::of(&ok[0]).bytes[0]) {
            Ok(1) => Ok(()),
            Ok(_) => {
                let shown: Vec<_> = arrays.iter().map(|(n, a)| format!("{n} = {a}")).collect();
                Err(format!("`{property}` does not hold:\n{}", shown.join("\n")))
            }
            Err(e) => Err(e.to_string()),
        }
    }
}

/// Every row in every dtype, see [`check_rows`].
#[track_caller]
pub(crate) fn check_each(dtypes: &[DType], rows: &[Row]) {
    let all = dtypes
        .iter()
        .flat_map(|&dtype| rows.iter().map(move |row| row.of(dtype)));
    check_rows(all.collect());
}

/// Asks NumPy, compiles with and without static sizes, runs in several layouts.
#[track_caller]
pub(crate) fn check_rows(rows: Vec<Row>) {
    let total = rows.len();
    let mut failures = Vec::new();
    let mut asked = Vec::new();
    for row in rows {
        match ask(row) {
            Ok(row) => asked.push(row),
            Err(e) => failures.push(e),
        }
    }
    let mut source = String::new();
    for (i, row) in asked.iter().enumerate() {
        if !row.row.only_static {
            source += &row.source(&format!("dynamic{i}"), Dims::Dynamic);
        }
        if row.has_static_form() {
            source += &row.source(&format!("static{i}"), Dims::Static);
        }
    }
    let exe = compile(&source);
    for (i, row) in asked.iter().enumerate() {
        for layout in LAYOUTS {
            for form in ["dynamic", "static"] {
                if form == "dynamic" && row.row.only_static {
                    continue;
                }
                if form == "static" && (!row.has_static_form() || layout != Layout::C) {
                    continue;
                }
                if let Err(why) = row.check(&exe, &format!("{form}{i}"), layout) {
                    let source = row.source("f", Dims::Static);
                    failures.push(format!("{source} in {layout:?}: {why}"));
                    break;
                }
            }
        }
    }
    report(&failures, total);
}

#[test]
fn every_routine_of_the_compiler_is_in_the_runtime() {
    for routine in <npir_loop::Routine as npir_mlir::constraint::AttrEnum>::VARIANTS {
        let symbol = routine.symbol();
        assert!(symbols::resolve(&symbol).is_some(), "{symbol}");
    }
    let known = <npir_loop::Routine as npir_mlir::constraint::AttrEnum>::VARIANTS.len();
    let present = symbols::all().filter(|(name, _)| name.starts_with("npir_lib_"));
    assert_eq!(present.count(), known);
}
