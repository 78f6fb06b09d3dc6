//! Random programs on small tensors: slices, elementwise ops, branches, loops, calls, and updated arguments.

use std::fmt::Write;

/// A small, seeded source of random numbers (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    fn pick<'a>(&mut self, list: &'a [String]) -> &'a str {
        &list[self.below(list.len())]
    }
}

/// A program: `@main(tensor<4xf64> × args, i1, i1, index) -> tensor<4xf64> × results`.
pub(crate) struct Program {
    pub(crate) text: String,
    pub(crate) args: usize,
    pub(crate) results: usize,
    /// Argument and the result that it receives.
    pub(crate) updates: Vec<(usize, usize)>,
}

const T4: &str = "tensor<4xf64>";
const T2: &str = "tensor<2xf64>";

struct Writer<'r> {
    random: &'r mut Random,
    text: String,
    fresh: usize,
    budget: i64,
    may_call: bool,
}

/// What is in scope: values of four and of two elements, and counters.
#[derive(Clone, Default)]
struct Scope {
    four: Vec<String>,
    two: Vec<String>,
}

/// The program with this seed.
pub(crate) fn program(seed: u64) -> Program {
    let mut random = Random(seed);
    let (args, results) = (1 + random.below(3), 1 + random.below(3));
    let mut updates = Vec::new();
    for arg in 0..args {
        let result = random.below(results);
        if random.chance(50) && updates.iter().all(|(_, taken)| *taken != result) {
            updates.push((arg, result));
        }
    }
    let budget = 4 + random.below(14) as i64;
    let mut w = Writer {
        random: &mut random,
        text: String::new(),
        fresh: 0,
        budget,
        may_call: true,
    };
    w.text.push_str("#id = affine_map<(i) -> (i)>\n");

    let params: Vec<String> = (0..args)
        .map(|i| match updates.iter().find(|(arg, _)| *arg == i) {
            Some((_, r)) => format!("%a{i}: {T4} {{numpy.updates = {r} : i64}}"),
            None => format!("%a{i}: {T4}"),
        })
        .collect();
    let types = vec![T4; results].join(", ");
    let _ = writeln!(
        w.text,
        "func.func @main({}, %p: i1, %q: i1, %n: index) -> ({types}) {{",
        params.join(", ")
    );
    w.constants();
    let mut scope = Scope {
        four: (0..args).map(|i| format!("%a{i}")).collect(),
        two: Vec::new(),
    };
    w.ops(&mut scope, 0);
    let values: Vec<String> = (0..results).map(|_| w.recent(&scope.four)).collect();
    let _ = writeln!(w.text, "  func.return {} : {types}\n}}", values.join(", "));

    w.may_call = false;
    w.budget = 4;
    let _ = writeln!(
        w.text,
        "func.func private @g(%a0: {T4}, %a1: {T4}, %p: i1, %q: i1, %n: index) -> ({T4}, {T4}) {{"
    );
    w.constants();
    let mut scope = Scope {
        four: vec!["%a0".into(), "%a1".into()],
        two: Vec::new(),
    };
    w.ops(&mut scope, 1);
    let (x, y) = (w.recent(&scope.four), w.recent(&scope.four));
    let _ = writeln!(w.text, "  func.return {x}, {y} : {T4}, {T4}\n}}");
    Program {
        text: w.text,
        args,
        results,
        updates,
    }
}

impl Writer<'_> {
    fn constants(&mut self) {
        for i in 0..4 {
            let _ = writeln!(self.text, "  %c{i} = arith.constant {i} : index");
        }
    }

    fn name(&mut self) -> String {
        self.fresh += 1;
        format!("%v{}", self.fresh)
    }

    /// A value, rather a late one.
    fn recent(&mut self, list: &[String]) -> String {
        let n = list.len();
        let from = if self.random.chance(70) {
            n.saturating_sub(3)
        } else {
            0
        };
        list[from + self.random.below(n - from)].clone()
    }

    fn ops(&mut self, scope: &mut Scope, depth: usize) {
        let n = 1 + self.random.below(5);
        for _ in 0..n {
            if self.budget <= 0 {
                return;
            }
            self.budget -= 1;
            self.op(scope, depth);
        }
    }

    fn op(&mut self, scope: &mut Scope, depth: usize) {
        let result = self.name();
        let x = self.recent(&scope.four);
        let y = self.recent(&scope.four);
        match self.random.below(if depth < 3 { 15 } else { 10 }) {
            0 | 1 => {
                let (constant, i) = (self.name(), self.random.below(4));
                let value = self.random.below(100);
                let _ = writeln!(self.text, "  {constant} = arith.constant {value}.0 : f64");
                let _ = writeln!(
                    self.text,
                    "  {result} = tensor.insert {constant} into {x}[%c{i}] : {T4}"
                );
                scope.four.push(result);
            }
            2 => {
                let (element, i, j) = (self.name(), self.random.below(4), self.random.below(4));
                let _ = writeln!(self.text, "  {element} = tensor.extract {y}[%c{j}] : {T4}");
                let _ = writeln!(
                    self.text,
                    "  {result} = tensor.insert {element} into {x}[%c{i}] : {T4}"
                );
                scope.four.push(result);
            }
            3 | 4 => {
                let out = if self.random.chance(60) {
                    let empty = self.name();
                    let _ = writeln!(self.text, "  {empty} = tensor.empty() : {T4}");
                    empty
                } else {
                    self.recent(&scope.four)
                };
                let _ = writeln!(
                    self.text,
                    "  {result} = linalg.generic {{indexing_maps = [#id, #id, #id], iterator_types = [\"parallel\"]}} \
                     ins({x}, {y} : {T4}, {T4}) outs({out} : {T4}) {{\n  ^bb0(%i: f64, %j: f64, %o: f64):\n    \
                     %s = arith.addf %i, %j : f64\n    linalg.yield %s : f64\n  }} -> {T4}"
                );
                scope.four.push(result);
            }
            5 => {
                let (offset, stride) = *[(0, 1), (2, 1), (1, 1), (0, 2), (1, 2)]
                    .get(self.random.below(5))
                    .unwrap_or(&(0, 1));
                let _ = writeln!(
                    self.text,
                    "  {result} = tensor.extract_slice {x}[{offset}] [2] [{stride}] : {T4} to {T2}"
                );
                scope.two.push(result);
            }
            6 | 7 if !scope.two.is_empty() => {
                let source = self.random.pick(&scope.two).to_owned();
                let offset = self.random.below(3);
                let _ = writeln!(
                    self.text,
                    "  {result} = tensor.insert_slice {source} into {x}[{offset}] [2] [1] : {T2} into {T4}"
                );
                scope.four.push(result);
            }
            8 => {
                let _ = writeln!(self.text, "  {result} = arith.select %p, {x}, {y} : {T4}");
                scope.four.push(result);
            }
            9 if self.may_call => {
                let _ = writeln!(
                    self.text,
                    "  {result}:2 = func.call @g({x}, {y}, %p, %q, %n) : ({T4}, {T4}, i1, i1, index) -> ({T4}, {T4})"
                );
                scope.four.push(format!("{result}#0"));
                scope.four.push(format!("{result}#1"));
            }
            10 | 11 => self.branch(scope, depth, &result),
            12 | 13 => self.for_loop(scope, depth, &result),
            14 => self.while_loop(scope, depth, &result),
            _ => {}
        }
    }

    fn branch(&mut self, scope: &mut Scope, depth: usize, result: &str) {
        let condition = if self.random.chance(50) { "%p" } else { "%q" };
        let k = 1 + self.random.below(2);
        let types = vec![T4; k].join(", ");
        let _ = writeln!(
            self.text,
            "  {result}:{k} = scf.if {condition} -> ({types}) {{"
        );
        for branch in 0..2 {
            let mut inner = scope.clone();
            self.ops(&mut inner, depth + 1);
            let values: Vec<String> = (0..k).map(|_| self.recent(&inner.four)).collect();
            let _ = writeln!(self.text, "  scf.yield {} : {types}", values.join(", "));
            let _ = writeln!(
                self.text,
                "{}",
                if branch == 0 { "  } else {" } else { "  }" }
            );
        }
        scope.four.extend((0..k).map(|i| format!("{result}#{i}")));
    }

    fn for_loop(&mut self, scope: &mut Scope, depth: usize, result: &str) {
        let k = 1 + self.random.below(3);
        let (types, iv) = (vec![T4; k].join(", "), self.name());
        let args: Vec<String> = (0..k).map(|_| self.name()).collect();
        let inits: Vec<String> = args
            .iter()
            .map(|arg| format!("{arg} = {}", self.recent(&scope.four)))
            .collect();
        let end = if self.random.chance(50) { "%n" } else { "%c3" };
        let _ = writeln!(
            self.text,
            "  {result}:{k} = scf.for {iv} = %c0 to {end} step %c1 iter_args({}) -> ({types}) {{",
            inits.join(", ")
        );
        let mut inner = scope.clone();
        inner.four.extend(args);
        self.ops(&mut inner, depth + 1);
        let values: Vec<String> = (0..k).map(|_| self.recent(&inner.four)).collect();
        let _ = writeln!(
            self.text,
            "  scf.yield {} : {types}\n  }}",
            values.join(", ")
        );
        scope.four.extend((0..k).map(|i| format!("{result}#{i}")));
    }

    fn while_loop(&mut self, scope: &mut Scope, depth: usize, result: &str) {
        let (k, m) = (1 + self.random.below(3), 1 + self.random.below(3));
        let (carried, passed) = (vec![T4; k].join(", "), vec![T4; m].join(", "));
        let (i, go_on, next) = (self.name(), self.name(), self.name());
        let before: Vec<String> = (0..k).map(|_| self.name()).collect();
        let after: Vec<String> = (0..m).map(|_| self.name()).collect();
        let inits: Vec<String> = before
            .iter()
            .map(|arg| format!("{arg} = {}", self.recent(&scope.four)))
            .collect();
        let _ = writeln!(
            self.text,
            "  {result}:{} = scf.while ({}, {i} = %c0) : ({carried}, index) -> ({passed}, index) {{",
            m + 1,
            inits.join(", ")
        );
        let mut inner = scope.clone();
        inner.four.extend(before.iter().cloned());
        if self.random.chance(30) {
            self.ops(&mut inner, depth + 1);
        }
        let _ = writeln!(self.text, "  {go_on} = arith.cmpi slt, {i}, %n : index");
        // Mostly what comes in goes on in its place.
        let values: Vec<String> = (0..m)
            .map(|j| {
                if j < k && self.random.chance(60) {
                    before[j].clone()
                } else {
                    self.recent(&inner.four)
                }
            })
            .collect();
        let _ = writeln!(
            self.text,
            "  scf.condition({go_on}) {}, {i} : {passed}, index\n  }} do {{",
            values.join(", ")
        );
        let args: Vec<String> = after.iter().map(|arg| format!("{arg}: {T4}")).collect();
        let _ = writeln!(self.text, "  ^bb0({}, {i}x: index):", args.join(", "));
        let mut inner = scope.clone();
        inner.four.extend(after);
        self.ops(&mut inner, depth + 1);
        let values: Vec<String> = (0..k).map(|_| self.recent(&inner.four)).collect();
        let _ = writeln!(self.text, "  {next} = arith.addi {i}x, %c1 : index");
        let _ = writeln!(
            self.text,
            "  scf.yield {}, {next} : {carried}, index\n  }}",
            values.join(", ")
        );
        scope.four.extend((0..m).map(|j| format!("{result}#{j}")));
    }
}
