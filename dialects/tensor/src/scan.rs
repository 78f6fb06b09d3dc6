//! `tensor_ext.scan`: running results along an axis.

use npir_loop::{Index, IteratorKind, Nest, NestParts};
use npir_mlir::prelude::*;
use std::ops::Range;

use crate::geometry::Geometry;
use crate::{mixed, nest};

/// Running results along an axis.
///
/// With `c₀ = term(x₀)` and `cᵢ = combine(cᵢ₋₁, term(xᵢ))` along the axis, the result is `finish(cᵢ)`, in
/// destination style: what `dest` held is not read. `combine` is associative and may be grouped in
/// any way.
#[op(
    "tensor_ext.scan",
    traits(SingleBlock),
    interfaces(Verify, InferTypes, Effects, DestinationStyle, Bufferize),
    assembly = "$x `into` $dest `axis` $axis attr-dict `:` type($x) `into` type($dest) \
                `term` $term `combine` $combine `finish` $finish"
)]
pub struct Scan {
    x: Operand<AnyTensor>,
    dest: Operand<AnyTensor>,
    axis: Attr<I64>,
    term: Region,
    combine: Region,
    finish: Region,
    result: Output<AnyTensor>,
}

/// The scalar code of a scan.
pub struct ScanCode<T, C, F> {
    /// From an element to what it contributes.
    pub term: T,
    /// From the running result and a contribution to the next running result.
    pub combine: C,
    /// From a running result to an element of the result.
    pub finish: F,
}

impl<'c> Scan<'c> {
    /// The scan of `x` along `axis` in the place of `dest`; running results are of type `running`.
    pub fn create<T, C, F>(
        rw: Rewriter<'c>,
        x: Val<'c>,
        dest: Val<'c>,
        axis: usize,
        running: Type<'c>,
        code: ScanCode<T, C, F>,
    ) -> Val<'c>
    where
        T: FnOnce(Rewriter<'c>, Val<'c>) -> Val<'c>,
        C: FnOnce(Rewriter<'c>, Val<'c>, Val<'c>) -> Val<'c>,
        F: FnOnce(Rewriter<'c>, Val<'c>) -> Val<'c>,
    {
        let yields = |rw: Rewriter<'c>, value| {
            rw.op(crate::Yield::NAME).operands(&[value]).build();
        };
        rw.op(Self::NAME)
            .operands(&[x, dest])
            .attr("axis", rw.ctx().i64_attr(axis as i64))
            .results(&[dest.ty()])
            .region_with(&[x.ty().element()], |rw, args| {
                yields(rw, (code.term)(rw, args[0]));
            })
            .region_with(&[running, running], |rw, args| {
                yields(rw, (code.combine)(rw, args[0], args[1]));
            })
            .region_with(&[running], |rw, args| {
                yields(rw, (code.finish)(rw, args[0]));
            })
            .build_value()
    }
}

/// The argument types of a region of one block, and the types it yields.
fn signature<'c>(region: Reg<'c>) -> Option<(Vec<Type<'c>>, Vec<Type<'c>>)> {
    let block = region.entry()?;
    let args = block.args().iter().map(|arg| arg.ty()).collect();
    Some((args, block.terminator_op()?.operand_types()))
}

impl Verify for Scan<'_> {
    fn verify(self) -> Result<(), String> {
        let (x, dest) = (self.x().ty(), self.dest().ty());
        let (from, to) = (x.dims(), dest.dims());
        let same = from.len() == to.len()
            && from
                .iter()
                .zip(&to)
                .all(|(&a, &b)| a == b || a == DYNAMIC || b == DYNAMIC);
        if !same {
            return Err(format!(
                "expects a destination of the shape of {x}, got {dest}"
            ));
        }
        if !usize::try_from(self.axis()).is_ok_and(|axis| axis < from.len()) {
            return Err(format!(
                "has axis {} of {} dimensions",
                self.axis(),
                from.len()
            ));
        }
        let regions = [self.term(), self.combine(), self.finish()].map(signature);
        let [Some(term), Some(combine), Some(finish)] = regions else {
            return Err("expects three regions with a block each".into());
        };
        let [running] = term.1[..] else {
            return Err("expects a term that yields one value".into());
        };
        let expected = [
            (vec![x.element()], vec![running]),
            (vec![running, running], vec![running]),
            (vec![running], vec![dest.element()]),
        ];
        for (region, (found, expected)) in ["term", "combine", "finish"]
            .iter()
            .zip([term, combine, finish].into_iter().zip(expected))
        {
            if found != expected {
                return Err(format!(
                    "expects its {region} from {:?} to {:?}",
                    expected
                        .0
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>(),
                    expected
                        .1
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>(),
                ));
            }
        }
        Ok(())
    }
}

impl InferTypes for Scan<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(1)?])
    }
}

impl<'c> Effects<'c> for Scan<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        Vec::new()
    }
}

impl DestinationStyle for Scan<'_> {
    fn inits(self) -> Range<usize> {
        1..2
    }
}

impl<'c> Bufferize<'c> for Scan<'c> {
    fn reads(self, operand: usize) -> bool {
        operand == 0
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
        let blocks = [self.term(), self.combine(), self.finish()].map(|region| region.entry());
        let [Some(term), Some(combine), Some(finish)] = blocks else {
            return Err("expects three regions with a block each".into());
        };
        let dest = cx.buffer(self.dest())?;
        let axis = usize::try_from(self.axis()).map_err(|_| "has a negative axis")?;
        let loops = Loops {
            x: cx.buffer(self.x())?,
            dest,
            axis,
            term,
            combine,
            finish,
        };
        // A running result that is an element can be read back from the row before, so that lanes
        // may lie along the axes inside.
        let stored = finish
            .terminator_op()
            .is_some_and(|t| t.operand(0) == finish.args()[0]);
        if stored && axis + 1 < dest.ty().rank() {
            loops.across(rw);
        } else {
            loops.along(rw);
        }
        cx.replace(self.op(), &[dest]);
        Ok(())
    }
}

/// Contributions that are combined among themselves before the running result joins them, so that
/// only one operation in so many waits for the one before.
const CHUNK: i64 = 8;

/// A scan on buffers.
struct Loops<'c> {
    x: Val<'c>,
    dest: Val<'c>,
    axis: usize,
    term: Blk<'c>,
    combine: Blk<'c>,
    finish: Blk<'c>,
}

impl<'c> Loops<'c> {
    fn term(&self, rw: Rewriter<'c>, element: Val<'c>) -> Val<'c> {
        rw.inline_clone(self.term, &[element])[0]
    }

    fn combine(&self, rw: Rewriter<'c>, running: Val<'c>, term: Val<'c>) -> Val<'c> {
        rw.inline_clone(self.combine, &[running, term])[0]
    }

    /// Row after row: the first one is copied, each other one is combined with the one before it.
    fn across(&self, rw: Rewriter<'c>) {
        let shape = nest::buffer_extents(rw, self.x);
        let (rank, axis, ctx) = (shape.len(), self.axis, rw.ctx());
        let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
        let part = |first: bool| {
            let n = rw.materialize(shape[axis]);
            let mut geometry = Geometry {
                offsets: vec![zero; rank],
                sizes: shape.clone(),
                steps: vec![one; rank],
                dims: (0..rank as i64).collect(),
            };
            let size = if first {
                rw.minsi(n, rw.const_index(1))
            } else {
                geometry.offsets[axis] = one;
                rw.maxsi(rw.subi(n, rw.const_index(1)), rw.const_index(0))
            };
            geometry.sizes[axis] = OpFold::Value(size).simplify();
            geometry
        };
        let all = nest::range_map(ctx, rank, 0..rank);

        let first = part(true);
        let (from, to) = (first.of_buffer(rw, self.x), first.of_buffer(rw, self.dest));
        let parts = NestParts {
            bounds: &first.sizes,
            iterators: &vec![IteratorKind::Parallel; rank],
            ins: &[(from, all)],
            outs: &[(to, all)],
            inits: &[],
        };
        Nest::create(rw, &parts, |rw, ins, _| vec![self.term(rw, ins[0])], None);

        let rest = part(false);
        let from = rest.of_buffer(rw, self.x);
        let mut iterators = vec![IteratorKind::Parallel; rank];
        iterators[axis] = IteratorKind::Sequential;
        let parts = NestParts {
            bounds: &rest.sizes,
            iterators: &iterators,
            ins: &[(from, all)],
            outs: &[],
            inits: &[],
        };
        let body = |rw: Rewriter<'c>, ins: &[Val<'c>], _: &[Val<'c>]| {
            let mut at: Vec<_> = (0..rank).map(|d| Index::create(rw, d)).collect();
            let running = rw.memref_load(self.dest, &at);
            let term = self.term(rw, ins[0]);
            let next = self.combine(rw, running, term);
            at[axis] = rw.addi(at[axis], rw.const_index(1));
            rw.memref_store(next, self.dest, &at);
            Vec::new()
        };
        Nest::create(rw, &parts, body, None);
    }

    /// One row after the other along the axis, the running result in a register.
    fn along(&self, rw: Rewriter<'c>) {
        let mut bounds = nest::buffer_extents(rw, self.x);
        let (rank, n) = (bounds.len(), rw.materialize(bounds[self.axis]));
        bounds[self.axis] = OpFold::Static(1);
        let parts = NestParts {
            bounds: &bounds,
            iterators: &vec![IteratorKind::Parallel; rank],
            ins: &[],
            outs: &[],
            inits: &[],
        };
        let neighbours = self.neighbours(rw);
        let body = |rw: Rewriter<'c>, _: &[Val<'c>], _: &[Val<'c>]| {
            let outer: Vec<_> = (0..rank).map(|d| Index::create(rw, d)).collect();
            let some = rw.cmpi(CmpI::Sgt, n, rw.const_index(0));
            let row = |rw: Rewriter<'c>, x| self.row(rw, x, &outer, n);
            rw.scf_when(some, |rw| match neighbours {
                Some((so, x)) => {
                    let (then, otherwise) = (|rw| row(rw, x), |rw| row(rw, self.x));
                    rw.scf_if(so, &[], then, otherwise);
                }
                None => {
                    row(rw, self.x);
                }
            });
            Vec::new()
        };
        Nest::create(rw, &parts, body, None);
    }

    /// Where it is known at run time only: whether elements along the axis are neighbours in memory, and the elements as
    /// if they were. Their places then take no multiplications, which would cost more than what is combined.
    fn neighbours(&self, rw: Rewriter<'c>) -> Option<(Val<'c>, Val<'c>)> {
        let mixed::Layout {
            offset,
            mut strides,
            ..
        } = mixed::layout(rw, self.x);
        let OpFold::Value(stride) = strides[self.axis] else {
            return None;
        };
        strides[self.axis] = OpFold::Static(1);
        let sizes = nest::buffer_extents(rw, self.x);
        let x = rw.memref_reinterpret_cast(self.x, offset, &sizes, &strides);
        Some((rw.cmpi(CmpI::Eq, stride, rw.const_index(1)), x))
    }

    /// A row of `n > 0` elements at `outer`.
    fn row(&self, rw: Rewriter<'c>, x: Val<'c>, outer: &[Val<'c>], n: Val<'c>) -> Vec<Val<'c>> {
        let at = |i: Val<'c>| {
            let mut at = outer.to_vec();
            at[self.axis] = i;
            at
        };
        let term = |rw: Rewriter<'c>, i| self.term(rw, rw.memref_load(x, &at(i)));
        let store = |rw: Rewriter<'c>, i, running| {
            let element = rw.inline_clone(self.finish, &[running])[0];
            rw.memref_store(element, self.dest, &at(i));
        };
        let [zero, one, chunk] = [0, 1, CHUNK].map(|n| rw.const_index(n));
        let first = term(rw, zero);
        store(rw, zero, first);
        let rest = rw.subi(n, one);
        let chunks = rw.subi(rest, rw.remui(rest, chunk));
        let last = rw.addi(one, chunks);
        let running = rw.scf_for(one, last, chunk, &[first], |rw, i, running| {
            let running = running[0];
            let places: Vec<_> = (0..CHUNK).map(|k| rw.addi(i, rw.const_index(k))).collect();
            let terms: Vec<_> = places.iter().map(|&i| term(rw, i)).collect();
            let mut local = terms[0];
            let mut next = running;
            for (k, (&i, &term)) in places.iter().zip(&terms).enumerate() {
                if k > 0 {
                    local = self.combine(rw, local, term);
                }
                next = self.combine(rw, running, local);
                store(rw, i, next);
            }
            vec![next]
        });
        rw.scf_for(last, n, one, &[running[0]], |rw, i, running| {
            let next = self.combine(rw, running[0], term(rw, i));
            store(rw, i, next);
            vec![next]
        });
        Vec::new()
    }
}
