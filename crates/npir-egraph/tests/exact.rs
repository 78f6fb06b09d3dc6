//! The exact search beside all plans that there are.
#![cfg(feature = "exact")]

use std::sync::atomic::{AtomicUsize, Ordering};

use npir_egraph::ablation::{Baseline, cost_of};
use npir_egraph::{
    Arity, Change, Class, Cost, Domain, End, ExactLimits, Extracted, Fidelity, Graph, Limits,
    Linear, Match, Method, NodeRef, Plan, Request, Rule, RuleSet, SearchLimits, StepKind, Way,
    extract, go_on, saturate,
};

/// Ops `n0`, `n1`, … with any number of children; nothing is known of values.
struct Open;

impl Domain for Open {
    type Payload = u32;
    type Fact = ();

    fn arity(&self, op: &str) -> Option<Arity> {
        op.starts_with('n').then_some(Arity::Any)
    }
    fn fact(&self, _: Class, _: &str, _: &u32, _: &[&()]) {}
    fn meet(&self, _: &mut (), _: &()) -> Result<Change, String> {
        Ok(Change::default())
    }
    fn payload(&self, _: &str, like: Option<&u32>, _: &[&()]) -> Option<u32> {
        Some(like.copied().unwrap_or(0))
    }
}

/// Random numbers that are the same in every run: SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

const MICRO: f64 = 1e-6;

const NAMES: [&str; 6] = ["rename", "split", "circle", "turn", "nest", "share"];

/// Rules that make values equal for no reason, some of them in circles. New nodes have times of their own.
fn rules() -> Vec<Rule<Open>> {
    fn time(m: &mut Match<'_, Open>, more: u32) -> u32 {
        (m.node("n").payload() * 7 + more) % 40
    }
    let rule = |name, left, apply| Rule::apply(name, Fidelity::Exact, "", left, apply);
    vec![
        rule("rename", "(n1@n ?a)", |m| {
            let time = time(m, 3);
            m.build("n2", Some(&time), &[m.class("a")])
        }),
        rule("split", "(n2@n ?a)", |m| {
            let time = time(m, 5);
            let inner = m.build("n1", Some(&(time / 3)), &[m.class("a")])?;
            m.build("n3", Some(&(time / 2)), &[inner])
        }),
        rule("circle", "(n3@n ?a)", |m| {
            let time = *m.node("n").payload();
            let whole = m.build("n3", Some(&time), &[m.class("a")])?;
            m.build("n1", Some(&0), &[whole])
        }),
        rule("turn", "(n2@n ?a ?b)", |m| {
            let time = time(m, 1);
            m.build("n1", Some(&time), &[m.class("b"), m.class("a")])
        }),
        rule("nest", "(n1@n ?a ?b)", |m| {
            let time = time(m, 11);
            let inner = m.build("n2", Some(&(time / 4)), &[m.class("b")])?;
            m.build("n3", Some(&(time / 2)), &[inner, m.class("a")])
        }),
        rule("share", "(n3@n ?a ?b)", |m| {
            let time = time(m, 2);
            let inner = m.build("n2", Some(&(time / 2)), &[m.class("a")])?;
            m.build("n2", Some(&1), &[inner, inner])
        }),
    ]
}

/// A graph of about `size` values, of which rules have made many equal, in circles too, and the `wanted` newest of them.
fn random(seed: u64, size: usize, wanted: usize) -> (Graph<Open>, Vec<Class>) {
    let mut random = Random(seed);
    let mut graph = Graph::new(Open);
    let mut all = vec![graph.add(0, "n0", 0, &[]), graph.add(1, "n0", 1, &[])];
    for i in 2..size {
        let op = format!("n{}", 1 + random.below(3));
        let children = 1 + random.below(2);
        let children: Vec<_> = (0..children)
            .map(|_| all[random.below(all.len())])
            .collect();
        all.push(graph.add(i, &op, random.below(40) as u32, &children));
    }
    let rules = RuleSet::new(&Open, rules()).unwrap();
    let left_out: Vec<_> = NAMES.into_iter().filter(|_| random.below(3) == 0).collect();
    let rules = rules.without(&left_out);
    let limits = Limits {
        rounds: 1,
        nodes: 3 * size,
        ..Limits::default()
    };
    saturate(&mut graph, &rules, limits).unwrap();
    let newest = all[size - wanted..].iter();
    let mut roots: Vec<_> = newest.map(|&class| graph.find(class)).collect();
    roots.sort();
    roots.dedup();
    (graph, roots)
}

/// The payload is the time in microseconds; in the second state all is half as fast, and `n2` is fast.
struct TwoStates;

impl Cost<Open> for TwoStates {
    type State = bool;
    type Note = ();
    fn ways(&self, _: &Graph<Open>, _: Class, node: NodeRef<'_, Open>) -> Vec<Way<bool>> {
        let time = MICRO * f64::from(*node.payload());
        let way = |result, time| Way {
            result,
            children: vec![result; node.num_children()],
            time,
            note: (),
        };
        match node.op() {
            "n0" => vec![way(false, 0.0)],
            "n2" => vec![way(false, time), way(true, time / 4.0)],
            _ => vec![way(false, time), way(true, 2.0 * time)],
        }
    }
    fn conversions(&self, _: &Graph<Open>, _: Class, to: bool) -> Vec<(bool, f64)> {
        vec![(!to, 5.0 * MICRO)]
    }
}

/// The payload is the time in microseconds; `n1` of an `n2` is free, and `n2` of an `n2` costs twice as much.
struct Neighbours;

/// What a step costs more than by itself, for the op of a child.
fn extra(op: &str, time: f64, child: &str) -> f64 {
    match (op, child) {
        ("n1", "n2") => -time,
        ("n2", "n2") => time,
        _ => 0.0,
    }
}

impl Cost<Open> for Neighbours {
    type State = ();
    type Note = String;
    fn ways(&self, _: &Graph<Open>, _: Class, node: NodeRef<'_, Open>) -> Vec<Way<(), String>> {
        vec![Way {
            result: (),
            children: vec![(); node.num_children()],
            time: MICRO * f64::from(*node.payload() + 1),
            note: node.op().to_owned(),
        }]
    }
    fn plan(&self, plan: &Plan<'_, Open, (), String>) -> f64 {
        let mut ops = vec![""; plan.num_slots()];
        let mut total = 0.0;
        for step in plan.steps() {
            let op = step.note.map_or("", |op| op);
            ops[step.slot] = op;
            // The first child counts.
            let child = step.children.first().map_or("", |&child| ops[child]);
            total += step.time + extra(op, step.time, child);
        }
        total
    }
    fn linear(&self, _: &Graph<Open>, linear: &mut Linear<'_, (), String>) {
        for slot in 0..linear.num_slots() {
            for choice in linear.choices(slot) {
                linear.cost(choice.taken, linear.units(choice.time));
                let Some(&first) = choice.children.first() else {
                    continue;
                };
                for child in linear.choices(first) {
                    let op = choice.note.map_or("", |op| op);
                    let more = extra(op, choice.time, child.note.map_or("", |op| op));
                    if more == 0.0 {
                        continue;
                    }
                    // 1 where both are taken.
                    let both = linear.share();
                    linear.at_most([(both, 1.0), (choice.taken, -1.0)], 0.0);
                    linear.at_most([(both, 1.0), (child.taken, -1.0)], 0.0);
                    let taken = [(both, 1.0), (choice.taken, -1.0), (child.taken, -1.0)];
                    linear.at_least(taken, -1.0);
                    linear.cost(both, linear.units(more));
                }
            }
        }
    }
}

/// As [`Neighbours`], but the program knows a tenth of the costs.
struct Vague;

impl Cost<Open> for Vague {
    type State = ();
    type Note = String;
    fn ways(
        &self,
        graph: &Graph<Open>,
        class: Class,
        node: NodeRef<'_, Open>,
    ) -> Vec<Way<(), String>> {
        Neighbours.ways(graph, class, node)
    }
    fn plan(&self, plan: &Plan<'_, Open, (), String>) -> f64 {
        Neighbours.plan(plan)
    }
    fn linear(&self, _: &Graph<Open>, linear: &mut Linear<'_, (), String>) {
        for slot in 0..linear.num_slots() {
            for choice in linear.choices(slot) {
                if choice.note.is_some_and(|op| op == "n3") {
                    linear.cost(choice.taken, linear.units(choice.time));
                }
            }
        }
    }
}

fn request<S: Copy>(roots: &[(Class, S)], method: Method) -> Request<'_, S> {
    Request {
        roots,
        original: &[],
        limits: SearchLimits::default(),
        method,
        interrupted: &go_on,
    }
}

/// Compares the exact search with all plans; says whether it was better than the joint search and the greedy plans.
fn compare<C: Cost<Open>>(seed: u64, cost: &C, state: C::State) -> Option<(bool, bool, bool)> {
    let (graph, roots) = random(seed, 6 + (seed % 9) as usize, 2);
    let roots: Vec<_> = roots.into_iter().map(|class| (class, state)).collect();
    let limits = ExactLimits {
        rounds: 10_000,
        ..ExactLimits::default()
    };
    let exact = request(&roots, Method::Exact(limits));
    let joint = request(&roots, Method::Joint);
    let baseline = |baseline| cost_of(&graph, cost, &joint, |_| 0, baseline);
    let least = baseline(Baseline::Every(20_000))?;
    let found = extract(&graph, cost, &exact, |_| 0).unwrap();
    assert!(
        (found.time - least).abs() <= 2e-5 * least,
        "seed {seed}: {} is not the least of all plans, {least}",
        found.time
    );
    assert_eq!(found.gap(), Some(0.0), "seed {seed}");
    valid(&found);
    let joint = extract(&graph, cost, &joint, |_| 0).unwrap();
    assert!(found.time <= joint.time, "seed {seed}");
    let better_than = |other: Option<f64>| other.is_some_and(|other| other > 1.001 * least);
    let beaten = better_than(Some(joint.time));
    let greedy = better_than(baseline(Baseline::Greedy));
    Some((beaten, greedy, better_than(baseline(Baseline::Tree))))
}

/// A plan computes each step after its children.
fn valid<S: Copy + Ord, N: Clone>(found: &Extracted<'_, Open, S, N>) {
    let plan = found.plan();
    let mut done = vec![false; plan.num_slots()];
    for step in plan.steps() {
        assert!(step.children.iter().all(|&child| done[child]));
        if let StepKind::Compute(node) = step.kind {
            assert_eq!(node.num_children(), step.children.len());
        }
        done[step.slot] = true;
    }
    assert!(plan.roots().iter().all(|&root| done[root]));
}

/// Runs [`compare`] on many graphs; returns how many were compared, and how often each other way was worse.
fn many<C: Cost<Open>>(seeds: u64, cost: &C, state: C::State) -> [usize; 4] {
    let mut counts = [0; 4];
    for seed in 0..seeds {
        if let Some((joint, greedy, tree)) = compare(seed, cost, state) {
            counts[0] += 1;
            for (count, worse) in counts[1..].iter_mut().zip([joint, greedy, tree]) {
                *count += usize::from(worse);
            }
        }
    }
    counts
}

#[test]
fn sums_of_steps_in_two_states_are_least() {
    let [compared, joint, greedy, tree] = many(700, &TwoStates, false);
    println!("{compared} graphs; worse: joint {joint}, greedy {greedy}, tree {tree}");
    assert!(compared > 200 && greedy > 0 && tree > 0);
}

#[test]
fn costs_of_neighbours_are_least() {
    let [compared, joint, greedy, tree] = many(400, &Neighbours, ());
    println!("{compared} graphs; worse: joint {joint}, greedy {greedy}, tree {tree}");
    assert!(compared > 300 && joint > 0 && greedy > 0 && tree > 0);
}

#[test]
fn what_the_program_does_not_know_is_found_by_judging_plans() {
    let [compared, ..] = many(100, &Vague, ());
    assert!(compared > 50);
}

#[test]
fn limits_leave_the_best_plan_so_far_and_say_so() {
    let (graph, roots) = random(3, 60, 20);
    let roots: Vec<_> = roots.into_iter().map(|class| (class, ())).collect();
    let run = |limits: ExactLimits| {
        let request = request(&roots, Method::Exact(limits));
        extract(&graph, &Neighbours, &request, |_| 0).unwrap()
    };
    let joint = extract(&graph, &Neighbours, &request(&roots, Method::Joint), |_| 0).unwrap();
    assert!(joint.proof.is_none() && joint.gap().is_none());
    let free = run(ExactLimits::default());
    assert_eq!(
        free.proof.as_ref().map(|proof| &proof.end),
        Some(&End::Proven)
    );
    let small = run(ExactLimits {
        variables: 10,
        ..ExactLimits::default()
    });
    assert_eq!(
        small.proof.as_ref().map(|proof| &proof.end),
        Some(&End::Variables)
    );
    assert_eq!((small.time, small.gap()), (joint.time, Some(1.0)));
    let none = run(ExactLimits {
        rounds: 0,
        ..ExactLimits::default()
    });
    assert_eq!(
        none.proof.as_ref().map(|proof| &proof.end),
        Some(&End::Rounds)
    );
    assert_eq!(none.time, joint.time);
}

#[test]
fn a_search_that_is_cut_short_gives_a_gap() {
    let (graph, roots) = random(14, 400, 130);
    let roots: Vec<_> = roots.into_iter().map(|class| (class, ())).collect();
    fn run<'g, C: Cost<Open, State = (), Note = String>>(
        graph: &'g Graph<Open>,
        roots: &[(Class, ())],
        cost: &C,
        method: Method,
    ) -> Extracted<'g, Open, (), String> {
        extract(graph, cost, &request(roots, method), |_| 0).unwrap()
    }
    let joint = run(&graph, &roots, &Neighbours, Method::Joint);
    let best = run(
        &graph,
        &roots,
        &Neighbours,
        Method::Exact(ExactLimits::default()),
    );
    assert!(best.time < joint.time);
    // Without a search tree nothing is known.
    let limits = ExactLimits {
        branches: 0,
        ..ExactLimits::default()
    };
    let short = run(&graph, &roots, &Neighbours, Method::Exact(limits));
    assert_eq!(
        short.proof.as_ref().map(|proof| &proof.end),
        Some(&End::Branches)
    );
    assert_eq!((short.time, short.gap()), (joint.time, Some(1.0)));
    valid(&short);
    // A program that knows a part of the costs gives a bound that is too low, and so a gap that is too large.
    let limits = ExactLimits {
        rounds: 2,
        ..ExactLimits::default()
    };
    let short = run(&graph, &roots, &Vague, Method::Exact(limits));
    let proof = short.proof.as_ref().unwrap();
    assert_eq!(proof.end, End::Rounds);
    assert!(0.0 < proof.least && proof.least < best.time && short.time >= best.time);
    assert!(short.gap().is_some_and(|gap| 0.0 < gap && gap < 1.0));
    valid(&short);
}

#[test]
fn an_interrupted_search_gives_the_best_plan_so_far() {
    let (graph, roots) = random(14, 400, 130);
    let roots: Vec<_> = roots.into_iter().map(|class| (class, ())).collect();
    /// The plan where the question with this number is answered with yes, and how many were asked.
    fn until<'g, C: Cost<Open, State = (), Note = String>>(
        graph: &'g Graph<Open>,
        roots: &[(Class, ())],
        cost: &C,
        last: usize,
    ) -> (Extracted<'g, Open, (), String>, usize) {
        let asked = AtomicUsize::new(0);
        let interrupted = || asked.fetch_add(1, Ordering::Relaxed) + 1 >= last;
        let request = Request {
            interrupted: &interrupted,
            ..request(roots, Method::Exact(ExactLimits::default()))
        };
        let found = extract(graph, cost, &request, |_| 0).unwrap();
        (found, asked.load(Ordering::Relaxed))
    }
    let joint = extract(&graph, &Neighbours, &request(&roots, Method::Joint), |_| 0).unwrap();
    let (best, asked) = until(&graph, &roots, &Neighbours, usize::MAX);
    assert!(best.proof.is_some_and(|proof| proof.end == End::Proven));
    assert!(asked > 3, "the solver asked {asked} times");
    // Before the first round, and within the solver.
    for last in 1..asked {
        let (short, _) = until(&graph, &roots, &Neighbours, last);
        let proof = short.proof.as_ref().unwrap();
        assert_eq!(proof.end, End::Interrupted, "question {last} of {asked}");
        assert_eq!(proof.rounds, usize::from(last > 1));
        assert!(best.time <= short.time && short.time <= joint.time);
        assert!(proof.least <= best.time && short.gap().is_some_and(|gap| gap > 0.0));
        valid(&short);
    }
    // What earlier rounds have found stays.
    let (_, asked) = until(&graph, &roots, &Vague, usize::MAX);
    let (short, _) = until(&graph, &roots, &Vague, asked / 2);
    let proof = short.proof.as_ref().unwrap();
    assert_eq!(proof.end, End::Interrupted);
    let before = proof.rounds - 1;
    assert!(before > 0 && proof.least > 0.0);
    let one_less = ExactLimits {
        rounds: before,
        ..ExactLimits::default()
    };
    let one_less = request(&roots, Method::Exact(one_less));
    let one_less = extract(&graph, &Vague, &one_less, |_| 0).unwrap();
    assert!(short.time <= one_less.time);
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let run = || {
        let (graph, roots) = random(7, 40, 10);
        let roots: Vec<_> = roots.into_iter().map(|class| (class, false)).collect();
        let request = request(&roots, Method::Exact(ExactLimits::default()));
        let found = extract(&graph, &TwoStates, &request, |_| 0).unwrap();
        let steps: Vec<_> = found
            .plan()
            .steps()
            .map(|step| (step.slot, step.children.to_vec()))
            .collect();
        (steps, found.time, found.proof)
    };
    let first = run();
    for _ in 0..3 {
        assert_eq!(run(), first);
    }
}
