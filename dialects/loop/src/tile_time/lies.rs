//! How views lie to the rows of the arrays that they are views of.

use crate::alias::root;
use npir_mlir::prelude::*;

/// How a view lies to the rows of the array that it is a view of.
pub(super) struct Lies {
    /// The dimension that steps from row to row.
    pub(super) dim: usize,
    /// The row that it begins with.
    pub(super) row: i64,
}

impl Lies {
    /// `None` where a step of one dimension is not always one row, or steps of the others may leave a row.
    pub(super) fn of(view: Val<'_>) -> Option<Self> {
        let (strides, _) = root(view).ty().strides_and_offset()?;
        match strides.contains(&DYNAMIC) {
            true => Self::by_name(view),
            false => Self::by_number(view),
        }
    }

    /// In an array whose strides are numbers.
    fn by_number(view: Val<'_>) -> Option<Self> {
        let whole = root(view).ty();
        let (whole_strides, whole_offset) = whole.strides_and_offset()?;
        let (strides, offset) = view.ty().strides_and_offset()?;
        let row = *whole_strides.first()?;
        let (dims, sizes) = (view.ty().dims(), whole.dims());
        let offsets = [offset, whole_offset];
        let numbers = [&strides, &dims, &sizes[1..], &offsets[..]];
        if numbers
            .iter()
            .any(|numbers: &&[i64]| numbers.contains(&DYNAMIC))
        {
            return None;
        }
        // The array itself lies row by row.
        let inner: Option<i64> = whole_strides[1..]
            .iter()
            .zip(&sizes[1..])
            .try_fold(0i64, |end, (stride, n)| {
                end.checked_add(stride.checked_mul(n - 1)?)
            });
        if inner? >= row || whole_strides.iter().any(|stride| *stride <= 0) {
            return None;
        }
        let begin = offset.checked_sub(whole_offset)?;
        let stepping = (0..strides.len()).filter(|d| strides[*d] == row && dims[*d] != 1);
        let dim = only(stepping)?;
        let others = (0..strides.len()).filter(|d| *d != dim);
        let first = begin.rem_euclid(row);
        let steps = others.map(|d| (strides[d], dims[d]));
        stays(first, steps, row).then_some(Self {
            dim,
            row: begin.div_euclid(row),
        })
    }

    /// In an array whose strides are known at run time only: an argument of the program.
    fn by_name(view: Val<'_>) -> Option<Self> {
        let whole = root(view);
        let (sizes, dims) = (whole.ty().dims(), view.ty().dims());
        if sizes.get(1..)?.contains(&DYNAMIC) || dims.contains(&DYNAMIC) {
            return None;
        }
        let layout = Layout::of(view)?;
        let along: Vec<(usize, i64)> = layout
            .strides
            .iter()
            .map(Places::single)
            .collect::<Option<_>>()?;
        let dim = only((0..along.len()).filter(|d| along[*d].0 == 0))?;
        let within = |d: usize| {
            let steps = along.iter().zip(&dims).filter(|((of, _), _)| *of == d);
            let steps = steps.map(|((_, step), n)| (*step, *n));
            stays(layout.offset.0[d], steps, sizes[d])
        };
        let rows = along[dim].1 == 1 && (1..sizes.len()).all(within);
        rows.then_some(Self {
            dim,
            row: layout.offset.0[0],
        })
    }
}

fn only(mut all: impl Iterator<Item = usize>) -> Option<usize> {
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Whether steps `(step, count)` from `first` on stay between zero and `end`.
fn stays(first: i64, steps: impl Iterator<Item = (i64, i64)>, end: i64) -> bool {
    let (mut low, mut high) = (first, first);
    for (step, count) in steps {
        let Some(span) = step.checked_mul(count.max(1) - 1) else {
            return false;
        };
        low = low.saturating_add(span.min(0));
        high = high.saturating_add(span.max(0));
    }
    low >= 0 && high < end
}

/// A distance in an array: so many steps along each of its dimensions.
#[derive(Clone)]
struct Places(Vec<i64>);

impl Places {
    fn sum(&self, other: &Self) -> Option<Self> {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|(a, b)| a.checked_add(*b))
            .collect::<Option<_>>()
            .map(Self)
    }

    fn times(&self, n: i64) -> Option<Self> {
        let all = self.0.iter().map(|a| a.checked_mul(n));
        all.collect::<Option<_>>().map(Self)
    }

    /// Steps along one dimension only, and how many.
    fn single(&self) -> Option<(usize, i64)> {
        let d = only((0..self.0.len()).filter(|d| self.0[*d] != 0))?;
        Some((d, self.0[d]))
    }
}

/// Where a view begins in an array, and its strides.
struct Layout {
    offset: Places,
    strides: Vec<Places>,
}

/// What is looked through to find how a view is made, at most.
const MAX_DEPTH: usize = 32;

impl Layout {
    fn of(view: Val<'_>) -> Option<Self> {
        Self::within(view, MAX_DEPTH)
    }

    fn within(view: Val<'_>, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let Some(op) = view.defining_op() else {
            let rank = view.ty().rank();
            let step = |d: usize| Places((0..rank).map(|e| i64::from(e == d)).collect());
            return Some(Self {
                offset: Places(vec![0; rank]),
                strides: (0..rank).map(step).collect(),
            });
        };
        match op.name() {
            "memref.cast" => Self::within(op.operand(0), depth),
            "memref.reinterpret_cast" => {
                let root = root(view);
                let offset = mixed(op, "static_offsets", 1)?;
                let strides = mixed(op, "static_strides", 3)?;
                let of = |number: &OpFold<'_>| places(root, *number, depth);
                Some(Self {
                    offset: of(offset.first()?)?,
                    strides: strides.iter().map(of).collect::<Option<_>>()?,
                })
            }
            _ => None,
        }
    }
}

/// The numbers of a list of `memref.reinterpret_cast`, whose values are operand segment `segment`.
fn mixed<'c>(op: Op<'c>, list: &str, segment: usize) -> Option<Vec<OpFold<'c>>> {
    let sizes = op.attr("operandSegmentSizes")?.as_int_array()?;
    let begin: i64 = sizes[..segment].iter().sum();
    let mut values = (begin as usize..).map(|i| op.operand(i));
    let numbers = op.attr(list)?.as_int_array()?.into_iter();
    numbers
        .map(|n| match n {
            DYNAMIC => values.next().map(OpFold::Value),
            n => Some(OpFold::Static(n)),
        })
        .collect()
}

/// A number as a distance in `root`; the offset of `root` itself counts as none.
fn places(root: Val<'_>, number: OpFold<'_>, depth: usize) -> Option<Places> {
    let depth = depth.checked_sub(1)?;
    let (strides, _) = root.ty().strides_and_offset()?;
    if let Some(n) = number.as_static() {
        let zero = Places(vec![0; strides.len()]);
        if n == 0 {
            return Some(zero);
        }
        // A stride that is a number can be seen in a sum of others if it is the only one.
        let d = only((0..strides.len()).filter(|d| strides[*d] != DYNAMIC))?;
        let stride = strides[d];
        let mut found = zero;
        found.0[d] = (stride != 0 && n % stride == 0).then(|| n / stride)?;
        return Some(found);
    }
    let OpFold::Value(value) = number else {
        return None;
    };
    let op = value.defining_op()?;
    let of = |i: usize| places(root, OpFold::Value(op.operand(i)), depth);
    let constant = |i: usize| op.operand(i).constant_int();
    match op.name() {
        "arith.addi" => of(0)?.sum(&of(1)?),
        "arith.subi" => of(0)?.sum(&of(1)?.times(-1)?),
        "arith.muli" => match (constant(0), constant(1)) {
            (_, Some(n)) => of(0)?.times(n),
            (Some(n), _) => of(1)?.times(n),
            _ => None,
        },
        "memref.extract_strided_metadata" => {
            let layout = Layout::within(op.operand(0), depth)?;
            let rank = layout.strides.len();
            match value.index() {
                1 => Some(layout.offset),
                i => layout.strides.into_iter().nth(i.checked_sub(2 + rank)?),
            }
        }
        _ => None,
    }
}
