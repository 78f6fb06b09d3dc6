//! `tensor_ext.reshape`: the same elements in row-major order under another shape.

use npir_mlir::prelude::*;

use crate::{View, dims, mixed};

/// The elements of a tensor in row-major order, under another shape.
///
/// The number of elements is the same; with run-time sizes that has been checked before. In
/// memory the result shares the source's elements where they lie in row-major order, and is a
/// copy elsewhere; where that is not known, it is decided at run time.
#[op(
    "tensor_ext.reshape",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold, Canonicalize, Bufferize),
    custom_assembly
)]
pub struct Reshape {
    source: Operand<AnyTensor>,
    dynamic_sizes: Variadic<IndexType>,
    static_sizes: Attr<I64Array>,
    result: Output<AnyTensor>,
}

impl<'c> Reshape<'c> {
    /// `source` under the shape `sizes`.
    pub fn create(rw: Rewriter<'c>, source: Val<'c>, sizes: &[OpFold<'c>]) -> Val<'c> {
        let statics = mixed::statics(sizes);
        let ty = rw.ctx().tensor(&statics, source.ty().element());
        Self::build(rw, source, &mixed::values(sizes), statics, ty).result()
    }

    /// The extents of the result.
    pub fn sizes(self) -> Vec<OpFold<'c>> {
        mixed::join(&self.static_sizes(), &self.dynamic_sizes())
    }
}

impl Verify for Reshape<'_> {
    fn verify(self) -> Result<(), String> {
        let sizes = self.static_sizes();
        mixed::verify("sizes", &sizes, &self.dynamic_sizes())?;
        if let Some(size) = sizes.iter().find(|&&n| n < 0 && n != DYNAMIC) {
            return Err(format!("has the negative size {size}"));
        }
        let (source, result) = (self.source().ty(), self.result().ty());
        match (mixed::elements(source), mixed::elements(result)) {
            (Some(from), Some(to)) if from != to => Err(format!(
                "cannot turn {source} with {from} elements into {result} with {to}"
            )),
            _ => Ok(()),
        }
    }
}

impl InferTypes for Reshape<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let sizes = cx
            .attr("static_sizes")
            .and_then(|a| a.as_int_array())
            .ok_or("expects static_sizes")?;
        let source = cx.operands.first().ok_or("expects a source")?;
        Ok(vec![cx.ctx.tensor(&sizes, source.ty().element())])
    }
}

impl<'c> Fold<'c> for Reshape<'c> {
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let (source, result) = (self.source(), self.result());
        let sizes = self.sizes();
        let same = source.ty() == result.ty()
            && sizes
                .iter()
                .enumerate()
                .all(|(d, &n)| dims::has_extent(source, d, n));
        if same {
            return Some(vec![FoldResult::Value(source)]);
        }
        let splat = operands.first().copied().flatten()?.splat_value()?;
        mixed::elements(result.ty())?;
        let ctx = self.op().ctx();
        Some(vec![FoldResult::Attr(ctx.dense_splat(result.ty(), splat))])
    }
}

impl Canonicalize for Reshape<'_> {
    fn patterns() -> Vec<Pattern> {
        vec![
            on_view::<ReshapeFamily, _>("reshape-of-reshape", 1, reshape_of_reshape),
            on_view::<ReshapeFamily, _>("reshape-constants", 1, reshape_constants),
            on_view::<ReshapeFamily, _>("reshape-to-view", 1, reshape_to_view),
        ]
    }
}

/// Only the last shape counts.
fn reshape_of_reshape<'c>(reshape: Reshape<'c>, rw: Rewriter<'c>) -> Match {
    let inner = reshape.source().defining_op();
    let source = inner.and_then(|op| match op.name() {
        "tensor.cast" => Some(op.operand(0)),
        _ => Reshape::cast(op).map(|r| r.source()),
    });
    let Some(source) = source else {
        return no_match("the source is no reshape");
    };
    let result = Reshape::create(rw, source, &reshape.sizes());
    rw.replace(reshape.op(), &[result]);
    Ok(())
}

/// Constant operands become static, and the type with them.
fn reshape_constants<'c>(reshape: Reshape<'c>, rw: Rewriter<'c>) -> Match {
    let Some(sizes) = mixed::with_constants(&reshape.sizes()) else {
        return no_match("no constants among the sizes");
    };
    let statics = mixed::statics(&sizes);
    let ty = rw.ctx().tensor(&statics, reshape.source().ty().element());
    let elements = (mixed::elements(reshape.source().ty()), mixed::elements(ty));
    let differ = matches!(elements, (Some(a), Some(b)) if a != b);
    if differ || statics.iter().any(|&n| n < 0 && n != DYNAMIC) {
        return no_match("an impossible size, which only code that is not reached can have");
    }
    let result = Reshape::create(rw, reshape.source(), &sizes);
    let result = mixed::cast_to(rw, result, reshape.result().ty());
    rw.replace(reshape.op(), &[result]);
    Ok(())
}

/// Adding and dropping dimensions of extent one moves nothing: a view, which fuses.
fn reshape_to_view<'c>(reshape: Reshape<'c>, rw: Rewriter<'c>) -> Match {
    let (source, sizes) = (reshape.source(), reshape.sizes());
    let rank = source.ty().rank();
    let is_one = |d: usize| matches!(dims::known_extent(source, d), Some(n) if mixed::is(n, 1));
    let mut walked = (0..rank).filter(|&d| !is_one(d));
    let mut dims = Vec::with_capacity(sizes.len());
    for &size in &sizes {
        if mixed::is(size, 1) {
            dims.push(-1);
            continue;
        }
        match walked.next() {
            Some(d) if dims::has_extent(source, d, size) => dims.push(d as i64),
            _ => return no_match("more than dimensions of extent one change"),
        }
    }
    if walked.next().is_some() {
        return no_match("dimensions are merged");
    }
    let offsets = vec![OpFold::Static(0); rank];
    let steps: Vec<_> = dims
        .iter()
        .map(|&d| OpFold::Static(i64::from(d >= 0)))
        .collect();
    let result = View::create(rw, source, &offsets, &sizes, &steps, &dims);
    rw.replace(reshape.op(), &[result]);
    Ok(())
}

impl<'c> Bufferize<'c> for Reshape<'c> {
    fn reads(self, operand: usize) -> bool {
        operand == 0
    }

    fn writes(self, _operand: usize) -> bool {
        false
    }

    fn aliases(self, operand: usize) -> Vec<(usize, Relation)> {
        match operand {
            0 => vec![(0, Relation::Unknown)],
            _ => vec![],
        }
    }

    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let buffer = cx.buffer(self.source())?;
        let result = reshaped(rw, buffer, &self.sizes());
        cx.replace(self.op(), &[result]);
        Ok(())
    }
}

/// Row-major strides of a shape.
fn row_major<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>]) -> Vec<OpFold<'c>> {
    let mut strides = vec![OpFold::Static(1); sizes.len()];
    for d in (0..sizes.len().saturating_sub(1)).rev() {
        strides[d] = mixed::mul(rw, strides[d + 1], sizes[d + 1]);
    }
    strides
}

/// `buffer` under the shape `sizes`: shared where its elements are contiguous, copied elsewhere.
fn reshaped<'c>(rw: Rewriter<'c>, buffer: Val<'c>, sizes: &[OpFold<'c>]) -> Val<'c> {
    let layout = mixed::layout(rw, buffer);
    let strides = row_major(rw, sizes);
    let share =
        |rw: Rewriter<'c>| rw.memref_reinterpret_cast(buffer, layout.offset, sizes, &strides);
    let copy = |rw: Rewriter<'c>| {
        let copy = copied(rw, buffer, &layout);
        rw.memref_reinterpret_cast(copy, OpFold::Static(0), sizes, &strides)
    };
    let cond = match contiguity(rw, &layout) {
        Contiguity::Always => return share(rw),
        Contiguity::Never => return copy(rw),
        Contiguity::AtRunTime(cond) => cond,
    };
    let (shape, strides) = (mixed::statics(sizes), mixed::statics(&strides));
    let element = buffer.ty().element();
    let ty = rw.ctx().memref_strided(&shape, element, DYNAMIC, &strides);
    let results = rw.scf_if(
        cond,
        &[ty],
        |rw| vec![rw.memref_cast(share(rw), ty)],
        |rw| vec![rw.memref_cast(copy(rw), ty)],
    );
    results[0]
}

/// A row-major copy of `buffer`, in its own shape.
fn copied<'c>(rw: Rewriter<'c>, buffer: Val<'c>, layout: &mixed::Layout<'c>) -> Val<'c> {
    let ty = rw
        .ctx()
        .memref(&mixed::statics(&layout.sizes), buffer.ty().element());
    let copy = rw.memref_alloc(ty, &mixed::values(&layout.sizes));
    rw.memref_copy(buffer, copy);
    copy
}

enum Contiguity<'c> {
    Always,
    Never,
    AtRunTime(Val<'c>),
}

/// Whether the elements lie in row-major order without gaps. Strides of dimensions of extent
/// one do not matter.
fn contiguity<'c>(rw: Rewriter<'c>, layout: &mixed::Layout<'c>) -> Contiguity<'c> {
    let mut condition: Option<Val<'c>> = None;
    let mut expected = OpFold::Static(1);
    for (&size, &stride) in layout.sizes.iter().zip(&layout.strides).rev() {
        if mixed::is(size, 0) {
            return Contiguity::Always;
        }
        let fits = match (stride, expected) {
            _ if mixed::is(size, 1) || mixed::same(stride, expected) => None,
            (OpFold::Static(_), OpFold::Static(_)) if matches!(size, OpFold::Static(_)) => {
                return Contiguity::Never;
            }
            _ => {
                let (a, b) = (mixed::value(rw, stride), mixed::value(rw, expected));
                let same = rw.cmpi(CmpI::Eq, a, b);
                match size {
                    OpFold::Static(_) => Some(same),
                    OpFold::Value(n) => {
                        let one = rw.const_index(1);
                        let short = rw.cmpi(CmpI::Ule, n, one);
                        Some(rw.ori(same, short))
                    }
                }
            }
        };
        if let Some(fits) = fits {
            condition = Some(condition.map_or(fits, |c| rw.andi(c, fits)));
        }
        expected = mixed::mul(rw, expected, size);
    }
    condition.map_or(Contiguity::Always, Contiguity::AtRunTime)
}
