//! Arrays as tests hold them: dtype, shape and the elements in C order, owned and contiguous.

use npir_runtime::{DType, Element, Scalar};

/// An array: dtype, shape, and the bytes of its elements in C order and this machine's byte order.
///
/// A 0-d array has the shape `[]` and one element; an extent of 0 gives no element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Why elements and shape do not make an array, or why elements cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    /// The number of bytes is not that of the shape.
    #[error("shape {shape:?} of {dtype} does not hold {bytes} bytes")]
    Size {
        /// The element type.
        dtype: DType,
        /// The shape that was asked for.
        shape: Vec<usize>,
        /// The number of bytes that came with it.
        bytes: usize,
    },
    /// The elements are of another type.
    #[error("the elements are {found}, not {wanted}")]
    Type {
        /// The type asked for.
        wanted: DType,
        /// The type of the elements.
        found: DType,
    },
}

impl Values {
    /// An array of `dtype` and `shape` from the bytes of its elements in C order.
    ///
    /// # Errors
    /// [`ValuesError::Size`] if the number of bytes is not that of the shape.
    pub fn new(dtype: DType, shape: &[usize], bytes: Vec<u8>) -> Result<Self, ValuesError> {
        let size = shape
            .iter()
            .try_fold(dtype.size(), |size, &extent| size.checked_mul(extent));
        if size != Some(bytes.len()) {
            return Err(ValuesError::Size {
                dtype,
                shape: shape.to_vec(),
                bytes: bytes.len(),
            });
        }
        Ok(Self {
            dtype,
            shape: shape.to_vec(),
            bytes,
        })
    }

    /// An array of `shape` from its elements in C order.
    ///
    /// # Errors
    /// [`ValuesError::Size`] if their number is not that of the shape.
    pub fn from_slice<T: Element>(shape: &[usize], elements: &[T]) -> Result<Self, ValuesError> {
        let mut bytes = Vec::with_capacity(size_of_val(elements));
        for &element in elements {
            bytes.extend_from_slice(Scalar::new(element).bytes());
        }
        Self::new(T::DTYPE, shape, bytes)
    }

    /// A 0-d array.
    pub fn scalar<T: Element>(value: T) -> Self {
        Self {
            dtype: T::DTYPE,
            shape: Vec::new(),
            bytes: Scalar::new(value).bytes().to_vec(),
        }
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The extent of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The bytes of the elements in C order.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements in C order.
    ///
    /// # Errors
    /// [`ValuesError::Type`] if they are not of type `T`.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, ValuesError> {
        self.elements()
            .map(|element| element.get())
            .collect::<Option<Vec<T>>>()
            .filter(|_| T::DTYPE == self.dtype)
            .ok_or(ValuesError::Type {
                wanted: T::DTYPE,
                found: self.dtype,
            })
    }

    /// The elements in C order, each with its type.
    pub fn elements(&self) -> impl Iterator<Item = Scalar> + '_ {
        self.bytes
            .chunks_exact(self.dtype.size())
            .filter_map(|bytes| Scalar::from_bytes(self.dtype, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_back() {
        let values = Values::from_slice(&[2, 2], &[1i16, -2, 3, 4]).unwrap();
        assert_eq!(values.to_vec::<i16>().unwrap(), [1, -2, 3, 4]);
        assert_eq!(values.len(), 4);
        assert_eq!(
            values.to_vec::<u16>(),
            Err(ValuesError::Type {
                wanted: DType::U16,
                found: DType::I16
            })
        );
    }

    #[test]
    fn the_shape_must_fit() {
        assert!(Values::from_slice(&[3], &[1.0, 2.0]).is_err());
        assert!(Values::from_slice(&[usize::MAX, 2], &[1.0]).is_err());
        assert!(Values::from_slice::<f64>(&[3, 0], &[]).unwrap().is_empty());
        assert_eq!(Values::scalar(true).shape(), [0usize; 0]);
    }

    #[test]
    fn an_empty_array_still_has_its_type() {
        let empty = Values::from_slice::<f64>(&[0], &[]).unwrap();
        assert!(empty.to_vec::<f32>().is_err());
    }
}
