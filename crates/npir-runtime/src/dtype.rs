//! Element types: the dtypes a compiled program can see, their sizes, NumPy names and `.npy` descriptors.
//!
//! One table says everything about a dtype; only printing, which needs the Rust types, matches on all of them.

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};
use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

/// The type of one array element, as NumPy names it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum DType {
    /// One byte, 0 or 1.
    Bool,
    /// 8-bit signed integer.
    I8,
    /// 16-bit signed integer.
    I16,
    /// 32-bit signed integer.
    I32,
    /// 64-bit signed integer; also `index` in compiled code.
    I64,
    /// 8-bit unsigned integer.
    U8,
    /// 16-bit unsigned integer.
    U16,
    /// 32-bit unsigned integer.
    U32,
    /// 64-bit unsigned integer.
    U64,
    /// IEEE binary16.
    F16,
    /// bfloat16: the upper half of a binary32.
    BF16,
    /// IEEE binary32.
    F32,
    /// IEEE binary64.
    F64,
    /// Two binary32: real, imaginary (NumPy's `complex64`).
    C64,
    /// Two binary64: real, imaginary (NumPy's `complex128`).
    C128,
}

struct Row {
    dtype: DType,
    name: &'static str,
    size: usize,
    /// Size of the unit that byte order applies to (half the size for complex numbers).
    unit: usize,
    /// Kind letter and size as in a `.npy` header, without the byte order.
    code: &'static str,
}

const fn row(
    dtype: DType,
    name: &'static str,
    size: usize,
    unit: usize,
    code: &'static str,
) -> Row {
    Row {
        dtype,
        name,
        size,
        unit,
        code,
    }
}

/// In the order of the enum. NumPy has no bfloat16 of its own; the `ml_dtypes` package stores it as `V2`.
const ROWS: [Row; 15] = [
    row(DType::Bool, "bool", 1, 1, "b1"),
    row(DType::I8, "int8", 1, 1, "i1"),
    row(DType::I16, "int16", 2, 2, "i2"),
    row(DType::I32, "int32", 4, 4, "i4"),
    row(DType::I64, "int64", 8, 8, "i8"),
    row(DType::U8, "uint8", 1, 1, "u1"),
    row(DType::U16, "uint16", 2, 2, "u2"),
    row(DType::U32, "uint32", 4, 4, "u4"),
    row(DType::U64, "uint64", 8, 8, "u8"),
    row(DType::F16, "float16", 2, 2, "f2"),
    row(DType::BF16, "bfloat16", 2, 2, "V2"),
    row(DType::F32, "float32", 4, 4, "f4"),
    row(DType::F64, "float64", 8, 8, "f8"),
    row(DType::C64, "complex64", 8, 4, "c8"),
    row(DType::C128, "complex128", 16, 8, "c16"),
];

/// Byte order of the elements in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteOrder {
    /// The order of this machine (little-endian on every supported host), or irrelevant.
    Native,
    /// The other order: elements have to be swapped after reading.
    Swapped,
}

/// A dtype name or `.npy` descriptor that this crate does not know.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unsupported dtype `{0}`")]
pub struct UnknownDType(pub String);

impl DType {
    /// Every dtype, in the order of the enum.
    pub fn all() -> impl Iterator<Item = DType> {
        ROWS.iter().map(|row| row.dtype)
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Bytes of one element.
    pub fn size(self) -> usize {
        self.row().size
    }

    /// Bytes of the unit that byte order and alignment apply to: the component of a complex number,
    /// else the element.
    pub fn unit_size(self) -> usize {
        self.row().unit
    }

    /// NumPy's name, such as `float64`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The `.npy` descriptor for this machine's byte order, such as `<f8` or `|b1`.
    pub fn descr(self) -> String {
        let row = self.row();
        let order = match (row.size, cfg!(target_endian = "little")) {
            (1, _) => '|',
            (_, true) => '<',
            (_, false) => '>',
        };
        format!("{order}{}", row.code)
    }

    /// Reads a `.npy` descriptor such as `<f8`, `>i4`, `|b1` or `=u2`.
    ///
    /// # Errors
    /// [`UnknownDType`] for anything else, object, string, date and structured dtypes included.
    pub fn from_descr(descr: &str) -> Result<(DType, ByteOrder), UnknownDType> {
        let unknown = || UnknownDType(descr.to_owned());
        let mut chars = descr.chars();
        let (order, code) = match chars.next() {
            Some(c @ ('<' | '>' | '|' | '=')) => (c, chars.as_str()),
            _ => ('=', descr),
        };
        let row = ROWS
            .iter()
            .find(|row| row.code == code)
            .ok_or_else(unknown)?;
        let other = if cfg!(target_endian = "little") {
            '>'
        } else {
            '<'
        };
        let order = if order == other && row.unit > 1 {
            ByteOrder::Swapped
        } else {
            ByteOrder::Native
        };
        Ok((row.dtype, order))
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DType {
    type Err = UnknownDType;

    fn from_str(name: &str) -> Result<DType, UnknownDType> {
        ROWS.iter()
            .find(|row| row.name == name)
            .map(|row| row.dtype)
            .ok_or_else(|| UnknownDType(name.to_owned()))
    }
}

impl TryFrom<String> for DType {
    type Error = UnknownDType;

    fn try_from(name: String) -> Result<DType, UnknownDType> {
        name.parse()
    }
}

impl From<DType> for &'static str {
    fn from(dtype: DType) -> &'static str {
        dtype.name()
    }
}

/// A Rust type that is stored as the elements of an array.
///
/// # Safety
/// `Self` has exactly the size and representation that [`DType`] documents for `DTYPE`, and no padding.
pub unsafe trait Element: Copy + Send + Sync + fmt::Debug + 'static {
    /// The dtype of this Rust type.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($rust:ty => $dtype:ident),* $(,)?) => {$(
        // SAFETY: the table in this file gives the same size and representation (tested below).
        unsafe impl Element for $rust {
            const DTYPE: DType = DType::$dtype;
        }
        const _: () = assert!(size_of::<$rust>() == ROWS[DType::$dtype as usize].size);
    )*};
}

elements! {
    bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    f16 => F16, bf16 => BF16, f32 => F32, f64 => F64, Complex32 => C64, Complex64 => C128,
}

/// One value of any dtype, as a scalar argument.
#[derive(Clone, Copy, PartialEq)]
#[repr(C, align(16))]
pub struct Scalar {
    bytes: [u8; 16],
    dtype: DType,
}

impl Scalar {
    /// The scalar that holds `value`.
    pub fn new<T: Element>(value: T) -> Scalar {
        let mut bytes = [0; 16];
        // SAFETY: an Element has no padding and at most 16 bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(
                (&raw const value).cast::<u8>(),
                bytes.as_mut_ptr(),
                size_of::<T>(),
            );
        }
        Scalar {
            bytes,
            dtype: T::DTYPE,
        }
    }

    /// A scalar from the first `dtype.size()` bytes of `bytes`; `None` if there are fewer.
    /// Any nonzero byte is `true` for [`DType::Bool`].
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Option<Scalar> {
        let source = bytes.get(..dtype.size())?;
        let mut bytes = [0; 16];
        bytes[..source.len()].copy_from_slice(source);
        if dtype == DType::Bool {
            bytes[0] = u8::from(bytes[0] != 0);
        }
        Some(Scalar { bytes, dtype })
    }

    /// The dtype of the value.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The bytes of the value, `dtype().size()` of them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.dtype.size()]
    }

    /// The value, if `T` is its type.
    pub fn get<T: Element>(&self) -> Option<T> {
        // SAFETY: the bytes were written as a value of this very dtype; 16-byte aligned.
        (T::DTYPE == self.dtype).then(|| unsafe { self.bytes.as_ptr().cast::<T>().read() })
    }
}

impl<T: Element> From<T> for Scalar {
    fn from(value: T) -> Scalar {
        Scalar::new(value)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the bytes hold one value of that dtype.
        unsafe { write_element(f, self.dtype, self.bytes.as_ptr()) }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.dtype)
    }
}

/// Writes the element at `p` as NumPy would, roughly.
///
/// # Safety
/// `p` points to one readable, valid element of `dtype`; any alignment.
pub(crate) unsafe fn write_element(
    f: &mut fmt::Formatter<'_>,
    dtype: DType,
    p: *const u8,
) -> fmt::Result {
    macro_rules! show {
        ($rust:ty) => {{
            // SAFETY: the caller's contract.
            let value = unsafe { p.cast::<$rust>().read_unaligned() };
            fmt::Display::fmt(&value, f)
        }};
    }
    macro_rules! show_float {
        ($rust:ty) => {{
            // SAFETY: the caller's contract.
            let value = unsafe { p.cast::<$rust>().read_unaligned() };
            write!(f, "{value:?}")
        }};
    }
    match dtype {
        // SAFETY: the caller's contract.
        DType::Bool => f.write_str(if unsafe { *p } != 0 { "True" } else { "False" }),
        DType::I8 => show!(i8),
        DType::I16 => show!(i16),
        DType::I32 => show!(i32),
        DType::I64 => show!(i64),
        DType::U8 => show!(u8),
        DType::U16 => show!(u16),
        DType::U32 => show!(u32),
        DType::U64 => show!(u64),
        DType::F16 => show!(f16),
        DType::BF16 => show!(bf16),
        DType::F32 => show_float!(f32),
        DType::F64 => show_float!(f64),
        DType::C64 => show!(Complex32),
        DType::C128 => show!(Complex64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_enum_order_and_round_trip() {
        for (i, dtype) in DType::all().enumerate() {
            assert_eq!(dtype as usize, i);
            assert_eq!(dtype.name().parse::<DType>().unwrap(), dtype);
            assert_eq!(
                DType::from_descr(&dtype.descr()).unwrap(),
                (dtype, ByteOrder::Native)
            );
            let json = serde_json::to_string(&dtype).unwrap();
            assert_eq!(json, format!("\"{}\"", dtype.name()));
            assert_eq!(serde_json::from_str::<DType>(&json).unwrap(), dtype);
        }
    }

    #[test]
    fn descriptors_with_byte_order() {
        assert_eq!(
            DType::from_descr(">f8").unwrap(),
            (DType::F64, ByteOrder::Swapped)
        );
        assert_eq!(
            DType::from_descr(">u1").unwrap(),
            (DType::U8, ByteOrder::Native)
        );
        assert_eq!(
            DType::from_descr("i4").unwrap(),
            (DType::I32, ByteOrder::Native)
        );
        for bad in ["", "<", "|O", "<U5", "<M8[ns]", "f80", "<f", "é"] {
            assert_eq!(
                DType::from_descr(bad).unwrap_err(),
                UnknownDType(bad.to_owned())
            );
        }
    }

    #[test]
    fn scalars() {
        let s = Scalar::new(2.5f64);
        assert_eq!(s.get::<f64>(), Some(2.5));
        assert_eq!(s.get::<i64>(), None);
        assert_eq!(s.bytes().len(), 8);
        assert_eq!(s.to_string(), "2.5");
        assert_eq!(Scalar::from(true).to_string(), "True");
        assert_eq!(
            Scalar::from_bytes(DType::Bool, &[7]).unwrap().get(),
            Some(true)
        );
        assert!(Scalar::from_bytes(DType::I64, &[7]).is_none());
    }
}
