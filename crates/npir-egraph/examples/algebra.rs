//! A language of one's own with its facts, rules and costs: whole numbers, with `+`, `*` and shifts.
//!
//! ```sh
//! cargo run -p npir-egraph --example algebra
//! ```

use npir_egraph::{
    Arity, Change, Class, Cost, Domain, Fidelity, Graph, Limits, Method, NodeRef, Request, Rule,
    RuleSet, SearchLimits, StepKind, Way, extract, go_on, saturate,
};

/// Whole numbers.
struct Numbers;

impl Domain for Numbers {
    /// The number of a `const`, the name of a `var` as a number, 0 for everything else.
    type Payload = i64;
    /// The value, where it is known.
    type Fact = Option<i64>;

    fn arity(&self, op: &str) -> Option<Arity> {
        match op {
            "const" | "var" => Some(Arity::Exactly(0)),
            "+" | "*" | "<<" => Some(Arity::Exactly(2)),
            _ => None,
        }
    }
    fn commutes(&self, op: &str) -> bool {
        matches!(op, "+" | "*")
    }
    fn fact(&self, _: Class, op: &str, payload: &i64, children: &[&Option<i64>]) -> Option<i64> {
        match (op, children) {
            ("const", _) => Some(*payload),
            ("+", [a, b]) => Some((**a)?.wrapping_add((**b)?)),
            ("*", [a, b]) => Some((**a)?.wrapping_mul((**b)?)),
            _ => None,
        }
    }
    fn meet(&self, fact: &mut Option<i64>, other: &Option<i64>) -> Result<Change, String> {
        let known = fact.or(*other);
        if let (Some(a), Some(b)) = (known, *other)
            && a != b
        {
            return Err(format!("{a} is not {b}"));
        }
        let change = Change {
            first: known != *fact,
            second: known != *other,
        };
        *fact = known;
        Ok(change)
    }
    fn payload(&self, _: &str, _: Option<&i64>, _: &[&Option<i64>]) -> Option<i64> {
        Some(0)
    }
    fn constant(&self, fact: &Option<i64>) -> Option<(&'static str, i64)> {
        fact.map(|n| ("const", n))
    }
}

/// Products are dear, what is known is free.
struct Machine;

impl Cost<Numbers> for Machine {
    type State = ();
    type Note = ();
    fn ways(&self, _: &Graph<Numbers>, _: Class, node: NodeRef<'_, Numbers>) -> Vec<Way<()>> {
        let time = match node.op() {
            "*" => 3.0,
            "+" | "<<" => 1.0,
            _ => 0.0,
        };
        let children = vec![(); node.num_children()];
        vec![Way {
            result: (),
            children,
            time,
            note: (),
        }]
    }
}

fn rules() -> Vec<Rule<Numbers>> {
    vec![
        Rule::new(
            "distribute",
            Fidelity::Exact,
            "a·b + a·c = a·(b + c)",
            "(+ (* ?a ?b) (* ?a ?c))",
            "(* ?a (+ ?b ?c))",
        ),
        // What a pattern cannot say is said in Rust.
        Rule::apply(
            "multiply by a power of two",
            Fidelity::Exact,
            "x · 2ⁿ = x << n",
            "(* ?x ?n)",
            |m| {
                let n = (*m.fact_of("n"))?;
                let shift = i64::from((n > 1 && n & (n - 1) == 0).then(|| n.trailing_zeros())?);
                let shift = m.add("const", shift, &[]);
                m.build("<<", None, &[m.class("x"), shift])
            },
        ),
    ]
}

fn main() {
    let rules = RuleSet::new(&Numbers, rules()).expect("the rules fit the language");
    let mut graph = Graph::new(Numbers);
    // x·3 + x·5
    let x = graph.add(0, "var", 0, &[]);
    let three = graph.add(1, "const", 3, &[]);
    let five = graph.add(2, "const", 5, &[]);
    let left = graph.add(3, "*", 0, &[x, three]);
    let right = graph.add(4, "*", 0, &[x, five]);
    let sum = graph.add(5, "+", 0, &[left, right]);
    let report = saturate(&mut graph, &rules, Limits::default()).expect("the rules are right");
    for (index, times) in report
        .fired
        .iter()
        .enumerate()
        .filter(|(_, times)| **times > 0)
    {
        let (name, equation, fidelity) = rules.describe(index);
        println!("{name} ({fidelity}): {equation}, {times} times");
    }
    let original = [x, three, five, left, right, sum];
    let original: Vec<_> = original
        .into_iter()
        .enumerate()
        .map(|(i, c)| (c, i))
        .collect();
    let request = Request {
        roots: &[(sum, ())],
        original: &original,
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    let found = extract(&graph, &Machine, &request, |_| 0).expect("everything can be computed");
    println!("{} instead of {}", found.time, found.original);
    for step in found.plan().steps() {
        if let StepKind::Compute(node) = step.kind {
            println!("{} {} {:?}", node.op(), node.payload(), step.children);
        }
    }
}
