//! Attributes of function arguments. `numpy.updates`: the source program mutates the argument; the
//! value is the number of the result that is its final value, and below this level that result is
//! written into the argument's memory. `numpy.name`: the argument's name in the source program.

use npir_mlir::prelude::*;

/// Which result an argument becomes.
pub const UPDATES: &str = "numpy.updates";

/// The name of an argument in the source program.
pub const NAME: &str = "numpy.name";

/// Checks an attribute `numpy.…` of argument `arg` of `func`.
///
/// # Errors
/// An unknown name, a name that is no string, an updated result that does not exist or has another
/// type, or that two arguments claim.
pub fn verify_arg<'c>(
    func: Op<'c>,
    arg: usize,
    name: &str,
    value: Attribute<'c>,
) -> Result<(), String> {
    if name == NAME && value.as_str().is_some() {
        return Ok(());
    }
    if name != UPDATES {
        return Err(format!(
            "has an unknown or malformed attribute '{name}' on argument {arg}"
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
