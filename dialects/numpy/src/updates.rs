//! `numpy.updates`: the attribute of a function argument that the source program mutates. Its value
//! is the number of the result that is the argument's final value; below this level that result is
//! written into the argument's memory.

use npir_mlir::prelude::*;

/// The attribute's name.
pub const UPDATES: &str = "numpy.updates";

/// Checks an attribute `numpy.…` of argument `arg` of `func`.
///
/// # Errors
/// Another name than `numpy.updates`, a value that is no result number, types that differ, or a
/// result that two arguments claim.
pub fn verify_arg<'c>(
    func: Op<'c>,
    arg: usize,
    name: &str,
    value: Attribute<'c>,
) -> Result<(), String> {
    if name != UPDATES {
        return Err(format!(
            "has an unknown attribute '{name}' on argument {arg}"
        ));
    }
    let signature = func
        .attr("function_type")
        .and_then(|ty| ty.as_type())
        .filter(|ty| ty.is_function())
        .ok_or_else(|| format!("is no function, but has '{UPDATES}' on an argument"))?;
    let (inputs, results) = (signature.function_inputs(), signature.function_results());
    let Some(target) = value.as_int() else {
        return Err(format!(
            "'{UPDATES}' on argument {arg} must be the number of a result"
        ));
    };
    let Some(result) = usize::try_from(target).ok().and_then(|k| results.get(k)) else {
        return Err(format!(
            "'{UPDATES}' on argument {arg} names result {target}, but there are {}",
            results.len()
        ));
    };
    let Some(input) = inputs.get(arg) else {
        return Err(format!(
            "'{UPDATES}' is on argument {arg}, which does not exist"
        ));
    };
    if !input.is_tensor() {
        return Err(format!(
            "'{UPDATES}' is on argument {arg} of type {input}, which is no array"
        ));
    }
    if input != result {
        return Err(format!(
            "'{UPDATES}' says that argument {arg} becomes result {target}, but their types are \
             {input} and {result}"
        ));
    }
    let claimed = |other: &usize| updated_result(func, *other) == Some(target);
    if let Some(other) = (0..arg).find(claimed) {
        return Err(format!(
            "'{UPDATES}' of arguments {other} and {arg} name the same result"
        ));
    }
    Ok(())
}

/// The result that argument `arg` of `func` becomes, if the program updates it.
pub fn updated_result(func: Op<'_>, arg: usize) -> Option<i64> {
    let all = func.attr("arg_attrs")?.as_array()?;
    all.get(arg)?.dict_get(UPDATES)?.as_int()
}

/// Checks attributes `numpy.…` on ops: there are none.
///
/// # Errors
/// Always, with the attribute's name.
pub fn verify_op<'c>(_: Op<'c>, name: &str, _: Attribute<'c>) -> Result<(), String> {
    Err(format!("has an unknown attribute '{name}'"))
}
