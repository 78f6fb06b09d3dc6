//! Which nodes cannot fail at run time, whatever the sizes and elements turn out to be: they may be computed where the
//! program might not have come.

use npir_egraph::{Graph, NodeRef};

use super::{Fact, Numpy, Size};
use crate::constant::Constant;
use crate::{cast, elementwise, reduce};

/// Whether the sizes of two operands broadcast for certain.
fn broadcasts(a: &Fact<'_>, b: &Fact<'_>) -> bool {
    let one = Size::Known(1);
    let pairs = a.sizes.iter().rev().zip(b.sizes.iter().rev());
    pairs
        .into_iter()
        .all(|(x, y)| x == y || *x == one || *y == one)
}

/// Whether a node gives a value for all operands of its facts. Of ops that are not known here the answer is no.
pub fn cannot_fail(graph: &Graph<Numpy<'_>>, node: NodeRef<'_, Numpy<'_>>) -> bool {
    let facts: Vec<_> = node.children().map(|child| graph.fact(child)).collect();
    gives_value(node.op(), &facts)
}

/// The same of an op with operands of such facts.
pub(crate) fn gives_value(op: &str, facts: &[&Fact<'_>]) -> bool {
    if let Some(row) = elementwise::row(op) {
        let pairs = facts.iter().enumerate();
        let fits = pairs
            .into_iter()
            .all(|(i, a)| facts[..i].iter().all(|b| broadcasts(a, b)));
        return fits && row.guard.is_none();
    }
    if reduce::is_reduction(op) {
        let has_elements = |x: &Fact<'_>| {
            let known = |size: &Size| matches!(size, Size::Known(n) if *n > 0);
            x.sizes.iter().all(known)
        };
        return match facts[..] {
            [x] => has_elements(x) || !reduce::needs_elements(op),
            // Where a mask holds.
            [x, mask] => x.covers(mask) && !reduce::needs_elements(op),
            _ => false,
        };
    }
    match (op, facts) {
        ("numpy.transpose" | "numpy.expand_dims", _) => true,
        ("numpy.matmul", [a, b]) => match (&a.sizes[..], &b.sizes[..]) {
            ([_, k], [n, _]) | ([k], [n, _]) | ([_, k], [n]) | ([k], [n]) => k == n,
            _ => false,
        },
        (op, _) => op == Constant::NAME || op == cast::NAME,
    }
}
