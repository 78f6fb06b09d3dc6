//! NumPy broadcasting, statically (shapes, for inference) and in the lowering (index maps, views
//! and run-time checks that make one `linalg.generic` over the common shape).
//!
//! Shapes are aligned at their last dimension; sizes agree where they are equal or one of them is
//! one. Below the numpy level there is no broadcasting left: a dimension that *statically* is one
//! or missing becomes a constant or an omission in the operand's index map, and a dynamic dimension
//! that *may* be one becomes a `tensor_ext.view` whose step is 0 if it is.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, View};

use crate::lowering::{self, Along};
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes::{self, Cond};

/// The common shape of `shapes`, as far as static sizes tell; a dimension is dynamic if no size in
/// it is statically other than 1 and at least one is dynamic.
///
/// # Errors
/// NumPy's complaint with all shapes, if two static sizes differ and none of them is 1.
pub fn broadcast_shapes(shapes: &[Vec<i64>]) -> Result<Vec<i64>, String> {
    let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
    let mut result = vec![1; rank];
    for shape in shapes {
        for (common, &size) in result[rank - shape.len()..].iter_mut().zip(shape) {
            *common = match (*common, size) {
                (c, 1) => c,
                (1, s) => s,
                (DYNAMIC, s) => s,
                (c, DYNAMIC) => c,
                (c, s) if c == s => c,
                _ => return Err(mismatch(shapes)),
            };
        }
    }
    Ok(result)
}

/// `shapes (3, 4) and (5,) do not broadcast`.
fn mismatch(shapes: &[Vec<i64>]) -> String {
    let texts: Vec<_> = shapes.iter().map(|shape| shape_text(shape)).collect();
    format!("shapes {} do not broadcast", enumerate(&texts))
}

/// `a, b and c`.
fn enumerate(words: &[String]) -> String {
    match words.split_last() {
        Some((last, init)) if !init.is_empty() => format!("{} and {last}", init.join(", ")),
        _ => words.concat(),
    }
}

/// Operands brought to a common iteration space.
pub struct Broadcast<'c> {
    /// The common shape, one size per iteration dimension.
    pub sizes: Vec<OpFold<'c>>,
    /// The operands, or views of them.
    pub operands: Vec<Val<'c>>,
    /// For each operand, iteration dimensions → element coordinates.
    pub maps: Vec<AffineMap<'c>>,
}

/// Where one dimension of the common shape gets its size from.
struct Dimension<'c> {
    size: OpFold<'c>,
    /// Sizes that are only known at run time and need not be the common one: they may be 1.
    uncertain: Vec<OpFold<'c>>,
}

impl<'c> Broadcast<'c> {
    /// Brings tensors to their common shape and emits the run-time check that they have one, with
    /// a message that starts with `op_name`. Static sizes must have passed [`broadcast_shapes`].
    pub fn new(rw: Rewriter<'c>, op_name: &str, operands: &[Val<'c>]) -> Self {
        let shapes: Vec<_> = operands.iter().map(|&v| sizes::all_of(rw, v)).collect();
        let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let dimensions: Vec<_> = (0..rank).map(|d| dimension(rw, &shapes, rank, d)).collect();
        check_agreement(rw, op_name, &shapes, &dimensions);
        let (mut aligned, mut maps) = (Vec::new(), Vec::new());
        for (&operand, shape) in operands.iter().zip(&shapes) {
            let lead = rank - shape.len();
            let walks: Vec<_> = shape
                .iter()
                .zip(lead..)
                .map(|(&size, d)| match (size, dimensions[d].size) {
                    (OpFold::Static(1), OpFold::Static(1)) => Along::Loop(d),
                    (OpFold::Static(1), _) => Along::Zero,
                    _ => Along::Loop(d),
                })
                .collect();
            maps.push(lowering::map(rw.ctx(), rank, &walks));
            aligned.push(stretch(rw, operand, shape, &dimensions[lead..]));
        }
        Broadcast {
            sizes: dimensions.into_iter().map(|d| d.size).collect(),
            operands: aligned,
            maps,
        }
    }

    /// One `linalg.generic` over the common shape that maps `body` over the operands selected by
    /// `keep` (all others take part in the shape only, such as constants that the body knows).
    /// The result has elements of type `element` and the common shape.
    pub fn generic(
        &self,
        rw: Rewriter<'c>,
        element: Type<'c>,
        keep: &[bool],
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Val<'c>,
    ) -> Val<'c> {
        self.generic_of(rw, &[element], keep, |rw, args| vec![body(rw, args)])[0]
    }

    /// The same with several results, an element type for each.
    pub fn generic_of(
        &self,
        rw: Rewriter<'c>,
        elements: &[Type<'c>],
        keep: &[bool],
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let kept = |i: &usize| keep[*i];
        let operands: Vec<_> = (0..self.operands.len())
            .filter(kept)
            .map(|i| self.operands[i])
            .collect();
        let mut maps: Vec<_> = (0..self.maps.len())
            .filter(kept)
            .map(|i| self.maps[i])
            .collect();
        let identity = lowering::identity_map(rw.ctx(), self.sizes.len());
        maps.resize(maps.len() + elements.len(), identity);
        let outs: Vec<_> = elements
            .iter()
            .map(|&element| lowering::empty(rw, &self.sizes, element))
            .collect();
        let iterators = vec![Iter::Parallel; self.sizes.len()];
        let inputs = operands.len();
        rw.linalg_generic(&operands, &outs, &maps, &iterators, |rw, args| {
            body(rw, &args[..inputs])
        })
        .result_values()
    }
}

/// The size of dimension `d` of the common shape of rank `rank`.
fn dimension<'c>(
    rw: Rewriter<'c>,
    shapes: &[Vec<OpFold<'c>>],
    rank: usize,
    d: usize,
) -> Dimension<'c> {
    let mut fixed = None;
    let mut dynamic: Vec<OpFold<'c>> = Vec::new();
    for shape in shapes {
        let Some(axis) = (d + shape.len()).checked_sub(rank) else {
            continue;
        };
        match shape[axis] {
            OpFold::Static(1) => {}
            OpFold::Static(n) => fixed = Some(n),
            OpFold::Value(v) => {
                if !dynamic.iter().any(|&seen| sizes::same(seen, shape[axis])) {
                    dynamic.push(OpFold::Value(v));
                }
            }
        }
    }
    let certain = |size| Dimension {
        size,
        uncertain: Vec::new(),
    };
    let one = OpFold::Static(1);
    match (fixed, dynamic.as_slice()) {
        (None, []) => certain(one),
        (None, [only]) => certain(*only),
        (Some(n), _) => Dimension {
            size: OpFold::Static(n),
            uncertain: dynamic,
        },
        (None, sizes) => match sizes.iter().position(|&size| includes(size, sizes)) {
            // It was found by broadcasting all of them: the array that has it is not stretched.
            Some(common) => Dimension {
                size: dynamic.remove(common),
                uncertain: dynamic,
            },
            None => {
                let size = sizes[1..].iter().fold(sizes[0], |size, &next| {
                    let is_one = sizes::equal(rw, size, one);
                    sizes::select(rw, is_one, next, size)
                });
                Dimension {
                    size,
                    uncertain: dynamic,
                }
            }
        },
    }
}

/// Whether `size` is the common size of a broadcast that all of `sizes` took part in.
fn includes<'c>(size: OpFold<'c>, sizes: &[OpFold<'c>]) -> bool {
    let chosen = parts(size);
    sizes.iter().all(|&other| {
        parts(other)
            .iter()
            .all(|part| chosen.iter().any(|c| sizes::same(*c, *part)))
    })
}

/// The sizes that a common size was chosen from by `select(a == 1, b, a)`; itself for another size.
fn parts(size: OpFold<'_>) -> Vec<OpFold<'_>> {
    let (mut open, mut parts) = (vec![size], Vec::new());
    while let Some(size) = open.pop() {
        match chosen_from(size).filter(|_| parts.len() + open.len() < MAX_PARTS) {
            Some(pair) => open.extend(pair),
            None => parts.push(size),
        }
    }
    parts
}

/// More sizes than this are not told apart.
const MAX_PARTS: usize = 8;

/// `a` and `b` of a size `select(a == 1, b, a)`.
fn chosen_from(size: OpFold<'_>) -> Option<[OpFold<'_>; 2]> {
    let OpFold::Value(value) = size else {
        return None;
    };
    let select = value
        .defining_op()
        .filter(|op| op.name() == "arith.select")?;
    let test = select
        .operand(0)
        .defining_op()
        .filter(|op| op.name() == "arith.cmpi")?;
    let is_equality = test.attr("predicate")?.as_int() == Some(CmpI::Eq as i64);
    let (b, a) = (select.operand(1), select.operand(2));
    (is_equality && test.operand(0) == a && test.operand(1).constant_int() == Some(1))
        .then_some([OpFold::Value(a), OpFold::Value(b)])
}

/// Emits the check that every uncertain size is the common one or 1.
fn check_agreement<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    shapes: &[Vec<OpFold<'c>>],
    dimensions: &[Dimension<'c>],
) {
    let mut agree = Cond::Known(true);
    for dimension in dimensions {
        for &size in &dimension.uncertain {
            let is_one = sizes::equal(rw, size, OpFold::Static(1));
            let is_common = sizes::equal(rw, size, dimension.size);
            agree = agree.and(rw, is_one.or(rw, is_common));
        }
    }
    let placeholders: Vec<_> = shapes
        .iter()
        .map(|shape| shape_placeholder(shape.len()))
        .collect();
    let message = format!(
        "{op_name}: shapes {} do not broadcast",
        enumerate(&placeholders)
    );
    sizes::check(
        rw,
        agree,
        CheckKind::ShapeMismatch,
        &message,
        &shapes.concat(),
    );
}

/// `operand` with each uncertain dimension stretched to the common size, as a view; `operand`
/// itself if none is uncertain.
fn stretch<'c>(
    rw: Rewriter<'c>,
    operand: Val<'c>,
    shape: &[OpFold<'c>],
    dimensions: &[Dimension<'c>],
) -> Val<'c> {
    let uncertain = |(size, dimension): (&OpFold<'c>, &Dimension<'c>)| {
        dimension.uncertain.iter().any(|&u| sizes::same(u, *size))
    };
    if !shape.iter().zip(dimensions).any(uncertain) {
        return operand;
    }
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let (mut targets, mut steps) = (Vec::new(), Vec::new());
    for pair @ (&size, dimension) in shape.iter().zip(dimensions) {
        if uncertain(pair) {
            let is_one = sizes::equal(rw, size, one);
            steps.push(sizes::select(rw, is_one, zero, one));
            targets.push(dimension.size);
        } else {
            steps.push(one);
            targets.push(size);
        }
    }
    let walked: Vec<_> = (0..shape.len() as i64).collect();
    View::create(
        rw,
        operand,
        &vec![zero; shape.len()],
        &targets,
        &steps,
        &walked,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_shapes_broadcast_as_in_numpy() {
        let ok = |shapes: &[&[i64]]| {
            broadcast_shapes(&shapes.iter().map(|s| s.to_vec()).collect::<Vec<_>>())
        };
        assert_eq!(ok(&[&[3, 4], &[4]]), Ok(vec![3, 4]));
        assert_eq!(ok(&[&[3, 1], &[1, 4]]), Ok(vec![3, 4]));
        assert_eq!(ok(&[&[], &[2]]), Ok(vec![2]));
        assert_eq!(ok(&[&[], &[]]), Ok(vec![]));
        assert_eq!(ok(&[&[0], &[1]]), Ok(vec![0]));
        assert_eq!(ok(&[&[8, 1, 6, 1], &[7, 1, 5], &[1]]), Ok(vec![8, 7, 6, 5]));
        assert_eq!(
            ok(&[&[3, 4], &[5]]),
            Err("shapes (3, 4) and (5,) do not broadcast".to_owned())
        );
        assert_eq!(
            ok(&[&[0], &[2], &[]]),
            Err("shapes (0,), (2,) and () do not broadcast".to_owned())
        );
    }

    #[test]
    fn dynamic_sizes_yield_to_static_ones() {
        let shape = |a: &[i64], b: &[i64]| broadcast_shapes(&[a.to_vec(), b.to_vec()]);
        assert_eq!(shape(&[DYNAMIC], &[5]), Ok(vec![5]));
        assert_eq!(shape(&[DYNAMIC], &[1]), Ok(vec![DYNAMIC]));
        assert_eq!(shape(&[1], &[DYNAMIC]), Ok(vec![DYNAMIC]));
        assert_eq!(shape(&[DYNAMIC, 3], &[DYNAMIC, 1]), Ok(vec![DYNAMIC, 3]));
        assert!(shape(&[DYNAMIC, 3], &[4]).is_err());
    }
}
