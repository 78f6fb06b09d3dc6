//! `numpy.pad_constant`, `pad_edge`, `pad_reflect`, `pad_symmetric`, `pad_wrap`: an array with a margin.
//!
//! The array is copied into the middle; the margin is cut into disjoint slabs, two for each axis, in
//! which earlier axes have the range of the array and later ones the whole range. Each slab is one
//! generic that stores into the result.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, View};

use crate::lowering;
use crate::sizes::{self, Cond};
use crate::target_shape;
use crate::types::{AnyArray, check_declared, element_name};

/// Which element a place of the margin shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// None: a value that is given.
    Constant,
    /// The nearest one.
    Edge,
    /// As in a mirror that lies on the outermost element.
    Reflect,
    /// As in a mirror that lies outside the outermost element.
    Symmetric,
    /// The array is repeated.
    Wrap,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    mode: Mode,
}

static TABLE: &[Row] = &[
    Row {
        name: "numpy.pad_constant",
        summary: "An array with a margin of one value, a 0-d array",
        mode: Mode::Constant,
    },
    Row {
        name: "numpy.pad_edge",
        summary: "An array with a margin of its outermost elements",
        mode: Mode::Edge,
    },
    Row {
        name: "numpy.pad_reflect",
        summary: "An array with a margin that mirrors it; the outermost elements are not repeated",
        mode: Mode::Reflect,
    },
    Row {
        name: "numpy.pad_symmetric",
        summary: "An array with a margin that mirrors it; the outermost elements are repeated",
        mode: Mode::Symmetric,
    },
    Row {
        name: "numpy.pad_wrap",
        summary: "An array with a margin as if it were repeated",
        mode: Mode::Wrap,
    },
];

const DESCRIPTION: &str = "\
`widths` has the width of the margin before and after each axis, in pairs, static or `index` values \
that are not negative. What is as NumPy's `pad` in the mode of that name. An axis without elements \
can only be padded with a constant.";

/// The ops.
pub fn ops() -> Vec<OpDef> {
    TABLE.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    TABLE
        .iter()
        .map(|row| ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw)))
        .collect()
}

impl Mode {
    /// How many array operands there are.
    fn arrays(self) -> usize {
        if self == Mode::Constant { 2 } else { 1 }
    }
}

fn define(row: &'static Row) -> OpDef {
    let arrays = row.mode.arrays();
    let mut def = OpDef::new(row.name)
        .doc(&format!("{}\n\n{DESCRIPTION}", row.summary))
        .operand("x", AnyArray::constraint());
    if arrays == 2 {
        def = def.operand("value", AnyArray::constraint());
    }
    def.variadic_operand("sizes", IndexType::constraint())
        .attribute("widths", I64Array::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .custom_assembly(
            move |p| target_shape::parse_list(p, arrays, "widths"),
            move |op, p| target_shape::print_list(op, p, arrays, "widths"),
        )
        .verify(move |op| check_declared(op.result_value(0).ty(), infer(row, &InferCx::of(op))?))
        .infer(move |cx| Ok(vec![infer(row, cx)?]))
}

fn infer<'c>(row: &Row, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    let widths = cx
        .attr("widths")
        .and_then(I64Array::decode)
        .ok_or("needs widths")?;
    let arrays = row.mode.arrays();
    if row.mode == Mode::Constant {
        let value = cx.operand_type(1)?;
        if value.rank() != 0 || value.element() != x.element() {
            return Err(format!(
                "needs a 0-d array of {} as value, not {value}",
                element_name(x)
            ));
        }
    }
    if widths.len() != 2 * x.rank() {
        return Err(format!(
            "needs {} widths for {} dimensions, not {}",
            2 * x.rank(),
            x.rank(),
            widths.len()
        ));
    }
    let dynamic = widths.iter().filter(|&&n| n == DYNAMIC).count();
    if dynamic + arrays != cx.operands.len() {
        return Err(format!(
            "has {dynamic} dynamic widths but {} width operands",
            cx.operands.len().saturating_sub(arrays)
        ));
    }
    if let Some(n) = widths.iter().find(|&&n| n < 0 && n != DYNAMIC) {
        return Err(format!("index can't contain negative values: {n}"));
    }
    let mut dims = x.dims();
    for (d, size) in dims.iter_mut().enumerate() {
        let (low, high) = (widths[2 * d], widths[2 * d + 1]);
        if *size == 0 && row.mode != Mode::Constant && low.max(high) > 0 {
            return Err(format!(
                "can't extend empty axis {d} using modes other than 'constant' or 'empty'"
            ));
        }
        *size = match (*size, low, high) {
            (DYNAMIC, ..) | (_, DYNAMIC, _) | (.., DYNAMIC) => DYNAMIC,
            (n, low, high) => n
                .checked_add(low)
                .and_then(|n| n.checked_add(high))
                .ok_or("the array is too big")?,
        };
    }
    crate::shape::element_count(&dims)?;
    Ok(cx.ctx.tensor(&dims, x.element()))
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let arrays = row.mode.arrays();
    let widths = op
        .attr("widths")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let widths = target_shape::fill(&widths, &cx.operands[arrays..]);
    let own = sizes::all_of(rw, x);
    let rank = own.len();
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let mut natural = Cond::Known(true);
    for &width in &widths {
        let valid = sizes::compare(rw, CmpI::Sge, width, zero);
        natural = natural.and(rw, valid);
    }
    let message = format!("{}: index can't contain negative values", row.name);
    sizes::check(rw, natural, CheckKind::ValueError, &message, &[]);
    let low: Vec<_> = (0..rank).map(|d| widths[2 * d]).collect();
    let high: Vec<_> = (0..rank).map(|d| widths[2 * d + 1]).collect();
    let mut whole = Vec::new();
    for d in 0..rank {
        if row.mode != Mode::Constant {
            let margin = sizes::max(rw, low[d], high[d]);
            let none = sizes::compare(rw, CmpI::Eq, margin, zero);
            let some = sizes::compare(rw, CmpI::Ne, own[d], zero);
            let message = format!(
                "{}: can't extend empty axis {d} using modes other than 'constant' or 'empty'",
                row.name
            );
            sizes::check(rw, none.or(rw, some), CheckKind::ValueError, &message, &[]);
        }
        sizes::check_sum(rw, row.name, &[low[d], own[d], high[d]]);
        let below = sizes::add(rw, low[d], own[d]);
        whole.push(sizes::add(rw, below, high[d]));
    }
    target_shape::check_at_run_time(rw, row.name, &whole);

    let steps = vec![one; rank];
    let dims: Vec<_> = (0..rank as i64).collect();
    let mut value = lowering::empty(rw, &whole, x.ty().element());
    value = InsertView::create(rw, x, value, &low, &own, &steps, &dims);
    let (mut start, mut size) = (vec![zero; rank], whole.clone());
    for d in 0..rank {
        let after = sizes::add(rw, low[d], own[d]);
        for (first, width) in [(zero, low[d]), (after, high[d])] {
            if matches!(width, OpFold::Static(0)) {
                continue;
            }
            (start[d], size[d]) = (first, width);
            let slab = match row.mode {
                Mode::Constant => {
                    let (none, repeat) = (vec![zero; rank], vec![-1; rank]);
                    View::create(rw, cx.operands[1], &[], &size, &none, &repeat)
                }
                mode => margin(rw, mode, x, &own, &start, &low, &size, d),
            };
            value = InsertView::create(rw, slab, value, &start, &size, &steps, &dims);
        }
        (start[d], size[d]) = (low[d], own[d]);
    }
    lowering::replace(rw, op, cx, value)
}

/// The part of the margin of size `size` at `start`: from `axis` on, places outside the array show
/// others.
#[expect(clippy::too_many_arguments, reason = "the geometry of one slab")]
fn margin<'c>(
    rw: Rewriter<'c>,
    mode: Mode,
    x: Val<'c>,
    own: &[OpFold<'c>],
    start: &[OpFold<'c>],
    low: &[OpFold<'c>],
    size: &[OpFold<'c>],
    axis: usize,
) -> Val<'c> {
    lowering::elementwise(rw, &[], size, x.ty().element(), |rw, _| {
        let coords: Vec<_> = (0..own.len())
            .map(|d| {
                // The place relative to the first element of the array.
                let shift = sizes::sub(rw, start[d], low[d]);
                let at = sizes::add(rw, OpFold::Value(rw.linalg_index(d)), shift);
                let at = if d < axis {
                    at
                } else {
                    shown(rw, mode, at, own[d])
                };
                sizes::value(rw, at)
            })
            .collect();
        rw.tensor_extract(x, &coords)
    })
}

/// The place along an axis of size `n` that `at` shows, which may be anywhere.
fn shown<'c>(rw: Rewriter<'c>, mode: Mode, at: OpFold<'c>, n: OpFold<'c>) -> OpFold<'c> {
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let last = sizes::sub(rw, n, one);
    // A generic over nothing is not run, but its sizes may be computed.
    let n = sizes::max(rw, n, one);
    match mode {
        Mode::Constant | Mode::Edge => {
            let at = sizes::min(rw, at, last);
            sizes::max(rw, at, zero)
        }
        Mode::Wrap => sizes::floor_modulo(rw, at, n),
        Mode::Reflect | Mode::Symmetric => {
            // Forth and back; a mirror on the outermost elements has them once.
            let twice = sizes::add(rw, n, n);
            let period = match mode {
                Mode::Reflect => sizes::sub(rw, twice, OpFold::Static(2)),
                _ => twice,
            };
            let period = sizes::max(rw, period, one);
            let at = sizes::floor_modulo(rw, at, period);
            let back = sizes::sub(rw, period, at);
            let back = match mode {
                Mode::Reflect => back,
                _ => sizes::sub(rw, back, one),
            };
            sizes::min(rw, at, back)
        }
    }
}
