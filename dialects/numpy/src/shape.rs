//! Shapes as NumPy writes them, axes as NumPy counts them, and products that may not overflow.

use npir_mlir::prelude::*;

/// `(2, 3)`, `(5,)`, `()`, with `?` for a size known only at run time.
pub(crate) fn shape_text(dims: &[i64]) -> String {
    let size = |&d: &i64| {
        if d == DYNAMIC {
            "?".to_string()
        } else {
            d.to_string()
        }
    };
    match dims {
        [only] => format!("({},)", size(only)),
        _ => format!("({})", dims.iter().map(size).collect::<Vec<_>>().join(", ")),
    }
}

/// The same with `{}` for each size: the form that run-time checks fill in.
pub(crate) fn shape_placeholder(rank: usize) -> String {
    match rank {
        1 => "({},)".to_string(),
        _ => format!("({})", vec!["{}"; rank].join(", ")),
    }
}

/// The axis that `axis` names in an array of `rank` dimensions; negative axes count from the end.
///
/// # Errors
/// NumPy's message where there is no such axis.
pub(crate) fn normalize_axis(axis: i64, rank: usize) -> Result<usize, String> {
    let signed = rank as i64;
    if axis < -signed || axis >= signed {
        return Err(format!(
            "axis {axis} is out of bounds for array of dimension {rank}"
        ));
    }
    Ok(if axis < 0 { axis + signed } else { axis } as usize)
}

/// For each dimension of an array of `rank` dimensions, whether `axes` names it; all are named
/// where `axes` is absent.
///
/// # Errors
/// An axis out of bounds, or one given twice.
pub(crate) fn axis_mask(axes: Option<&[i64]>, rank: usize) -> Result<Vec<bool>, String> {
    let Some(axes) = axes else {
        return Ok(vec![true; rank]);
    };
    let mut mask = vec![false; rank];
    for &axis in axes {
        let d = normalize_axis(axis, rank)?;
        if std::mem::replace(&mut mask[d], true) {
            return Err("duplicate value in 'axis'".to_string());
        }
    }
    Ok(mask)
}

/// The number of elements of a shape, `Ok(None)` if a size is dynamic.
///
/// # Errors
/// As NumPy has it, an array is too big where the product of the non-zero sizes overflows.
pub(crate) fn element_count(dims: &[i64]) -> Result<Option<i64>, String> {
    let mut product = 1i64;
    let (mut dynamic, mut empty) = (false, false);
    for &d in dims {
        match d {
            DYNAMIC => dynamic = true,
            0 => empty = true,
            _ => {
                product = product
                    .checked_mul(d)
                    .ok_or_else(|| format!("array of shape {} is too big", shape_text(dims)))?;
            }
        }
    }
    Ok(if empty {
        Some(0)
    } else if dynamic {
        None
    } else {
        Some(product)
    })
}

/// Removes the dimensions of the mask, or makes them 1 where `keep` is set.
pub(crate) fn reduce_dims(dims: &[i64], mask: &[bool], keep: bool) -> Vec<i64> {
    dims.iter()
        .zip(mask)
        .filter_map(|(&d, &gone)| match (gone, keep) {
            (false, _) => Some(d),
            (true, true) => Some(1),
            (true, false) => None,
        })
        .collect()
}

/// Checks that a shape broadcasts to `target`, as far as static sizes tell.
///
/// # Errors
/// A message with both shapes.
pub(crate) fn check_broadcasts_to(dims: &[i64], target: &[i64]) -> Result<(), String> {
    let mismatch = || {
        format!(
            "shape {} does not broadcast to {}",
            shape_text(dims),
            shape_text(target)
        )
    };
    let lead = target.len().checked_sub(dims.len()).ok_or_else(mismatch)?;
    let fits = |(&d, &t): (&i64, &i64)| d == 1 || d == DYNAMIC || t == DYNAMIC || d == t;
    if dims.iter().zip(&target[lead..]).all(fits) {
        Ok(())
    } else {
        Err(mismatch())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_written_as_numpy_writes_them() {
        assert_eq!(shape_text(&[]), "()");
        assert_eq!(shape_text(&[5]), "(5,)");
        assert_eq!(shape_text(&[2, DYNAMIC]), "(2, ?)");
        assert_eq!(shape_placeholder(1), "({},)");
        assert_eq!(shape_placeholder(2), "({}, {})");
    }

    #[test]
    fn axes_count_from_either_end_and_only_once() {
        assert_eq!(normalize_axis(-1, 3), Ok(2));
        assert!(normalize_axis(3, 3).is_err());
        assert!(normalize_axis(0, 0).is_err());
        assert_eq!(axis_mask(Some(&[0, -1]), 3), Ok(vec![true, false, true]));
        assert_eq!(axis_mask(None, 2), Ok(vec![true, true]));
        assert!(axis_mask(Some(&[0, -3]), 3).is_err());
    }

    #[test]
    fn element_counts_do_not_overflow() {
        assert_eq!(element_count(&[2, 3]), Ok(Some(6)));
        assert_eq!(element_count(&[DYNAMIC, 3]), Ok(None));
        assert_eq!(element_count(&[DYNAMIC, 0]), Ok(Some(0)));
        assert!(element_count(&[1 << 40, 1 << 40]).is_err());
        assert!(element_count(&[1 << 40, 1 << 40, 0]).is_err());
    }

    #[test]
    fn static_sizes_decide_broadcasting() {
        assert!(check_broadcasts_to(&[3], &[2, 3]).is_ok());
        assert!(check_broadcasts_to(&[1, DYNAMIC], &[2, 3]).is_ok());
        assert!(check_broadcasts_to(&[3], &[2, 4]).is_err());
        assert!(check_broadcasts_to(&[1, 3], &[3]).is_err());
    }
}
