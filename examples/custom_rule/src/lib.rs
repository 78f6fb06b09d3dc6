//! Rules of one's own in npir's optimizer, about an op of one's own and about NumPy's.
//!
//! `angles.wrap` brings an angle into [0, 2π). The optimizer knows by [`algebra`] when that is of no use, what the result looks
//! like and what it costs; `angles-to-numpy` leaves NumPy's remainder of the wraps that are left.

use std::f64::consts::TAU;

use npir::egraph::{Fidelity, Rule};
use npir::numpy::constant::Constant;
use npir::numpy::elementwise;
use npir::numpy::optimize::{Algebra, Numpy, Profile};
use npir_mlir::prelude::*;

/// Angles between 0 and 2π that point in the same directions
#[op(
    "angles.wrap",
    traits(Pure),
    interfaces(InferTypes),
    assembly = "$angle attr-dict `:` type($angle)"
)]
pub struct Wrap {
    angle: Operand<AnyTensor>,
    result: Output<AnyTensor>,
}

impl InferTypes for Wrap<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(0)?])
    }
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("angles")
        .doc("Angles in radians.")
        .depends_on(&["numpy"])
        .ops([Wrap::def()])
}

/// What the optimizer knows of it.
pub fn algebra() -> Algebra {
    Algebra::new("angles")
        .rules(rules)
        .facts(Wrap::NAME, |operands, mut own| {
            own.sizes.clone_from(&operands[0].sizes);
            own
        })
        // A division, a rounding and a product for each element, in the kernel that uses it.
        .cost(Wrap::NAME, |_, _| Profile::Inline(10.0))
}

fn rules<'c>(_: Numpy<'c>) -> Vec<Rule<Numpy<'c>>> {
    vec![
        // Angles that are between 0 and 2π stay.
        Rule::new(
            "wrap-twice",
            Fidelity::Exact,
            "wrap(wrap(x)) = wrap(x)",
            "(angles.wrap (angles.wrap ?x))",
            "(angles.wrap ?x)",
        ),
        // Whole turns more or less are the same direction: only rounding differs.
        Rule::new(
            "wrap-of-sum",
            Fidelity::Relaxed,
            "wrap(wrap(x) + y) = wrap(x + y)",
            "(angles.wrap (numpy.add (angles.wrap ?x) ?y))",
            "(angles.wrap (numpy.add ?x ?y))",
        ),
        Rule::new(
            "cos-of-wrap",
            Fidelity::Relaxed,
            "cos(wrap(x)) = cos(x)",
            "(numpy.cos (angles.wrap ?x))",
            "(numpy.cos ?x)",
        ),
    ]
}

/// Convert wraps of angles to remainders
#[pass("angles-to-numpy", on = "func.func", dependent_dialects("numpy"))]
#[derive(Clone)]
pub struct AnglesToNumpy {}

impl Pass for AnglesToNumpy {
    fn run(&mut self, function: Op<'_>, _: &PassCx<'_>) -> PassResult {
        for wrap in function
            .find_all(Wrap::NAME)
            .into_iter()
            .filter_map(Wrap::cast)
        {
            rewrite_at(wrap.op(), |rw| -> Result<(), String> {
                let (ctx, element) = (rw.ctx(), wrap.angle().ty().element());
                let ty = ctx.tensor(&[], element);
                let turn = ctx.dense_splat(ty, ctx.float_attr(element, TAU));
                let turn = Constant::build(rw, turn, ty).result();
                let rest = elementwise::Remainder::build_inferred(rw, wrap.angle(), turn)?;
                rw.replace(wrap.op(), &[rest.result()]);
                Ok(())
            })?;
        }
        Ok(())
    }
}
