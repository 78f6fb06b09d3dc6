//! What is known of a value: its type, its sizes with names for those that only the run knows, the number that all its
//! elements equal, and the range of integers.

use npir_egraph::Change;
use npir_mlir::prelude::*;

use super::{LEAF, LEAF_VALUE, Payload, shapes};
use crate::cast;
use crate::constant::Constant;
use crate::elementwise;
use crate::elementwise::constant::Scalar;
use crate::elementwise::dtype::DType;

/// The assumed size of a dimension that only the run knows.
pub(super) const ASSUMED_SIZE: f64 = 300.0;

/// The size of a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// A number.
    Known(i64),
    /// That of a dimension of a value: equal names are equal sizes.
    Of {
        /// The value, by a number; those of values around a graph are less than those of classes ([`Around`](super::Around)).
        value: usize,
        /// The dimension; 0 of an `index` that is a size.
        axis: usize,
    },
}

impl Size {
    /// The number, or [`DYNAMIC`].
    pub fn dim(self) -> i64 {
        match self {
            Size::Known(n) => n,
            Size::Of { .. } => DYNAMIC,
        }
    }
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<'c> {
    ty: Type<'c>,
    /// The sizes of a tensor.
    pub sizes: Vec<Size>,
    /// The size that an `index` is.
    pub size: Option<Size>,
    /// What all elements equal; there is at least one element.
    pub constant: Option<Scalar>,
    /// The least and the greatest value that an integer may have, where the type does not say it.
    pub bounds: Option<(i64, i64)>,
    /// The size that all integers are below, where only the run knows it; none is negative.
    pub below: Option<Size>,
}

impl<'c> Fact<'c> {
    /// The type, with every size that is known.
    pub fn ty(&self) -> Type<'c> {
        self.ty
    }

    /// The element type, of arrays.
    pub fn dtype(&self) -> Option<DType> {
        self.ty.is_tensor().then(|| DType::of(self.ty)).flatten()
    }

    /// Number of elements; a size that only the run knows is taken to be 300.
    pub fn elements(&self) -> f64 {
        let sizes = self.sizes.iter();
        sizes
            .map(|&size| match size {
                Size::Known(n) => n as f64,
                Size::Of { .. } => ASSUMED_SIZE,
            })
            .product()
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.sizes.len()
    }

    /// Whether two values have one shape, whatever the sizes turn out to be.
    pub fn same_shape(&self, other: &Self) -> bool {
        self.sizes == other.sizes
    }

    /// Whether `other` broadcasts to the shape of this value, whatever the sizes turn out to be: a function of both has
    /// this shape, and cannot fail.
    pub fn covers(&self, other: &Self) -> bool {
        let Some(lead) = self.rank().checked_sub(other.rank()) else {
            return false;
        };
        let mut pairs = other.sizes.iter().zip(&self.sizes[lead..]);
        pairs.all(|(own, whole)| *own == Size::Known(1) || own == whole)
    }

    /// Whether all elements equal this number; `-0.0` is told from `0.0`.
    pub fn is(&self, number: f64) -> bool {
        self.constant.is_some_and(|scalar| scalar.is(number))
    }

    /// Whether all elements are zero, of either sign.
    pub fn is_zero(&self) -> bool {
        self.is(0.0) || self.is(-0.0)
    }

    fn new(ty: Type<'c>, sizes: Vec<Size>) -> Self {
        Fact {
            ty,
            sizes,
            size: None,
            constant: None,
            bounds: None,
            below: None,
        }
        .with_type_of_sizes()
    }

    pub(super) fn with_type_of_sizes(mut self) -> Self {
        let dims: Vec<_> = self.sizes.iter().map(|size| size.dim()).collect();
        if self.ty.is_tensor() && self.ty.dims() != dims {
            self.ty = self.ty.ctx().tensor(&dims, self.ty.element());
        }
        self
    }

    /// What is known of a value of which both is known.
    ///
    /// # Errors
    /// Types or sizes that differ.
    pub(super) fn meet(&mut self, other: &Self) -> Result<Change, String> {
        let words = || format!("a value of type {} is none of type {}", self.ty, other.ty);
        let (tensor, other_tensor) = (self.ty.is_tensor(), other.ty.is_tensor());
        let fits = match tensor && other_tensor {
            true => self.ty.element() == other.ty.element() && self.rank() == other.rank(),
            false => self.ty == other.ty,
        };
        if !fits {
            return Err(words());
        }
        let sizes = self.sizes.iter().zip(&other.sizes).map(|pair| match pair {
            (Size::Known(a), Size::Known(b)) if a != b => None,
            // A number is less than a name.
            (a, b) => Some(*a.min(b)),
        });
        let sizes = sizes.collect::<Option<Vec<_>>>().ok_or_else(words)?;
        let bounds = match (self.bounds, other.bounds) {
            (Some((a, b)), Some((c, d))) => Some((a.max(c), b.min(d))),
            (known, None) | (None, known) => known,
        };
        let size = match (self.size, other.size) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (known, None) | (None, known) => known,
        };
        let both = Fact {
            ty: self.ty,
            sizes,
            size,
            constant: self.constant.or(other.constant),
            bounds,
            below: self.below.or(other.below),
        }
        .with_type_of_sizes();
        // Of two constants, which differ by rounding at most, the first one stays.
        let comparable = Fact {
            constant: other.constant.or(both.constant),
            below: other.below.or(both.below),
            ..both.clone()
        };
        let change = Change {
            first: both != *self,
            second: comparable != *other,
        };
        *self = both;
        Ok(change)
    }
}

/// What is known of the value of a node, whose own sizes have this number.
pub(super) fn of_node<'c>(
    number: usize,
    op: &str,
    payload: &Payload<'c>,
    children: &[&Fact<'c>],
) -> Fact<'c> {
    let ty = payload.ty;
    let Some(dtype) = DType::of(ty).filter(|_| ty.is_tensor()) else {
        let rank = if ty.is_tensor() { ty.rank() } else { 0 };
        let mut fact = Fact::new(ty, shapes::fresh(number, &ty.dims()[..rank]));
        fact.size = shapes::of_index(number, op, payload, children);
        return fact;
    };
    let own = shapes::fresh(number, &ty.dims());
    let sizes = match shapes::of_node(op, payload, children) {
        Some(sizes) if sizes.len() == own.len() => own
            .iter()
            .zip(sizes)
            .map(|pair| match pair {
                // What the type says, else what follows from the operands, else a name of its own.
                (Size::Known(n), _) => Size::Known(*n),
                (_, Some(size)) => size,
                (name, None) => *name,
            })
            .collect(),
        _ => own,
    };
    let mut fact = Fact::new(ty, sizes);
    if !fact.sizes.contains(&Size::Known(0)) {
        fact.constant = constant(op, payload, dtype, children);
    }
    fact.bounds = bounds(op, payload, children);
    fact.below = below(op, payload, children);
    fact
}

/// What all elements equal.
fn constant<'c>(
    op: &str,
    payload: &Payload<'c>,
    dtype: DType,
    children: &[&Fact<'c>],
) -> Option<Scalar> {
    if op == Constant::NAME {
        return Scalar::of_attr(payload.attr("value")?, dtype);
    }
    if op == LEAF {
        return Scalar::of_attr(payload.attr(LEAF_VALUE)?, dtype);
    }
    if let Some(row) = elementwise::row(op) {
        let own = DType::of(children.get(row.first_value())?.ty)?;
        let scalars: Vec<_> = children.iter().map(|fact| fact.constant).collect();
        return elementwise::fold_constants(row, own, &scalars);
    }
    let (x, value) = match children {
        [x, ..] => (x, x.constant?),
        [] => return None,
    };
    if op == cast::NAME {
        return value.convert(DType::of(x.ty)?, dtype);
    }
    // Elements are what they were, wherever they are.
    shapes::moves_elements(op).then_some(value)
}

/// The range of positions.
fn bounds<'c>(op: &str, payload: &Payload<'c>, children: &[&Fact<'c>]) -> Option<(i64, i64)> {
    match op {
        "numpy.argmin" | "numpy.argmax" => {
            let axis = payload.attr("axis").and_then(I64::decode)?;
            let x = children.first()?;
            let axis = crate::shape::normalize_axis(axis, x.rank()).ok()?;
            match x.sizes[axis] {
                Size::Known(n) => Some((0, n - 1)),
                Size::Of { .. } => None,
            }
        }
        op if op == cast::NAME => {
            let (low, high) = children.first()?.bounds?;
            let dtype = DType::of(payload.ty)?;
            let fits = dtype.is_int() && dtype.wrap(low) == low && dtype.wrap(high) == high;
            (fits && low >= 0).then_some((low, high))
        }
        // The numbers up to the size.
        "numpy.iota" => match payload.ty.dims()[..] {
            [n] if n != DYNAMIC => DType::of(payload.ty)
                .filter(|dtype| dtype.is_int() && dtype.wrap(n - 1) == n - 1)
                .map(|_| (0, n - 1)),
            _ => None,
        },
        // Elements of the first operand.
        "numpy.index" | "numpy.take" => children.first()?.bounds,
        op if shapes::moves_elements(op) => children.first()?.bounds,
        _ => None,
    }
}

/// The size that positions are below.
fn below<'c>(op: &str, payload: &Payload<'c>, children: &[&Fact<'c>]) -> Option<Size> {
    let x = children.first()?;
    match op {
        "numpy.argmin" | "numpy.argmax" => {
            let axis = payload.attr("axis").and_then(I64::decode)?;
            let axis = crate::shape::normalize_axis(axis, x.rank()).ok()?;
            Some(x.sizes[axis])
        }
        op if shapes::moves_elements(op) => x.below,
        _ => None,
    }
}
