//! `tensor_ext.library`: a routine of the runtime on tensors.

use npir_loop::Routine;
use npir_mlir::prelude::*;
use std::ops::Range;

/// A routine of the runtime's library, in destination style.
///
/// Each result is what the routine fills the out of the same position with, whatever that held; in memory it is the
/// out, and the ins are read where they lie, whatever their strides. The row of the routine ([`Routine`]) says how
/// many arrays there are and of which element types and ranks; dimensions before those are a batch, alike in all.
/// Sizes have been checked. A failure of the routine is a run-time error that begins with `caller`.
#[op(
    "tensor_ext.library",
    traits(AttrSizedOperandSegments),
    interfaces(Verify, InferTypes, Effects, DestinationStyle, Bufferize),
    assembly = "$routine `for` $caller (`params` $params^)? (`ins` `(` $ins^ `:` type($ins) `)`)? \
                (`outs` `(` $outs^ `:` type($outs) `)`)? attr-dict"
)]
pub struct Library {
    ins: Variadic<AnyTensor>,
    outs: Variadic<AnyTensor>,
    routine: Attr<Enum<Routine>>,
    caller: Attr<Str>,
    params: OptionalAttr<I64Array>,
    results: VariadicOutput<AnyTensor>,
}

impl<'c> Library<'c> {
    /// The results of `routine` on `ins`, in the place of `outs`, for the op `caller`.
    pub fn create(
        rw: Rewriter<'c>,
        routine: Routine,
        caller: &str,
        ins: &[Val<'c>],
        outs: &[Val<'c>],
        params: &[i64],
    ) -> Vec<Val<'c>> {
        let params = (!params.is_empty()).then(|| params.to_vec());
        let types: Vec<_> = outs.iter().map(|v| v.ty()).collect();
        Self::build(rw, ins, outs, routine, caller.to_string(), params, &types).results()
    }
}

impl Verify for Library<'_> {
    fn verify(self) -> Result<(), String> {
        let ins: Vec<_> = self.ins().into_iter().map(ValExt::ty).collect();
        let outs: Vec<_> = self.outs().into_iter().map(ValExt::ty).collect();
        let params = self.params().unwrap_or_default().len();
        self.routine().check(&ins, &outs, params)
    }
}

impl InferTypes for Library<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let segments = cx
            .attr("operandSegmentSizes")
            .and_then(|a| a.as_int_array());
        let ins = segments.and_then(|s| usize::try_from(*s.first()?).ok());
        let ins = ins.ok_or("does not say which operands are outs")?;
        Ok(cx.operands.iter().skip(ins).map(|v| v.ty()).collect())
    }
}

impl<'c> Effects<'c> for Library<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        if self.routine().signature().raises {
            vec![Effect::Write(None)]
        } else {
            Vec::new() // sizes have been checked before: free of effects, not speculatable
        }
    }
}

impl DestinationStyle for Library<'_> {
    fn inits(self) -> Range<usize> {
        self.ins().len()..self.op().num_operands()
    }
}

impl<'c> Bufferize<'c> for Library<'c> {
    fn reads(self, operand: usize) -> bool {
        operand < self.ins().len()
    }

    fn writes(self, operand: usize) -> bool {
        operand >= self.ins().len()
    }

    fn aliases(self, operand: usize) -> Vec<(usize, Relation)> {
        match operand.checked_sub(self.ins().len()) {
            Some(result) => vec![(result, Relation::Equivalent)],
            None => vec![],
        }
    }

    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let buffers = |values: Vec<Val<'c>>| {
            let buffers = values.into_iter().map(|v| cx.buffer(v));
            buffers.collect::<Result<Vec<_>, _>>()
        };
        let (ins, outs) = (buffers(self.ins())?, buffers(self.outs())?);
        npir_loop::Library::build(
            rw,
            &ins,
            &outs,
            self.routine(),
            self.caller(),
            self.params(),
        );
        cx.replace(self.op(), &outs);
        Ok(())
    }
}
