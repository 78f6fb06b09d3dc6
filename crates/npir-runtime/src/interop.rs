//! Conversions between our arrays and `ndarray`'s, in both directions and without copies.

use std::marker::PhantomData;

use crate::array::{Array, ArrayError, ArrayView, ArrayViewMut, check_dtype, overflow};
use crate::dtype::Element;
use crate::extents::Extents;
use crate::layout::Layout;

macro_rules! readable {
    ($($ty:ty),*) => {$(
        impl $ty {
            /// The elements as an `ndarray` view, without a copy.
            ///
            /// # Errors
            /// Another dtype than `T`'s, or elements that are not aligned for `T`.
            pub fn as_ndarray<T: Element>(&self) -> Result<ndarray::ArrayViewD<'_, T>, ArrayError> {
                let plan = NdPlan::new::<T>(&self.layout)?;
                let shape = ndarray::IxDyn(&self.layout.shape);
                let mut view = if plan.empty {
                    ndarray::ArrayViewD::from_shape(shape, &[])
                        .map_err(|_| overflow(self.dtype(), self.shape()))?
                } else {
                    let strides = ndarray::IxDyn(&plan.strides);
                    // SAFETY: the layout describes valid memory of `T` for the life of self; the
                    // plan starts at the lowest address with non-negative strides.
                    unsafe {
                        use ndarray::ShapeBuilder;
                        ndarray::ArrayViewD::from_shape_ptr(shape.strides(strides), plan.start.cast::<T>())
                    }
                };
                plan.invert(|axis| view.invert_axis(axis));
                Ok(view)
            }
        }
    )*};
}

readable!(Array, ArrayView<'_>, ArrayViewMut<'_>);

impl Array {
    /// The elements of an owned `ndarray` array, without a copy, at its strides.
    pub fn from_ndarray<T: Element, D: ndarray::Dimension + 'static>(
        mut array: ndarray::Array<T, D>,
    ) -> Array {
        let layout = nd_layout(array.as_mut_ptr(), array.shape(), array.strides());
        // SAFETY: the elements live in the closure until the last user of the array is gone.
        unsafe {
            Array::from_foreign(
                layout.data,
                layout.dtype,
                &layout.shape,
                &layout.strides,
                Box::new(move || drop(array)),
            )
        }
    }
}

impl ArrayViewMut<'_> {
    /// The elements as a writable `ndarray` view, without a copy.
    ///
    /// # Errors
    /// Another dtype than `T`'s, or elements that are not aligned for `T`.
    pub fn as_ndarray_mut<T: Element>(
        &mut self,
    ) -> Result<ndarray::ArrayViewMutD<'_, T>, ArrayError> {
        let plan = NdPlan::new::<T>(&self.layout)?;
        let shape = ndarray::IxDyn(&self.layout.shape);
        let mut view = if plan.empty {
            ndarray::ArrayViewMutD::from_shape(shape, &mut [])
                .map_err(|_| overflow(self.layout.dtype, &self.layout.shape))?
        } else {
            let strides = ndarray::IxDyn(&plan.strides);
            // SAFETY: as in `as_ndarray`; no element is reachable twice and self is borrowed mutably.
            unsafe {
                use ndarray::ShapeBuilder;
                ndarray::ArrayViewMutD::from_shape_ptr(
                    shape.strides(strides),
                    plan.start.cast::<T>(),
                )
            }
        };
        plan.invert(|axis| view.invert_axis(axis));
        Ok(view)
    }
}

impl<'a, T, S, D> From<&'a ndarray::ArrayBase<S, D>> for ArrayView<'a>
where
    T: Element,
    S: ndarray::Data<Elem = T>,
    D: ndarray::Dimension,
{
    fn from(array: &'a ndarray::ArrayBase<S, D>) -> ArrayView<'a> {
        ArrayView {
            layout: nd_layout(array.as_ptr().cast_mut(), array.shape(), array.strides()),
            life: PhantomData,
        }
    }
}

impl<'a, T, S, D> From<&'a mut ndarray::ArrayBase<S, D>> for ArrayViewMut<'a>
where
    T: Element,
    S: ndarray::DataMut<Elem = T>,
    D: ndarray::Dimension,
{
    fn from(array: &'a mut ndarray::ArrayBase<S, D>) -> ArrayViewMut<'a> {
        let data = array.as_mut_ptr();
        ArrayViewMut {
            layout: nd_layout(data, array.shape(), array.strides()),
            life: PhantomData,
        }
    }
}

/// The layout of an `ndarray` array, whose strides count elements.
fn nd_layout<T: Element>(data: *mut T, shape: &[usize], strides: &[isize]) -> Layout {
    let mut bytes = Extents::from_slice(strides);
    for stride in bytes.iter_mut() {
        *stride = stride.wrapping_mul(size_of::<T>() as isize);
    }
    Layout {
        data: data.cast(),
        dtype: T::DTYPE,
        shape: Extents::from_slice(shape),
        strides: bytes,
    }
}

/// How to build an `ndarray` view, which has to be made with non-negative strides and inverted then.
struct NdPlan {
    start: *mut u8,
    /// In elements.
    strides: Vec<usize>,
    inverted: Vec<usize>,
    empty: bool,
}

impl NdPlan {
    fn new<T: Element>(layout: &Layout) -> Result<NdPlan, ArrayError> {
        check_dtype::<T>(layout.dtype)?;
        let size = size_of::<T>() as isize;
        let mut plan = NdPlan {
            start: layout.data,
            strides: vec![0; layout.shape.len()],
            inverted: Vec::new(),
            empty: layout.is_empty(),
        };
        if plan.empty {
            return Ok(plan);
        }
        let mut aligned = (layout.data as usize).is_multiple_of(align_of::<T>());
        for (axis, (&n, &stride)) in layout.shape.iter().zip(layout.strides.iter()).enumerate() {
            if n == 1 {
                continue;
            }
            aligned &= stride % size == 0;
            plan.strides[axis] = (stride / size).unsigned_abs();
            if stride < 0 {
                plan.start = plan.start.wrapping_offset(stride * (n as isize - 1));
                plan.inverted.push(axis);
            }
        }
        if !aligned {
            return Err(ArrayError::Unaligned {
                dtype: layout.dtype,
            });
        }
        Ok(plan)
    }

    fn invert(&self, mut invert_axis: impl FnMut(ndarray::Axis)) {
        for &axis in &self.inverted {
            invert_axis(ndarray::Axis(axis));
        }
    }
}
