//! `tensor-carry-scalars`: what loops and conditions hand on as arrays of no dimensions becomes scalars, and what is
//! computed from scalars.

use npir_mlir::prelude::*;

/// Gives the arrays of no dimensions that `scf.for`, `scf.while` and `scf.if` carry and return the type of their
/// element, and computes on scalars what computations without dimensions compute from scalars.
///
/// A buffer that an iteration hands to the next one is allocated anew in each iteration; a scalar is in a register.
#[pass("tensor-carry-scalars", on = "func.func", dependent_dialects("tensor"))]
#[derive(Clone)]
pub struct CarryScalars {
    #[statistic(
        name = "carried",
        description = "Values that are carried as scalars now"
    )]
    carried: Statistic,
}

impl Pass for CarryScalars {
    fn run(&mut self, function: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let rewriter = OwnedRewriter::new(function.ctx());
        let mut carried = 0_i64;
        for name in ["scf.for", "scf.while", "scf.if"] {
            for op in function.find_all(name) {
                for slot in slots(op) {
                    carried += i64::from(slot.is_scalar());
                    slot.carry(rewriter.get());
                }
            }
        }
        for op in function.find_all("linalg.generic") {
            carried += i64::from(compute_scalars(op));
        }
        self.carried.add(carried);
        if carried == 0 {
            cx.preserve_all_analyses();
        }
        Ok(())
    }
}

/// Computes with scalars what a computation without dimensions computes from scalars; whether it is one.
fn compute_scalars(op: Op<'_>) -> bool {
    fn scalar(value: Val<'_>) -> Option<Val<'_>> {
        match value.defining_op() {
            Some(source) if source.name() == "tensor.from_elements" => Some(source.operand(0)),
            _ => (!value.ty().is_tensor()).then_some(value),
        }
    }
    let Some(body) = op.region(0).entry() else {
        return false;
    };
    let formals = body.args();
    let ins = formals.len() - op.num_results();
    let operands: Option<Vec<_>> = op.operand_values()[..ins]
        .iter()
        .map(|v| scalar(*v))
        .collect();
    let rank = op.result_types().first().map_or(1, |ty| ty.rank());
    let unread = !formals[ins..].iter().any(|formal| formal.has_uses());
    let iterators = op.attr("iterator_types").and_then(|kinds| kinds.as_array());
    let (Some(operands), true) = (operands, iterators.is_some_and(|kinds| kinds.is_empty())) else {
        return false;
    };
    if rank != 0 || !unread {
        return false;
    }
    rewrite_at(op, |rw| {
        let results = op.result_types().into_iter();
        let values = rw.inline_clone(body, &operands);
        let boxed: Vec<_> = results
            .zip(values)
            .map(|(ty, value)| {
                let array = rw.op("tensor.from_elements").results(&[ty]);
                array.operands(&[value]).build_value()
            })
            .collect();
        rw.replace(op, &boxed);
    });
    true
}

/// Places that hold one value in turn: it goes in as an operand of some ops and comes out as some values.
struct Slot<'c> {
    /// Ops and which of their operands.
    from: Vec<(Op<'c>, usize)>,
    to: Vec<Val<'c>>,
}

impl<'c> Slot<'c> {
    fn is_scalar(&self) -> bool {
        self.to
            .first()
            .is_some_and(|value| value.ty().is_tensor() && value.ty().rank() == 0)
    }

    fn carry(&self, rw: Rewriter<'c>) {
        if !self.is_scalar() {
            return;
        }
        for &(op, i) in &self.from {
            let array = op.operand(i);
            rw.before(op);
            let scalar = rw
                .at(op.loc())
                .op("tensor.extract")
                .operands(&[array])
                .results(&[array.ty().element()])
                .build_value();
            op.set_operand(i, scalar);
        }
        for &value in &self.to {
            let ty = value.ty();
            value.set_ty(ty.element());
            rw.after_value(value);
            let array = rw
                .at(value.value_loc())
                .op("tensor.from_elements")
                .results(&[ty])
                .operands(&[value])
                .build();
            for used in value.uses() {
                if used.op != array {
                    used.op.set_operand(used.operand, array.result_value(0));
                }
            }
        }
    }
}

/// What an op carries.
fn slots(op: Op<'_>) -> Vec<Slot<'_>> {
    let blocks: Vec<_> = op.regions().into_iter().filter_map(RegExt::entry).collect();
    let ends: Vec<_> = blocks
        .iter()
        .filter_map(|block| block.terminator_op())
        .collect();
    let results = op.result_values();
    match (op.name(), blocks.as_slice(), ends.as_slice()) {
        // Bounds and step come before the values that are carried, the induction variable before the arguments.
        ("scf.for", [body], [end]) => (results.into_iter().enumerate())
            .map(|(i, result)| Slot {
                from: vec![(op, i + 3), (*end, i)],
                to: vec![body.args()[i + 1], result],
            })
            .collect(),
        ("scf.while", [before, after], [condition, end]) => {
            let carried = before.args().into_iter().enumerate().map(|(i, arg)| Slot {
                from: vec![(op, i), (*end, i)],
                to: vec![arg],
            });
            let handed = results.into_iter().enumerate().map(|(i, result)| Slot {
                from: vec![(*condition, i + 1)],
                to: vec![after.args()[i], result],
            });
            carried.chain(handed).collect()
        }
        ("scf.if", _, [then, otherwise]) => (results.into_iter().enumerate())
            .map(|(i, result)| Slot {
                from: vec![(*then, i), (*otherwise, i)],
                to: vec![result],
            })
            .collect(),
        _ => Vec::new(),
    }
}
