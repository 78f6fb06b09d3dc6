//! `npir-record-signature`: what a public function looks like to its callers, kept through lowering as the attribute
//! `npir.signature`, and read back as plain data for a program's manifest.

use npir_mlir::prelude::*;
use npir_mlir::upstream::arg_attr;
pub use npir_numpy::updates::{NAME, UPDATES};

/// The attribute, on a public function and later on its entry point:
/// `{name, arg_names = [..], arg_types = [..], updates = array<i64: -1 or a result>, result_types = [..]}`.
pub const SIGNATURE: &str = "npir.signature";

/// One parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArgSignature {
    /// The user's name, or `arg<i>`; unique in its function.
    pub name: String,
    /// NumPy's name of the element type, such as `float64`.
    pub dtype: &'static str,
    /// Extents, `None` for dynamic; empty for rank 0 and for scalars.
    pub shape: Vec<Option<u64>>,
    /// Passed by value, not as a rank-0 array.
    pub scalar: bool,
    /// The result that is written into this argument's memory.
    pub updates: Option<usize>,
}

/// One result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResultSignature {
    /// NumPy's name of the element type.
    pub dtype: &'static str,
    /// Extents, `None` for dynamic; empty for rank 0 and for scalars.
    pub shape: Vec<Option<u64>>,
    /// Written by value, not as a rank-0 array.
    pub scalar: bool,
}

/// A public function. `results` has all results, also those that arguments receive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionSignature {
    /// The user's name.
    pub name: String,
    /// The C symbol of the entry point.
    pub symbol: String,
    /// Parameters.
    pub args: Vec<ArgSignature>,
    /// Results.
    pub results: Vec<ResultSignature>,
}

/// Records the signature of every public function.
///
/// Checks what the signature relies on: element types that arrays can have, and `numpy.updates` that names a result
/// of the argument's own type, each at most once.
#[pass("npir-record-signature", on = "func.func")]
#[derive(Clone)]
pub struct RecordSignature {}

impl Pass for RecordSignature {
    fn run(&mut self, function: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        if !is_public(function) || function.region(0).is_empty() {
            return Ok(());
        }
        record(function).map_err(|why| {
            function.emit_error(&why);
            PassError::Reported
        })
    }
}

/// Whether a symbol can be called from outside of the module.
pub(crate) fn is_public(op: Op<'_>) -> bool {
    op.attr("sym_visibility")
        .is_none_or(|v| v.as_str() == Some("public"))
}

/// The arguments that a function updates: `(argument, result)`.
///
/// # Errors
/// A result that does not exist, has another type than the argument, or is claimed twice; an argument that is no
/// array.
pub(crate) fn updates(function: Op<'_>) -> Result<Vec<(usize, usize)>, String> {
    let ty = function_type(function)?;
    let (inputs, results) = (ty.function_inputs(), ty.function_results());
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (i, input) in inputs.iter().enumerate() {
        let Some(attr) = arg_attr(function, i, UPDATES) else {
            continue;
        };
        let index = attr.as_int().and_then(|n| usize::try_from(n).ok());
        let result = index.and_then(|r| Some((r, results.get(r)?)));
        let Some((r, result)) = result else {
            let n = results.len();
            return Err(format!(
                "argument {i}: {UPDATES} = {attr} is not one of {n} results"
            ));
        };
        if input != result || !input.is_shaped() {
            return Err(format!(
                "argument {i} of type {input} cannot receive result {r} of type {result}"
            ));
        }
        if let Some((other, _)) = found.iter().find(|(_, taken)| *taken == r) {
            return Err(format!("arguments {other} and {i} both receive result {r}"));
        }
        found.push((i, r));
    }
    Ok(found)
}

fn function_type<'c>(function: Op<'c>) -> Result<Type<'c>, String> {
    let ty = function.attr("function_type").and_then(|a| a.as_type());
    ty.filter(|t| t.is_function())
        .ok_or_else(|| "has no function type".into())
}

fn record<'c>(function: Op<'c>) -> Result<(), String> {
    let ctx = function.ctx();
    let ty = function_type(function)?;
    let (inputs, results) = (ty.function_inputs(), ty.function_results());
    if function
        .attr(SIGNATURE)
        .is_some_and(|recorded| still_holds(recorded, function, &inputs, &results))
    {
        return Ok(());
    }
    for (i, t) in inputs.iter().enumerate() {
        describe(*t).map_err(|why| format!("argument {i}: {why}"))?;
    }
    for (i, t) in results.iter().enumerate() {
        describe(*t).map_err(|why| format!("result {i}: {why}"))?;
    }
    let mut updated = vec![-1; inputs.len()];
    for (arg, result) in updates(function)? {
        updated[arg] = result as i64;
    }
    let names = arg_names(function, inputs.len());
    let names: Vec<_> = names.iter().map(|name| ctx.str_attr(name)).collect();
    let types = |types: &[Type<'c>]| {
        let attrs: Vec<_> = types.iter().map(|t| ctx.type_attr(*t)).collect();
        ctx.array_attr(&attrs)
    };
    let name = function
        .attr("sym_name")
        .and_then(|a| a.as_str())
        .unwrap_or_default();
    function.set_attr(
        SIGNATURE,
        ctx.dict_attr(&[
            ("arg_names", ctx.array_attr(&names)),
            ("arg_types", types(&inputs)),
            ("name", ctx.str_attr(name)),
            ("result_types", types(&results)),
            ("updates", ctx.i64_array(&updated)),
        ]),
    );
    Ok(())
}

/// Whether a signature that was recorded at an earlier level is that of a function of these types, as it is
/// when a program was written to a file between two levels. Below the tensor level a function does not return
/// the results that its arguments receive.
fn still_holds(
    recorded: Attribute<'_>,
    function: Op<'_>,
    inputs: &[Type<'_>],
    results: &[Type<'_>],
) -> bool {
    let types = |name: &str| -> Option<Vec<Type<'_>>> {
        let types = recorded.dict_get(name)?.as_array()?;
        types.into_iter().map(|ty| ty.as_type()).collect()
    };
    let agree = |before: &[Type<'_>], now: &[Type<'_>]| {
        before.len() == now.len()
            && before
                .iter()
                .zip(now)
                .all(|(before, now)| is_storage_of(*now, *before))
    };
    let (Some(signature), Some(args), Some(all)) =
        (read(recorded), types("arg_types"), types("result_types"))
    else {
        return false;
    };
    let updated = |result: usize| signature.args.iter().any(|a| a.updates == Some(result));
    let returned: Vec<_> = (0..all.len())
        .filter(|i| !updated(*i))
        .map(|i| all[i])
        .collect();
    recorded.dict_get("name") == function.attr("sym_name")
        && agree(&args, inputs)
        && (agree(&all, results) || agree(&returned, results))
}

/// Whether values of type `ty` are kept as `storage`: themselves, or below the numpy level bytes for bool and
/// signless integers for unsigned ones.
fn is_storage_of(storage: Type<'_>, ty: Type<'_>) -> bool {
    let (kept, element) = (storage.element(), ty.element());
    let same_element = kept == element
        || (kept.is_int() && element.is_bool() && kept.bit_width() == 8)
        || (kept.is_int() && element.is_unsigned() && kept.bit_width() == element.bit_width());
    let same_shape = storage.is_shaped() == ty.is_shaped() && storage.dims() == ty.dims();
    same_element && same_shape
}

/// The users' names of the arguments, from `numpy.name` or a name in the location; `arg<i>` where there is none or
/// it occurs twice.
fn arg_names(function: Op<'_>, n: usize) -> Vec<String> {
    let args = function
        .region(0)
        .entry()
        .map(BlkExt::args)
        .unwrap_or_default();
    let mut names: Vec<String> = Vec::with_capacity(n);
    for i in 0..n {
        let given = arg_attr(function, i, NAME).and_then(|a| a.as_str());
        let given = given.or_else(|| args.get(i).and_then(|v| location_name(v.value_loc())));
        let name = given.filter(|name| !name.is_empty()).map(str::to_owned);
        let name = name.filter(|name| !names.contains(name));
        names.push(name.unwrap_or_else(|| format!("arg{i}")));
    }
    names
}

/// dtype, shape, and whether it is a scalar.
type Description = (&'static str, Vec<Option<u64>>, bool);

/// What callers see of a type.
fn describe(ty: Type<'_>) -> Result<Description, String> {
    let scalar = !ty.is_shaped();
    let element = ty.element();
    // Neither vectors nor arrays of unknown rank.
    let passed = !ty.is_vector() && (ty.is_shaped() || element == ty);
    let dtype = if passed { dtype(element) } else { None };
    let Some(dtype) = dtype else {
        return Err(format!("public functions cannot take or return {ty}"));
    };
    let dims = ty
        .dims()
        .into_iter()
        .map(|dim| u64::try_from(dim).ok())
        .collect();
    Ok((dtype, dims, scalar))
}

/// NumPy's name of an element type.
fn dtype(ty: Type<'_>) -> Option<&'static str> {
    if ty.is_index() {
        return Some("int64");
    }
    if ty.is_complex() {
        return match ty.complex_element().bit_width() {
            32 => Some("complex64"),
            64 => Some("complex128"),
            _ => None,
        };
    }
    Some(match (ty.is_float(), ty.is_unsigned(), ty.bit_width()) {
        (true, _, 16) if ty.is_bf16() => "bfloat16",
        (true, _, 16) => "float16",
        (true, _, 32) => "float32",
        (true, _, 64) => "float64",
        (true, ..) => return None,
        (false, false, 1) => "bool",
        (false, false, 8) => "int8",
        (false, false, 16) => "int16",
        (false, false, 32) => "int32",
        (false, false, 64) => "int64",
        (false, true, 8) => "uint8",
        (false, true, 16) => "uint16",
        (false, true, 32) => "uint32",
        (false, true, 64) => "uint64",
        _ => return None,
    })
}

/// The recorded signatures of a module, in order.
///
/// # Errors
/// A signature attribute that this pass did not write.
pub fn signatures(module: Op<'_>) -> Result<Vec<FunctionSignature>, String> {
    let ops = module
        .region(0)
        .entry()
        .map(BlkExt::ops)
        .unwrap_or_default();
    ops.into_iter()
        .filter_map(|op| op.attr(SIGNATURE))
        .map(|attr| read(attr).ok_or_else(|| format!("malformed {SIGNATURE}: {attr}")))
        .collect()
}

fn read(attr: Attribute<'_>) -> Option<FunctionSignature> {
    let name = attr.dict_get("name")?.as_str()?;
    let names = attr.dict_get("arg_names")?.as_array()?;
    let types = attr.dict_get("arg_types")?.as_array()?;
    let updates = attr.dict_get("updates")?.as_int_array()?;
    if names.len() != types.len() || updates.len() != types.len() {
        return None;
    }
    let mut args = Vec::with_capacity(types.len());
    for ((name, ty), updates) in names.iter().zip(&types).zip(updates) {
        let (dtype, shape, scalar) = describe(ty.as_type()?).ok()?;
        let updates = usize::try_from(updates).ok();
        args.push(ArgSignature {
            name: name.as_str()?.to_owned(),
            dtype,
            shape,
            scalar,
            updates,
        });
    }
    let mut results = Vec::new();
    for ty in attr.dict_get("result_types")?.as_array()? {
        let (dtype, shape, scalar) = describe(ty.as_type()?).ok()?;
        results.push(ResultSignature {
            dtype,
            shape,
            scalar,
        });
    }
    let symbol = npir_loop::llvm::entry_symbol(name);
    Some(FunctionSignature {
        name: name.to_owned(),
        symbol,
        args,
        results,
    })
}
