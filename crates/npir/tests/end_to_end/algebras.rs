//! Rules of others in the optimizer: which are refused, and what stops those that are wrong.

use std::sync::{Arc, Mutex};

use npir::egraph::{PatternError, Rule, RuleError};
use npir::numpy::optimize::{Algebra, AlgebraError, Numpy, Profile};
use npir::prelude::*;

type Rules<'c> = Vec<Rule<Numpy<'c>>>;

/// One exact rule.
fn rule<'c>(name: &'static str, left: &'static str, right: &'static str) -> Rules<'c> {
    vec![Rule::new(name, Fidelity::Exact, "as it says", left, right)]
}

fn refused(algebra: Algebra) -> AlgebraError {
    let made = Registry::standard().with_algebra(algebra);
    made.err().expect("the algebra is wrong")
}

#[test]
fn wrong_rules_are_errors_when_they_are_registered() {
    let pattern =
        |rules: npir::numpy::optimize::Rules| match refused(Algebra::new("wrong").rules(rules)) {
            AlgebraError::Rule(RuleError::Pattern { rule: "it", error }) => error,
            other => panic!("{other}"),
        };
    assert_eq!(
        pattern(|_| rule("it", "(numpy.exp ?x)", "(numpy.exp ?y)")),
        PatternError::UnboundVariable("y".into())
    );
    assert_eq!(
        pattern(|_| rule("it", "(numpy.exp ?x ?y)", "?x")),
        PatternError::WrongArity {
            op: "numpy.exp".into(),
            wanted: 1,
            found: 2
        }
    );
    assert_eq!(
        pattern(|_| rule("it", "(numpy.expo ?x)", "?x")),
        PatternError::UnknownOp("numpy.expo".into())
    );
    assert_eq!(
        pattern(|_| rule("it", "(numpy.exp ?x)", "(numpy.sum@s ?x)")),
        PatternError::UnboundNode("s".into())
    );
    assert!(matches!(
        pattern(|_| rule("it", "(numpy.exp ?x", "?x")),
        PatternError::Syntax(_)
    ));
    assert_eq!(
        refused(Algebra::new("wrong").rules(|_| rule("it", "?x", "?x"))),
        AlgebraError::Rule(RuleError::MatchesEverything("it"))
    );
    let taken = Algebra::new("wrong").rules(|_| {
        rule(
            "square-negative",
            "(numpy.square (numpy.negative ?x))",
            "(numpy.square ?x)",
        )
    });
    assert_eq!(
        refused(taken),
        AlgebraError::Rule(RuleError::NamedTwice("square-negative"))
    );
}

#[test]
fn facts_and_costs_are_of_ops_that_exist() {
    let error = refused(Algebra::new("nowhere").cost("nowhere.op", |_, _| Profile::View));
    assert_eq!(
        error,
        AlgebraError::UnknownOp {
            algebra: "nowhere",
            op: "nowhere.op"
        }
    );
    assert_eq!(
        error.to_string(),
        "algebra 'nowhere': the dialect has no op 'nowhere.op'"
    );
}

/// What a function computes of `[1, 2, 3]`, and what the optimizer warns of and remarks, with an algebra.
fn run(algebra: Algebra, body: &str) -> (Vec<f64>, Vec<String>) {
    let registry = Registry::standard().with_algebra(algebra).unwrap();
    let words = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&words);
    let compiler = Compiler::new(registry).on_remark(move |d| {
        into.lock().unwrap().push(d.message.clone());
    });
    let program = format!(
        "func.func @f(%x: tensor<3xf64>) -> tensor<3xf64> {{\n{body}\n  return %r : tensor<3xf64>\n}}"
    );
    let exe = compiler.compile_source(&program, "f.mlir").unwrap();
    let x = Array::from_slice(&[1.0, 2.0, 3.0], &[3]).unwrap();
    let result = exe.run("f", &mut [(&x).into()]).unwrap();
    let found = result[0].to_vec().unwrap();
    let words = words.lock().unwrap().clone();
    (found, words)
}

const SINE: &str = "  %r = numpy.sin %x : tensor<3xf64> -> tensor<3xf64>";

fn sine() -> Vec<f64> {
    [1.0f64, 2.0, 3.0].map(f64::sin).to_vec()
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    let pairs = found.iter().zip(expected);
    found.len() == expected.len() && pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-15)
}

#[test]
fn a_rule_that_loops_is_stopped_with_its_name() {
    // sin(x) = sin(x + 0 · x), again and again.
    let algebra = Algebra::new("loops").rules(|_| {
        rule(
            "longer",
            "(numpy.sin ?x)",
            "(numpy.sin (numpy.add ?x (numpy.subtract ?x ?x)))",
        )
    });
    let (found, words) = run(algebra, SINE);
    assert!(close(&found, &sine()), "{found:?}");
    let stopped =
        |w: &String| w.starts_with("the optimizer stopped early: ") && w.contains("'longer'");
    assert!(words.iter().any(stopped), "{words:?}");
}

#[test]
fn a_rule_that_explodes_is_stopped_with_its_name() {
    let algebra = Algebra::new("explodes").rules(|_| {
        rule(
            "more",
            "(numpy.maximum ?x ?y)",
            "(numpy.maximum (numpy.maximum ?x (numpy.minimum ?x ?y)) (numpy.maximum ?y (numpy.minimum ?y ?x)))",
        )
    });
    let body = "  %c = numpy.constant dense<2.0> : tensor<f64>\n  \
                %r = numpy.maximum %x, %c : tensor<3xf64>, tensor<f64> -> tensor<3xf64>";
    let (found, words) = run(algebra, body);
    assert_eq!(found, [2.0, 2.0, 3.0]);
    let stopped =
        |w: &String| w.starts_with("the optimizer stopped early: ") && w.contains("'more'");
    assert!(words.iter().any(stopped), "{words:?}");
}

#[test]
fn a_rule_that_merges_unequal_shapes_leaves_the_block_with_its_name() {
    let algebra =
        Algebra::new("merges").rules(|_| rule("no-row", "(numpy.expand_dims@e ?x)", "?x"));
    let body = "  %e = numpy.expand_dims %x axes [0] : tensor<3xf64> -> tensor<1x3xf64>\n  \
                %s = numpy.sin %e : tensor<1x3xf64> -> tensor<1x3xf64>\n  \
                %r = numpy.squeeze %s : tensor<1x3xf64> -> tensor<3xf64>";
    let (found, words) = run(algebra, body);
    assert!(close(&found, &sine()), "{found:?}");
    let expected = "this block stays as it is: rule 'no-row' is wrong here: \
                    a value of type tensor<1x3xf64> is none of type tensor<3xf64>";
    assert_eq!(words, [expected]);
}

#[test]
fn others_do_not_have_the_rules_of_a_registry() {
    let body = "  %t = numpy.tanh %x : tensor<3xf64> -> tensor<3xf64>\n  \
                %r = numpy.sin %t : tensor<3xf64> -> tensor<3xf64>";
    let shrugs = || {
        Algebra::new("shrugs")
            .rules(|_| rule("no-tanh", "(numpy.sin (numpy.tanh ?x))", "(numpy.sin ?x)"))
    };
    let (with, _) = run(shrugs(), body);
    assert!(close(&with, &sine()), "{with:?}");
    let (without, _) = run(Algebra::new("says-nothing"), body);
    let expected: Vec<_> = [1.0f64, 2.0, 3.0].iter().map(|x| x.tanh().sin()).collect();
    assert!(close(&without, &expected), "{without:?}");
}
