//! Operand constraints of the dialect, and the rule that relates a declared result type to the
//! inferred one.

use npir_mlir::prelude::*;

use crate::elementwise::dtype::{Classes, DType};

/// True if `ty` is a ranked tensor with elements of these classes.
fn is_array_of(ty: Type<'_>, classes: Classes) -> bool {
    ty.is_tensor() && DType::of(ty).is_some_and(|dtype| classes.contains(dtype.class()))
}

/// A NumPy array: a ranked tensor of bool, integer, float or complex elements.
pub struct AnyArray;
impl TypeConstraint for AnyArray {
    const DESCRIPTION: &str = "an array of bool, integer, float or complex elements";
    fn check(ty: Type<'_>) -> bool {
        is_array_of(ty, Classes::ALL)
    }
}

/// An array of bool, integer or float elements.
pub struct RealArray;
impl TypeConstraint for RealArray {
    const DESCRIPTION: &str = "an array of bool, integer or float elements";
    fn check(ty: Type<'_>) -> bool {
        is_array_of(ty, Classes::REAL)
    }
}

/// An array of integers of any width and signedness; bool is not among them.
pub struct IntegerArray;
impl TypeConstraint for IntegerArray {
    const DESCRIPTION: &str = "an array of integers";
    fn check(ty: Type<'_>) -> bool {
        is_array_of(ty, Classes::INT)
    }
}

/// A scalar that is an element of some array, or an `index`.
pub struct ArrayScalar;
impl TypeConstraint for ArrayScalar {
    const DESCRIPTION: &str = "a bool, integer, float, complex or index scalar";
    fn check(ty: Type<'_>) -> bool {
        ty.is_index() || (!ty.is_shaped() && DType::of(ty).is_some())
    }
}

/// NumPy's name of an array's element type, for messages: `float64`.
pub fn element_name(array: Type<'_>) -> String {
    DType::of(array).map_or_else(
        || array.element().to_string(),
        |dtype| dtype.name().to_string(),
    )
}

/// Checks a declared result type against the inferred one: same element type and rank, and every
/// size that the declaration states must have been inferred. A declaration may say less.
///
/// # Errors
/// A message that shows both types.
pub fn check_declared(declared: Type<'_>, inferred: Type<'_>) -> Result<(), String> {
    let agrees = declared.is_tensor()
        && declared.element() == inferred.element()
        && declared.rank() == inferred.rank()
        && declared
            .dims()
            .iter()
            .zip(inferred.dims())
            .all(|(&said, known)| said == DYNAMIC || said == known);
    if agrees {
        Ok(())
    } else {
        Err(format!(
            "has result type {declared}, but {inferred} is inferred"
        ))
    }
}

/// Checks the declared result types of an op against the inferred ones, each as [`check_declared`] does.
///
/// # Errors
/// As [`check_declared`], what the inference says, or a message with both numbers of results.
pub fn check_inferred<'c, O: InferTypes>(op: Op<'c>) -> Result<(), String> {
    let inferred = O::infer(&InferCx::of(op))?;
    let declared = op.result_types();
    if inferred.len() != declared.len() {
        let (declared, inferred) = (declared.len(), inferred.len());
        return Err(format!(
            "has {declared} results, but {inferred} are inferred"
        ));
    }
    let mut pairs = declared.into_iter().zip(inferred);
    pairs.try_for_each(|(declared, inferred)| check_declared(declared, inferred))
}

/// Implements `Verify` of ops with inferred types: the declared types must agree with the inferred ones.
macro_rules! verify_declared {
    ($($op:ident),* $(,)?) => {$(
        impl Verify for $op<'_> {
            fn verify(self) -> Result<(), String> {
                $crate::types::check_inferred::<Self>(self.op())
            }
        }
    )*};
}
pub(crate) use verify_declared;

/// Checks that two operands have one element type.
///
/// # Errors
/// Which types they have.
pub(crate) fn same_elements(a: Type<'_>, b: Type<'_>) -> Result<(), String> {
    if a.element() == b.element() {
        return Ok(());
    }
    Err(format!(
        "operands have element types {} and {}; cast one first",
        element_name(a),
        element_name(b)
    ))
}
