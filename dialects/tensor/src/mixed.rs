//! Lists of numbers that are static or SSA values of type `index`: splitting, joining, arithmetic
//! with folding.

use npir_mlir::prelude::*;

/// The static number, or [`DYNAMIC`].
pub(crate) fn static_or_dynamic(x: OpFold<'_>) -> i64 {
    match x {
        OpFold::Static(n) => n,
        OpFold::Value(_) => DYNAMIC,
    }
}

/// The static numbers, with [`DYNAMIC`] in place of values.
pub(crate) fn statics(list: &[OpFold<'_>]) -> Vec<i64> {
    list.iter().map(|&x| static_or_dynamic(x)).collect()
}

/// The values among the numbers.
pub(crate) fn values<'c>(list: &[OpFold<'c>]) -> Vec<Val<'c>> {
    list.iter()
        .filter_map(|x| match x {
            OpFold::Static(_) => None,
            OpFold::Value(v) => Some(*v),
        })
        .collect()
}

/// Puts `values` where `statics` says [`DYNAMIC`].
pub(crate) fn join<'c>(statics: &[i64], values: &[Val<'c>]) -> Vec<OpFold<'c>> {
    let mut values = values.iter();
    statics
        .iter()
        .map(|&n| match n {
            DYNAMIC => values
                .next()
                .map_or(OpFold::Static(DYNAMIC), |v| OpFold::Value(*v)),
            n => OpFold::Static(n),
        })
        .collect()
}

/// Whether both are the same number: the same constant or the same value.
pub(crate) fn same(a: OpFold<'_>, b: OpFold<'_>) -> bool {
    match (a, b) {
        (OpFold::Static(a), OpFold::Static(b)) => a == b,
        (OpFold::Value(a), OpFold::Value(b)) => a == b,
        _ => false,
    }
}

/// Whether `x` is the constant `n`.
pub(crate) fn is(x: OpFold<'_>, n: i64) -> bool {
    matches!(x, OpFold::Static(m) if m == n)
}

/// Checks that a list has one value per [`DYNAMIC`].
pub(crate) fn verify(name: &str, statics: &[i64], values: &[Val<'_>]) -> Result<(), String> {
    let expected = statics.iter().filter(|&&n| n == DYNAMIC).count();
    if expected == values.len() {
        return Ok(());
    }
    Err(format!(
        "expects {expected} run-time {name}, got {}",
        values.len()
    ))
}

/// Values that are constants become static. `None` if there are none.
pub(crate) fn with_constants<'c>(list: &[OpFold<'c>]) -> Option<Vec<OpFold<'c>>> {
    let known = |x: &OpFold<'c>| match x {
        OpFold::Value(v) => v.constant_int().filter(|&n| n != DYNAMIC),
        OpFold::Static(_) => None,
    };
    list.iter().any(|x| known(x).is_some()).then(|| {
        list.iter()
            .map(|x| known(x).map_or(*x, OpFold::Static))
            .collect()
    })
}

/// An extent as the user writes it.
pub(crate) fn extent_text(extent: i64) -> String {
    if extent == DYNAMIC {
        "?".into()
    } else {
        extent.to_string()
    }
}

/// The number as a value.
pub(crate) fn value<'c>(rw: Rewriter<'c>, x: OpFold<'c>) -> Val<'c> {
    match x {
        OpFold::Static(n) => rw.const_index(n),
        OpFold::Value(v) => v,
    }
}

/// `a + b`.
pub(crate) fn add<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(0), x) | (x, OpFold::Static(0)) => x,
        (OpFold::Static(a), OpFold::Static(b)) => OpFold::Static(a.wrapping_add(b)),
        _ => OpFold::Value(rw.addi(value(rw, a), value(rw, b))),
    }
}

/// `a · b`.
pub(crate) fn mul<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(0), _) | (_, OpFold::Static(0)) => OpFold::Static(0),
        (OpFold::Static(1), x) | (x, OpFold::Static(1)) => x,
        (OpFold::Static(a), OpFold::Static(b)) => OpFold::Static(a.wrapping_mul(b)),
        _ => OpFold::Value(rw.muli(value(rw, a), value(rw, b))),
    }
}

/// Where the elements of a buffer lie, in elements; static where its type says so.
pub(crate) struct Layout<'c> {
    /// First element.
    pub(crate) offset: OpFold<'c>,
    /// Extents.
    pub(crate) sizes: Vec<OpFold<'c>>,
    /// Elements between neighbours.
    pub(crate) strides: Vec<OpFold<'c>>,
}

/// The layout of `buffer`.
pub(crate) fn layout<'c>(rw: Rewriter<'c>, buffer: Val<'c>) -> Layout<'c> {
    let ty = buffer.ty();
    let rank = ty.rank();
    let (strides, offset) = ty
        .strides_and_offset()
        .unwrap_or_else(|| (vec![DYNAMIC; rank], DYNAMIC));
    let sizes = ty.dims();
    let all_static = offset != DYNAMIC && !sizes.contains(&DYNAMIC) && !strides.contains(&DYNAMIC);
    if all_static {
        let fixed = |list: &[i64]| list.iter().map(|&n| OpFold::Static(n)).collect();
        return Layout {
            offset: OpFold::Static(offset),
            sizes: fixed(&sizes),
            strides: fixed(&strides),
        };
    }
    let (_, offset_value, size_values, stride_values) = rw.memref_metadata(buffer);
    let pick = |fixed: i64, v: Val<'c>| match fixed {
        DYNAMIC => OpFold::Value(v),
        n => OpFold::Static(n),
    };
    let all = |fixed: &[i64], v: &[Val<'c>]| {
        let pairs = fixed.iter().zip(v);
        pairs.map(|(&n, &v)| pick(n, v)).collect::<Vec<_>>()
    };
    Layout {
        offset: pick(offset, offset_value),
        sizes: all(&sizes, &size_values),
        strides: all(&strides, &stride_values),
    }
}

/// Number of elements of a shaped type, if static and below 2^63.
pub(crate) fn elements(ty: Type<'_>) -> Option<i64> {
    ty.dims().iter().try_fold(
        1i64,
        |n, &d| if d == DYNAMIC { None } else { n.checked_mul(d) },
    )
}

/// `value` as a tensor of type `ty`, which differs in static extents at most.
pub(crate) fn cast_to<'c>(rw: Rewriter<'c>, value: Val<'c>, ty: Type<'c>) -> Val<'c> {
    if value.ty() == ty {
        value
    } else {
        rw.tensor_cast(value, ty)
    }
}
