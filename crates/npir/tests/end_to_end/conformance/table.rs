//! The page of the book, and that it has no gap.

use std::fmt::Write;
use std::path::Path;

use npir_numpy::elementwise::{Role, Row, rows};
use npir_runtime::DType;
use npir_testing::oracle;

use super::ops::{ELSEWHERE, OPS, Reason};
use super::{Class, call_text};
use crate::elementwise::accepts;
use crate::harness::Session;
use crate::samples::{Random, numbers};
use crate::value::Value;

const HEADER: &str = "\
# Conformance

<!-- Written by the test `conformance::table`: NPIR_WRITE_DOCS=1 cargo test -p npir --test end_to_end conformance -->

Every op of the numpy dialect is run against NumPy itself: on random shapes with dynamic and with static types,
on 0-d and empty arrays, on elements that lie apart or backwards in memory, on operands that broadcast, and on
special values. `yes` means that all of this agrees, in bits but for functions that NumPy itself does not round
correctly (see the tests for the distance in each case). Special values are zeros of both signs, NaN, infinities,
subnormal and extreme numbers. `cargo xtask test` takes one element type of each class for each op,
`cargo xtask test --long` all of them. `bf16`, which NumPy has not, is compared with `float32`, rounded.

Where there is no `yes`:

- *refused*: NumPy has no such function either, and the test asks it.
- *cast*: NumPy computes in another element type; the program says so with `numpy.cast`.
- *missing*: not implemented.
- *-*: does not apply: the op rounds (special values are in tests of its own), has one operand (nothing broadcasts),
  or needs a dimension.

| op | bool | int | uint | float | complex | dynamic | static | 0-d | empty | strided | negative strides | broadcast | special values |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::NumpyRefuses => "refused",
        Reason::Promotes => "cast",
        Reason::Missing => "missing",
    }
}

fn yes(applies: bool) -> &'static str {
    if applies { "yes" } else { "-" }
}

/// Whether NumPy evaluates an expression of these arrays.
fn numpy_takes(expression: &str, inputs: &[(&str, Value)]) -> bool {
    let _session = Session::start();
    let arrays: Vec<_> = inputs
        .iter()
        .map(|(name, value)| (*name, value.to_array()))
        .collect();
    let arrays: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
    let program = format!(
        "result = np.asarray(({expression})[0] if isinstance({expression}, tuple) else {expression})"
    );
    oracle().run(&program, &arrays, &["result"]).is_ok()
}

/// Why a row does not take a class: NumPy refuses it, or promotes it first.
fn reason_of_row(row: &Row, class: Class) -> Reason {
    let inputs: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .zip(row.operands)
        .map(|(name, (_, role))| {
            let dtype = match role {
                Role::Value => class.dtypes()[0],
                Role::Condition => DType::Bool,
                Role::Exponent => DType::I64,
            };
            (name, numbers(dtype, &[1, 1]))
        })
        .collect();
    match numpy_takes(&call_text(row).1, &inputs) {
        true if class == Class::Bool => Reason::Promotes,
        true => panic!("NumPy has {} of {class:?}, and no reason is given", row.op),
        false => Reason::NumpyRefuses,
    }
}

fn row_of(row: &Row) -> String {
    let classes = Class::ALL.map(|class| match accepts(row, class.dtypes()[0]) {
        true => "yes",
        false => word(reason_of_row(row, class)),
    });
    let broadcasts = yes(row.operands.len() > 1);
    format!(
        "| `{}` | {} | yes | yes | yes | yes | yes | yes | {broadcasts} | yes |\n",
        row.numpy_name(),
        classes.join(" | ")
    )
}

fn op_rows(page: &mut String) {
    let mut random = Random(13);
    for op in OPS {
        let classes = Class::ALL.map(|class| match op.takes(class) {
            Ok(()) => "yes",
            Err(reason) => {
                let dtype = class.dtypes()[0];
                let shape = if op.name.contains("vec") || op.name == "matmul" {
                    [3, 3]
                } else {
                    [3, 2]
                };
                let inputs = (op.inputs)(dtype, &shape, &mut random);
                let takes = numpy_takes(op.numpy, &inputs);
                assert_eq!(
                    takes,
                    reason != Reason::NumpyRefuses,
                    "{} of {class:?} in NumPy",
                    op.name
                );
                word(reason)
            }
        });
        let _ = writeln!(
            page,
            "| `{}` | {} | yes | {} | {} | {} | yes | yes | - | {} |",
            op.name,
            classes.join(" | "),
            yes(op.results == 1),
            yes(op.scalar.is_some()),
            yes(op.empty),
            yes(op.special)
        );
    }
}

/// Where an op is tested that has no row here.
fn elsewhere(name: &str) -> Option<&'static str> {
    let fits = |(pattern, _): &&(&str, &str)| match pattern.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end),
        None => name == *pattern,
    };
    ELSEWHERE.iter().find(fits).map(|(_, module)| *module)
}

/// Every op is in the table or among those that are tested elsewhere.
fn check_completeness() {
    let dialect = npir_numpy::dialect();
    let missing: Vec<_> = dialect
        .op_defs()
        .iter()
        .map(|def| def.name.trim_start_matches("numpy.").to_owned())
        .filter(|name| {
            let here =
                rows().any(|row| row.numpy_name() == name) || OPS.iter().any(|op| op.name == name);
            !here && elsewhere(name).is_none()
        })
        .collect();
    assert!(
        missing.is_empty(),
        "neither in the conformance table nor in its list of ops tested elsewhere: {missing:?}"
    );
}

#[test]
fn the_table_is_complete_and_in_the_book() {
    check_completeness();
    let mut page = HEADER.to_owned();
    rows().for_each(|row| page += &row_of(row));
    op_rows(&mut page);
    page += "\nThese have tests of their own in `crates/npir/tests/end_to_end`:\n\n| ops | in |\n|---|---|\n";
    for (pattern, module) in ELSEWHERE {
        let _ = writeln!(page, "| `{pattern}` | `{module}` |");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/conformance.md");
    if std::env::var_os("NPIR_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/src/conformance.md is not what the tests show; NPIR_WRITE_DOCS=1 writes it"
    );
}
