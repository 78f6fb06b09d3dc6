//! Programs that rules have much to say about.

use std::fmt::Write as _;

use super::generated::Random;

/// `n` operations that rules are about, of which all results that nothing uses are wanted.
pub(crate) fn algebra(n: usize) -> String {
    const MATRIX: &str = "tensor<300x300xf64>";
    const COLUMN: &str = "tensor<300xf64>";
    let mut random = Random(4);
    let mut text = String::new();
    let mut matrices = vec!["%a".to_owned(), "%b".to_owned()];
    let mut columns = vec!["%u".to_owned()];
    for i in 0..n {
        let (x, y) = (random.recent(&matrices, 6), random.recent(&matrices, 6));
        let u = random.recent(&columns, 4);
        let (op, ty) = match random.below(9) {
            0 => (format!("multiply {x}, {x} : {MATRIX}, {MATRIX}"), MATRIX),
            1 => (format!("add {x}, {y} : {MATRIX}, {MATRIX}"), MATRIX),
            2 => (format!("negative {x} : {MATRIX}"), MATRIX),
            3 => (format!("transpose {x} : {MATRIX}"), MATRIX),
            4 => (format!("matmul {x}, {y} : {MATRIX}, {MATRIX}"), MATRIX),
            5 => (format!("matmul {x}, {u} : {MATRIX}, {COLUMN}"), COLUMN),
            6 => (format!("sum {x} axes [1] : {MATRIX}"), COLUMN),
            7 => (format!("slice {x}[3] : {MATRIX}"), COLUMN),
            _ => (format!("subtract {x}, {u} : {MATRIX}, {COLUMN}"), MATRIX),
        };
        let _ = writeln!(text, "  %v{i} = numpy.{op} -> {ty}");
        let values = if ty == MATRIX {
            &mut matrices
        } else {
            &mut columns
        };
        values.push(format!("%v{i}"));
    }
    let unused = |value: &&String| {
        let uses =
            text.matches(&format!("{value} ")).count() + text.matches(&format!("{value},")).count();
        value.starts_with("%v") && uses + text.matches(&format!("{value}[")).count() == 1
    };
    let matrices: Vec<_> = matrices.iter().filter(unused).cloned().collect();
    let columns: Vec<_> = columns.iter().filter(unused).cloned().collect();
    let types = [vec![MATRIX; matrices.len()], vec![COLUMN; columns.len()]]
        .concat()
        .join(", ");
    let values = [matrices, columns].concat().join(", ");
    format!(
        "func.func @f(%a: {MATRIX}, %b: {MATRIX}, %u: {COLUMN}) -> ({types}) {{\n{text}  return {values} : {types}\n}}"
    )
}
