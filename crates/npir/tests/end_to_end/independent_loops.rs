//! Loops over one axis of an array, and lists that are stacked: those whose iterations do not depend on each other, and are
//! alike, become ops of whole arrays, the others stay, and all compute what NumPy computes.

use std::sync::{Arc, Mutex};

use npir::passes::optimize::Optimize;
use npir::prelude::*;
use npir_testing::{Tolerance, compare, oracle};

use crate::harness::{Session, call, compiler};
use crate::samples::{Random, moderate, numbers};
use crate::value::Value;

/// What becomes of the loops.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Becomes {
    /// Ops of whole arrays, if sums may be in another order.
    Whole,
    /// The same in every mode.
    WholeExactly,
    /// Nothing else.
    Loop,
}

/// Arguments are `x: 40x3`, `c: 6x3` and the labels `l: 40` of rows of x, among them some that no row of c has.
struct Case {
    name: &'static str,
    /// From `%r = scf.for …` on.
    mlir: &'static str,
    result: &'static str,
    /// The result is `r`.
    numpy: &'static str,
    becomes: Becomes,
}

const CASES: &[Case] = &[
    Case {
        name: "means of rows that masks select, where there are any",
        mlir: "%r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %j = numpy.from_scalar %i : index
            %m = numpy.equal %l, %j : tensor<40xi64>, tensor<i64> -> tensor<40xi1>
            %a = numpy.any %m : tensor<40xi1> -> tensor<i1>
            %b = numpy.item %a : tensor<i1>
            %e = scf.if %b -> (tensor<6x3xf64>) {
              %s = numpy.index %x[array %m] : tensor<40x3xf64>, tensor<40xi1> -> tensor<?x3xf64>
              %w = numpy.mean %s axes [0] : tensor<?x3xf64> -> tensor<3xf64>
              %f = numpy.set_slice %d[%i], %w : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
              scf.yield %f : tensor<6x3xf64>
            } else {
              scf.yield %d : tensor<6x3xf64>
            }
            scf.yield %e : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nfor j in range(6):\n    m = l == j\n    if m.any():\n        r[j] = x[m].mean(axis=0)",
        becomes: Becomes::Whole,
    },
    Case {
        name: "a product with each row",
        mlir: "%z = numpy.constant dense<0.0> : tensor<40x6xf64>
          %r = scf.for %i = %c0 to %c40 step %c1 iter_args(%d = %z) -> (tensor<40x6xf64>) {
            %v = numpy.slice %x[%i] : tensor<40x3xf64> -> tensor<3xf64>
            %w = numpy.matmul %c, %v : tensor<6x3xf64>, tensor<3xf64> -> tensor<6xf64>
            %f = numpy.set_slice %d[%i], %w : tensor<40x6xf64>, tensor<6xf64> -> tensor<40x6xf64>
            scf.yield %f : tensor<40x6xf64>
          }",
        result: "40x6xf64",
        numpy: "r = np.array([c @ v for v in x])",
        becomes: Becomes::Whole,
    },
    Case {
        name: "some columns, and the counter as a number",
        mlir: "%o = arith.constant -1 : index
          %r = scf.for %i = %c1 to %c3 step %c1 iter_args(%d = %x) -> (tensor<40x3xf64>) {
            %h = arith.addi %i, %o : index
            %v = numpy.slice %x[:, %h] : tensor<40x3xf64> -> tensor<40xf64>
            %j = numpy.from_scalar %i : index
            %n = numpy.cast %j : tensor<i64> -> tensor<f64>
            %w = numpy.multiply %v, %n : tensor<40xf64>, tensor<f64> -> tensor<40xf64>
            %f = numpy.set_slice %d[:, %i], %w : tensor<40x3xf64>, tensor<40xf64> -> tensor<40x3xf64>
            scf.yield %f : tensor<40x3xf64>
          }",
        result: "40x3xf64",
        numpy: "r = x.copy()\nfor j in range(1, 3):\n    r[:, j] = x[:, j - 1] * j",
        becomes: Becomes::WholeExactly,
    },
    Case {
        name: "one number for all of a row, from the row as it was",
        mlir: "%r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %v = numpy.slice %d[%i] : tensor<6x3xf64> -> tensor<3xf64>
            %q = numpy.negative %v : tensor<3xf64> -> tensor<3xf64>
            %e = numpy.set_slice %d[%i, :], %q : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            %u = numpy.slice %e[%i] : tensor<6x3xf64> -> tensor<3xf64>
            %w = numpy.max %u axes [0] : tensor<3xf64> -> tensor<f64>
            %f = numpy.set_slice %e[%i], %w : tensor<6x3xf64>, tensor<f64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nfor j in range(6):\n    r[j] = -r[j]\n    r[j] = r[j].max()",
        becomes: Becomes::Whole,
    },
    Case {
        name: "two axes",
        mlir: "%z = numpy.constant dense<0.0> : tensor<6x6xf64>
          %r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %z) -> (tensor<6x6xf64>) {
            %v = numpy.slice %c[%i] : tensor<6x3xf64> -> tensor<3xf64>
            %g = scf.for %k = %c0 to %c6 step %c1 iter_args(%e = %d) -> (tensor<6x6xf64>) {
              %u = numpy.slice %c[%k] : tensor<6x3xf64> -> tensor<3xf64>
              %s = numpy.subtract %v, %u : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>
              %q = numpy.square %s : tensor<3xf64> -> tensor<3xf64>
              %w = numpy.sum %q : tensor<3xf64> -> tensor<f64>
              %f = numpy.set_slice %e[%i, %k], %w : tensor<6x6xf64>, tensor<f64> -> tensor<6x6xf64>
              scf.yield %f : tensor<6x6xf64>
            }
            scf.yield %g : tensor<6x6xf64>
          }",
        result: "6x6xf64",
        numpy: "r = ((c[:, None] - c) ** 2).sum(2)",
        becomes: Becomes::Whole,
    },
    Case {
        name: "what the last iteration computes",
        mlir: "%z = numpy.constant dense<0.0> : tensor<3xf64>
          %r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %z) -> (tensor<3xf64>) {
            %v = numpy.slice %c[%i] : tensor<6x3xf64> -> tensor<3xf64>
            %w = numpy.square %v : tensor<3xf64> -> tensor<3xf64>
            scf.yield %w : tensor<3xf64>
          }",
        result: "3xf64",
        numpy: "r = c[5] ** 2",
        becomes: Becomes::WholeExactly,
    },
    Case {
        name: "a selection by the part before",
        mlir: "%r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %j = numpy.from_scalar %i : index
            %two = numpy.constant dense<2> : tensor<i64>
            %m = numpy.less %j, %two : tensor<i64>, tensor<i64> -> tensor<i1>
            %b = numpy.item %m : tensor<i1>
            %v = numpy.slice %x[%i] : tensor<40x3xf64> -> tensor<3xf64>
            %s = scf.if %b -> (tensor<3xf64>) {
              %n = numpy.negative %v : tensor<3xf64> -> tensor<3xf64>
              scf.yield %n : tensor<3xf64>
            } else {
              scf.yield %v : tensor<3xf64>
            }
            %f = numpy.set_slice %d[%i], %s : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = np.where(np.arange(6)[:, None] < 2, -x[:6], x[:6])",
        becomes: Becomes::WholeExactly,
    },
    Case {
        name: "sums of what came before",
        mlir: "%o = arith.constant -1 : index
          %r = scf.for %i = %c1 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %h = arith.addi %i, %o : index
            %v = numpy.slice %d[%h] : tensor<6x3xf64> -> tensor<3xf64>
            %u = numpy.slice %x[%i] : tensor<40x3xf64> -> tensor<3xf64>
            %w = numpy.add %v, %u : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>
            %f = numpy.set_slice %d[%i], %w : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nfor j in range(1, 6):\n    r[j] = r[j - 1] + x[j]",
        becomes: Becomes::Loop,
    },
    Case {
        name: "rows and columns of one array",
        mlir: "%r = scf.for %i = %c0 to %c3 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %v = numpy.slice %x[%i] : tensor<40x3xf64> -> tensor<3xf64>
            %e = numpy.set_slice %d[%i], %v : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            %w = numpy.max %v axes [0] : tensor<3xf64> -> tensor<f64>
            %f = numpy.set_slice %e[:, %i], %w : tensor<6x3xf64>, tensor<f64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nfor j in range(3):\n    r[j] = x[j]\n    r[:, j] = x[j].max()",
        becomes: Becomes::Loop,
    },
    Case {
        name: "the same row again and again",
        mlir: "%r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %v = numpy.slice %x[%i] : tensor<40x3xf64> -> tensor<3xf64>
            %f = numpy.set_slice %d[2], %v : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nr[2] = x[5]",
        becomes: Becomes::Loop,
    },
    Case {
        name: "all of the array in each iteration",
        mlir: "%r = scf.for %i = %c0 to %c6 step %c1 iter_args(%d = %c) -> (tensor<6x3xf64>) {
            %v = numpy.max %d axes [0] : tensor<6x3xf64> -> tensor<3xf64>
            %w = numpy.add %v, %v : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>
            %f = numpy.set_slice %d[%i], %w : tensor<6x3xf64>, tensor<3xf64> -> tensor<6x3xf64>
            scf.yield %f : tensor<6x3xf64>
          }",
        result: "6x3xf64",
        numpy: "r = c.copy()\nfor j in range(6):\n    r[j] = 2 * r.max(axis=0)",
        becomes: Becomes::Loop,
    },
    Case {
        name: "a stack of means of rows that masks select",
        mlir: "%j3 = numpy.constant dense<3> : tensor<i64>
          %m3 = numpy.equal %l, %j3 : tensor<40xi64>, tensor<i64> -> tensor<40xi1>
          %s3 = numpy.index %x[array %m3] : tensor<40x3xf64>, tensor<40xi1> -> tensor<?x3xf64>
          %w3 = numpy.mean %s3 axes [0] : tensor<?x3xf64> -> tensor<3xf64>
          %j4 = numpy.constant dense<4> : tensor<i64>
          %m4 = numpy.equal %l, %j4 : tensor<40xi64>, tensor<i64> -> tensor<40xi1>
          %s4 = numpy.index %x[array %m4] : tensor<40x3xf64>, tensor<40xi1> -> tensor<?x3xf64>
          %w4 = numpy.mean %s4 axes [0] : tensor<?x3xf64> -> tensor<3xf64>
          %j5 = numpy.constant dense<5> : tensor<i64>
          %m5 = numpy.equal %l, %j5 : tensor<40xi64>, tensor<i64> -> tensor<40xi1>
          %s5 = numpy.index %x[array %m5] : tensor<40x3xf64>, tensor<40xi1> -> tensor<?x3xf64>
          %w5 = numpy.mean %s5 axes [0] : tensor<?x3xf64> -> tensor<3xf64>
          %r = numpy.stack %w3, %w4, %w5 axis 0 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64> -> tensor<3x3xf64>",
        result: "3x3xf64",
        numpy: "r = np.stack([x[l == j].mean(axis=0) for j in range(3, 6)])",
        becomes: Becomes::Whole,
    },
    Case {
        name: "a stack of functions of rows, as columns",
        mlir: "%v1 = numpy.slice %c[1] : tensor<6x3xf64> -> tensor<3xf64>
          %w1 = numpy.square %v1 : tensor<3xf64> -> tensor<3xf64>
          %v2 = numpy.slice %c[2] : tensor<6x3xf64> -> tensor<3xf64>
          %w2 = numpy.square %v2 : tensor<3xf64> -> tensor<3xf64>
          %v3 = numpy.slice %c[3] : tensor<6x3xf64> -> tensor<3xf64>
          %w3 = numpy.square %v3 : tensor<3xf64> -> tensor<3xf64>
          %r = numpy.stack %w1, %w2, %w3 axis 1 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64> -> tensor<3x3xf64>",
        result: "3x3xf64",
        numpy: "r = np.stack([c[j] ** 2 for j in range(1, 4)], axis=1)",
        becomes: Becomes::WholeExactly,
    },
    Case {
        name: "a stack of functions of rows in another order",
        mlir: "%v1 = numpy.slice %c[1] : tensor<6x3xf64> -> tensor<3xf64>
          %w1 = numpy.square %v1 : tensor<3xf64> -> tensor<3xf64>
          %v3 = numpy.slice %c[3] : tensor<6x3xf64> -> tensor<3xf64>
          %w3 = numpy.square %v3 : tensor<3xf64> -> tensor<3xf64>
          %v2 = numpy.slice %c[2] : tensor<6x3xf64> -> tensor<3xf64>
          %w2 = numpy.square %v2 : tensor<3xf64> -> tensor<3xf64>
          %r = numpy.stack %w1, %w3, %w2 axis 0 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64> -> tensor<3x3xf64>",
        result: "3x3xf64",
        numpy: "r = np.stack([c[j] ** 2 for j in (1, 3, 2)])",
        becomes: Becomes::Loop,
    },
];

/// Compiles a case; whether a loop became ops of whole arrays.
fn compile(case: &Case, fidelity: Fidelity) -> (Executable, bool) {
    let source = format!(
        "func.func @f(%x: tensor<40x3xf64>, %c: tensor<6x3xf64>, %l: tensor<40xi64>) -> tensor<{0}> {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %c3 = arith.constant 3 : index
          %c6 = arith.constant 6 : index
          %c40 = arith.constant 40 : index
          {1}
          return %r : tensor<{0}>
        }}",
        case.result, case.mlir
    );
    let whole = Arc::new(Mutex::new(0));
    let into = Arc::clone(&whole);
    let exe = compiler()
        .optimizer(Optimizer::Off)
        .with_pass(Optimize::with_fidelity(fidelity).explaining())
        .on_remark(move |d| {
            if d.message.contains("ops of whole arrays") {
                *into.lock().unwrap() += 1;
            }
        })
        .compile_source(&source, "loop.mlir")
        .unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let count = |op| case.mlir.matches(op).count();
    let whole = *whole.lock().unwrap();
    assert!(
        whole == 0 || whole == count("scf.for") + count("numpy.stack"),
        "{}: {whole}",
        case.name
    );
    (exe, whole > 0)
}

#[test]
fn loops_over_one_axis() {
    let session = Session::start();
    let mut random = Random(3);
    let labels: Vec<_> = (0..40)
        .map(|_| [-2, -1, 0, 1, 3, 4, 5, 6][random.below(8)])
        .collect();
    let inputs = [
        (
            "x",
            moderate(DType::F64, 120, &mut random).reshaped(&[40, 3]),
        ),
        ("c", moderate(DType::F64, 18, &mut random).reshaped(&[6, 3])),
        ("l", numbers(DType::I64, &labels)),
    ];
    let refs: Vec<&Value> = inputs.iter().map(|(_, value)| value).collect();
    for case in CASES {
        let arrays: Vec<_> = inputs.iter().map(|(n, v)| (*n, v.to_array())).collect();
        let named: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
        let expected = oracle()
            .run(case.numpy, &named, &["r"])
            .unwrap_or_else(|e| panic!("{}: {e}", case.name));
        for fidelity in Fidelity::ALL {
            let (exe, whole) = compile(case, fidelity);
            let wanted = match case.becomes {
                Becomes::Whole => fidelity != Fidelity::Exact,
                Becomes::WholeExactly => true,
                Becomes::Loop => false,
            };
            assert_eq!(whole, wanted, "{}, {fidelity}", case.name);
            let ours = call(&exe, "f", &refs).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let tolerance = match case.becomes {
                Becomes::Whole => Tolerance::Ulps(16),
                _ => Tolerance::Ulps(0),
            };
            compare(&ours[0].to_array(), &expected[0], tolerance)
                .unwrap_or_else(|e| panic!("{}, {fidelity}: {e}", case.name));
        }
    }
    assert_eq!(session.leaked(), (0, 0));
}

/// Arguments are `x: ?x3`, `c: ?x3` and `n`, a number of iterations.
struct Dynamic {
    name: &'static str,
    /// From `%r = scf.for …` on, of type `tensor<?x3xf64>`; `%k` is the number of rows of c.
    mlir: &'static str,
    /// The result is `r`.
    numpy: &'static str,
    becomes: Becomes,
}

const DYNAMIC: &[Dynamic] = &[
    Dynamic {
        name: "means of the rows with each label, again and again",
        mlir: "%e = numpy.expand_dims %x axes [1] : tensor<?x3xf64> -> tensor<?x1x3xf64>
          %r = scf.for %it = %c0 to %n step %c1 iter_args(%old = %c) -> (tensor<?x3xf64>) {
            %s = numpy.subtract %e, %old : tensor<?x1x3xf64>, tensor<?x3xf64> -> tensor<?x?x3xf64>
            %q = numpy.square %s : tensor<?x?x3xf64> -> tensor<?x?x3xf64>
            %t = numpy.sum %q axes [2] : tensor<?x?x3xf64> -> tensor<?x?xf64>
            %l = numpy.argmin %t axis 1 : tensor<?x?xf64> -> tensor<?xi64>
            %g = scf.for %i = %c0 to %k step %c1 iter_args(%d = %old) -> (tensor<?x3xf64>) {
              %j = numpy.from_scalar %i : index
              %m = numpy.equal %l, %j : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
              %a = numpy.any %m : tensor<?xi1> -> tensor<i1>
              %b = numpy.item %a : tensor<i1>
              %h = scf.if %b -> (tensor<?x3xf64>) {
                %y = numpy.index %x[array %m] : tensor<?x3xf64>, tensor<?xi1> -> tensor<?x3xf64>
                %w = numpy.mean %y axes [0] : tensor<?x3xf64> -> tensor<3xf64>
                %f = numpy.set_slice %d[%i], %w : tensor<?x3xf64>, tensor<3xf64> -> tensor<?x3xf64>
                scf.yield %f : tensor<?x3xf64>
              } else {
                scf.yield %d : tensor<?x3xf64>
              }
              scf.yield %h : tensor<?x3xf64>
            }
            scf.yield %g : tensor<?x3xf64>
          }",
        numpy: "r = c\nfor _ in range(int(n)):\n    l = ((x[:, None] - r) ** 2).sum(2).argmin(1)\n    r = r.copy()\n    for j in range(len(c)):\n        if (l == j).any():\n            r[j] = x[l == j].mean(0)",
        becomes: Becomes::Whole,
    },
    Dynamic {
        name: "a function of each row and the counter",
        mlir: "%r = scf.for %i = %c0 to %k step %c1 iter_args(%d = %c) -> (tensor<?x3xf64>) {
            %v = numpy.slice %d[%i] : tensor<?x3xf64> -> tensor<3xf64>
            %j = numpy.from_scalar %i : index
            %y = numpy.cast %j : tensor<i64> -> tensor<f64>
            %w = numpy.multiply %v, %y : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
            %f = numpy.set_slice %d[%i, :], %w : tensor<?x3xf64>, tensor<3xf64> -> tensor<?x3xf64>
            scf.yield %f : tensor<?x3xf64>
          }",
        numpy: "r = c * np.arange(len(c))[:, None]",
        becomes: Becomes::WholeExactly,
    },
    Dynamic {
        name: "columns as long as there are rows",
        mlir: "%z = numpy.constant dense<2.0> : tensor<f64>
          %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%d = %c) -> (tensor<?x3xf64>) {
            %v = numpy.slice %d[:, %i] : tensor<?x3xf64> -> tensor<?xf64>
            %w = numpy.multiply %v, %z : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
            %f = numpy.set_slice %d[:, %i], %w : tensor<?x3xf64>, tensor<?xf64> -> tensor<?x3xf64>
            scf.yield %f : tensor<?x3xf64>
          }",
        numpy: "r = c * 2",
        // The number of iterations is known, the sizes are not.
        becomes: Becomes::Loop,
    },
    Dynamic {
        name: "as many iterations as another array has rows",
        mlir: "%o = tensor.dim %x, %c0 : tensor<?x3xf64>
          %p = arith.minui %o, %k : index
          %r = scf.for %i = %c0 to %p step %c1 iter_args(%d = %c) -> (tensor<?x3xf64>) {
            %v = numpy.slice %x[%i] : tensor<?x3xf64> -> tensor<3xf64>
            %f = numpy.set_slice %d[%i], %v : tensor<?x3xf64>, tensor<3xf64> -> tensor<?x3xf64>
            scf.yield %f : tensor<?x3xf64>
          }",
        numpy: "r = c.copy()\nr[:len(x)] = x[:len(c)]",
        becomes: Becomes::Loop,
    },
];

#[test]
fn loops_over_an_axis_whose_size_the_run_knows() {
    let session = Session::start();
    let mut random = Random(5);
    for case in DYNAMIC {
        let source = format!(
            "func.func @f(%x: tensor<?x3xf64>, %c: tensor<?x3xf64>, %n: index) -> tensor<?x3xf64> {{
              %c0 = arith.constant 0 : index
              %c1 = arith.constant 1 : index
              %c3 = arith.constant 3 : index
              %k = tensor.dim %c, %c0 : tensor<?x3xf64>
              {}
              return %r : tensor<?x3xf64>
            }}",
            case.mlir
        );
        for fidelity in Fidelity::ALL {
            let whole = Arc::new(Mutex::new(0));
            let into = Arc::clone(&whole);
            let exe = compiler()
                .optimizer(Optimizer::Off)
                .with_pass(Optimize::with_fidelity(fidelity).explaining())
                .on_remark(move |d| {
                    *into.lock().unwrap() += usize::from(d.message.contains("ops of whole arrays"));
                })
                .compile_source(&source, "loop.mlir")
                .unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let wanted = match case.becomes {
                Becomes::Whole => fidelity != Fidelity::Exact,
                Becomes::WholeExactly => true,
                Becomes::Loop => false,
            };
            let whole = *whole.lock().unwrap();
            assert_eq!(whole, usize::from(wanted), "{}, {fidelity}", case.name);
            for (rows, centres, iterations) in [(40, 6, 3), (7, 1, 2), (5, 9, 1), (4, 0, 0)] {
                let inputs = [
                    (
                        "x",
                        moderate(DType::F64, rows * 3, &mut random).reshaped(&[rows, 3]),
                    ),
                    (
                        "c",
                        moderate(DType::F64, centres * 3, &mut random).reshaped(&[centres, 3]),
                    ),
                    ("n", numbers(DType::I64, &[iterations]).reshaped(&[])),
                ];
                let refs: Vec<&Value> = inputs.iter().map(|(_, value)| value).collect();
                let arrays: Vec<_> = inputs.iter().map(|(n, v)| (*n, v.to_array())).collect();
                let named: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
                let expected = oracle()
                    .run(case.numpy, &named, &["r"])
                    .unwrap_or_else(|e| panic!("{}: {e}", case.name));
                let ours = call(&exe, "f", &refs).unwrap_or_else(|e| panic!("{}: {e}", case.name));
                compare(&ours[0].to_array(), &expected[0], Tolerance::Ulps(64)).unwrap_or_else(
                    |e| {
                        panic!(
                            "{}, {fidelity}, {rows} rows, {centres} centres: {e}",
                            case.name
                        )
                    },
                );
            }
        }
    }
    assert_eq!(session.leaked(), (0, 0));
}
