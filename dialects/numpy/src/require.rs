//! `numpy.require`: conditions of the program itself.

use npir_mlir::prelude::*;
/// The kinds of errors.
pub use npir_tensor::CheckKind;

use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes::{self, Cond};
use crate::types::AnyArray;

/// Raises an error at run time unless a 0-d bool holds
///
/// For frontends whose languages check what NumPy does not: division by zero, integers that leave their range,
/// assertions. The location of the op is the location of the error. `numpy.require` keeps its place among ops with
/// effects and is never removed.
#[op(
    "numpy.require",
    interfaces(Verify, Effects, Canonicalize),
    assembly = "$holds `:` type($holds) `,` $kind `,` $message attr-dict"
)]
pub struct Require {
    holds: Operand<AnyArray>,
    kind: Attr<Enum<CheckKind>>,
    message: Attr<Str>,
}

impl Verify for Require<'_> {
    fn verify(self) -> Result<(), String> {
        let ty = self.holds().ty();
        match ty.rank() == 0 && ty.element().is_bool() {
            true => Ok(()),
            false => Err(format!("expects an operand of type tensor<i1>, got {ty}")),
        }
    }
}

impl<'c> Effects<'c> for Require<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

impl Canonicalize for Require<'_> {
    fn patterns() -> Vec<Pattern> {
        vec![on_view::<RequireFamily, _>(
            "require-true",
            1,
            |require, rw| {
                let constant = require.holds().constant_attr();
                match constant.and_then(|a| a.splat_value()?.as_int()) {
                    Some(holds) if holds != 0 => {
                        rw.erase(require.op());
                        Ok(())
                    }
                    _ => no_match("the condition is not known to hold"),
                }
            },
        )]
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Require::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Require::NAME, |op, cx, rw| {
        let Some(require) = Require::cast(op) else {
            return no_match("no numpy.require");
        };
        let holds = rw.tensor_extract(cx.operand(0), &[]);
        let holds = lowering::is_true(rw, DType::Bool, holds);
        // Braces in a message are for arguments, of which there are none.
        let message = require.message().replace('{', "{{").replace('}', "}}");
        sizes::check(rw, Cond::Value(holds), require.kind(), &message, &[]);
        rw.erase(op);
        Ok(())
    })]
}
