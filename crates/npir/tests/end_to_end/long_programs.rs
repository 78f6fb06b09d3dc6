//! Straight-line programs of hundreds of ops on one array, which passes divide into pieces before they compare
//! the ops with each other: every version of the array still has its values, and nothing is copied for it.

use std::fmt::Write as _;

use npir::prelude::*;

use crate::harness::{Session, call, compile};
use crate::value::{Layout, Value};

/// Elements, and ops on each array: enough for several pieces, in loops too.
const N: usize = 700;

/// `x[i] = x[i - 1] + a` for every `i` from 1, as `%{name}1`, `%{name}2`, ….
fn chain(name: &str, first: &str) -> String {
    let mut text = String::new();
    for i in 1..N {
        let from = match i {
            1 => first.to_owned(),
            _ => format!("%{name}{}", i - 1),
        };
        let _ = write!(
            text,
            "%{name}_old{i} = numpy.slice {from}[{}] : tensor<{N}xf64> -> tensor<f64>
             %{name}_new{i} = numpy.add %{name}_old{i}, %a : tensor<f64>, tensor<f64> -> tensor<f64>
             %{name}{i} = numpy.set_slice {from}[{i}], %{name}_new{i} : tensor<{N}xf64>, tensor<f64> -> tensor<{N}xf64>\n",
            i - 1
        );
    }
    text
}

fn program(attributes: &str, results: &str, body: &str) -> String {
    format!(
        "func.func @f(%x: tensor<{N}xf64>{attributes}, %a: tensor<f64>) -> ({results}) {{\n{body}\n}}"
    )
    .replace("{t}", &format!("tensor<{N}xf64>"))
}

fn start() -> Vec<f64> {
    (0..N).map(|i| (i % 7) as f64).collect()
}

/// The array after the first `steps` of the chain with `a` = 3.
fn after(steps: usize) -> Vec<f64> {
    let mut x = start();
    for i in 1..=steps {
        x[i] = x[i - 1] + 3.0;
    }
    x
}

fn run(text: &str) -> Vec<Value> {
    let exe = compile(text);
    let _session = Session::start();
    call(&exe, "f", &[&Value::vector(&start()), &Value::scalar(3.0)])
        .unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn chains_of_updates() {
    let last = N - 1;
    let body = format!("{}return %x{last} : {{t}}", chain("x", "%x"));
    assert_eq!(
        run(&program("", "{t}", &body)),
        [Value::vector(&after(last))]
    );
}

#[test]
fn old_versions_that_are_still_needed() {
    let (middle, last) = (N / 2, N - 1);
    let body = format!(
        "{}%sum = numpy.add %x3, %x{middle} : {{t}}, {{t}} -> {{t}}
         return %x, %x{middle}, %x{last}, %sum : {{t}}, {{t}}, {{t}}, {{t}}",
        chain("x", "%x")
    );
    let both: Vec<f64> = after(3)
        .iter()
        .zip(after(middle))
        .map(|(a, b)| a + b)
        .collect();
    assert_eq!(
        run(&program("", "{t}, {t}, {t}, {t}", &body)),
        [start(), after(middle), after(last), both].map(|x| Value::vector(&x))
    );
}

#[test]
fn chains_in_loops() {
    let last = N - 1;
    let body = format!(
        "%c0 = arith.constant 0 : index
         %c1 = arith.constant 1 : index
         %c3 = arith.constant 3 : index
         %r:2 = scf.for %k = %c0 to %c3 step %c1 iter_args(%y = %x, %before = %x) -> ({{t}}, {{t}}) {{
           {}
           %next = numpy.flip %y{last} : {{t}} -> {{t}}
           scf.yield %next, %y : {{t}}, {{t}}
         }}
         return %r#0, %r#1 : {{t}}, {{t}}",
        chain("y", "%y")
    );
    let (mut x, mut before) = (start(), start());
    for _ in 0..3 {
        before = x.clone();
        for i in 1..N {
            x[i] = x[i - 1] + 3.0;
        }
        x.reverse();
    }
    assert_eq!(
        run(&program("", "{t}, {t}", &body)),
        [x, before].map(|x| Value::vector(&x))
    );
}

#[test]
fn chains_in_the_callers_memory() {
    let last = N - 1;
    let body = format!("{}return %x{last} : {{t}}", chain("x", "%x"));
    let exe = compile(&program(" {numpy.updates = 0 : i64}", "{t}", &body));
    let _session = Session::start();
    for layout in [Layout::C, Layout::Reversed, Layout::Misaligned] {
        let mut x = Value::vector(&start()).place(layout);
        let a = Value::scalar(3.0).place(Layout::C);
        let mut args = [Arg::ViewMut(x.view_mut()), a.view().into()];
        let f = exe.function("f").unwrap_or_else(|e| panic!("{e}"));
        let (results, report) = f
            .call_with_report(&mut args)
            .unwrap_or_else(|e| panic!("{e}"));
        assert!(results.is_empty() && report.copies.is_empty(), "{report:?}");
        assert_eq!(x.value(), Value::vector(&after(last)), "{layout:?}");
        assert!(x.surroundings_untouched(), "{layout:?}");
    }
}

/// Reads each element of `array`, and subtracts from it what the ones before gave: `%s0` and so
/// on, from `%a`.
fn read_each(array: &str) -> String {
    let mut body = String::new();
    for i in 0..N {
        let sum = match i {
            0 => "%a".to_owned(),
            _ => format!("%s{}", i - 1),
        };
        let _ = write!(
            body,
            "%v{i} = numpy.slice %{array}[{i}] : {{t}} -> tensor<f64>
             %s{i} = numpy.subtract %v{i}, {sum} : tensor<f64>, tensor<f64> -> tensor<f64>\n",
        );
    }
    body
}

/// Many readers of one computed array, and an update of it after them.
#[test]
fn many_reads_before_an_update() {
    let mut body = String::from("%y = numpy.negative %x : {t} -> {t}\n");
    body += &read_each("y");
    let _ = write!(
        body,
        "%z = numpy.set_slice %y[2:4], %s{} : {{t}}, tensor<f64> -> {{t}}
         return %z : {{t}}",
        N - 1
    );
    let mut expected: Vec<f64> = start().iter().map(|x| -x).collect();
    let total = expected.iter().fold(3.0, |sum, v| v - sum);
    expected[2..4].fill(total);
    assert_eq!(run(&program("", "{t}", &body)), [Value::vector(&expected)]);
}

/// What is read at the end is in the argument's memory, where the result goes, too.
#[test]
fn results_over_what_they_are_computed_from() {
    let last = N - 1;
    let choice = "%zero = numpy.constant dense<0.0> : tensor<f64>
         %positive = numpy.greater %a, %zero : tensor<f64>, tensor<f64> -> tensor<i1>
         %p = numpy.item %positive : tensor<i1>
         %first = scf.if %p -> ({t}) {
           scf.yield %x : {t}
         } else {
           %other = numpy.negative %x : {t} -> {t}
           scf.yield %other : {t}
         }\n";
    for (begin, first) in [("", "%x"), (choice, "%first")] {
        let body = format!(
            "{begin}{}%s = numpy.sum %x{last} : {{t}} -> tensor<f64>
             %back = numpy.flip %x{last} : {{t}} -> {{t}}
             %r = numpy.add %back, %s : {{t}}, tensor<f64> -> {{t}}
             return %r : {{t}}",
            chain("x", first)
        );
        let exe = compile(&program(" {numpy.updates = 0 : i64}", "{t}", &body));
        let _session = Session::start();
        let mut x = Value::vector(&start()).place(Layout::C);
        let a = Value::scalar(3.0).place(Layout::C);
        let mut args = [Arg::ViewMut(x.view_mut()), a.view().into()];
        exe.run("f", &mut args).unwrap_or_else(|e| panic!("{e}"));
        let chained = after(last);
        let sum: f64 = chained.iter().sum();
        let expected: Vec<f64> = chained.iter().rev().map(|x| x + sum).collect();
        assert_eq!(x.value(), Value::vector(&expected), "{first}");
    }
}

/// An array with many readers that is another one's memory, which is written between them.
#[test]
fn many_reads_of_a_chosen_array() {
    let mut body = String::from(
        "%y = numpy.negative %x : {t} -> {t}
         %zero = numpy.constant dense<0.0> : tensor<f64>
         %positive = numpy.greater %a, %zero : tensor<f64>, tensor<f64> -> tensor<i1>
         %p = numpy.item %positive : tensor<i1>
         %z = scf.if %p -> ({t}) {
           scf.yield %y : {t}
         } else {
           scf.yield %x : {t}
         }
         %w = numpy.set_slice %y[:], %a : {t}, tensor<f64> -> {t}\n",
    );
    body += &read_each("z");
    let _ = write!(
        body,
        "%r = numpy.add %w, %s{} : {{t}}, tensor<f64> -> {{t}}
         return %r : {{t}}",
        N - 1
    );
    let total = start().iter().fold(3.0, |sum, x| -x - sum);
    assert_eq!(
        run(&program("", "{t}", &body)),
        [Value::vector(&vec![3.0 + total; N])]
    );
}
