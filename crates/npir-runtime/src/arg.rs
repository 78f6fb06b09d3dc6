//! Arguments of a call, and whether they fit a signature.

use crate::array::{Array, ArrayView, ArrayViewMut};
use crate::dtype::{DType, Element, Scalar};
use crate::error::RunErrorKind;
use crate::extents::ShapeDisplay;
use crate::layout::Layout;
use crate::signature::{ArgSpec, Dim};

/// One argument of a call.
#[derive(Debug)]
pub enum Arg<'a> {
    /// An array that is read.
    View(ArrayView<'a>),
    /// An array that an updated argument may be written to.
    ViewMut(ArrayViewMut<'a>),
    /// A value, for a scalar parameter or an array of rank 0.
    Scalar(Scalar),
}

impl Arg<'_> {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Arg::View(view) => view.dtype(),
            Arg::ViewMut(view) => view.dtype(),
            Arg::Scalar(value) => value.dtype(),
        }
    }

    pub(crate) fn layout(&self) -> Option<&Layout> {
        match self {
            Arg::View(view) => Some(&view.layout),
            Arg::ViewMut(view) => Some(&view.layout),
            Arg::Scalar(_) => None,
        }
    }

    pub(crate) fn shape(&self) -> &[usize] {
        self.layout().map_or(&[], |layout| &layout.shape)
    }
}

impl<'a> From<&'a Array> for Arg<'a> {
    fn from(array: &'a Array) -> Arg<'a> {
        Arg::View(array.view())
    }
}

impl<'a> From<ArrayView<'a>> for Arg<'a> {
    fn from(view: ArrayView<'a>) -> Arg<'a> {
        Arg::View(view)
    }
}

impl<'a> From<ArrayViewMut<'a>> for Arg<'a> {
    fn from(view: ArrayViewMut<'a>) -> Arg<'a> {
        Arg::ViewMut(view)
    }
}

impl From<Scalar> for Arg<'_> {
    fn from(value: Scalar) -> Self {
        Arg::Scalar(value)
    }
}

impl<'a, T, S, D> From<&'a ndarray::ArrayBase<S, D>> for Arg<'a>
where
    T: Element,
    S: ndarray::Data<Elem = T>,
    D: ndarray::Dimension,
{
    fn from(array: &'a ndarray::ArrayBase<S, D>) -> Arg<'a> {
        Arg::View(array.into())
    }
}

impl<'a, T, S, D> From<&'a mut ndarray::ArrayBase<S, D>> for Arg<'a>
where
    T: Element,
    S: ndarray::DataMut<Elem = T>,
    D: ndarray::Dimension,
{
    fn from(array: &'a mut ndarray::ArrayBase<S, D>) -> Arg<'a> {
        Arg::ViewMut(array.into())
    }
}

/// Whether `arg` fits `spec`; else what is wrong with it.
pub(crate) fn check_arg(spec: &ArgSpec, arg: &Arg<'_>) -> Result<(), (RunErrorKind, String)> {
    use RunErrorKind::{Argument, ShapeMismatch};
    if arg.dtype() != spec.dtype {
        return Err((
            Argument,
            format!("expected dtype {}, got {}", spec.dtype, arg.dtype()),
        ));
    }
    let shape = arg.shape();
    if shape.len() != spec.shape.len() {
        let what = if spec.scalar {
            "a scalar"
        } else {
            "an array of rank"
        };
        let rank = if spec.scalar {
            String::new()
        } else {
            format!(" {}", spec.shape.len())
        };
        return Err((
            Argument,
            format!("expected {what}{rank}, got shape {}", ShapeDisplay(shape)),
        ));
    }
    if spec.updates.is_some() && !matches!(arg, Arg::ViewMut(_)) {
        return Err((
            Argument,
            "is updated in place and needs a writable array".to_owned(),
        ));
    }
    for (axis, (dim, &n)) in spec.shape.iter().zip(shape).enumerate() {
        if let Dim::Static(wanted) = *dim
            && wanted != n
        {
            return Err((
                ShapeMismatch,
                format!(
                    "expected extent {wanted} on axis {axis}, got shape {}",
                    ShapeDisplay(shape)
                ),
            ));
        }
    }
    Ok(())
}
