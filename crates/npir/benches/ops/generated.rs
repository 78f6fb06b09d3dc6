//! Programs of any number of operations.

use std::fmt::Write as _;

const MATRIX: &str = "tensor<?x?xf64>";
pub(crate) const VECTOR: &str = "tensor<?xf64>";

/// Random numbers that are the same in every run: SplitMix64 (Steele, Lea and Flood 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("below n")
    }

    pub(crate) fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// One of the `last` newest values.
    pub(crate) fn recent(&mut self, values: &[String], last: usize) -> String {
        self.of(&values[values.len().saturating_sub(last)..])
            .clone()
    }
}

/// `n` operations as programs of users have them: half element by element, and functions, broadcasts, reductions,
/// views, products of matrices.
pub(crate) fn mixed(n: usize) -> String {
    let mut random = Random(2);
    let mut text = format!(
        "func.func @f(%a: {MATRIX}, %b: {MATRIX}, %u: {VECTOR}, %w: {VECTOR}) -> ({MATRIX}, {VECTOR}) {{\n"
    );
    let mut matrices = vec!["%a".to_owned(), "%b".to_owned()];
    let mut vectors = vec!["%u".to_owned(), "%w".to_owned()];
    for i in 0..n {
        let (kind, x, y) = (
            random.below(100),
            random.recent(&matrices, 8),
            random.recent(&matrices, 8),
        );
        let (u, w) = (random.recent(&vectors, 8), random.recent(&vectors, 8));
        let (op, a_matrix) = match kind {
            0..45 => {
                let op = random.of(&["add", "subtract", "multiply", "maximum", "minimum"]);
                let op = format!("{op} {x}, {y} : {MATRIX}, {MATRIX} -> {MATRIX}");
                (op, true)
            }
            45..55 => {
                let op = random.of(&["exp", "sqrt", "absolute", "tanh"]);
                (format!("{op} {x} : {MATRIX} -> {MATRIX}"), true)
            }
            55..65 => {
                let op = format!("subtract {x}, {u} : {MATRIX}, {VECTOR} -> {MATRIX}");
                (op, true)
            }
            65..80 => {
                let op = random.of(&["sum", "mean", "max"]);
                (format!("{op} {x} axes [0] : {MATRIX} -> {VECTOR}"), false)
            }
            80..90 => {
                let op = format!("multiply {u}, {w} : {VECTOR}, {VECTOR} -> {VECTOR}");
                (op, false)
            }
            90..95 => (format!("flip {u} : {VECTOR} -> {VECTOR}"), false),
            _ => {
                let op = format!("matmul {x}, {y} : {MATRIX}, {MATRIX} -> {MATRIX}");
                (op, true)
            }
        };
        let _ = writeln!(text, "  %v{i} = numpy.{op}");
        let values = if a_matrix {
            &mut matrices
        } else {
            &mut vectors
        };
        values.push(format!("%v{i}"));
    }
    let (x, u) = (&matrices[matrices.len() - 1], &vectors[vectors.len() - 1]);
    let _ = writeln!(text, "  return {x}, {u} : {MATRIX}, {VECTOR}\n}}");
    text
}
