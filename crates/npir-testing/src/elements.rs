//! Access to the elements of an array of any dtype and stride, for comparing and sending them, and what their types
//! are called in MLIR.

use npir_runtime::{Array, ArrayError, DType, Scalar};

/// The spelling of an element type in MLIR.
pub fn mlir_element(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "i1",
        DType::I8 => "i8",
        DType::I16 => "i16",
        DType::I32 => "i32",
        DType::I64 => "i64",
        DType::U8 => "ui8",
        DType::U16 => "ui16",
        DType::U32 => "ui32",
        DType::U64 => "ui64",
        DType::F16 => "f16",
        DType::BF16 => "bf16",
        DType::F32 => "f32",
        DType::F64 => "f64",
        DType::C64 => "complex<f32>",
        DType::C128 => "complex<f64>",
    }
}

/// The elements in C order, each with its type.
pub(crate) fn elements(array: &Array) -> impl Iterator<Item = Scalar> + '_ {
    (0..array.len()).filter_map(move |position| {
        let offset: isize = unravel(position, array.shape())
            .iter()
            .zip(array.strides())
            .map(|(&index, &stride)| index.cast_signed() * stride)
            .sum();
        // SAFETY: the index lies inside the shape, so the element there is readable while `array` lives.
        let bytes = unsafe {
            std::slice::from_raw_parts(array.as_ptr().offset(offset), array.dtype().size())
        };
        Scalar::from_bytes(array.dtype(), bytes)
    })
}

/// The bytes of the elements in C order and this machine's byte order.
pub(crate) fn to_bytes(array: &Array) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(array.nbytes());
    for element in elements(array) {
        bytes.extend_from_slice(element.bytes());
    }
    bytes
}

/// The array whose elements have these bytes in C order; any nonzero byte of a bool is true.
///
/// # Errors
/// [`ArrayError::Length`] if the number of bytes is not that of the shape, or no memory.
pub(crate) fn from_bytes(dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Array, ArrayError> {
    let mut array = Array::zeros(dtype, shape)?;
    if array.nbytes() != bytes.len() {
        return Err(ArrayError::Length {
            len: bytes.len() / dtype.size(),
            shape: shape.to_vec(),
        });
    }
    let target = array.view_mut()?.as_ptr().cast_mut();
    for (i, element) in bytes.chunks_exact(dtype.size()).enumerate() {
        let Some(element) = Scalar::from_bytes(dtype, element) else {
            continue;
        };
        let element = element.bytes();
        // SAFETY: the array is contiguous, unshared, and holds as many bytes as `bytes`.
        unsafe {
            std::ptr::copy_nonoverlapping(
                element.as_ptr(),
                target.add(i * element.len()),
                element.len(),
            );
        }
    }
    Ok(array)
}

/// The index of the element at `position` in C order; no extent is 0.
pub(crate) fn unravel(mut position: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (axis, &extent) in shape.iter().enumerate().rev() {
        index[axis] = position % extent;
        position /= extent;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strided_elements_come_in_c_order() {
        let rows = ndarray::arr2(&[[1i16, 2, 3], [4, 5, 6]]);
        let columns = Array::from_ndarray(rows.reversed_axes());
        assert_eq!(columns.shape(), [3, 2]);
        let found: Vec<i16> = elements(&columns).filter_map(|e| e.get()).collect();
        assert_eq!(found, [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    fn bytes_make_the_round_trip() {
        let array = Array::from_slice(&[1.5f64, -2.0], &[2, 1]).unwrap();
        let again = from_bytes(DType::F64, &[2, 1], &to_bytes(&array)).unwrap();
        assert_eq!(again.to_vec::<f64>().unwrap(), [1.5, -2.0]);
        assert!(from_bytes(DType::F64, &[3], &to_bytes(&array)).is_err());
        let bools = from_bytes(DType::Bool, &[2], &[0, 7]).unwrap();
        assert_eq!(to_bytes(&bools), [0, 1]);
    }
}
