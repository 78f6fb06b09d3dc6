//! Shapes that a program asks for: static sizes mixed with `index` operands, as `full`, `iota`,
//! `broadcast_to` and `reshape` take them.
//!
//! The attribute holds one entry per dimension, `DYNAMIC` where the next operand gives the size.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::shape::element_count;
use crate::sizes;

/// Checks that sizes are not negative, that there are as many operands as dynamic sizes, and that
/// the number of elements can be counted.
///
/// # Errors
/// A message that names what is wrong.
pub(crate) fn check_sizes(shape: &[i64], num_operands: usize) -> Result<(), String> {
    let wanted = shape.iter().filter(|&&n| n == DYNAMIC).count();
    if wanted != num_operands {
        return Err(format!(
            "has {wanted} dynamic sizes but {num_operands} size operands"
        ));
    }
    if let Some(n) = shape.iter().find(|&&n| n < 0 && n != DYNAMIC) {
        return Err(format!("negative dimensions are not allowed: size {n}"));
    }
    element_count(shape).map(|_| ())
}

/// The sizes, operands filled in where `shape` is dynamic; constant operands count as static.
pub(crate) fn fill<'c>(shape: &[i64], operands: &[Val<'c>]) -> Vec<OpFold<'c>> {
    let mut operands = operands.iter();
    shape
        .iter()
        .map(|&n| match n {
            DYNAMIC => operands
                .next()
                .map_or(OpFold::Static(0), |&v| OpFold::Value(v)),
            n => OpFold::Static(n),
        })
        .collect()
}

/// Parses `%a, %b shape [2, %n] : types of the arrays -> type`, where the op has `arrays` array
/// operands before its sizes; without arrays, `shape [2, %n] : type`.
pub(crate) fn parse(p: &mut Parser<'_>, arrays: usize) -> Parsed {
    parse_list(p, arrays, "shape")
}

/// The same for another list of numbers, with its name in place of `shape`.
pub(crate) fn parse_list(p: &mut Parser<'_>, arrays: usize, name: &str) -> Parsed {
    let mut operands = Vec::new();
    for i in 0..arrays {
        if i > 0 {
            p.literal(",")?;
        }
        operands.push(p.operand()?);
    }
    p.literal(name)?;
    let dynamic = p.no_operands();
    let list = p.mixed_list(&dynamic)?;
    let list = p.ctx().i64_array(&list);
    p.set_attr(name, list);
    p.attr_dict()?;
    p.literal(":")?;
    for (i, operand) in operands.iter().enumerate() {
        if i > 0 {
            p.literal(",")?;
        }
        let ty = p.ty()?;
        p.resolve(operand, &[ty])?;
    }
    p.resolve_as(&dynamic, p.ctx().index())?;
    if arrays > 0 {
        p.literal("->")?;
    }
    let result = p.ty()?;
    p.add_results(&[result]);
    Ok(())
}

/// Prints what [`parse`] reads.
pub(crate) fn print<'c>(op: Op<'c>, p: &mut Printer<'c>, arrays: usize) {
    print_list(op, p, arrays, "shape");
}

/// Prints what [`parse_list`] reads.
pub(crate) fn print_list<'c>(op: Op<'c>, p: &mut Printer<'c>, arrays: usize, name: &str) {
    let operands = op.operand_values();
    let list = op.attr(name).and_then(I64Array::decode).unwrap_or_default();
    if arrays > 0 {
        p.text(" ");
        p.operands(&operands[..arrays]);
    }
    p.text(&format!(" {name} "));
    p.mixed_list(&list, &mut operands[arrays..].iter().copied());
    p.attr_dict(op, &[name]);
    p.text(" : ");
    if arrays > 0 {
        p.types(&op.operand_types()[..arrays]);
        p.text(" -> ");
    }
    p.types(&op.result_types());
}

/// Raises an error at run time if a size is negative or the elements cannot be counted.
pub(crate) fn check_at_run_time<'c>(rw: Rewriter<'c>, op_name: &str, sizes: &[OpFold<'c>]) {
    for &size in sizes.iter().filter(|&&size| !sizes::is_natural(size)) {
        let valid = sizes::compare(rw, CmpI::Sge, size, OpFold::Static(0));
        let message = format!("{op_name}: negative dimensions are not allowed: size {{}}");
        sizes::check(rw, valid, CheckKind::ValueError, &message, &[size]);
    }
    let fits = sizes::product_fits(rw, sizes);
    let message = format!("{op_name}: the array is too big");
    sizes::check(rw, fits, CheckKind::ValueError, &message, &[]);
}
