//! Dense linear algebra, by the crate `faer`; errors and conventions are NumPy's.

pub(super) mod cholesky;

use faer::Mat;
use faer::traits::ComplexField;

use super::Block;
use crate::library::arrays::Plain;

/// The element types that faer computes with.
pub(super) trait Field: ComplexField + Plain {}

impl<T: ComplexField + Plain> Field for T {}

/// Calls a function that is generic over the element type `T` of an array of it.
macro_rules! dispatch {
    ($array:expr, $function:ident($($arg:expr),*)) => {
        match $array.dtype() {
            crate::dtype::DType::F32 => $function::<f32>($($arg),*),
            crate::dtype::DType::F64 => $function::<f64>($($arg),*),
            crate::dtype::DType::C64 => $function::<num_complex::Complex<f32>>($($arg),*),
            crate::dtype::DType::C128 => $function::<num_complex::Complex<f64>>($($arg),*),
            _ => Err(Failure::contract("not an element type of linear algebra")),
        }
    };
}
use dispatch;

/// A copy of a matrix.
fn matrix<T: Field>(block: &Block) -> Mat<T> {
    Mat::from_fn(block.size(0), block.size(1), |i, j| block.at(i, j))
}
