//! A whole program with the typed builder: k-means with control flow, scatter, views and an argument
//! that is updated, compared with NumPy; and errors at the place that makes them.

use npir::builder::{Bound, Built, Index, tensor_type};
use npir::mlir::prelude::OpFold;
use npir::prelude::*;
use npir_testing::{Tolerance, compare, oracle};

use crate::harness::{Session, compiler};
use crate::samples::{Random, moderate};
use crate::value::{Layout, Value};

/// `((x[:, None, :] - c[None]) ** 2).sum(-1)`
fn distances<'c>(f: &Func<'c>, x: Tensor<'c>, c: Tensor<'c>) -> Built<'c> {
    let rows = f.slice(x, &[Index::ALL, Index::NewAxis])?;
    let centres = f.slice(c, &[Index::NewAxis])?;
    let difference = f.subtract(rows, centres)?;
    f.sum(f.square(difference)?, Some(&[-1]), false)
}

/// The mean of the rows of each label; a centre without rows stays where it is.
fn moved<'c>(f: &Func<'c>, x: Tensor<'c>, c: Tensor<'c>) -> Built<'c> {
    let labels = f.argmin(distances(f, x, c)?, Some(1))?;
    let zero = f.constant(Scalar::new(0.0))?;
    let (k, d) = (f.dim(c, 0)?, f.dim(c, 1)?);
    let sums = f.full(zero, &[OpFold::Value(k), OpFold::Value(d)])?;
    let sums = f.add_at(sums, &[labels], x)?;
    let counts = f.full(zero, &[OpFold::Value(k)])?;
    let one = f.constant(Scalar::new(1.0))?;
    let counts = f.add_at(counts, &[labels], one)?;
    let column = f.reshape(counts, &[OpFold::Static(-1), OpFold::Static(1)])?;
    let means = f.divide(sums, f.maximum(column, one)?)?;
    f.where_(f.greater(column, zero)?, means, c)
}

const NUMPY: &str = "
def distances(x, c):
    return ((x[:, None, :] - c[None]) ** 2).sum(-1)
rounds, changed = 0, True
while changed and rounds < limit:
    labels = distances(x, c).argmin(1)
    sums, counts = np.zeros_like(c), np.zeros(len(c))
    np.add.at(sums, labels, x)
    np.add.at(counts, labels, 1)
    new = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], c)
    changed, c, rounds = (new != c).any(), new, rounds + 1
labels = distances(x, c).argmin(1)
spread = x.max(0) - x.min(0) if len(x) else np.zeros(x.shape[1])
last = c[::-1][0] if rounds else -c[0]
";

#[test]
fn k_means() {
    let compiler = compiler();
    let context = compiler.context();
    let program = ProgramBuilder::new(&context);
    let matrix: &[Option<usize>] = &[None, None];
    let row = tensor_type(&context, DType::F64, &[None]);
    program
        .function_with_updates(
            "kmeans",
            &[
                ("x", DType::F64, matrix),
                ("c", DType::F64, matrix),
                ("limit", DType::I64, &[]),
            ],
            &[(1, 0)],
            |f, args| {
                let (x, c, limit) = (args[0], args[1], args[2]);
                let zero = f.constant(Scalar::new(0i64))?;
                let yes = f.constant(Scalar::new(true))?;
                let values = f.while_loop(
                    &[c, zero, yes],
                    |f, v| f.logical_and(v[2], f.less(v[1], limit)?),
                    |f, v| {
                        let next = moved(f, x, v[0])?;
                        let changed = f.any(f.not_equal(next, v[0])?, None, false)?;
                        let one = f.constant(Scalar::new(1i64))?;
                        Ok(vec![next, f.add(v[1], one)?, changed])
                    },
                )?;
                let (c, rounds) = (values[0], values[1]);
                let labels = f.argmin(distances(f, x, c)?, Some(1))?;
                let spread =
                    f.subtract(f.max(x, Some(&[0]), false)?, f.min(x, Some(&[0]), false)?)?;
                let first = f.if_else(
                    f.greater(rounds, zero)?,
                    &[row],
                    |f| {
                        let reversed = Index::Slice {
                            start: None,
                            stop: None,
                            step: Some(Bound::Static(-1)),
                        };
                        let back = f.slice(c, &[reversed])?;
                        Ok(vec![f.slice(back, &[Index::Index(Bound::Static(0))])?])
                    },
                    |f| {
                        let first = f.slice(c, &[Index::Index(Bound::Static(0))])?;
                        Ok(vec![f.negative(first)?])
                    },
                )?;
                Ok(vec![c, labels, rounds, spread, first[0]])
            },
        )
        .unwrap_or_else(|e| panic!("{e}"));
    let module = program.finish().unwrap_or_else(|e| panic!("{e}"));
    // The module is usable more than once, and its text is the same program.
    let text = module.as_operation().to_string();
    let built = compiler.compile(&module).unwrap_or_else(|e| panic!("{e}"));
    let parsed = compiler
        .compile_source(text, "printed.mlir")
        .unwrap_or_else(|e| panic!("{e}"));
    let names: Vec<_> = built.manifest().functions[0]
        .args
        .iter()
        .map(|a| a.name.as_str())
        .collect();
    assert_eq!(names, ["x", "c", "limit"]);

    let _session = Session::start();
    let mut random = Random(80);
    let x = moderate(DType::F64, 200 * 3, &mut random).reshaped(&[200, 3]);
    let start = moderate(DType::F64, 5 * 3, &mut random).reshaped(&[5, 3]);
    for limit in [0i64, 1, 4, 100] {
        let limit = Value::scalar(limit).to_array();
        let expected = oracle()
            .run(
                NUMPY,
                &[
                    ("x", &x.to_array()),
                    ("c", &start.to_array()),
                    ("limit", &limit),
                ],
                &["c", "labels", "rounds", "spread", "last"],
            )
            .expect("NumPy runs it");
        for exe in [&built, &parsed] {
            for (of_x, of_c) in [
                (Layout::C, Layout::C),
                (Layout::Fortran, Layout::Scattered),
                (Layout::Scattered, Layout::Reversed),
            ] {
                let placed = x.place(of_x);
                let mut c = start.place(of_c);
                let results = exe
                    .run(
                        "kmeans",
                        &mut [placed.view().into(), c.view_mut().into(), (&limit).into()],
                    )
                    .unwrap_or_else(|e| panic!("{e}"));
                let all = [&[c.value().to_array()][..], &results[..]].concat();
                for (ours, theirs) in all.iter().zip(&expected) {
                    // Distances differ in the last bit; labels and rounds do not depend on it here.
                    compare(ours, theirs, Tolerance::Ulps(64)).unwrap_or_else(|e| panic!("{e}"));
                }
            }
        }
    }
}

/// A wrong operand is an error at the line of Rust that gave it, or where the user's program says.
#[test]
fn errors_have_a_place() {
    let compiler = compiler();
    let context = compiler.context();
    let program = ProgramBuilder::new(&context);
    let params: &[(&str, DType, &[Option<usize>])] = &[
        ("a", DType::F64, &[Some(3)]),
        ("b", DType::F64, &[Some(4)]),
        ("c", DType::I32, &[None]),
    ];
    program
        .function("f", params, |_, args| Ok(args.to_vec()))
        .expect("it is valid");
    let mut texts = Vec::new();
    let here = line!();
    let outcome = program.function("g", params, |f, args| {
        for (a, b) in [(args[0], args[1]), (args[0], args[2])] {
            match f.add(a, b) {
                Ok(_) => texts.push("no error".to_owned()),
                Err(e) => texts.push(e.to_string()),
            }
            f.at("model.py", 12, 5);
        }
        f.sum(args[0], Some(&[1]), false).map(|t| vec![t])
    });
    let line = here + 3;
    assert!(
        texts[0].contains("builder.rs") && texts[0].contains(&format!(":{line}:")),
        "{}",
        texts[0]
    );
    assert!(
        texts[0].contains("shapes (3,) and (4,) do not broadcast"),
        "{}",
        texts[0]
    );
    assert!(
        texts[1].starts_with("model.py:12:5: error:") && texts[1].contains("cast one first"),
        "{}",
        texts[1]
    );
    let e = outcome.expect_err("there is no axis 1").to_string();
    assert!(
        e.starts_with("model.py:12:5: error:") && e.contains('1'),
        "{e}"
    );
    // What failed is not in the program.
    let module = program.finish().expect("what is left is valid");
    let text = module.as_operation().to_string();
    assert!(text.contains("@f") && !text.contains("@g"), "{text}");
}
