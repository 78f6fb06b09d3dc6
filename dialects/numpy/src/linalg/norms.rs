//! `numpy.linalg_norm` and `numpy.linalg_cond`: made of reductions, which fuse with what computes their input, and of
//! singular values.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use super::{matrices, reduction, result_dtype, square};
use crate::compose;
use crate::elementwise::dtype::DType;
use crate::shape::{normalize_axis, reduce_dims};
use crate::sizes::{self, Cond as Holds};
use crate::types::{AnyArray, verify_declared};
use crate::views::Transpose;

attr_enum! {
    /// A norm that is not the sum of a power.
    pub enum NormKind {
        /// The root of the sum of squares of a matrix.
        Frobenius = "fro",
        /// The sum of the singular values.
        Nuclear = "nuc",
        /// The largest absolute value of a vector, the largest sum of absolute values of the rows of a matrix.
        Largest = "inf",
        /// The smallest.
        Smallest = "neg_inf",
    }
}

/// Norms of vectors or matrices
///
/// Along one axis the elements are vectors, along two matrices, without `axes` a whole vector or matrix. `ord` is
/// NumPy's number, `kind` NumPy's other norms; without both it is the root of the sum of squares, without `axes` of an
/// array of any number of dimensions. `keepdims` leaves the axes with size 1. Bool and integers are computed in
/// float64; the norm of complex numbers is real.
#[op(
    "numpy.linalg_norm",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`ord` $ord^)? (`kind` $kind^)? (`axes` $axes^)? (`keepdims` $keepdims^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct Norm {
    x: Operand<AnyArray>,
    ord: OptionalAttr<F64>,
    kind: OptionalAttr<Enum<NormKind>>,
    axes: OptionalAttr<I64Array>,
    keepdims: UnitAttr,
    result: Output<AnyArray>,
}

/// What a norm is computed of.
enum Measured {
    /// The root of the sum of squares, over these axes.
    Squares(Vec<usize>),
    /// Vectors along an axis.
    Vectors(usize),
    /// Matrices of rows along the first and columns along the second axis.
    Matrices(usize, usize),
}

impl Measured {
    fn axes(&self) -> Vec<usize> {
        match self {
            Measured::Squares(axes) => axes.clone(),
            Measured::Vectors(axis) => vec![*axis],
            Measured::Matrices(rows, columns) => vec![*rows, *columns],
        }
    }
}

/// What the attributes mean for an array of this rank.
///
/// # Errors
/// NumPy's messages.
fn measured(
    rank: usize,
    ord: Option<f64>,
    kind: Option<NormKind>,
    axes: Option<&[i64]>,
) -> Result<Measured, String> {
    if ord.is_some() && kind.is_some() {
        return Err("takes 'ord' or 'kind', not both".to_string());
    }
    let plain = ord.is_none() && kind.is_none();
    let given: Vec<usize> = match axes {
        Some(axes) => {
            let axes = axes.iter().map(|&axis| normalize_axis(axis, rank));
            axes.collect::<Result<_, _>>()?
        }
        None if plain => return Ok(Measured::Squares((0..rank).collect())),
        None => (0..rank).collect(),
    };
    match (given.as_slice(), kind) {
        ([axis], None | Some(NormKind::Largest | NormKind::Smallest)) => {
            match plain || ord == Some(2.0) {
                true => Ok(Measured::Squares(vec![*axis])),
                false => Ok(Measured::Vectors(*axis)),
            }
        }
        ([_], Some(_)) => Err("Invalid norm order for vectors".to_string()),
        ([a, b], _) if a == b => Err("Duplicate axes given.".to_string()),
        ([a, b], None | Some(NormKind::Frobenius)) if ord.is_none() => {
            Ok(Measured::Squares(vec![*a, *b]))
        }
        ([a, b], _) => match ord {
            Some(n) if ![1.0, -1.0, 2.0, -2.0].contains(&n) => {
                Err("Invalid norm order for matrices.".to_string())
            }
            _ => Ok(Measured::Matrices(*a, *b)),
        },
        _ => Err("Improper number of dimensions to norm.".to_string()),
    }
}

/// The type that a norm is computed in: floats are themselves.
fn norm_dtype(x: Type<'_>) -> Result<DType, String> {
    match DType::of(x) {
        Some(dtype) if dtype.is_half() => Ok(dtype),
        _ => result_dtype(x),
    }
}

impl InferTypes for Norm<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let real = norm_dtype(x)?.part().ty(cx.ctx);
        let ord = cx.attr("ord").and_then(F64::decode);
        let kind = cx.attr("kind").and_then(Enum::<NormKind>::decode);
        let axes = cx.attr("axes").and_then(I64Array::decode);
        let axes = measured(x.rank(), ord, kind, axes.as_deref())?.axes();
        let mask: Vec<_> = (0..x.rank()).map(|d| axes.contains(&d)).collect();
        let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
        Ok(vec![cx.ctx.tensor(&dims, real)])
    }
}

verify_declared!(Norm, Cond);

/// Reductions of one array in the making of a norm.
#[derive(Clone, Copy)]
struct Reduce<'c> {
    rw: Rewriter<'c>,
    keepdims: bool,
}

impl<'c> Reduce<'c> {
    /// The reduction `name` over axes.
    fn over(
        self,
        name: &str,
        x: Val<'c>,
        axes: &[usize],
        keepdims: bool,
    ) -> Result<Val<'c>, NoMatch> {
        let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
        reduction(self.rw, name, x, Some(&axes), keepdims)
    }

    /// The largest size over axes, zero of none.
    fn largest(self, x: Val<'c>, axes: &[usize], keepdims: bool) -> Result<Val<'c>, NoMatch> {
        let rw = self.rw;
        let ctx = rw.ctx();
        let Some(real) = DType::of(x.ty()) else {
            return Err(NoMatch::new("not an array"));
        };
        let zero = compose::float(rw, real, 0.0);
        let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
        let mut attrs = vec![
            ("operandSegmentSizes", ctx.i32_array(&[1, 0, 1])),
            ("axes", ctx.i64_array(&axes)),
        ];
        attrs.extend(keepdims.then(|| ("keepdims", ctx.unit_attr())));
        compose::op(rw, "numpy.max", &[x, zero], &attrs)
    }

    /// The function `name` of one array.
    fn map(self, name: &str, x: Val<'c>) -> Result<Val<'c>, NoMatch> {
        compose::op(self.rw, name, &[x], &[])
    }

    /// `√Σ|x|²`
    fn root_of_squares(self, x: Val<'c>, axes: &[usize]) -> Result<Val<'c>, NoMatch> {
        let squares = compose::squared(self.rw, x)?;
        self.map(
            "numpy.sqrt",
            self.over("numpy.sum", squares, axes, self.keepdims)?,
        )
    }

    fn of_vectors(
        self,
        x: Val<'c>,
        axis: usize,
        ord: Option<f64>,
        kind: Option<NormKind>,
    ) -> Result<Val<'c>, NoMatch> {
        let rw = self.rw;
        let over = |name: &str, x| self.over(name, x, &[axis], self.keepdims);
        let sizes = self.map("numpy.absolute", x)?;
        let Some(real) = DType::of(sizes.ty()) else {
            return Err(NoMatch::new("not an array"));
        };
        match (kind, ord) {
            (Some(NormKind::Smallest), _) => over("numpy.min", sizes),
            (Some(_), _) => self.largest(sizes, &[axis], self.keepdims),
            (None, Some(0.0)) => {
                let zero = compose::float(rw, real, 0.0);
                let some = compose::op(rw, "numpy.not_equal", &[sizes, zero], &[])?;
                over("numpy.sum", compose::cast(rw, some, real))
            }
            (None, Some(1.0)) => over("numpy.sum", sizes),
            (None, ord) => {
                let ord = ord.unwrap_or(2.0);
                let number = |value| compose::float(rw, real, value);
                let powers = compose::op(rw, "numpy.power", &[sizes, number(ord)], &[])?;
                let sum = over("numpy.sum", powers)?;
                compose::op(rw, "numpy.power", &[sum, number(1.0 / ord)], &[])
            }
        }
    }

    fn of_matrices(
        self,
        x: Val<'c>,
        (rows, columns): (usize, usize),
        ord: Option<f64>,
        kind: Option<NormKind>,
    ) -> Result<Val<'c>, NoMatch> {
        let (summed, extreme) = match (kind, ord) {
            (Some(NormKind::Largest), _) => (columns, "numpy.max"),
            (Some(NormKind::Smallest), _) => (columns, "numpy.min"),
            (None, Some(1.0)) => (rows, "numpy.max"),
            (None, Some(-1.0)) => (rows, "numpy.min"),
            (Some(_), _) => return self.of_singular_values(x, (rows, columns), "numpy.sum"),
            (None, Some(2.0)) => return self.of_singular_values(x, (rows, columns), "numpy.max"),
            (None, _) => return self.of_singular_values(x, (rows, columns), "numpy.min"),
        };
        let other = rows + columns - summed;
        let sums = self.over("numpy.sum", self.map("numpy.absolute", x)?, &[summed], true)?;
        let result = match extreme {
            "numpy.max" => self.largest(sums, &[other], true)?,
            _ => self.over(extreme, sums, &[other], true)?,
        };
        self.finish(result, &[rows, columns])
    }

    fn of_singular_values(
        self,
        x: Val<'c>,
        (rows, columns): (usize, usize),
        reduction: &str,
    ) -> Result<Val<'c>, NoMatch> {
        let rank = x.ty().rank();
        let stack = (0..rank).filter(|&d| d != rows && d != columns);
        let order: Vec<_> = stack.chain([rows, columns]).map(|d| d as i64).collect();
        let x = Transpose::build_inferred(self.rw, x, Some(order));
        let x = x.map_err(NoMatch::new)?.result();
        let values = self.map("numpy.linalg_svdvals", x)?;
        let result = match reduction {
            "numpy.max" => self.largest(values, &[rank - 2], false)?,
            _ => self.over(reduction, values, &[rank - 2], false)?,
        };
        if !self.keepdims {
            return Ok(result);
        }
        let axes = [rows.min(columns) as i64, rows.max(columns) as i64];
        let axes = self.rw.ctx().i64_array(&axes);
        compose::op(self.rw, "numpy.expand_dims", &[result], &[("axes", axes)])
    }

    /// Drops axes of size 1 unless they are kept.
    fn finish(self, x: Val<'c>, axes: &[usize]) -> Result<Val<'c>, NoMatch> {
        if self.keepdims {
            return Ok(x);
        }
        let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
        let axes = self.rw.ctx().i64_array(&axes);
        compose::op(self.rw, "numpy.squeeze", &[x], &[("axes", axes)])
    }
}

/// The conversion of `norm`: other numpy ops.
pub(super) fn lowering() -> ConversionPattern {
    ConversionPattern::new(Norm::NAME, |op, _, rw| {
        let Some(norm) = Norm::cast(op) else {
            return no_match("not a norm");
        };
        let (ord, kind, axes) = (norm.ord(), norm.kind(), norm.axes());
        let dtype = norm_dtype(norm.x().ty()).map_err(NoMatch::new)?;
        let x = compose::cast(rw, norm.x(), dtype);
        let measured = measured(x.ty().rank(), ord, kind, axes.as_deref()).map_err(NoMatch::new)?;
        let reduce = Reduce {
            rw,
            keepdims: norm.keepdims(),
        };
        let value = match measured {
            Measured::Squares(axes) => reduce.root_of_squares(x, &axes)?,
            Measured::Vectors(axis) => reduce.of_vectors(x, axis, ord, kind)?,
            Measured::Matrices(rows, columns) => {
                reduce.of_matrices(x, (rows, columns), ord, kind)?
            }
        };
        compose::replace(rw, op, value)
    })
}

/// Condition numbers of matrices
///
/// Without `ord` and `kind`, and for `ord` 2 and -2, the ratio of the largest and the smallest singular value or its
/// inverse, else the norm of the matrix times the norm of its inverse. A singular matrix has the condition number
/// infinity. Matrices without elements are an error.
#[op(
    "numpy.linalg_cond",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`ord` $ord^)? (`kind` $kind^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Cond {
    x: Operand<AnyArray>,
    ord: OptionalAttr<F64>,
    kind: OptionalAttr<Enum<NormKind>>,
    result: Output<AnyArray>,
}

impl InferTypes for Cond<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let dims = x.dims();
        let real = result_dtype(x)?.part().ty(cx.ctx);
        let ord = cx.attr("ord").and_then(F64::decode);
        let kind = cx.attr("kind").and_then(Enum::<NormKind>::decode);
        let (stack, ..) = matrices(&dims)?;
        if !by_singular_values(ord, kind) {
            square(&dims)?;
            measured(x.rank(), ord, kind, Some(&[-2, -1]))?;
        }
        if dims.contains(&0) {
            return Err(EMPTY.to_string());
        }
        Ok(vec![cx.ctx.tensor(stack, real)])
    }
}

const EMPTY: &str = "cond is not defined on empty arrays";

fn by_singular_values(ord: Option<f64>, kind: Option<NormKind>) -> bool {
    kind.is_none() && ord.is_none_or(|ord| ord.abs() == 2.0)
}

/// The conversion of `cond`: other numpy ops.
pub(super) fn cond_lowering() -> ConversionPattern {
    ConversionPattern::new(Cond::NAME, |op, cx, rw| {
        let Some(cond) = Cond::cast(op) else {
            return no_match("not a condition number");
        };
        let (ord, kind) = (cond.ord(), cond.kind());
        let dtype = result_dtype(cond.x().ty()).map_err(NoMatch::new)?;
        let x = compose::cast(rw, cond.x(), dtype);
        let mut some = Holds::Known(true);
        for size in sizes::all_of(rw, cx.operands[0]) {
            let holds = sizes::compare(rw, CmpI::Ne, size, OpFold::Static(0));
            some = some.and(rw, holds);
        }
        let message = format!("{}: {EMPTY}", Cond::NAME);
        sizes::check(rw, some, CheckKind::ValueError, &message, &[]);
        let reduce = Reduce {
            rw,
            keepdims: false,
        };
        let last = x.ty().rank() - 1;
        let ratio = if by_singular_values(ord, kind) {
            let values = reduce.map("numpy.linalg_svdvals", x)?;
            let largest = reduce.over("numpy.max", values, &[last - 1], false)?;
            let smallest = reduce.over("numpy.min", values, &[last - 1], false)?;
            let operands = match ord {
                Some(-2.0) => [smallest, largest],
                _ => [largest, smallest],
            };
            compose::op(rw, "numpy.divide", &operands, &[])?
        } else {
            let quiet = [("quiet", rw.ctx().unit_attr())];
            let inverse = compose::op(rw, "numpy.linalg_inv", &[x], &quiet)?;
            let mut attrs = vec![("axes", rw.ctx().i64_array(&[-2, -1]))];
            attrs.extend(
                ["ord", "kind"]
                    .into_iter()
                    .filter_map(|name| Some((name, op.attr(name)?))),
            );
            let norms = [x, inverse].map(|x| compose::op(rw, Norm::NAME, &[x], &attrs));
            let [norm, of_inverse] = norms;
            compose::op(rw, "numpy.multiply", &[norm?, of_inverse?], &[])?
        };
        // NaN that is not of the matrix itself comes from a singular one.
        let nan = reduce.map("numpy.isnan", x)?;
        let of_matrix = reduce.over("numpy.any", nan, &[last - 1, last], false)?;
        let sound = reduce.map("numpy.logical_not", of_matrix)?;
        let undefined = reduce.map("numpy.isnan", ratio)?;
        let singular = compose::op(rw, "numpy.logical_and", &[undefined, sound], &[])?;
        let infinity = compose::float(rw, dtype.part(), f64::INFINITY);
        let value = compose::op(rw, "numpy.where", &[singular, infinity, ratio], &[])?;
        compose::replace(rw, op, value)
    })
}
