//! The graph on a toy language: what rules may say, what stops them, and what extraction chooses.

use npir_egraph::{
    Arity, Change, Class, Conflict, Cost, Domain, Extracted, Fidelity, Graph, Limits, Method,
    NodeRef, Origin, PatternError, Plan, Request, Rule, RuleError, RuleSet, SearchLimits, StepKind,
    Stop, Way, extract, go_on, saturate,
};

/// Vectors of known lengths.
struct Vectors;

impl Domain for Vectors {
    /// A length for leaves, a tag otherwise.
    type Payload = u32;
    /// The length.
    type Fact = u32;

    fn arity(&self, op: &str) -> Option<Arity> {
        match op {
            "x" | "y" => Some(Arity::Exactly(0)),
            "f" | "g" | "h" | "cat1" => Some(Arity::Exactly(1)),
            "+" | "*" => Some(Arity::Exactly(2)),
            "list" => Some(Arity::Any),
            _ => None,
        }
    }
    fn commutes(&self, op: &str) -> bool {
        op == "+"
    }
    fn fact(&self, _: Class, op: &str, payload: &u32, children: &[&u32]) -> u32 {
        match (op, children) {
            ("cat1", [a]) => *a + 1,
            (_, [a, ..]) => **a,
            _ => *payload,
        }
    }
    fn meet(&self, fact: &mut u32, other: &u32) -> Result<Change, String> {
        match *fact == *other {
            true => Ok(Change::default()),
            false => Err(format!("length {fact} is not length {other}")),
        }
    }
    fn payload(&self, _: &str, like: Option<&u32>, _: &[&u32]) -> Option<u32> {
        Some(like.copied().unwrap_or(0))
    }
}

type Toy = Graph<Vectors>;

fn rule(name: &'static str, left: &str, right: &str) -> Rule<Vectors> {
    Rule::new(name, Fidelity::Exact, "", left, right)
}

fn rules(all: Vec<Rule<Vectors>>) -> RuleSet<Vectors> {
    RuleSet::new(&Vectors, all).unwrap()
}

fn refused(left: &str, right: &str) -> PatternError {
    match RuleSet::new(&Vectors, [rule("r", left, right)]) {
        Err(RuleError::Pattern { rule: "r", error }) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("'{left}' to '{right}' was taken"),
    }
}

#[test]
fn wrong_rules_are_refused_with_a_reason() {
    use PatternError::*;
    assert_eq!(refused("(f ?a)", "(g ?b)"), UnboundVariable("b".into()));
    assert_eq!(refused("(f ?a)", "(g@n ?a)"), UnboundNode("n".into()));
    assert_eq!(refused("(q ?a)", "?a"), UnknownOp("q".into()));
    assert_eq!(refused("(f@n (g@n ?a))", "?a"), NamedTwice("n".into()));
    let wrong_arity = WrongArity {
        op: "+".into(),
        wanted: 2,
        found: 1,
    };
    assert_eq!(refused("(f ?a)", "(+ ?a)"), wrong_arity);
    assert_eq!(refused("(f ?a)", "(_ ?a)"), UnknownOp("_".into()));
    let no_operand = WrongArity {
        op: "_".into(),
        wanted: 1,
        found: 2,
    };
    assert_eq!(refused("(_ (f ?a) ?b)", "?a"), no_operand);
    for malformed in ["", "(", "(f ?a", "(f ?a))", "f", "()", "((f ?a))", "(_ ?a)"] {
        assert!(
            matches!(refused(malformed, "(x)"), Syntax(_)),
            "{malformed}"
        );
    }
    let everything = RuleSet::new(&Vectors, [rule("all", "?a", "(f ?a)")]);
    assert_eq!(everything.err(), Some(RuleError::MatchesEverything("all")));
    let twice = [rule("r", "(f ?a)", "?a"), rule("r", "(g ?a)", "?a")];
    assert_eq!(
        RuleSet::new(&Vectors, twice).err(),
        Some(RuleError::NamedTwice("r"))
    );
}

#[test]
fn a_variable_is_one_value_wherever_it_stands() {
    let mut graph = Toy::new(Vectors);
    let (x, y) = (graph.add(0, "x", 3, &[]), graph.add(1, "y", 3, &[]));
    let same = graph.add(2, "*", 0, &[x, x]);
    let other = graph.add(3, "*", 0, &[x, y]);
    let set = rules(vec![rule("square", "(* ?a ?a)", "(f ?a)")]);
    let report = saturate(&mut graph, &set, Limits::default()).unwrap();
    assert_eq!(report.fired, [1]);
    assert!(graph.nodes(same).any(|n| n.op() == "f"));
    assert!(graph.nodes(other).all(|n| n.op() == "*"));
}

#[test]
fn ops_that_commute_match_both_ways() {
    let mut graph = Toy::new(Vectors);
    let (x, y) = (graph.add(0, "x", 3, &[]), graph.add(1, "y", 3, &[]));
    let f = graph.add(2, "f", 0, &[x]);
    let (left, right) = (graph.add(3, "+", 0, &[f, y]), graph.add(4, "+", 0, &[y, f]));
    let product = graph.add(5, "*", 0, &[y, f]);
    let all = vec![
        rule("plus", "(+ (f ?a) ?b)", "(g ?b)"),
        rule("times", "(* (f ?a) ?b)", "(g ?b)"),
    ];
    let report = saturate(&mut graph, &rules(all), Limits::default()).unwrap();
    assert_eq!(report.fired, [2, 0]);
    assert_eq!(graph.find(left), graph.find(right));
    assert_ne!(graph.find(left), graph.find(product));
}

#[test]
fn a_named_node_hands_its_payload_on() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 7, &[x]);
    let set = rules(vec![rule("rename", "(f@n ?a)", "(g@n ?a)")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    let made = graph.nodes(f).find(|n| n.op() == "g").unwrap();
    assert_eq!(*made.payload(), 7);
}

#[test]
fn conditions_and_rust_decide_whether_a_rule_fires() {
    let mut graph = Toy::new(Vectors);
    let (x, y) = (graph.add(0, "x", 3, &[]), graph.add(1, "y", 4, &[]));
    let (fx, fy) = (graph.add(2, "f", 0, &[x]), graph.add(3, "f", 0, &[y]));
    let all = vec![
        rule("even", "(f ?a)", "(g ?a)").when(|m| m.fact_of("a").is_multiple_of(2)),
        Rule::apply("odd", Fidelity::Exact, "", "(f@n ?a)", |m| {
            assert_eq!(m.node("n").op(), "f");
            let odd = !m.fact_of("a").is_multiple_of(2);
            odd.then(|| m.build("h", None, &[m.class("a")]))?
        }),
    ];
    saturate(&mut graph, &rules(all), Limits::default()).unwrap();
    let ops = |class| {
        graph
            .nodes(class)
            .map(|n| n.op().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ops(fx), ["f", "h"]);
    assert_eq!(ops(fy), ["f", "g"]);
}

#[test]
fn a_pattern_finds_any_op_by_an_operand() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 0, &[x]);
    let users = [
        graph.add(2, "g", 0, &[f]),
        graph.add(3, "+", 0, &[x, f]),
        graph.add(4, "list", 0, &[x, x, f]),
    ];
    let other = graph.add(5, "g", 0, &[x]);
    let found = Rule::apply("found", Fidelity::Exact, "", "(_@u (f ?a))", |m| {
        let arity = m.node("u").num_children() as u32;
        m.build("h", Some(&arity), &[m.class("a")])
    });
    saturate(&mut graph, &rules(vec![found]), Limits::default()).unwrap();
    let made = |class| {
        let mut nodes = graph.nodes(class);
        nodes.find(|n| n.op() == "h").map(|n| *n.payload())
    };
    assert_eq!(users.map(made), [Some(1), Some(2), Some(3)]);
    assert_eq!(made(f), None);
    assert_eq!(made(other), None);
}

#[test]
fn equal_operands_make_equal_nodes() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let (f, g) = (graph.add(1, "f", 0, &[x]), graph.add(2, "g", 0, &[x]));
    let (hf, hg) = (graph.add(3, "h", 0, &[f]), graph.add(4, "h", 0, &[g]));
    let set = rules(vec![rule("same", "(f ?a)", "(g ?a)")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    assert_eq!(graph.find(hf), graph.find(hg));
}

#[test]
fn contradictions_stop_with_the_name_of_the_rule() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    graph.add(1, "cat1", 0, &[x]);
    let set = rules(vec![rule("drops the end", "(cat1 ?a)", "?a")]);
    let conflict = saturate(&mut graph, &set, Limits::default()).unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "rule 'drops the end' is wrong here: length 3 is not length 4"
    );
    let Conflict { rules, .. } = conflict;
    assert_eq!(rules, ["'drops the end'"]);
}

#[test]
fn endless_rules_are_stopped_and_named() {
    let grow = || {
        let mut graph = Toy::new(Vectors);
        let x = graph.add(0, "x", 3, &[]);
        graph.add(1, "f", 0, &[x]);
        (graph, rules(vec![rule("grow", "(f ?a)", "(f (g ?a))")]))
    };
    let run = |limits: Limits| {
        let (mut graph, set) = grow();
        saturate(&mut graph, &set, limits).unwrap().stops
    };
    let limits = Limits::default();
    assert_eq!(
        run(Limits {
            rounds: 5,
            ..limits
        }),
        [Stop::Rounds(vec!["grow"])]
    );
    let nodes = Limits {
        nodes: 30,
        rounds: 1_000,
        ..limits
    };
    assert_eq!(run(nodes), [Stop::Nodes("grow")]);
    let class_size = Limits {
        class_size: 4,
        rounds: 1_000,
        ..limits
    };
    assert_eq!(run(class_size), [Stop::ClassSize("grow")]);
    // Four classes match, and three are allowed.
    let mut graph = Toy::new(Vectors);
    let mut last = graph.add(0, "x", 3, &[]);
    for i in 1..=4 {
        last = graph.add(i, "f", 0, &[last]);
    }
    let set = rules(vec![rule("many", "(f ?a)", "(g ?a)")]);
    let limits = Limits {
        matches: 3,
        ..limits
    };
    let report = saturate(&mut graph, &set, limits).unwrap();
    assert_eq!(report.stops, [Stop::Matches("many")]);
    assert_eq!(report.fired, [3]);
}

#[test]
fn modes_choose_rules() {
    let set = || {
        let faithful = |name, fidelity| Rule::new(name, fidelity, "", "(f ?a)", "(g ?a)");
        let all = [
            ("a", Fidelity::Exact),
            ("b", Fidelity::Numpy),
            ("c", Fidelity::Relaxed),
        ];
        rules(all.map(|(name, fidelity)| faithful(name, fidelity)).into())
    };
    let left = Fidelity::ALL.map(|fidelity| set().up_to(fidelity).len());
    assert_eq!(left, [1, 2, 3]);
    let set = set().without(&["b"]);
    assert_eq!(set.describe(1).0, "c");
}

#[test]
fn made_nodes_know_the_rules_behind_them() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(10, "x", 3, &[]);
    let f = graph.add(11, "f", 0, &[x]);
    let h = graph.add(12, "h", 0, &[f]);
    let all = vec![
        rule("first", "(f ?a)", "(g ?a)"),
        rule("second", "(h (g ?a))", "(+ ?a ?a)"),
    ];
    saturate(&mut graph, &rules(all), Limits::default()).unwrap();
    let made = graph.nodes(h).find(|n| n.op() == "+").unwrap();
    let expected = Origin::Rule {
        rule: 1,
        sources: vec![11, 12],
        before: vec![0],
    };
    assert_eq!(*made.origin(), expected);
}

#[test]
fn what_is_equal_to_something_known_is_reported() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(10, "x", 3, &[]);
    let f = graph.add(11, "f", 0, &[x]);
    let set = rules(vec![rule("nothing", "(f ?a)", "?a")]);
    let report = saturate(&mut graph, &set, Limits::default()).unwrap();
    assert_eq!(graph.find(f), graph.find(x));
    let [union] = &report.unions[..] else {
        panic!("{:?}", report.unions)
    };
    let origin = Origin::Rule {
        rule: 0,
        sources: vec![11],
        before: vec![],
    };
    assert_eq!(
        (graph.find(union.class), &union.origin),
        (graph.find(x), &origin)
    );
}

/// Times by op; a value that several use is computed once.
struct Times(fn(&str) -> f64);

impl Cost<Vectors> for Times {
    type State = ();
    type Note = ();
    fn ways(&self, _: &Toy, _: Class, node: NodeRef<'_, Vectors>) -> Vec<Way<()>> {
        let children = vec![(); node.num_children()];
        let time = (self.0)(node.op());
        let way = Way {
            result: (),
            children,
            time,
            note: (),
        };
        if time.is_finite() { vec![way] } else { vec![] }
    }
}

fn ops<S: Copy + Ord>(found: &Extracted<'_, Vectors, S>) -> Vec<String> {
    let plan = found.plan();
    let name = |kind| match kind {
        StepKind::Compute(node) => NodeRef::op(node).to_owned(),
        StepKind::Convert(_) => "convert".to_owned(),
    };
    plan.steps().map(|step| name(step.kind)).collect()
}

fn best<'g>(graph: &'g Toy, cost: &Times, roots: &[Class]) -> Option<Extracted<'g, Vectors, ()>> {
    let roots: Vec<_> = roots.iter().map(|&class| (class, ())).collect();
    let request = Request {
        roots: &roots,
        original: &[],
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    extract(graph, cost, &request, |_| 0)
}

/// `f(x) + h(x)`, where `f x` is also `g (h x)`.
fn shared() -> (Toy, Class) {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let (f, h) = (graph.add(1, "f", 0, &[x]), graph.add(2, "h", 0, &[x]));
    let sum = graph.add(3, "+", 0, &[f, h]);
    let set = rules(vec![rule("through", "(f ?a)", "(g (h ?a))")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    (graph, sum)
}

#[test]
fn what_is_shared_counts_once() {
    let (graph, sum) = shared();
    // As a tree f costs 5 and g(h) 6; but h is needed anyway.
    let cost = Times(|op| match op {
        "f" => 5.0,
        "h" => 4.0,
        "g" => 2.0,
        "+" => 1.0,
        _ => 0.0,
    });
    let found = best(&graph, &cost, &[sum]).unwrap();
    assert_eq!(ops(&found), ["x", "h", "g", "+"]);
    assert_eq!(found.time, 7.0);
    // Neither start knows that; the search does.
    assert_eq!((found.tree, found.dag), (10.0, Some(10.0)));
    let rejected = found.rejected.unwrap();
    assert_eq!((rejected.time, rejected.op.as_str()), (10.0, "f"));
}

#[test]
fn a_dag_counts_what_its_children_share_once() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 0, &[x]);
    let set = rules(vec![rule("twice", "(f ?a)", "(+ (h ?a) (g (h ?a)))")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    let cost = Times(|op| match op {
        "f" => 9.0,
        "h" => 5.0,
        _ => 1.0,
    });
    let found = best(&graph, &cost, &[f]).unwrap();
    // As a tree: 1 + 5 + 1 + 5, and x twice.
    assert_eq!((found.tree, found.dag), (10.0, Some(8.0)));
    assert_eq!(ops(&found), ["x", "h", "g", "+"]);
}

/// As [`Times`], but `g` right after `h` is free.
struct Fused;

impl Cost<Vectors> for Fused {
    type State = ();
    type Note = ();
    fn ways(&self, graph: &Toy, class: Class, node: NodeRef<'_, Vectors>) -> Vec<Way<()>> {
        let times = Times(|op| match op {
            "f" => 5.0,
            "h" => 4.0,
            "g" => 9.0,
            _ => 1.0,
        });
        times.ways(graph, class, node)
    }
    fn plan(&self, plan: &Plan<'_, Vectors, ()>) -> f64 {
        let is = |kind: &StepKind<'_, Vectors, ()>, op: &str| matches!(kind, StepKind::Compute(node) if node.op() == op);
        let steps: Vec<_> = plan.steps().collect();
        let at = |slot: usize| steps.iter().position(|step| step.slot == slot).unwrap();
        let free =
            |i: usize| is(&steps[i].kind, "g") && is(&steps[at(steps[i].children[0])].kind, "h");
        (0..steps.len())
            .map(|i| if free(i) { 0.0 } else { steps[i].time })
            .sum()
    }
}

#[test]
fn the_whole_plan_decides() {
    let (graph, sum) = shared();
    let request = Request {
        roots: &[(sum, ())],
        original: &[],
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    let found = extract(&graph, &Fused, &request, |_| 0).unwrap();
    assert_eq!(ops(&found), ["x", "h", "g", "+"]);
    assert_eq!((found.time, found.dag), (6.0, Some(11.0)));
    // Without steps to search with, the best start stays.
    let limits = SearchLimits {
        steps: 0,
        ..SearchLimits::default()
    };
    let request = Request { limits, ..request };
    let found = extract(&graph, &Fused, &request, |_| 0).unwrap();
    assert!(found.cut_short);
    assert_eq!(found.time, 11.0);
}

#[test]
fn plans_run_in_no_circle() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 0, &[x]);
    // f x = g (f x), and g is free.
    let set = rules(vec![rule("fixed point", "(f ?a)", "(g (f ?a))")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    let found = best(&graph, &Times(|op| if op == "g" { 0.0 } else { 1.0 }), &[f]).unwrap();
    assert_eq!(ops(&found), ["x", "f"]);
    let nothing = best(
        &graph,
        &Times(|op| if op == "f" { f64::INFINITY } else { 1.0 }),
        &[f],
    );
    assert!(nothing.is_none());
}

#[test]
fn plans_run_in_no_circle_however_much_is_shared() {
    let mut graph = Toy::new(Vectors);
    let mut value = graph.add(0, "x", 3, &[]);
    for i in 1..=2_000 {
        value = graph.add(i, "*", 0, &[value, value]);
    }
    let f = graph.add(2_001, "f", 0, &[value]);
    let set = rules(vec![rule("fixed point", "(f ?a)", "(g (f ?a))")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    // As a tree this takes longer than any number says.
    let cost = Times(|op| if op == "g" { 0.0 } else { 1.0 });
    let found = best(&graph, &cost, &[f]).unwrap();
    assert_eq!(found.time, 2_002.0);
    assert_eq!(ops(&found).last().map(String::as_str), Some("f"));
}

#[test]
fn values_do_not_wait_for_what_comes_later() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    graph.add(1, "y", 3, &[]);
    let f = graph.add(2, "f", 0, &[x]);
    let same = Rule::apply("same", Fidelity::Exact, "f x = g y", "(f ?a)", |m| {
        let y = m.add("y", 3, &[]);
        m.build("g", None, &[y])
    });
    saturate(&mut graph, &rules(vec![same]), Limits::default()).unwrap();
    let request = Request {
        roots: &[(f, ())],
        original: &[],
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    let cost = Times(|op| if op == "f" { 9.0 } else { 1.0 });
    let late = |node: NodeRef<'_, Vectors>| if node.op() == "y" { 5 } else { 1 };
    let found = extract(&graph, &cost, &request, late).unwrap();
    assert_eq!(ops(&found), ["x", "f"]);
    let found = extract(&graph, &cost, &request, |_| 1).unwrap();
    assert_eq!(ops(&found), ["y", "g"]);
}

/// Two layouts: `f` keeps its own, `h` wants rows, and to turn costs `turn`.
struct Layouts {
    turn: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layout {
    Rows,
    Columns,
}

impl Cost<Vectors> for Layouts {
    type State = Layout;
    type Note = ();
    fn ways(&self, _: &Toy, _: Class, node: NodeRef<'_, Vectors>) -> Vec<Way<Layout>> {
        use Layout::*;
        let way = |result, children: &[Layout], time| Way {
            result,
            children: children.to_vec(),
            time,
            note: (),
        };
        match node.op() {
            "x" => vec![way(Columns, &[], 0.0)],
            // Twice as fast on columns.
            "f" => vec![way(Rows, &[Rows], 2.0), way(Columns, &[Columns], 1.0)],
            "h" => vec![way(Rows, &[Rows], 1.0)],
            _ => vec![],
        }
    }
    fn conversions(&self, _: &Toy, _: Class, to: Layout) -> Vec<(Layout, f64)> {
        match to {
            Layout::Rows => vec![(Layout::Columns, self.turn)],
            Layout::Columns => vec![(Layout::Rows, self.turn)],
        }
    }
}

#[test]
fn layouts_are_chosen_with_the_nodes() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 0, &[x]);
    let h = graph.add(2, "h", 0, &[f]);
    let request = Request {
        roots: &[(h, Layout::Rows)],
        original: &[],
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    let found = extract(&graph, &Layouts { turn: 3.0 }, &request, |_| 0).unwrap();
    assert_eq!(ops(&found), ["x", "f", "convert", "h"]);
    assert_eq!(found.time, 5.0);
    // A value that is wanted in both states is computed once and turned, if that is cheaper.
    let request = Request {
        roots: &[(f, Layout::Rows), (f, Layout::Columns)],
        ..request
    };
    let found = extract(&graph, &Layouts { turn: 0.5 }, &request, |_| 0).unwrap();
    assert_eq!(ops(&found), ["x", "f", "convert"]);
}

#[test]
fn the_original_stays_where_nothing_is_better() {
    let mut graph = Toy::new(Vectors);
    let x = graph.add(0, "x", 3, &[]);
    let f = graph.add(1, "f", 0, &[x]);
    let set = rules(vec![rule("other", "(f ?a)", "(g ?a)")]);
    saturate(&mut graph, &set, Limits::default()).unwrap();
    let request = Request {
        roots: &[(f, ())],
        original: &[(x, 0), (f, 1)],
        limits: SearchLimits::default(),
        method: Method::Joint,
        interrupted: &go_on,
    };
    let found = extract(&graph, &Times(|_| 1.0), &request, |_| 0).unwrap();
    assert_eq!(ops(&found), ["x", "f"]);
    assert_eq!(found.original, 2.0);
    let found = extract(
        &graph,
        &Times(|op| if op == "f" { 2.0 } else { 1.0 }),
        &request,
        |_| 0,
    );
    let found = found.unwrap();
    assert_eq!((found.original, found.time), (3.0, 2.0));
}

#[test]
fn the_same_input_gives_the_same_output() {
    let run = || {
        let mut graph = Toy::new(Vectors);
        let leaves: Vec<_> = (0..20)
            .map(|i| graph.add(i, "x", i as u32 * 100 + 3, &[]))
            .collect();
        let mut roots = Vec::new();
        for (i, &leaf) in leaves.iter().enumerate() {
            let f = graph.add(100 + i, "f", 0, &[leaf]);
            roots.push(graph.add(200 + i, "h", 0, &[f]));
        }
        let all = vec![
            rule("a", "(f ?a)", "(g ?a)"),
            rule("b", "(h (g ?a))", "(g (h ?a))"),
            rule("c", "(h ?a)", "(+ ?a ?a)"),
        ];
        let report = saturate(&mut graph, &rules(all), Limits::default()).unwrap();
        let found = best(&graph, &Times(|_| 1.0), &roots).unwrap();
        (report, ops(&found), graph.num_nodes(), graph.num_classes())
    };
    let first = run();
    for _ in 0..5 {
        assert_eq!(run(), first);
    }
}
