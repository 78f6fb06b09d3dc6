//! Fills that only start the accumulators of the reduction that follows.

use npir_mlir::prelude::*;

/// For each out of the reduction `generic` the scalar that its buffer was filled with, and the
/// fills; `None` unless every out is an allocation that was filled and not looked at since.
pub(super) fn starting_values<'c>(
    generic: Op<'c>,
    outs: &[Val<'c>],
    ins: &[Val<'c>],
) -> Option<(Vec<Val<'c>>, Vec<Op<'c>>)> {
    let distinct = outs.iter().enumerate().all(|(i, o)| !outs[..i].contains(o));
    if !distinct || outs.iter().any(|o| ins.contains(o)) {
        return None;
    }
    let fills: Vec<Op<'c>> = outs
        .iter()
        .map(|&out| fill_of(generic, out))
        .collect::<Option<_>>()?;
    Some((fills.iter().map(|f| f.operand(0)).collect(), fills))
}

/// The fill of `buffer`, if it is the only use before `generic`, in the same block.
fn fill_of<'c>(generic: Op<'c>, buffer: Val<'c>) -> Option<Op<'c>> {
    buffer
        .defining_op()
        .filter(|op| op.name() == "memref.alloc")?;
    let block = generic.block()?;
    let mut fill = None;
    for user in buffer.uses() {
        let mut op = user.op;
        while op.block().is_none_or(|b| b.key() != block.key()) {
            op = op.parent()?;
        }
        if op.key() == generic.key() {
            if op.key() != user.op.key() {
                return None; // the body reads it
            }
        } else if op.is_before(generic) {
            let fills = user.op.name() == "linalg.fill" && user.operand == 1;
            if !fills || op.key() != user.op.key() || fill.replace(op).is_some() {
                return None;
            }
        }
    }
    fill
}
