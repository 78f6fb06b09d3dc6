//! `tensor_ext.insert_view`: a tensor with the elements of a strided view replaced.

use npir_mlir::prelude::*;
use std::ops::Range;

use crate::{dims, geometry::Geometry, mixed};

/// A tensor with the elements of a view replaced.
///
/// The result is `dest`, except that the elements which `tensor_ext.view dest` with the same
/// numbers would show are those of `value`, whose shape is `sizes`. In memory the update happens
/// in `dest` when nobody needs its old elements.
#[op(
    "tensor_ext.insert_view",
    traits(AttrSizedOperandSegments),
    interfaces(
        Verify,
        InferTypes,
        Fold,
        Canonicalize,
        Effects,
        DestinationStyle,
        Bufferize
    ),
    custom_assembly
)]
pub struct InsertView {
    value: Operand<AnyTensor>,
    dest: Operand<AnyTensor>,
    offsets: Variadic<IndexType>,
    sizes: Variadic<IndexType>,
    steps: Variadic<IndexType>,
    static_offsets: Attr<I64Array>,
    static_sizes: Attr<I64Array>,
    static_steps: Attr<I64Array>,
    dims: Attr<I64Array>,
    result: Output<AnyTensor>,
}

impl<'c> InsertView<'c> {
    /// `dest` with `value` in the given view of it.
    pub fn create(
        rw: Rewriter<'c>,
        value: Val<'c>,
        dest: Val<'c>,
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
        Self::of(rw, value, dest, &geometry)
    }

    /// `dest` with `value` in the view of that geometry.
    pub fn of(rw: Rewriter<'c>, value: Val<'c>, dest: Val<'c>, g: &Geometry<'c>) -> Val<'c> {
        Self::build(
            rw,
            value,
            dest,
            &mixed::values(&g.offsets),
            &mixed::values(&g.sizes),
            &mixed::values(&g.steps),
            mixed::statics(&g.offsets),
            mixed::statics(&g.sizes),
            mixed::statics(&g.steps),
            g.dims.clone(),
            dest.ty(),
        )
        .result()
    }

    /// The numbers of the view.
    pub fn geometry(self) -> Geometry<'c> {
        Geometry {
            offsets: mixed::join(&self.static_offsets(), &self.offsets()),
            sizes: mixed::join(&self.static_sizes(), &self.sizes()),
            steps: mixed::join(&self.static_steps(), &self.steps()),
            dims: self.dims(),
        }
    }

    /// Whether every element of `dest` is replaced, at its own place.
    fn replaces_all(self) -> bool {
        let (dest, g) = (self.dest(), self.geometry());
        let whole = |d: usize| dims::has_extent(dest, d, g.sizes[d]).then(|| g.sizes[d]);
        g.is_identity(dest.ty().rank(), whole)
    }
}

impl Verify for InsertView<'_> {
    fn verify(self) -> Result<(), String> {
        mixed::verify("offsets", &self.static_offsets(), &self.offsets())?;
        mixed::verify("sizes", &self.static_sizes(), &self.sizes())?;
        mixed::verify("steps", &self.static_steps(), &self.steps())?;
        let g = self.geometry();
        g.verify(&self.dest().ty().dims())?;
        let (value, dest) = (self.value().ty(), self.dest().ty());
        if value.element() != dest.element() {
            return Err(format!(
                "expects a value of the destination's element type {}, got {}",
                dest.element(),
                value.element()
            ));
        }
        let shape = value.dims();
        let fits = shape.len() == g.sizes.len()
            && shape.iter().zip(&g.sizes).all(|(&n, &size)| {
                let size = mixed::static_or_dynamic(size);
                n == size || n == DYNAMIC || size == DYNAMIC
            });
        if !fits {
            return Err(format!(
                "expects a value of the shape of sizes, got {value}"
            ));
        }
        for (j, &d) in g.dims.iter().enumerate() {
            let one = mixed::is(g.sizes[j], 1) || mixed::is(g.sizes[j], 0);
            if !one && (d < 0 || mixed::is(g.steps[j], 0)) {
                return Err(format!(
                    "writes the same element repeatedly along dimension {j}"
                ));
            }
        }
        Ok(())
    }
}

impl InferTypes for InsertView<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let dest = cx.operands.get(1).ok_or("expects a destination")?;
        Ok(vec![dest.ty()])
    }
}

impl<'c> Fold<'c> for InsertView<'c> {
    fn fold(self, _operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        if self.static_sizes().contains(&0) {
            return Some(vec![FoldResult::Value(self.dest())]);
        }
        (self.value().ty() == self.result().ty() && self.replaces_all())
            .then(|| vec![FoldResult::Value(self.value())])
    }
}

impl Canonicalize for InsertView<'_> {
    fn patterns() -> Vec<Pattern> {
        vec![on_view::<InsertViewFamily, _>(
            "insert-view-constants",
            1,
            |insert, rw| {
                let g = insert.geometry();
                let lists = [&g.offsets, &g.sizes, &g.steps].map(|l| mixed::with_constants(l));
                if lists.iter().all(Option::is_none) {
                    return no_match("no constants among the operands");
                }
                let [offsets, sizes, steps] = lists;
                let geometry = Geometry {
                    offsets: offsets.unwrap_or(g.offsets),
                    sizes: sizes.unwrap_or(g.sizes),
                    steps: steps.unwrap_or(g.steps),
                    dims: g.dims,
                };
                if geometry.verify(&insert.dest().ty().dims()).is_err() {
                    return no_match("out of bounds, which only code that is not reached can be");
                }
                let result = InsertView::of(rw, insert.value(), insert.dest(), &geometry);
                rw.replace(insert.op(), &[result]);
                Ok(())
            },
        )]
    }
}

impl<'c> Effects<'c> for InsertView<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        Vec::new() // places out of bounds are undefined: free of effects, not speculatable
    }
}

impl DestinationStyle for InsertView<'_> {
    fn inits(self) -> Range<usize> {
        1..2
    }
}

impl<'c> Bufferize<'c> for InsertView<'c> {
    fn reads(self, operand: usize) -> bool {
        match operand {
            0 => true,
            1 => !self.replaces_all(),
            _ => false,
        }
    }

    fn writes(self, operand: usize) -> bool {
        operand == 1
    }

    fn aliases(self, operand: usize) -> Vec<(usize, Relation)> {
        match operand {
            1 => vec![(0, Relation::Equivalent)],
            _ => vec![],
        }
    }

    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let value = cx.buffer(self.value())?;
        let dest = cx.buffer(self.dest())?;
        let view = self.geometry().of_buffer(rw, dest);
        rw.memref_copy(value, view);
        cx.replace(self.op(), &[dest]);
        Ok(())
    }
}
