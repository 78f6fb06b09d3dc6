//! NumPy element types as the `numpy` dialect sees them: which MLIR type stands for which, their
//! names, classes and ranges, and how each is stored below the numpy level.

use npir_mlir::prelude::*;

/// Element type of an array. Integer widths are 8, 16, 32 or 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// `i1`; one byte holding 0 or 1 below the numpy level.
    Bool,
    /// Signed integer `iN`.
    Int(u32),
    /// Unsigned integer `uiN`; `iN` with unsigned ops below the numpy level.
    UInt(u32),
    /// `f16`.
    F16,
    /// `bf16`; not a NumPy type, computes like `float16`.
    BF16,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `complex<f32>`.
    C64,
    /// `complex<f64>`.
    C128,
}

/// A set of element type classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classes(u8);

impl Classes {
    /// `bool`.
    pub const BOOL: Classes = Classes(1);
    /// `int8` … `int64`.
    pub const SIGNED: Classes = Classes(2);
    /// `uint8` … `uint64`.
    pub const UNSIGNED: Classes = Classes(4);
    /// `float16`, `bfloat16`, `float32`, `float64`.
    pub const FLOAT: Classes = Classes(8);
    /// `complex64`, `complex128`.
    pub const COMPLEX: Classes = Classes(16);
    /// Every integer.
    pub const INT: Classes = Classes::SIGNED.or(Classes::UNSIGNED);
    /// Bool and every integer.
    pub const BITS: Classes = Classes::BOOL.or(Classes::INT);
    /// Integers and floats.
    pub const NUMBER: Classes = Classes::INT.or(Classes::FLOAT);
    /// Bool, integers and floats.
    pub const REAL: Classes = Classes::BOOL.or(Classes::NUMBER);
    /// Integers, floats and complex numbers.
    pub const NUMERIC: Classes = Classes::NUMBER.or(Classes::COMPLEX);
    /// Every element type.
    pub const ALL: Classes = Classes::REAL.or(Classes::COMPLEX);

    /// Union of two sets.
    pub const fn or(self, other: Classes) -> Classes {
        Classes(self.0 | other.0)
    }

    /// Whether every class of `other` is in this set.
    pub const fn contains(self, other: Classes) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set in words, for diagnostics and the reference: `bool, integer or float`.
    pub fn describe(self) -> String {
        let mut words = Vec::new();
        if self.contains(Classes::BOOL) {
            words.push("bool");
        }
        match (
            self.contains(Classes::SIGNED),
            self.contains(Classes::UNSIGNED),
        ) {
            (true, true) => words.push("integer"),
            (true, false) => words.push("signed integer"),
            (false, true) => words.push("unsigned integer"),
            (false, false) => {}
        }
        if self.contains(Classes::FLOAT) {
            words.push("float");
        }
        if self.contains(Classes::COMPLEX) {
            words.push("complex");
        }
        match words.split_last() {
            None => "no".to_owned(),
            Some((last, [])) => (*last).to_owned(),
            Some((last, init)) => format!("{} or {last}", init.join(", ")),
        }
    }
}

impl DType {
    /// Every element type.
    pub const ALL: [DType; 15] = [
        DType::Bool,
        DType::Int(8),
        DType::Int(16),
        DType::Int(32),
        DType::Int(64),
        DType::UInt(8),
        DType::UInt(16),
        DType::UInt(32),
        DType::UInt(64),
        DType::F16,
        DType::BF16,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
    ];

    /// The element type of a numpy-level tensor (or the scalar type itself); `None` for types that
    /// are not array elements.
    pub fn of(ty: Type<'_>) -> Option<DType> {
        let ty = ty.element();
        if ty.is_complex() {
            return match DType::of(ty.complex_element())? {
                DType::F32 => Some(DType::C64),
                DType::F64 => Some(DType::C128),
                _ => None,
            };
        }
        let width = ty.bit_width() as u32;
        if ty.is_float() {
            return match width {
                16 if ty.is_bf16() => Some(DType::BF16),
                16 => Some(DType::F16),
                32 => Some(DType::F32),
                64 => Some(DType::F64),
                _ => None,
            };
        }
        if !ty.is_int() {
            return None;
        }
        // `siN` is no type of the dialect: signed integers are signless.
        match (width, ty.is_unsigned()) {
            (1, false) => Some(DType::Bool),
            (8 | 16 | 32 | 64, true) => Some(DType::UInt(width)),
            (8 | 16 | 32 | 64, false) if ty.to_text().starts_with('i') => Some(DType::Int(width)),
            _ => None,
        }
    }

    /// The class this type belongs to.
    pub const fn class(self) -> Classes {
        match self {
            DType::Bool => Classes::BOOL,
            DType::Int(_) => Classes::SIGNED,
            DType::UInt(_) => Classes::UNSIGNED,
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => Classes::FLOAT,
            DType::C64 | DType::C128 => Classes::COMPLEX,
        }
    }

    /// Whether this is `bool`.
    pub const fn is_bool(self) -> bool {
        matches!(self, DType::Bool)
    }

    /// Whether this is a signed or unsigned integer (not `bool`).
    pub const fn is_int(self) -> bool {
        matches!(self, DType::Int(_) | DType::UInt(_))
    }

    /// Whether this is an unsigned integer.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, DType::UInt(_))
    }

    /// Whether this is a real floating-point type.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::F16 | DType::BF16 | DType::F32 | DType::F64)
    }

    /// Whether this is a complex type.
    pub const fn is_complex(self) -> bool {
        matches!(self, DType::C64 | DType::C128)
    }

    /// Whether this is a 16-bit float, whose arithmetic is done in `f32` and rounded.
    pub const fn is_half(self) -> bool {
        matches!(self, DType::F16 | DType::BF16)
    }

    /// Whether a value takes a single byte: few values, so that an extreme one is likely to occur.
    pub const fn is_byte(self) -> bool {
        self.bits() <= 8
    }

    /// Width of a value in bits (1 for `bool`, both parts for complex).
    pub const fn bits(self) -> u32 {
        match self {
            DType::Bool => 1,
            DType::Int(w) | DType::UInt(w) => w,
            DType::F16 | DType::BF16 => 16,
            DType::F32 => 32,
            DType::F64 | DType::C64 => 64,
            DType::C128 => 128,
        }
    }

    /// NumPy's name: `float64`.
    pub fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::Int(8) => "int8",
            DType::Int(16) => "int16",
            DType::Int(32) => "int32",
            DType::Int(_) => "int64",
            DType::UInt(8) => "uint8",
            DType::UInt(16) => "uint16",
            DType::UInt(32) => "uint32",
            DType::UInt(_) => "uint64",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::C64 => "complex64",
            DType::C128 => "complex128",
        }
    }

    /// The scalar type at the numpy level (`i1`, `ui8`, `f32` …).
    pub fn ty<'c>(self, ctx: &'c Context) -> Type<'c> {
        match self {
            DType::UInt(w) => ctx.ui(w as usize),
            _ => self.compute_ty(ctx),
        }
    }

    /// The scalar type in memory below the numpy level: `bool` is `i8`, `uiN` is `iN`.
    pub fn storage_ty<'c>(self, ctx: &'c Context) -> Type<'c> {
        match self {
            DType::Bool => ctx.i(8),
            _ => self.compute_ty(ctx),
        }
    }

    /// The scalar type inside a body: `bool` is `i1`, `uiN` is `iN`.
    pub fn compute_ty<'c>(self, ctx: &'c Context) -> Type<'c> {
        match self {
            DType::Bool => ctx.i(1),
            DType::Int(w) | DType::UInt(w) => ctx.i(w as usize),
            DType::F16 => ctx.f16(),
            DType::BF16 => ctx.bf16(),
            DType::F32 => ctx.f32(),
            DType::F64 => ctx.f64(),
            DType::C64 => ctx.complex(ctx.f32()),
            DType::C128 => ctx.complex(ctx.f64()),
        }
    }

    /// The smallest float that NumPy uses for this type in functions that only exist for floats
    /// (`exp(int8)` is `float16`); floats and complex numbers are themselves.
    pub const fn float_of(self) -> DType {
        match self {
            DType::Bool | DType::Int(8) | DType::UInt(8) => DType::F16,
            DType::Int(16) | DType::UInt(16) => DType::F32,
            DType::Int(_) | DType::UInt(_) => DType::F64,
            other => other,
        }
    }

    /// The type in which arithmetic on this type is done: `f32` for 16-bit floats.
    pub const fn widened(self) -> DType {
        match self {
            DType::F16 | DType::BF16 => DType::F32,
            other => other,
        }
    }

    /// The type of the real and the imaginary part of a complex type; other types are themselves.
    pub const fn part(self) -> DType {
        match self {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            other => other,
        }
    }

    /// Smallest value of an integer type as the bits of an `i64`; 0 for unsigned and others.
    pub const fn int_min(self) -> i64 {
        match self {
            DType::Int(w) => i64::MIN >> (64 - w),
            _ => 0,
        }
    }

    /// The largest finite number of a float type; infinity for others.
    pub fn largest(self) -> f64 {
        match self {
            DType::F16 => half::f16::MAX.to_f64(),
            DType::BF16 => half::bf16::MAX.to_f64(),
            DType::F32 => f64::from(f32::MAX),
            DType::F64 => f64::MAX,
            _ => f64::INFINITY,
        }
    }

    /// Brings an arbitrary `i64` to the value range of an integer type by wrapping (the result is
    /// sign-extended for signed types, zero-extended for unsigned ones, as bits of an `i64`).
    pub const fn wrap(self, v: i64) -> i64 {
        match self {
            DType::Bool => (v != 0) as i64,
            DType::Int(w) => (v << (64 - w)) >> (64 - w),
            DType::UInt(w) => (((v as u64) << (64 - w)) >> (64 - w)) as i64,
            _ => v,
        }
    }

    /// Whether every value of `self` is exactly a value of `to`.
    pub const fn fits_in(self, to: DType) -> bool {
        match (self, to) {
            (DType::Bool, _) => true,
            (DType::Int(a), DType::Int(b)) | (DType::UInt(a), DType::UInt(b)) => a <= b,
            (DType::UInt(a), DType::Int(b)) => a < b,
            (DType::Int(a), _) if to.mantissa() > 0 => a - 1 <= to.mantissa(),
            (DType::UInt(a), _) if to.mantissa() > 0 => a <= to.mantissa(),
            (DType::F16, DType::F16 | DType::F32 | DType::F64) => true,
            (DType::BF16, DType::BF16 | DType::F32 | DType::F64) => true,
            (DType::F32, DType::F32 | DType::F64) => true,
            (DType::F64, DType::F64) => true,
            (DType::F16 | DType::BF16 | DType::F32, DType::C64 | DType::C128) => true,
            (DType::F64 | DType::C64, DType::C128) => true,
            (DType::C64, DType::C64) | (DType::C128, DType::C128) => true,
            _ => false,
        }
    }

    /// Significant bits of a float (of one part of a complex number), 0 for other types.
    const fn mantissa(self) -> u32 {
        match self {
            DType::F16 => 11,
            DType::BF16 => 8,
            DType::F32 | DType::C64 => 24,
            DType::F64 | DType::C128 => 53,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_read_as_english() {
        assert_eq!(Classes::BITS.describe(), "bool or integer");
        assert_eq!(Classes::REAL.describe(), "bool, integer or float");
        assert_eq!(Classes::FLOAT.describe(), "float");
        assert_eq!(Classes::ALL.describe(), "bool, integer, float or complex");
    }

    #[test]
    fn wrapping_is_two_complement() {
        assert_eq!(DType::Int(8).wrap(200), -56);
        assert_eq!(DType::UInt(8).wrap(-1), 255);
        assert_eq!(DType::Int(64).wrap(i64::MIN), i64::MIN);
        assert_eq!(DType::UInt(64).wrap(-1), -1);
        assert_eq!(DType::Int(16).int_min(), -32768);
    }

    #[test]
    fn exactness_of_conversions() {
        assert!(DType::UInt(32).fits_in(DType::Int(64)));
        assert!(!DType::UInt(64).fits_in(DType::Int(64)));
        assert!(DType::Int(32).fits_in(DType::F64));
        assert!(!DType::Int(64).fits_in(DType::F64));
        assert!(!DType::Int(32).fits_in(DType::F32));
        assert!(DType::F16.fits_in(DType::F32));
        assert!(!DType::F16.fits_in(DType::BF16));
        assert!(!DType::Int(16).fits_in(DType::F16));
        assert!(!DType::Int(8).fits_in(DType::Bool));
        assert!(DType::F32.fits_in(DType::C64));
    }
}
