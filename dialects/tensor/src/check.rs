//! `tensor_ext.check`: conditions of the program that are tested at run time.

use npir_loop::{CheckKind, placeholders};
use npir_mlir::prelude::*;

/// Raises an error at run time unless the condition holds.
///
/// The message has one `{}` for each of `args`; `{{` is a brace. The location of the op is the
/// location of the error.
#[op(
    "tensor_ext.check",
    interfaces(Verify, Effects, Canonicalize),
    assembly = "$cond `,` $kind `,` $message (`(` $args^ `:` type($args) `)`)? attr-dict"
)]
pub struct Check {
    cond: Operand<Bool>,
    kind: Attr<Enum<CheckKind>>,
    message: Attr<Str>,
    args: Variadic<IntegerOrIndex>,
}

impl<'c> Check<'c> {
    /// Raises an error of `kind` at `rw`'s location when `cond` is false.
    pub fn create(
        rw: Rewriter<'c>,
        cond: Val<'c>,
        kind: CheckKind,
        message: &str,
        args: &[Val<'c>],
    ) -> Self {
        Self::build(rw, cond, kind, message.to_string(), args)
    }
}

impl Verify for Check<'_> {
    fn verify(self) -> Result<(), String> {
        let (expected, found) = (placeholders(&self.message()), self.args().len());
        if expected != found {
            return Err(format!(
                "has {expected} placeholders in its message and {found} arguments"
            ));
        }
        match self
            .args()
            .iter()
            .find(|a| !a.ty().is_index() && a.ty().bit_width() != 64)
        {
            Some(arg) => Err(format!(
                "expects arguments of type index or i64, got {}",
                arg.ty()
            )),
            None => Ok(()),
        }
    }
}

impl<'c> Effects<'c> for Check<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

impl Canonicalize for Check<'_> {
    fn patterns() -> Vec<Pattern> {
        vec![on_view::<CheckFamily, _>(
            "check-true",
            1,
            |check, rw| match check.cond().constant_int() {
                Some(c) if c != 0 => {
                    rw.erase(check.op());
                    Ok(())
                }
                _ => no_match("the condition is not known to hold"),
            },
        )]
    }
}
