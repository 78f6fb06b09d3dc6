//! The ops that take a stack of matrices and are one routine of the library: a table.
//!
//! A row names the op, its documentation, the routine, which flags it has and what it gives; definition, verifier,
//! type inference and conversion come with it.

use npir_mlir::prelude::*;
use npir_tensor::{Of, Routine};

use super::{
    Out, check_square, computed, library, matrices, operand, replace, result_dtype, square,
};
use crate::elementwise::dtype::DType;
use crate::sizes;
use crate::types::{AnyArray, check_declared};

/// A size of a result.
#[derive(Clone, Copy)]
enum Extent {
    /// The rows of the matrix.
    Rows,
    /// Its columns.
    Columns,
    /// The smaller of both.
    Smaller,
}

use Extent::{Columns, Rows, Smaller};

/// A result: its name, elements, and dimensions after the stack.
struct ResultRow(&'static str, Of, &'static [Extent]);

/// A unit attribute, and what it does.
enum Flag {
    /// It is the routine's parameter.
    Param(&'static str),
    /// With it the results are these.
    Shapes(&'static str, &'static [ResultRow]),
}

/// One op.
struct Row {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    routine: Routine,
    square: bool,
    flag: Option<Flag>,
    results: &'static [ResultRow],
}

static ROWS: &[Row] = &[
    Row {
        name: "numpy.linalg_cholesky",
        summary: "Cholesky factors of Hermitian positive definite matrices",
        description: "`l` with `a = l · lᴴ`, lower triangular; with `upper` the upper triangular `u` with `a = uᴴ · u`. \
                      Only that triangle of `a` is read. A matrix that is not positive definite is an error.",
        routine: Routine::Cholesky,
        square: true,
        flag: Some(Flag::Param("upper")),
        results: &[ResultRow("result", Of::T, &[Rows, Rows])],
    },
    Row {
        name: "numpy.linalg_qr",
        summary: "Orthonormal columns `q` and upper triangles `r` with `a = q · r`",
        description: "For `k = min(m, n)`, `q` is `m` by `k` and `r` `k` by `n`; with `complete` `q` is square.",
        routine: Routine::Qr,
        square: false,
        flag: Some(Flag::Shapes(
            "complete",
            &[
                ResultRow("q", Of::T, &[Rows, Rows]),
                ResultRow("r", Of::T, &[Rows, Columns]),
            ],
        )),
        results: &[
            ResultRow("q", Of::T, &[Rows, Smaller]),
            ResultRow("r", Of::T, &[Smaller, Columns]),
        ],
    },
    Row {
        name: "numpy.linalg_qr_r",
        summary: "The upper triangles of QR decompositions",
        description: "NumPy's `qr` with mode `r`.",
        routine: Routine::QrR,
        square: false,
        flag: None,
        results: &[ResultRow("r", Of::T, &[Smaller, Columns])],
    },
    Row {
        name: "numpy.linalg_svd",
        summary: "Singular value decompositions `a = u · diag(s) · vh`",
        description: "Singular values are real and descending. `u` has `min(m, n)` columns and `vh` as many rows; with \
                      `full_matrices` both are square. NaN is an error.",
        routine: Routine::Svd,
        square: false,
        flag: Some(Flag::Shapes(
            "full_matrices",
            &[
                ResultRow("u", Of::T, &[Rows, Rows]),
                ResultRow("s", Of::RealOfT, &[Smaller]),
                ResultRow("vh", Of::T, &[Columns, Columns]),
            ],
        )),
        results: &[
            ResultRow("u", Of::T, &[Rows, Smaller]),
            ResultRow("s", Of::RealOfT, &[Smaller]),
            ResultRow("vh", Of::T, &[Smaller, Columns]),
        ],
    },
    Row {
        name: "numpy.linalg_svdvals",
        summary: "Singular values, descending",
        description: "NaN is an error.",
        routine: Routine::SingularValues,
        square: false,
        flag: None,
        results: &[ResultRow("s", Of::RealOfT, &[Smaller])],
    },
    Row {
        name: "numpy.linalg_eigh",
        summary: "Eigenvalues, ascending, and eigenvectors of Hermitian matrices",
        description: "Only the lower triangle is read, with `upper` only the upper one. Column `i` of `v` belongs to \
                      `w[i]`. A matrix that is not finite gives NaN.",
        routine: Routine::Eigh,
        square: true,
        flag: Some(Flag::Param("upper")),
        results: &[
            ResultRow("w", Of::RealOfT, &[Rows]),
            ResultRow("v", Of::T, &[Rows, Rows]),
        ],
    },
    Row {
        name: "numpy.linalg_eigvalsh",
        summary: "Eigenvalues of Hermitian matrices, ascending",
        description: "Only the lower triangle is read, with `upper` only the upper one. A matrix that is not finite \
                      gives NaN.",
        routine: Routine::EigvalsH,
        square: true,
        flag: Some(Flag::Param("upper")),
        results: &[ResultRow("w", Of::RealOfT, &[Rows])],
    },
    Row {
        name: "numpy.linalg_eig",
        summary: "Eigenvalues and eigenvectors",
        description: "Both are always complex: NumPy gives real arrays where no eigenvalue has an imaginary part, which \
                      the types here cannot depend on. Column `i` of `v` has length 1 and belongs to `w[i]`. A matrix \
                      that is not finite is an error.",
        routine: Routine::Eig,
        square: true,
        flag: None,
        results: &[
            ResultRow("w", Of::ComplexOfT, &[Rows]),
            ResultRow("v", Of::ComplexOfT, &[Rows, Rows]),
        ],
    },
    Row {
        name: "numpy.linalg_eigvals",
        summary: "Eigenvalues",
        description: "Always complex, as those of `linalg_eig`. A matrix that is not finite is an error.",
        routine: Routine::Eigvals,
        square: true,
        flag: None,
        results: &[ResultRow("w", Of::ComplexOfT, &[Rows])],
    },
    Row {
        name: "numpy.linalg_det",
        summary: "Determinants",
        description: "1 for a matrix without elements.",
        routine: Routine::Det,
        square: true,
        flag: None,
        results: &[ResultRow("result", Of::T, &[])],
    },
    Row {
        name: "numpy.linalg_slogdet",
        summary: "Signs of determinants and natural logarithms of their absolute values",
        description: "The determinant is `sign * exp(logabsdet)`; for a complex matrix the sign has the absolute value 1. \
                      A singular matrix has 0 and minus infinity.",
        routine: Routine::SLogDet,
        square: true,
        flag: None,
        results: &[
            ResultRow("sign", Of::T, &[]),
            ResultRow("logabsdet", Of::RealOfT, &[]),
        ],
    },
    Row {
        name: "numpy.linalg_inv",
        summary: "Inverse matrices",
        description: "A singular matrix is an error; with `quiet` its inverse is NaN.",
        routine: Routine::Inv,
        square: true,
        flag: Some(Flag::Param("quiet")),
        results: &[ResultRow("result", Of::T, &[Rows, Rows])],
    },
];

/// The ops.
pub(super) fn ops() -> Vec<OpDef> {
    ROWS.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub(super) fn lowerings() -> Vec<ConversionPattern> {
    let lower = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw))
    };
    ROWS.iter().map(lower).collect()
}

impl Flag {
    fn name(&self) -> &'static str {
        match self {
            Flag::Param(name) | Flag::Shapes(name, _) => name,
        }
    }
}

impl Row {
    /// The results, where the flag is given or not.
    fn results(&self, flagged: bool) -> &'static [ResultRow] {
        match self.flag {
            Some(Flag::Shapes(_, results)) if flagged => results,
            _ => self.results,
        }
    }

    fn infer<'c>(
        &self,
        ctx: &'c Context,
        a: Type<'c>,
        flagged: bool,
    ) -> Result<Vec<Type<'c>>, String> {
        let t = result_dtype(a)?.ty(ctx);
        let dims = a.dims();
        let (stack, mut m, mut n) = matrices(&dims)?;
        if self.square {
            (m, n) = (square(&dims)?.1, square(&dims)?.1);
        }
        let smaller = match (m, n) {
            (0, _) | (_, 0) => 0,
            (DYNAMIC, _) | (_, DYNAMIC) => DYNAMIC,
            _ => m.min(n),
        };
        let extent = |extent: &Extent| match extent {
            Rows => m,
            Columns => n,
            Smaller => smaller,
        };
        let ty = |ResultRow(_, of, extents): &ResultRow| {
            let dims: Vec<_> = stack
                .iter()
                .copied()
                .chain(extents.iter().map(extent))
                .collect();
            ctx.tensor(&dims, of.element(t))
        };
        Ok(self.results(flagged).iter().map(ty).collect())
    }
}

fn define(row: &'static Row) -> OpDef {
    let flag = row.flag.as_ref().map(Flag::name);
    let assembly = match flag {
        Some(flag) => format!("(`{flag}` ${flag}^)? $a attr-dict `:` type($a) `->` type(results)"),
        None => "$a attr-dict `:` type($a) `->` type(results)".to_string(),
    };
    let mut def = OpDef::new(row.name)
        .doc(&format!("{}\n\n{}", row.summary, row.description))
        .operand("a", AnyArray::constraint())
        .traits(&[Trait::Pure]);
    if let Some(flag) = flag {
        def = def.unit_attribute(flag);
    }
    for ResultRow(name, ..) in row.results {
        def = def.result(name, AnyArray::constraint());
    }
    def = def.assembly(&assembly);
    def = def.assembly(&assembly);
    let flagged = move |attr: Option<Attribute<'_>>| attr.is_some();
    def.verify(move |op| {
        let given = flagged(flag.and_then(|flag| op.attr(flag)));
        let inferred = row.infer(op.ctx(), op.operand(0).ty(), given)?;
        op.result_types()
            .into_iter()
            .zip(inferred)
            .try_for_each(|(declared, inferred)| check_declared(declared, inferred))
    })
    .infer(move |cx| {
        let given = flagged(flag.and_then(|flag| cx.attr(flag)));
        row.infer(cx.ctx, cx.operand_type(0)?, given)
    })
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let dtype = computed(result_dtype(op.operand(0).ty()).map_err(NoMatch::new)?);
    let a = operand(op, cx, rw, 0, dtype)?;
    let sizes = sizes::all_of(rw, a);
    let (stack, m, n) = matrices(&sizes).map_err(NoMatch::new)?;
    if row.square {
        check_square(rw, row.name, &sizes);
    }
    let given = row
        .flag
        .as_ref()
        .is_some_and(|flag| op.attr(flag.name()).is_some());
    let out = |ResultRow(_, of, extents): &ResultRow| {
        let mut sizes = stack.to_vec();
        sizes.extend(extents.iter().map(|extent| match extent {
            Rows => m,
            Columns => n,
            Smaller => sizes::min(rw, m, n),
        }));
        let element = DType::of(of.element(dtype.ty(rw.ctx())));
        element.map(|element| Out(sizes, element))
    };
    let outs = row.results(given).iter().map(out);
    let outs = outs
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| NoMatch::new("not an array"))?;
    let params = match row.flag {
        Some(Flag::Param(_)) => vec![i64::from(given)],
        _ => vec![],
    };
    let results = library(rw, row.routine, row.name, &[a], &outs, &params);
    replace(rw, op, cx, &results)
}
