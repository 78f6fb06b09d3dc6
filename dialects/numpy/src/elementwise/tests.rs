//! The table against itself and against NumPy's own list of loops.

use std::collections::HashSet;

use npir_mlir::prelude::*;

use super::constant::Scalar;
use super::dtype::{Classes, DType};
use super::table::{ResultRule, Row, row, rows};

/// Written by `tests/loops.py` with NumPy.
const LOOPS: &str = include_str!("../../tests/loops.txt");

/// Functions that NumPy has, but not as a ufunc of operands of one type.
const NO_UFUNC: [&str; 7] = ["where", "clip", "real", "imag", "angle", "ldexp", "sinc"];

#[test]
fn names_are_unique_and_documented() {
    let mut seen = HashSet::new();
    for row in rows() {
        assert!(seen.insert(row.op), "{} is there twice", row.op);
        assert!(row.op.starts_with("numpy."), "{}", row.op);
        assert!(
            row.doc.ends_with('.') && !row.doc.contains('\n'),
            "{}: {}",
            row.op,
            row.doc
        );
        assert!(super::row(row.op).is_some());
        let words = row.numpy_name().split('_');
        let camel_case = words.map(|word| word[..1].to_uppercase() + &word[1..]);
        assert_eq!(row.view, camel_case.collect::<String>());
    }
    assert!(row("numpy.no_such_function").is_none());
}

#[test]
fn rows_are_typed_views() {
    use super::{Add, Multiply, Where};
    let ctx = Registry::new()
        .with_upstream()
        .with(crate::dialect())
        .context();
    let source = "func.func @f(%c: tensor<3xi1>, %x: tensor<f64>, %y: tensor<3xf64>) -> tensor<3xf64> {
                    %0 = numpy.where %c, %x, %y : tensor<3xi1>, tensor<f64>, tensor<3xf64> -> tensor<3xf64>
                    return %0 : tensor<3xf64>
                  }";
    let module = parse_source(&ctx, source.as_bytes(), "views.mlir").expect("a valid program");
    let top = module.as_operation();
    // SAFETY: the module owns the op and outlives its uses.
    let top: Op<'_> = unsafe { Op::from_raw(top.to_raw()) };
    let choice = top.find_all(Where::NAME)[0];
    assert!(Add::cast(choice).is_none());
    let choice = Where::cast(choice).expect("a view");
    assert!(choice.condition().ty().element().is_int());
    assert_eq!(choice.x().ty().rank(), 0);
    assert_eq!(choice.y().ty(), choice.result().ty());

    let double_of_sum = on_view::<Where, _>("double-of-sum", 1, |choice, rw| {
        let (x, y) = (choice.x(), choice.y());
        let sum = Add::build_inferred(rw, x, y).map_err(NoMatch)?;
        let double = Multiply::build(rw, sum.result(), sum.result(), y.ty());
        rw.replace(choice.op(), &[double.result()]);
        Ok(())
    });
    apply_greedily(top, &[double_of_sum], GreedyConfig::default()).expect("no failure");
    assert!(top.verify_ok() && top.find_all(Where::NAME).is_empty());
    let product = Multiply::cast(top.find_all(Multiply::NAME)[0]).expect("a view");
    let sum = Add::cast(product.lhs().defining_op().expect("an op")).expect("a view");
    assert_eq!(sum.rhs().ty(), product.result().ty());

    // Shapes that do not broadcast: the reason is a diagnostic.
    let flags = top.find_all("func.func")[0]
        .region(0)
        .entry()
        .expect("a body")
        .args()[0];
    let (refused, diagnostics) = collect_diagnostics(&ctx, || {
        rewrite_at(product.op(), |rw| {
            Add::build_inferred(rw, flags, sum.rhs()).is_err()
        })
    });
    assert!(refused);
    let message = diagnostics[0].to_string();
    assert!(
        message.contains("operands have element types bool and float64"),
        "{message}"
    );
}

#[test]
fn the_reference_lists_every_row() {
    let reference = super::reference();
    for row in rows() {
        assert!(reference.contains(&format!("`{} ", row.op)), "{}", row.op);
    }
}

fn numpy_dtype(name: &str) -> DType {
    DType::ALL
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .unwrap_or_else(|| panic!("no element type {name}"))
}

#[test]
fn element_types_are_those_of_numpys_loops() {
    let mut found = HashSet::new();
    for line in LOOPS.lines() {
        let (name, loops) = line.split_once(": ").expect("name: loops");
        let row = row(&format!("numpy.{name}")).unwrap_or_else(|| panic!("no row for {name}"));
        found.insert(row.op);
        for entry in loops.split(' ') {
            let parts: Vec<_> = entry.split('>').collect();
            let dtype = numpy_dtype(parts[0]);
            let accepted = row.accepts.contains(dtype.class());
            if parts[1] == "none" {
                assert!(!accepted, "{name} of {}: NumPy has no loop", parts[0]);
                continue;
            }
            let (takes, gives) = (numpy_dtype(parts[1]), numpy_dtype(parts[2]));
            if !accepted {
                // What NumPy promotes to an integer is left to the frontend.
                assert!(
                    dtype.is_bool() && takes == DType::Int(8),
                    "{name} of {}",
                    parts[0]
                );
                continue;
            }
            assert_eq!(
                row.result_dtype(dtype),
                gives,
                "result of {name} of {}",
                parts[0]
            );
            if row.result != ResultRule::Bool {
                assert_eq!(
                    row.loop_dtype(dtype),
                    takes,
                    "loop of {name} of {}",
                    parts[0]
                );
            }
        }
    }
    for row in rows().filter(|row| !NO_UFUNC.contains(&row.numpy_name())) {
        assert!(found.contains(row.op), "{} is not in loops.txt", row.op);
    }
}

/// Some values of a type, extremes and special ones among them.
fn samples(dtype: DType) -> Vec<Scalar> {
    if dtype.is_bool() {
        return vec![Scalar::Bool(false), Scalar::Bool(true)];
    }
    if dtype.is_int() {
        let raw = [
            0,
            1,
            -1,
            2,
            3,
            7,
            8,
            100,
            i64::MIN,
            i64::MAX,
            dtype.int_min(),
        ];
        return raw
            .into_iter()
            .map(|v| Scalar::Int(dtype.wrap(v)))
            .collect();
    }
    [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        2.5,
        -3.5,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ]
    .into_iter()
    .map(Scalar::Float)
    .collect()
}

fn same_bits(a: Option<Scalar>, b: Option<Scalar>) -> bool {
    match (a, b) {
        (Some(Scalar::Float(a)), Some(Scalar::Float(b))) => {
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        (a, b) => a == b,
    }
}

fn accepted_real_types(row: &Row) -> impl Iterator<Item = DType> {
    let accepts = row.accepts;
    DType::ALL
        .into_iter()
        .filter(move |dtype| accepts.contains(dtype.class()) && !dtype.is_complex())
}

#[test]
fn folds_of_commutative_rows_commute() {
    for row in rows().filter(|row| row.commutative) {
        assert_eq!(row.operands.len(), 2, "{}", row.op);
        let Some(fold) = row.fold else { continue };
        for dtype in accepted_real_types(row).map(|dtype| row.loop_dtype(dtype)) {
            for &a in &samples(dtype) {
                for &b in &samples(dtype) {
                    let (ab, ba) = (fold(dtype, &[a, b]), fold(dtype, &[b, a]));
                    assert!(same_bits(ab, ba), "{} of {a:?}, {b:?}", row.op);
                }
            }
        }
    }
}

#[test]
fn identities_hold_for_the_folds() {
    use super::table::Rule;
    for row in rows() {
        let Some(fold) = row.fold else { continue };
        for dtype in accepted_real_types(row) {
            let number = |n: f64| match dtype {
                DType::Bool => Scalar::Bool(n != 0.0),
                _ if dtype.is_int() => Scalar::Int(n as i64),
                _ => Scalar::Float(n),
            };
            let covers = |classes: Classes| classes.contains(dtype.class());
            for &x in &samples(dtype) {
                let check = |arguments: &[Scalar]| {
                    let result = fold(dtype, arguments);
                    assert!(
                        result.is_none() || same_bits(result, Some(x)),
                        "{} of {arguments:?}: {result:?}",
                        row.op
                    );
                };
                for rule in row.rules {
                    match *rule {
                        Rule::RightIdentity(n, classes) if covers(classes) => {
                            check(&[x, number(n)])
                        }
                        Rule::LeftIdentity(n, classes) if covers(classes) => check(&[number(n), x]),
                        Rule::AllOnesIdentity if dtype.is_bool() => check(&[x, number(1.0)]),
                        Rule::AllOnesIdentity => check(&[x, Scalar::Int(dtype.wrap(-1))]),
                        Rule::Nothing(classes) if covers(classes) => check(&[x]),
                        Rule::Involution if row.result == ResultRule::Same => {
                            if let Some(once) = fold(dtype, &[x]) {
                                assert!(same_bits(fold(dtype, &[once]), Some(x)), "{}", row.op);
                            }
                        }
                        Rule::Idempotent if row.result == ResultRule::Same => {
                            if let Some(once) = fold(dtype, &[x]) {
                                assert!(same_bits(fold(dtype, &[once]), Some(once)), "{}", row.op);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}
