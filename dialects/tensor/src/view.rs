//! `tensor_ext.view`: strided views, broadcasts, transposes and integer indices of a tensor.

use npir_mlir::prelude::*;

use crate::{dims, geometry::Geometry, mixed};

/// A strided view of a tensor.
///
/// `result[i…] = source[off_d + Σ_{j: dims[j] = d} i_j · step_j]` with one offset per source
/// dimension and one size, step and entry of `dims` per result dimension; `dims[j] = -1` repeats.
/// Steps may be negative or zero. In memory a view shares its source's elements.
#[op(
    "tensor_ext.view",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes, Fold, Canonicalize, Bufferize),
    custom_assembly
)]
pub struct View {
    source: Operand<AnyTensor>,
    offsets: Variadic<IndexType>,
    sizes: Variadic<IndexType>,
    steps: Variadic<IndexType>,
    static_offsets: Attr<I64Array>,
    static_sizes: Attr<I64Array>,
    static_steps: Attr<I64Array>,
    dims: Attr<I64Array>,
    result: Output<AnyTensor>,
}

impl<'c> View<'c> {
    /// A view with the given numbers; its type has the static sizes.
    pub fn create(
        rw: Rewriter<'c>,
        source: Val<'c>,
        offsets: &[OpFold<'c>],
        sizes: &[OpFold<'c>],
        steps: &[OpFold<'c>],
        dims: &[i64],
    ) -> Val<'c> {
        let geometry = Geometry {
            offsets: offsets.to_vec(),
            sizes: sizes.to_vec(),
            steps: steps.to_vec(),
            dims: dims.to_vec(),
        };
        Self::of(rw, source, &geometry)
    }

    /// The view of `source` with that geometry.
    pub fn of(rw: Rewriter<'c>, source: Val<'c>, g: &Geometry<'c>) -> Val<'c> {
        let ty = g.result_type(rw.ctx(), source.ty().element());
        Self::build(
            rw,
            source,
            &mixed::values(&g.offsets),
            &mixed::values(&g.sizes),
            &mixed::values(&g.steps),
            mixed::statics(&g.offsets),
            mixed::statics(&g.sizes),
            mixed::statics(&g.steps),
            g.dims.clone(),
            ty,
        )
        .result()
    }

    /// Its numbers.
    pub fn geometry(self) -> Geometry<'c> {
        Geometry {
            offsets: mixed::join(&self.static_offsets(), &self.offsets()),
            sizes: mixed::join(&self.static_sizes(), &self.sizes()),
            steps: mixed::join(&self.static_steps(), &self.steps()),
            dims: self.dims(),
        }
    }
}

impl Verify for View<'_> {
    fn verify(self) -> Result<(), String> {
        mixed::verify("offsets", &self.static_offsets(), &self.offsets())?;
        mixed::verify("sizes", &self.static_sizes(), &self.sizes())?;
        mixed::verify("steps", &self.static_steps(), &self.steps())?;
        self.geometry().verify(&self.source().ty().dims())
    }
}

impl InferTypes for View<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let sizes = cx
            .attr("static_sizes")
            .and_then(|a| a.as_int_array())
            .ok_or("expects static_sizes")?;
        let source = cx.operands.first().ok_or("expects a source")?;
        Ok(vec![cx.ctx.tensor(&sizes, source.ty().element())])
    }
}

impl<'c> Fold<'c> for View<'c> {
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let (source, result) = (self.source(), self.result());
        let known = |d| dims::known_extent(source, d);
        let g = self.geometry();
        let whole = |d| {
            if dims::has_extent(source, d, g.sizes[d]) {
                Some(g.sizes[d])
            } else {
                known(d)
            }
        };
        if source.ty() == result.ty() && g.is_identity(source.ty().rank(), whole) {
            return Some(vec![FoldResult::Value(source)]);
        }
        let splat = operands.first().copied().flatten()?.splat_value()?;
        // A larger constant would take memory that the view does not.
        if mixed::elements(result.ty())? > mixed::elements(source.ty())? {
            return None;
        }
        let ctx = self.op().ctx();
        Some(vec![FoldResult::Attr(ctx.dense_splat(result.ty(), splat))])
    }
}

impl Canonicalize for View<'_> {
    fn patterns() -> Vec<Pattern> {
        let mut patterns = vec![
            on_view::<ViewFamily, _>("view-of-view", 2, view_of_view),
            on_view::<ViewFamily, _>("view-of-cast", 1, view_of_cast),
            on_view::<ViewFamily, _>("view-constants", 1, view_constants),
        ];
        patterns.extend(dims::patterns());
        patterns
    }
}

/// One view instead of two.
fn view_of_view<'c>(view: View<'c>, rw: Rewriter<'c>) -> Match {
    let inner = view.source().defining_op().and_then(View::cast);
    let Some(inner) = inner else {
        return no_match("the source is no view");
    };
    let geometry = view.geometry().compose(rw, &inner.geometry());
    let result = View::of(rw, inner.source(), &geometry);
    rw.replace(view.op(), &[result]);
    Ok(())
}

/// A view looks only at elements, so a cast of the source's shape is not needed.
fn view_of_cast<'c>(view: View<'c>, rw: Rewriter<'c>) -> Match {
    let cast = view
        .source()
        .defining_op()
        .filter(|op| op.name() == "tensor.cast");
    let Some(source) = cast.map(|op| op.operand(0)) else {
        return no_match("the source is no cast");
    };
    if source.ty().rank() != view.source().ty().rank() {
        return no_match("unranked source");
    }
    let result = View::of(rw, source, &view.geometry());
    rw.replace(view.op(), &[result]);
    Ok(())
}

/// Constant operands become static, and the type with them.
fn view_constants<'c>(view: View<'c>, rw: Rewriter<'c>) -> Match {
    let g = view.geometry();
    let lists = [&g.offsets, &g.sizes, &g.steps].map(|l| mixed::with_constants(l));
    if lists.iter().all(Option::is_none) {
        return no_match("no constants among the operands");
    }
    let [offsets, sizes, steps] = lists;
    let sizes = sizes.unwrap_or_else(|| g.sizes.clone());
    if mixed::statics(&sizes)
        .iter()
        .any(|&n| n < 0 && n != DYNAMIC)
    {
        return no_match("a negative size, which only code that is not reached can have");
    }
    let geometry = Geometry {
        offsets: offsets.unwrap_or(g.offsets),
        sizes,
        steps: steps.unwrap_or(g.steps),
        dims: g.dims,
    };
    if geometry.verify(&view.source().ty().dims()).is_err() {
        return no_match("out of bounds, which only code that is not reached can be");
    }
    let result = View::of(rw, view.source(), &geometry);
    let same = mixed::cast_to(rw, result, view.result().ty());
    rw.replace(view.op(), &[same]);
    Ok(())
}

impl<'c> Bufferize<'c> for View<'c> {
    fn reads(self, _operand: usize) -> bool {
        false
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
        let view = self.geometry().of_buffer(rw, buffer);
        cx.replace(self.op(), &[view]);
        Ok(())
    }
}
