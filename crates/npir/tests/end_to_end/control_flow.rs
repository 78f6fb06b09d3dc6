//! `scf.for`, `scf.while` and `scf.if` around arrays: values that loops carry, swap, leave alone or
//! take from outside; loops that do not run; nesting. Every call must give back what it allocates.

use npir::prelude::*;

use crate::harness::{Session, compile};
use crate::value::{Layout, Value};

/// Calls with arrays in several layouts and `index`, `i64` or `i1` scalars.
fn run(exe: &Executable, name: &str, arrays: &[&[f64]], scalars: &[Scalar]) -> Vec<Vec<f64>> {
    let mut found: Option<Vec<Vec<f64>>> = None;
    for layout in [Layout::C, Layout::Scattered, Layout::Reversed] {
        let placed: Vec<_> = arrays
            .iter()
            .map(|a| Value::vector(a).place(layout))
            .collect();
        let mut args: Vec<Arg<'_>> = placed.iter().map(|p| p.view().into()).collect();
        args.extend(scalars.iter().map(|s| Arg::Scalar(*s)));
        let results = exe
            .run(name, &mut args)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        for (placed, array) in placed.iter().zip(arrays) {
            assert_eq!(
                placed.value(),
                Value::vector(array),
                "{name} writes to an input"
            );
        }
        let results: Vec<_> = results
            .iter()
            .map(|r| r.to_vec::<f64>().expect("float64 results"))
            .collect();
        if let Some(found) = &found {
            assert_eq!(&results, found, "{name} {layout:?}");
        }
        found = Some(results);
    }
    found.unwrap_or_default()
}

fn n(n: i64) -> Scalar {
    Scalar::new(n)
}

const LOOPS: &str = "
  func.func @accumulate(%a: tensor<?xf64>, %n: index) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<?xf64> {
      %1 = numpy.add %x, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %1 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  func.func @swap(%a: tensor<?xf64>, %b: tensor<?xf64>, %n: index) -> (tensor<?xf64>, tensor<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (tensor<?xf64>, tensor<?xf64>) {
      scf.yield %y, %x : tensor<?xf64>, tensor<?xf64>
    }
    return %0#0, %0#1 : tensor<?xf64>, tensor<?xf64>
  }
  func.func @rotate_and_add(%a: tensor<?xf64>, %b: tensor<?xf64>, %c: tensor<?xf64>, %n: index) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0:3 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b, %z = %c) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
      %1 = numpy.add %x, %z : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %y, %z, %1 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
    }
    return %0#0, %0#1, %0#2 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
  // A carried value that becomes one from outside of the loop, and one that stays.
  func.func @outer(%a: tensor<?xf64>, %b: tensor<?xf64>, %n: index) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %s = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %0:3 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %a, %z = %b) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
      %1 = numpy.multiply %x, %y : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %s, %1, %z : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
    }
    %1 = numpy.negative %s : tensor<?xf64> -> tensor<?xf64>
    %2 = numpy.add %0#0, %1 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    return %2, %0#1, %0#2 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
  func.func @nested(%a: tensor<?xf64>, %n: index, %m: index) -> (tensor<?xf64>, tensor<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %half = numpy.constant dense<0.5> : tensor<f64>
    %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %old = %a) -> (tensor<?xf64>, tensor<?xf64>) {
      %1 = scf.for %j = %c0 to %m step %c1 iter_args(%y = %x) -> tensor<?xf64> {
        %2 = numpy.add %y, %x : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
        %k = arith.remui %j, %m : index
        %p = arith.cmpi eq, %k, %c0 : index
        %3 = scf.if %p -> tensor<?xf64> {
          %4 = numpy.multiply %2, %half : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
          scf.yield %4 : tensor<?xf64>
        } else {
          scf.yield %y : tensor<?xf64>
        }
        scf.yield %3 : tensor<?xf64>
      }
      %5 = numpy.add %1, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %5, %x : tensor<?xf64>, tensor<?xf64>
    }
    return %0#0, %0#1 : tensor<?xf64>, tensor<?xf64>
  }
  // The size of a carried value changes.
  func.func @growing(%a: tensor<?xf64>, %n: index) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<?xf64> {
      %1 = numpy.concatenate %x, %a axis 0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      %2 = numpy.slice %1[::-1] : tensor<?xf64> -> tensor<?xf64>
      scf.yield %2 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  func.func @set_rows(%a: tensor<?xf64>, %n: index) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<?xf64> {
      %1 = numpy.slice %x[%i] : tensor<?xf64> -> tensor<f64>
      %2 = numpy.add %1, %1 : tensor<f64>, tensor<f64> -> tensor<f64>
      %3 = numpy.set_slice %x[%i], %2 : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
      scf.yield %3 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  // Only the sizes are used of one carried value.
  func.func @unused(%a: tensor<?xf64>, %n: index) -> (tensor<?xf64>, tensor<i64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %k = %c0) -> (tensor<?xf64>, index) {
      %1 = numpy.negative %a : tensor<?xf64> -> tensor<?xf64>
      %d = numpy.dim %x axis 0 : tensor<?xf64>
      %s = arith.addi %k, %d : index
      scf.yield %1, %s : tensor<?xf64>, index
    }
    %1 = numpy.from_scalar %0#1 : index
    %2 = numpy.cast %1 : tensor<i64> -> tensor<f64>
    %3 = numpy.full %2 shape [1] : tensor<f64> -> tensor<1xf64>
    %4 = numpy.concatenate %0#0, %3 axis 0 : tensor<?xf64>, tensor<1xf64> -> tensor<?xf64>
    return %4, %1 : tensor<?xf64>, tensor<i64>
  }";

#[test]
fn for_loops() {
    let exe = compile(LOOPS);
    let _session = Session::start();
    let (a, b, c) = ([1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0]);
    for rounds in [0, 1, 2, 3, 10] {
        let scale = |x: &[f64], k: f64| x.iter().map(|v| v * k).collect::<Vec<_>>();
        let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(a, b)| a + b).collect::<Vec<_>>();
        assert_eq!(
            run(&exe, "accumulate", &[&a], &[n(rounds)]),
            [scale(&a, 1.0 + rounds as f64)]
        );

        let swapped = if rounds % 2 == 0 { [a, b] } else { [b, a] };
        assert_eq!(run(&exe, "swap", &[&a, &b], &[n(rounds)]), swapped);

        let mut state = [a.to_vec(), b.to_vec(), c.to_vec()];
        for _ in 0..rounds {
            let [x, y, z] = state;
            let next = sum(&x, &z);
            state = [y, z, next];
        }
        assert_eq!(
            run(&exe, "rotate_and_add", &[&a, &b, &c], &[n(rounds)]),
            state
        );

        let total = sum(&a, &b);
        let (mut x, mut y) = (a.to_vec(), a.to_vec());
        for _ in 0..rounds {
            y = x.iter().zip(&y).map(|(x, y)| x * y).collect();
            x = total.clone();
        }
        let first = sum(&x, &scale(&total, -1.0));
        assert_eq!(
            run(&exe, "outer", &[&a, &b], &[n(rounds)]),
            [first, y, b.to_vec()]
        );

        for inner in [0, 1, 3] {
            let (mut x, mut old) = (a.to_vec(), a.to_vec());
            for _ in 0..rounds {
                let mut y = x.clone();
                for j in 0..inner {
                    if j % inner == 0 {
                        y = scale(&sum(&y, &x), 0.5);
                    }
                }
                old = x;
                x = sum(&y, &a);
            }
            assert_eq!(run(&exe, "nested", &[&a], &[n(rounds), n(inner)]), [x, old]);
        }

        let mut x = a.to_vec();
        for _ in 0..rounds {
            x.extend(a);
            x.reverse();
        }
        assert_eq!(run(&exe, "growing", &[&a], &[n(rounds)]), [x]);

        if rounds <= 3 {
            let doubled: Vec<_> = a
                .iter()
                .enumerate()
                .map(|(i, v)| if (i as i64) < rounds { 2.0 * v } else { *v })
                .collect();
            assert_eq!(run(&exe, "set_rows", &[&a], &[n(rounds)]), [doubled]);
        }
    }
    // Empty arrays go through as well.
    assert_eq!(run(&exe, "accumulate", &[&[]], &[n(3)]), [vec![0f64; 0]]);
    assert_eq!(run(&exe, "growing", &[&[]], &[n(3)]), [vec![0f64; 0]]);
}

#[test]
fn unused_values() {
    let exe = compile(LOOPS);
    let _session = Session::start();
    let x = Value::vector(&[1.0, 2.0]).to_array();
    for rounds in [0i64, 1, 4] {
        let results = exe
            .run("unused", &mut [(&x).into(), n(rounds).into()])
            .expect("it runs");
        let sign = if rounds == 0 { 1.0 } else { -1.0 };
        assert_eq!(
            results[0].to_vec::<f64>().expect("f64"),
            [sign, 2.0 * sign, 2.0 * rounds as f64]
        );
        assert_eq!(results[1].to_vec::<i64>().expect("i64"), [2 * rounds]);
    }
}

const WHILES: &str = "
  // Halve until the largest is below 1; say how often.
  func.func @halve(%a: tensor<?xf64>, %limit: i64) -> (tensor<?xf64>, tensor<?xf64>, tensor<f64>) {
    %zero = arith.constant 0 : i64
    %step = arith.constant 1 : i64
    %one = numpy.constant dense<1.0> : tensor<f64>
    %half = numpy.constant dense<0.5> : tensor<f64>
    %0:3 = scf.while (%x = %a, %previous = %a, %k = %zero) : (tensor<?xf64>, tensor<?xf64>, i64) -> (tensor<?xf64>, tensor<?xf64>, i64) {
      %m = numpy.max %x : tensor<?xf64> -> tensor<f64>
      %p = numpy.greater_equal %m, %one : tensor<f64>, tensor<f64> -> tensor<i1>
      %q = numpy.item %p : tensor<i1>
      %r = arith.cmpi slt, %k, %limit : i64
      %go = arith.andi %q, %r : i1
      scf.condition(%go) %x, %previous, %k : tensor<?xf64>, tensor<?xf64>, i64
    } do {
    ^bb0(%x: tensor<?xf64>, %previous: tensor<?xf64>, %k: i64):
      %1 = numpy.multiply %x, %half : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
      %next = arith.addi %k, %step : i64
      scf.yield %1, %x, %next : tensor<?xf64>, tensor<?xf64>, i64
    }
    %n = numpy.from_scalar %0#2 : i64
    %count = numpy.cast %n : tensor<i64> -> tensor<f64>
    return %0#0, %0#1, %count : tensor<?xf64>, tensor<?xf64>, tensor<f64>
  }
  // The condition passes on other values than it was given: a computed one, and one from outside.
  func.func @passed_on(%a: tensor<?xf64>, %limit: i64) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
    %zero = arith.constant 0 : i64
    %step = arith.constant 1 : i64
    %0:4 = scf.while (%x = %a, %k = %zero) : (tensor<?xf64>, i64) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, i64) {
      %twice = numpy.add %x, %x : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      %go = arith.cmpi slt, %k, %limit : i64
      scf.condition(%go) %twice, %x, %a, %k : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, i64
    } do {
    ^bb0(%twice: tensor<?xf64>, %x: tensor<?xf64>, %same: tensor<?xf64>, %k: i64):
      %1 = numpy.subtract %twice, %same : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      %next = arith.addi %k, %step : i64
      scf.yield %1, %next : tensor<?xf64>, i64
    }
    return %0#0, %0#1, %0#2 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }";

#[test]
fn while_loops() {
    let exe = compile(WHILES);
    let _session = Session::start();
    for limit in [0, 1, 2, 100] {
        for a in [&[5.0, 1.0, 0.0][..], &[0.25, 0.5], &[1e300]] {
            let (mut x, mut previous, mut k) = (a.to_vec(), a.to_vec(), 0);
            while x.iter().copied().fold(f64::MIN, f64::max) >= 1.0 && k < limit {
                previous = x.clone();
                x = x.iter().map(|v| v * 0.5).collect();
                k += 1;
            }
            assert_eq!(
                run(&exe, "halve", &[a], &[n(limit)]),
                [x, previous, vec![k as f64]]
            );
        }
        let a = [1.0, -3.0];
        if limit < 100 {
            let mut x = a.to_vec();
            for _ in 0..limit {
                x = x.iter().zip(a).map(|(x, a)| 2.0 * x - a).collect();
            }
            let twice: Vec<_> = x.iter().map(|v| v + v).collect();
            assert_eq!(
                run(&exe, "passed_on", &[&a], &[n(limit)]),
                [twice, x, a.to_vec()]
            );
        }
    }
}

const BRANCHES: &str = "
  func.func @choose(%a: tensor<?xf64>, %b: tensor<?xf64>, %p: i1, %q: i1) -> (tensor<?xf64>, tensor<?xf64>) {
    %0:2 = scf.if %p -> (tensor<?xf64>, tensor<?xf64>) {
      %1 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      %2 = scf.if %q -> tensor<?xf64> {
        scf.yield %1 : tensor<?xf64>
      } else {
        scf.yield %a : tensor<?xf64>
      }
      scf.yield %1, %2 : tensor<?xf64>, tensor<?xf64>
    } else {
      scf.yield %b, %b : tensor<?xf64>, tensor<?xf64>
    }
    return %0#0, %0#1 : tensor<?xf64>, tensor<?xf64>
  }
  // Views of one or the other, and both are used afterwards.
  func.func @views(%a: tensor<?xf64>, %p: i1) -> (tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.add %a, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %1 = scf.if %p -> tensor<?xf64> {
      %2 = numpy.slice %0[::-1] : tensor<?xf64> -> tensor<?xf64>
      scf.yield %2 : tensor<?xf64>
    } else {
      %2 = numpy.slice %a[1:] : tensor<?xf64> -> tensor<?xf64>
      scf.yield %2 : tensor<?xf64>
    }
    %one = numpy.constant dense<1.0> : tensor<f64>
    %3 = numpy.set_slice %0[0], %one : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    return %1, %3 : tensor<?xf64>, tensor<?xf64>
  }
  // A value is chosen, and then changed: what it was chosen from must not change.
  func.func @change_choice(%a: tensor<?xf64>, %p: i1) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.add %a, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %1 = numpy.negative %a : tensor<?xf64> -> tensor<?xf64>
    %2 = scf.if %p -> tensor<?xf64> {
      scf.yield %0 : tensor<?xf64>
    } else {
      scf.yield %1 : tensor<?xf64>
    }
    %nine = numpy.constant dense<9.0> : tensor<f64>
    %3 = numpy.set_slice %2[0], %nine : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    return %0, %1, %3 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }";

#[test]
fn branches() {
    let exe = compile(BRANCHES);
    let _session = Session::start();
    let (a, b) = ([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]);
    let total = [11.0, 22.0, 33.0];
    for (p, q, expected) in [
        (true, true, [total, total]),
        (true, false, [total, a]),
        (false, true, [b, b]),
        (false, false, [b, b]),
    ] {
        assert_eq!(
            run(&exe, "choose", &[&a, &b], &[Scalar::new(p), Scalar::new(q)]),
            expected
        );
    }
    assert_eq!(
        run(&exe, "views", &[&a], &[Scalar::new(true)]),
        [vec![6.0, 4.0, 2.0], vec![1.0, 4.0, 6.0]]
    );
    assert_eq!(
        run(&exe, "views", &[&a], &[Scalar::new(false)]),
        [vec![2.0, 3.0], vec![1.0, 4.0, 6.0]]
    );
    let (twice, negative) = ([2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]);
    assert_eq!(
        run(&exe, "change_choice", &[&a], &[Scalar::new(true)]),
        [twice, negative, [9.0, 4.0, 6.0]]
    );
    assert_eq!(
        run(&exe, "change_choice", &[&a], &[Scalar::new(false)]),
        [twice, negative, [9.0, -2.0, -3.0]]
    );
}

/// Functions that call each other, with results that are arguments, and recursion-free sharing.
#[test]
fn calls() {
    let exe = compile(
        "func.func private @same(%a: tensor<?xf64>) -> tensor<?xf64> {
           return %a : tensor<?xf64>
         }
         func.func private @both(%a: tensor<?xf64>, %p: i1) -> (tensor<?xf64>, tensor<?xf64>) {
           %0 = func.call @same(%a) : (tensor<?xf64>) -> tensor<?xf64>
           %1 = scf.if %p -> tensor<?xf64> {
             %2 = numpy.add %0, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
             scf.yield %2 : tensor<?xf64>
           } else {
             scf.yield %0 : tensor<?xf64>
           }
           return %1, %a : tensor<?xf64>, tensor<?xf64>
         }
         func.func @f(%a: tensor<?xf64>, %p: i1) -> (tensor<?xf64>, tensor<?xf64>) {
           %0:2 = func.call @both(%a, %p) : (tensor<?xf64>, i1) -> (tensor<?xf64>, tensor<?xf64>)
           %one = numpy.constant dense<1.0> : tensor<f64>
           %1 = numpy.set_slice %0#0[0], %one : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
           return %1, %0#1 : tensor<?xf64>, tensor<?xf64>
         }
         // A public function that another one calls.
         func.func @g(%a: tensor<?xf64>, %p: i1) -> tensor<?xf64> {
           %0:2 = func.call @f(%a, %p) : (tensor<?xf64>, i1) -> (tensor<?xf64>, tensor<?xf64>)
           %1 = numpy.add %0#0, %0#1 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
           return %1 : tensor<?xf64>
         }",
    );
    let _session = Session::start();
    let a = [5.0, 6.0];
    assert_eq!(
        run(&exe, "f", &[&a], &[Scalar::new(true)]),
        [[1.0, 12.0], a]
    );
    assert_eq!(
        run(&exe, "f", &[&a], &[Scalar::new(false)]),
        [[1.0, 6.0], a]
    );
    assert_eq!(run(&exe, "g", &[&a], &[Scalar::new(true)]), [[6.0, 18.0]]);
}

/// Arrays that become shorter in each round, though the first one is of a known size.
#[test]
fn loops_that_change_a_shape() {
    let exe = compile(
        "
  func.func @known(%a: tensor<6xf64>) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %first = tensor.cast %a : tensor<6xf64> to tensor<?xf64>
    %0 = scf.for %i = %c0 to %c3 step %c1 iter_args(%x = %first) -> tensor<?xf64> {
      %1 = numpy.slice %x[:-1] : tensor<?xf64> -> tensor<?xf64>
      %2 = numpy.slice %x[1:] : tensor<?xf64> -> tensor<?xf64>
      %3 = numpy.add %1, %2 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %3 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  func.func @counted(%a: tensor<6xf64>, %n: index, %m: index) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %first = tensor.cast %a : tensor<6xf64> to tensor<?xf64>
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %first) -> tensor<?xf64> {
      %1 = numpy.slice %x[%m:] : tensor<?xf64> -> tensor<?xf64>
      scf.yield %1 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
",
    );
    let _session = Session::start();
    let a = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
    assert_eq!(run(&exe, "known", &[&a], &[]), [vec![27.0, 54.0, 108.0]]);
    assert_eq!(
        run(&exe, "counted", &[&a], &[n(2), n(1)]),
        [vec![4.0, 8.0, 16.0, 32.0]]
    );
}
