//! `loop-symmetric`: products of a matrix and its own transpose compute one triangle and copy it to the other.

use crate::nest::{Nest, NestParts};
use crate::part::{on_part, range, size_of};
use crate::schedule::IteratorKind;
use IteratorKind::{Parallel, Reduction};
use npir_mlir::prelude::*;

/// Fewest rows and columns of a block.
const SMALLEST_BLOCK: i64 = 128;
/// Blocks have a multiple of this many rows and columns.
const BLOCK_UNIT: i64 = 64;
/// Most blocks that a side is cut into: one triangle of them is 9/16 of the square.
const BLOCKS: i64 = 8;
/// Fewest points that are added up for each element: for fewer, copying costs more than computing.
const LEAST_DEPTH: i64 = 32;

/// Halves the work of products of a matrix and its own transpose, such as `x @ x.T` and `x.T @ x`.
///
/// Such a nest becomes a loop over blocks of rows, each with the columns up to the diagonal, and a second loop that
/// copies the blocks below the diagonal to those above. This is the `syrk` of BLAS, with the whole matrix as result.
#[pass("loop-symmetric", dependent_dialects("arith", "scf", "memref"))]
#[derive(Clone)]
pub struct LoopSymmetric {
    #[statistic(
        name = "halved",
        description = "Products of which one triangle is computed"
    )]
    halved: Statistic,
}

impl Pass for LoopSymmetric {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        for nest in op.find_all(Nest::NAME).into_iter().filter_map(Nest::cast) {
            if let Some(product) = Product::of(nest) {
                rewrite_at(nest.op(), |rw| {
                    product.halve(rw);
                    rw.erase(nest.op());
                });
                self.halved.add(1);
            }
        }
        Ok(())
    }
}

/// A nest that computes `out[…, i, j, …] = Σ f(x[…, i, …])·f(x[…, j, …])`.
struct Product<'c> {
    nest: Nest<'c>,
    /// The axis `i`.
    row: usize,
    /// The dimension of `x` that `i` and `j` move along.
    moved: usize,
    /// The dimensions of the output that `i` and `j` move along.
    sides: [usize; 2],
}

impl<'c> Product<'c> {
    /// The product that a nest is, if it may be large.
    fn of(nest: Nest<'c>) -> Option<Self> {
        let (&[left, right], &[_], &[_]) = (
            nest.inputs().as_slice(),
            nest.outputs().as_slice(),
            nest.initial_values().as_slice(),
        ) else {
            return None;
        };
        if left != right || nest.schedule().is_some() || nest.absorbing().is_some() {
            return None;
        }
        let maps = nest.affine_maps();
        let [left, right, out] = maps.as_slice() else {
            return None;
        };
        let [left, right, out] = [axes(*left)?, axes(*right)?, axes(*out)?];
        let mut differing = (0..left.len()).filter(|&d| left[d] != right[d]);
        let (Some(moved), None) = (differing.next(), differing.next()) else {
            return None;
        };
        let (row, column) = (left[moved], right[moved]);
        let once = |list: &[usize], axis| list.iter().filter(|&&a| a == axis).count() == 1;
        let apart =
            once(&left, row) && !left.contains(&column) && once(&out, row) && once(&out, column);
        let side = |axis| out.iter().position(|&a| a == axis);
        let sides = [side(row)?, side(column)?];
        let kinds = nest.iterator_kinds();
        let extents = nest.bounds();
        let small = |axis: usize, least| extents[axis].as_static().is_some_and(|n| n < least);
        let depth = depth_of(nest)?;
        let plain = apart
            && [row, column].iter().all(|&axis| kinds[axis] == Parallel)
            && !small(row, 2 * SMALLEST_BLOCK)
            && !small(column, 2 * SMALLEST_BLOCK)
            && depth.is_none_or(|n| n >= LEAST_DEPTH)
            && multiplies_alike(nest);
        plain.then_some(Self {
            nest,
            row,
            moved,
            sides,
        })
    }

    /// Builds the two loops.
    fn halve(&self, rw: Rewriter<'c>) {
        let nest = self.nest;
        let (x, out) = (nest.inputs()[0], nest.outputs()[0]);
        let bounds = nest.bounds();
        let n = rw.materialize(bounds[self.row]);
        let (zero, block) = (rw.const_index(0), self.block(rw, n));
        rw.scf_for(zero, n, block, &[], |rw, begin, _| {
            let end = rw.minsi(rw.addi(begin, block), n);
            let size = rw.subi(end, begin);
            let [rows, columns] = [(begin, size), (zero, end)]
                .map(|(begin, size)| range(rw, x, &[(self.moved, begin, OpFold::Value(size))]));
            let [row_side, column_side] = self.sides;
            let part = [
                (row_side, begin, OpFold::Value(size)),
                (column_side, zero, OpFold::Value(end)),
            ];
            let triangle = range(rw, out, &part);
            self.compute(rw, [rows, columns], triangle, [size, end]);
            Vec::new()
        });
        rw.scf_for(block, n, block, &[], |rw, begin, _| {
            let size = rw.subi(rw.minsi(rw.addi(begin, block), n), begin);
            let [row_side, column_side] = self.sides;
            let [lower, upper] =
                [(begin, size), (zero, begin)].map(|(from, size)| (from, OpFold::Value(size)));
            let block = |(row, rows), (column, columns)| {
                let ranges = [(row_side, row, rows), (column_side, column, columns)];
                range(rw, out, &ranges)
            };
            let (below, above) = (block(lower, upper), block(upper, lower));
            self.mirror(rw, below, above, [begin, size]);
            Vec::new()
        });
    }

    /// Rows of a block, at least 1; all of them where the matrix is small or little is added up.
    fn block(&self, rw: Rewriter<'c>, n: Val<'c>) -> Val<'c> {
        let unit = rw.const_index(BLOCK_UNIT);
        let units = rw.ceildivsi(n, rw.const_index(BLOCKS * BLOCK_UNIT));
        let block = rw.maxsi(rw.muli(units, unit), rw.const_index(SMALLEST_BLOCK));
        let depth = (self
            .nest
            .iterator_kinds()
            .into_iter()
            .zip(self.nest.bounds()))
        .filter(|&(kind, _)| kind == Reduction)
        .fold(OpFold::Static(1), |depth, (_, n)| rw.fold_mul(depth, n));
        if depth.as_static().is_some() {
            return block;
        }
        let deep = rw.cmpi(
            CmpI::Sge,
            rw.materialize(depth),
            rw.const_index(LEAST_DEPTH),
        );
        rw.select(deep, block, rw.maxsi(n, rw.const_index(1)))
    }

    /// The nest on parts of its operands, with so many rows and columns.
    fn compute(&self, rw: Rewriter<'c>, ins: [Val<'c>; 2], out: Val<'c>, sizes: [Val<'c>; 2]) {
        let out_axes = axes(self.nest.affine_maps()[2]).unwrap_or_default();
        let mut bounds = self.nest.bounds();
        for (side, size) in self.sides.into_iter().zip(sizes) {
            bounds[out_axes[side]] = OpFold::Value(size);
        }
        on_part(rw, self.nest, &bounds, &ins, &[out]);
    }

    /// Copies `below`, of `size` rows and `begin` columns, to `above`, of `begin` rows and `size` columns.
    fn mirror(
        &self,
        rw: Rewriter<'c>,
        below: Val<'c>,
        above: Val<'c>,
        [begin, size]: [Val<'c>; 2],
    ) {
        let ctx = rw.ctx();
        let rank = above.ty().rank();
        let [row_side, column_side] = self.sides;
        let mut bounds: Vec<_> = (0..rank).map(|d| size_of(rw, above, d)).collect();
        bounds[row_side] = OpFold::Value(begin);
        bounds[column_side] = OpFold::Value(size);
        let mut dims: Vec<_> = (0..rank).map(|d| ctx.dim_expr(d)).collect();
        let straight = ctx.affine_map(rank, &dims);
        dims.swap(row_side, column_side);
        let swapped = ctx.affine_map(rank, &dims);
        let parts = NestParts {
            bounds: &bounds,
            iterators: &vec![Parallel; rank],
            ins: &[(below, swapped)],
            outs: &[(above, straight)],
            inits: &[],
        };
        Nest::create(rw, &parts, |_, ins, _| ins.to_vec(), None);
    }
}

/// The axes that the results of a map are, if each is one.
fn axes(map: AffineMap<'_>) -> Option<Vec<usize>> {
    map_results(map)
        .into_iter()
        .map(|expr| expr.is_dim().then(|| expr.dim_position()))
        .collect()
}

/// The points that are added up for each element; `None` where nothing is, `Some(None)` where it is known at run time.
fn depth_of(nest: Nest<'_>) -> Option<Option<i64>> {
    let kinds = nest.iterator_kinds();
    let reductions: Vec<_> = (kinds.iter().zip(nest.bounds()))
        .filter(|(kind, _)| **kind == Reduction)
        .map(|(_, n)| n.as_static())
        .collect();
    let product = |total: i64, n: Option<i64>| Some(total.saturating_mul(n?));
    (!reductions.is_empty()).then(|| reductions.into_iter().try_fold(1, product))
}

/// Whether the body adds the product of the two elements, each cast in the same ways, to the accumulator, and does
/// nothing else.
fn multiplies_alike(nest: Nest<'_>) -> bool {
    const SUMS: [&str; 4] = ["arith.addf", "arith.addi", "complex.add", "arith.ori"];
    const PRODUCTS: [&str; 4] = ["arith.mulf", "arith.muli", "complex.mul", "arith.andi"];
    let block = nest.body_block();
    let args = block.args();
    let sum = || {
        let sum = block.terminator_op()?.operand(0).defining_op()?;
        let [a, b] = [sum.operand(0), sum.operand(1)];
        let product = match args[2] {
            accumulator if a == accumulator => b.defining_op()?,
            accumulator if b == accumulator => a.defining_op()?,
            _ => return None,
        };
        let known = SUMS.contains(&sum.name()) && PRODUCTS.contains(&product.name());
        let [left, right] = [casts(product.operand(0)), casts(product.operand(1))];
        let both = [left.0, right.0];
        let elements = both == [args[0], args[1]] || both == [args[1], args[0]];
        // Besides the casts: the sum, the product and the terminator.
        let alone = block.ops().len() == left.1.len() + right.1.len() + 3;
        Some(known && elements && left.1 == right.1 && alone)
    };
    args.len() == 3 && sum().unwrap_or(false)
}

/// What a value is cast from, and the casts.
fn casts(mut value: Val<'_>) -> (Val<'_>, Vec<(&str, Type<'_>)>) {
    const CASTS: [&str; 7] = [
        "arith.extf",
        "arith.extsi",
        "arith.extui",
        "arith.sitofp",
        "arith.uitofp",
        "arith.truncf",
        "arith.trunci",
    ];
    let mut found = Vec::new();
    while let Some(op) = value.defining_op().filter(|op| CASTS.contains(&op.name())) {
        found.push((op.name(), value.ty()));
        value = op.operand(0);
    }
    (value, found)
}
