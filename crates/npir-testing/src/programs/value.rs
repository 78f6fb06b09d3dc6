//! Values of a program under construction: type, sizes, and what is known of the elements.

use npir_runtime::DType;

pub(crate) use crate::elements::mlir_element as element;

pub(crate) fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::F32 | DType::F64)
}

pub(crate) fn is_unsigned(dtype: DType) -> bool {
    matches!(dtype, DType::U8 | DType::U16 | DType::U32 | DType::U64)
}

pub(crate) fn is_int(dtype: DType) -> bool {
    !is_float(dtype) && dtype != DType::Bool
}

/// The name in NumPy's module.
pub(crate) fn numpy(dtype: DType) -> String {
    format!("np.{}", dtype.name())
}

/// The smallest and the largest value of a dtype of integers or bools.
pub(crate) fn limits(dtype: DType) -> (f64, f64) {
    let bits = 8 * dtype.size() as i32;
    match dtype {
        DType::Bool => (0.0, 1.0),
        d if is_unsigned(d) => (0.0, 2f64.powi(bits) - 1.0),
        _ => (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0),
    }
}

/// Up to here every whole number is an element of the dtype of floats.
pub(crate) fn whole_limit(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => 2048.0,
        DType::F32 => 16_777_216.0,
        _ => 9_007_199_254_740_992.0,
    }
}

/// A size, and whether types state it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dim {
    pub(crate) size: usize,
    pub(crate) known: bool,
}

impl Dim {
    pub(crate) fn known(size: usize) -> Self {
        Dim { size, known: true }
    }

    pub(crate) fn unknown(size: usize) -> Self {
        Dim { size, known: false }
    }
}

/// How well the elements are known to agree with NumPy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    /// The same bits.
    Bits,
    /// The same numbers, but zeros may have another sign.
    Numbers,
    /// Within a bound, which a Python variable holds.
    Bounded,
}

/// An array of a program under construction.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// Its name in both programs.
    pub(crate) name: String,
    pub(crate) dtype: DType,
    pub(crate) dims: Vec<Dim>,
    pub(crate) trust: Trust,
    /// All elements are whole numbers in this interval.
    pub(crate) whole: Option<(f64, f64)>,
}

impl Value {
    pub(crate) fn len(&self) -> usize {
        self.dims.iter().map(|d| d.size).product()
    }

    pub(crate) fn rank(&self) -> usize {
        self.dims.len()
    }

    pub(crate) fn ty(&self) -> String {
        tensor(&self.dims, self.dtype)
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.trust < Trust::Bounded
    }

    /// The Python expression for the bound of its error.
    pub(crate) fn bound(&self) -> String {
        match self.trust {
            Trust::Bounded => format!("e_{}", self.name),
            _ => "0.0".into(),
        }
    }
}

pub(crate) fn tensor(dims: &[Dim], dtype: DType) -> String {
    let dims: String = dims
        .iter()
        .map(|d| match d.known {
            true => format!("{}x", d.size),
            false => "?x".into(),
        })
        .collect();
    format!("tensor<{dims}{}>", element(dtype))
}

/// The shape that shapes broadcast to, with what types can state of it.
pub(crate) fn broadcast(shapes: &[&[Dim]]) -> Option<Vec<Dim>> {
    let rank = shapes.iter().map(|s| s.len()).max().unwrap_or_default();
    (0..rank)
        .map(|axis| {
            let all: Vec<Dim> = shapes
                .iter()
                .filter_map(|s| (axis + s.len()).checked_sub(rank).map(|at| s[at]))
                .collect();
            let size = all.iter().map(|d| d.size).find(|n| *n != 1).unwrap_or(1);
            let fits = all.iter().all(|d| d.size == 1 || d.size == size);
            let known = all.iter().any(|d| d.known && d.size != 1) || all.iter().all(|d| d.known);
            fits.then_some(Dim { size, known })
        })
        .collect()
}
