//! The page of the book, and that it has no gap.

use std::fmt::Write;
use std::path::Path;

use npir_numpy::elementwise::{Role, Row, rows};
use npir_runtime::DType;
use npir_testing::oracle;

use super::ops::{Fill, Make, Op, WITHOUT_ROW, Why, ops};
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
`cargo xtask test --long` all of them; *float* is `f32` and `f64`. `bf16`, which NumPy has not, is compared with
`float32`, rounded.

Where there is no `yes`:

- *refused*: NumPy has no such function either, and the test asks it.
- *cast*: NumPy computes in another element type; the program says so with `numpy.cast`.
- *no bf16*: NumPy refuses `float16`, and `bf16` is treated alike.
- *no pair*: there is one operand, or operands that do not broadcast in NumPy.
- *no axis*: it works along axes, which a 0-d array has not.
- *no array*: it takes sizes and single numbers only.
- *rounds*: it rounds, or several results are right; special values are in the tests of its own.

| op | bool | int | uint | f16 | bf16 | float | complex | dynamic | static | 0-d | empty | strided | negative strides | broadcast | special values |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
";

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
fn reason_of_row(row: &Row, class: Class) -> Why {
    let inputs: Vec<_> = ["a", "b", "c"]
        .into_iter()
        .zip(row.operands)
        .map(|(name, (_, role))| {
            let dtype = match role {
                Role::Value => in_numpy(class),
                Role::Condition => DType::Bool,
                Role::Exponent => DType::I64,
            };
            (name, numbers(dtype, &[1, 1]))
        })
        .collect();
    match numpy_takes(&call_text(row).1, &inputs) {
        true if class == Class::Bool => Why::Cast,
        true => panic!("NumPy has {} of {class:?}, and no reason is given", row.op),
        false => Why::Refused,
    }
}

/// A type of the class that NumPy has.
fn in_numpy(class: Class) -> DType {
    match class {
        Class::Brain => DType::F16,
        class => class.dtypes()[0],
    }
}

fn row_of(row: &Row) -> String {
    let classes = Class::ALL.map(|class| match accepts(row, class.dtypes()[0]) {
        true => "yes",
        false => reason_of_row(row, class).cell(),
    });
    let broadcasts = if row.operands.len() > 1 {
        "yes"
    } else {
        Why::OneOperand.cell()
    };
    format!(
        "| `{}` | {} | yes | yes | yes | yes | yes | yes | {broadcasts} | yes |\n",
        row.numpy_name(),
        classes.join(" | ")
    )
}

fn cell<T>(column: Result<T, Why>) -> &'static str {
    match column {
        Ok(_) => "yes",
        Err(why) => why.cell(),
    }
}

/// The reason, after NumPy has been asked whether it takes the class.
fn reason_of_op(op: &Op, class: Class, why: Why) -> &'static str {
    let mut random = Random(13);
    let mut make = Make {
        dtype: in_numpy(class),
        shape: vec![4, 3],
        fill: Fill::Plain,
        random: &mut random,
    };
    let takes = numpy_takes(op.call.1, &(op.inputs)(&mut make));
    let refuses = matches!(why, Why::Refused | Why::NoBf16);
    assert_eq!(takes, !refuses, "{} of {class:?} in NumPy", op.name);
    why.cell()
}

/// Whether NumPy refuses empty arrays.
fn refuses_empty(op: &Op) -> bool {
    let mut random = Random(14);
    let mut refused = |shape: [usize; 2]| {
        let mut make = Make {
            dtype: DType::F64,
            shape: shape.to_vec(),
            fill: Fill::Plain,
            random: &mut random,
        };
        !numpy_takes(op.call.1, &(op.inputs)(&mut make))
    };
    refused([0, 3])
}

fn row_of_op(op: &Op) -> String {
    let classes = Class::ALL.map(|class| match op.takes(class) {
        Ok(()) => "yes",
        Err(why) => reason_of_op(op, class, why),
    });
    if op.empty == Err(Why::Refused) {
        assert!(refuses_empty(op), "{} of nothing in NumPy", op.name);
    }
    let columns = [
        "yes",
        "yes",
        cell(op.scalar),
        cell(op.empty),
        cell(op.layouts),
        cell(op.layouts),
        cell(op.broadcast),
        cell(op.special),
    ];
    format!(
        "| `{}` | {} | {} |\n",
        op.name,
        classes.join(" | "),
        columns.join(" | ")
    )
}

/// Whether an op has a reason to have no row.
fn is_without_row(name: &str) -> bool {
    let fits = |(pattern, ..): &(&str, &str, &str)| match pattern.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end),
        None => name == *pattern,
    };
    WITHOUT_ROW.iter().any(fits)
}

/// Every op is in the table or has a reason not to be.
fn check_completeness() {
    let dialect = npir_numpy::dialect();
    let missing: Vec<_> = dialect
        .op_defs()
        .iter()
        .map(|def| def.name.trim_start_matches("numpy.").to_owned())
        .filter(|name| {
            let here =
                rows().any(|row| row.numpy_name() == name) || ops().any(|op| op.name == name);
            !here && !is_without_row(name)
        })
        .collect();
    assert!(
        missing.is_empty(),
        "neither in the conformance table nor in its list of ops without a row: {missing:?}"
    );
}

#[test]
fn the_table_is_complete_and_in_the_book() {
    check_completeness();
    let mut page = HEADER.to_owned();
    rows().for_each(|row| page += &row_of(row));
    ops().for_each(|op| page += &row_of_op(op));
    page += "\nThese have no row:\n\n| ops | why | tests in `crates/npir/tests/end_to_end` |\n|---|---|---|\n";
    for (pattern, why, module) in WITHOUT_ROW {
        let _ = writeln!(page, "| `{pattern}` | {why} | `{module}` |");
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
