//! Functions whose expression is for usual arguments: others are rare, and a function of the module computes them.

use npir_mlir::prelude::*;

use super::lanes::{Lanes, Val};
use super::outlined::{self, Use};

/// An expression for usual arguments, and what else there is.
#[derive(Clone, Copy)]
pub(crate) struct Guarded {
    pub(super) usual: for<'c> fn(Lanes<'c>, &[Val<'c>]) -> Usual<'c>,
    pub(super) rare: Rare,
}

/// The values for usual arguments.
pub(super) struct Usual<'c> {
    pub(super) value: Val<'c>,
    /// For which arguments it is the value.
    pub(super) holds: Val<'c>,
}

/// What computes arguments that are not usual.
#[derive(Clone, Copy)]
pub(super) enum Rare {
    /// libm, number by number.
    Libm,
    /// An expression for all arguments.
    All(for<'c> fn(Lanes<'c>, &[Val<'c>]) -> Val<'c>),
}

impl Guarded {
    /// The function `op` of vectors that are computed side by side: one branch for all of them, for a call clears registers
    /// and ends what can be done at once.
    pub(super) fn write<'c>(
        self,
        v: Lanes<'c>,
        module: Op<'c>,
        op: &str,
        calls: &[Vec<Val<'c>>],
    ) -> Vec<Val<'c>> {
        let rw = v.rewriter();
        let usual: Vec<_> = calls.iter().map(|xs| (self.usual)(v, xs)).collect();
        if let ([xs], [usual]) = (calls, usual.as_slice()) {
            return vec![self.repaired(v, module, op, xs, usual)];
        }
        let values: Vec<_> = usual.iter().map(|usual| usual.value).collect();
        let holds = usual.iter().map(|usual| usual.holds);
        let all = holds.reduce(|all, holds| v.and(all, holds));
        let Some(all) = all else { return values };
        let types: Vec<_> = values.iter().map(|value| value.ty()).collect();
        rw.scf_if(
            rw.vector_reduction("and", all),
            &types,
            |_| values.clone(),
            |rw| {
                let both = calls.iter().zip(&usual);
                both.map(|(xs, usual)| self.repaired(v.with(rw), module, op, xs, usual))
                    .collect()
            },
        )
    }

    /// `usual`, but where that does not hold what else it is.
    fn repaired<'c>(
        self,
        v: Lanes<'c>,
        module: Op<'c>,
        op: &str,
        xs: &[Val<'c>],
        usual: &Usual<'c>,
    ) -> Val<'c> {
        let rw = v.rewriter();
        let all = rw.vector_reduction("and", usual.holds);
        let op = op.trim_start_matches("math.");
        let name = format!("rare_{op}");
        let rare = |v: Lanes<'c>, xs: &[Val<'c>]| match self.rare {
            Rare::All(expression) => expression(v, xs),
            Rare::Libm => {
                let Usual { value, holds } = (self.usual)(v, xs);
                v.select(holds, value, libm(v, op, xs))
            }
        };
        let call =
            |rw: Rewriter<'c>| outlined::call(v.with(rw), module, &name, Use::Rarely, xs, rare);
        let types = [usual.value.ty()];
        rw.scf_if(all, &types, |_| vec![usual.value], |rw| vec![call(rw)])[0]
    }
}

/// The function of each number.
fn libm<'c>(v: Lanes<'c>, op: &str, xs: &[Val<'c>]) -> Val<'c> {
    let rw = v.rewriter();
    (0..xs[0].ty().dims()[0]).fold(xs[0], |all, i| {
        let lanes: Vec<_> = xs.iter().map(|&x| rw.vector_extract(x, i)).collect();
        rw.vector_insert(rw.math(op, &lanes), all, i)
    })
}
