//! Library calls: the routines of the runtime that compiled code may call by name, and `loop.library`, a call of one
//! on buffers.
//!
//! A routine is one row of [`Routine`] here and one row of `npir-runtime`'s `library` table. The row says what the op
//! that calls it must look like; the tensor level's op and `loop.library` are verified against it.

use npir_mlir::prelude::*;

/// What the elements of an array are, relative to the routine's element type `T`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// `T` itself.
    T,
    /// The real type of `T`: `T` unless it is complex.
    RealOfT,
    /// The complex type of `T`: `T` if it is complex.
    ComplexOfT,
    /// A byte that is 0 or 1.
    Bool,
    /// A 64-bit integer.
    I64,
    /// A 32-bit integer.
    I32,
    /// An `f64`.
    F64,
}

impl Of {
    /// The element type, where `T` is `t`.
    pub fn element<'c>(self, t: Type<'c>) -> Type<'c> {
        let ctx = t.ctx();
        match self {
            Of::T => t,
            Of::RealOfT if t.is_complex() => t.complex_element(),
            Of::RealOfT => t,
            Of::ComplexOfT if t.is_complex() => t,
            Of::ComplexOfT => ctx.complex(t),
            Of::Bool => ctx.i(8),
            Of::I64 => ctx.i(64),
            Of::I32 => ctx.i(32),
            Of::F64 => ctx.f64(),
        }
    }
}

/// An array that a routine takes or fills.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRow {
    /// Its elements.
    pub of: Of,
    /// How many trailing dimensions one computation works on; those before them are a batch, alike in all arrays of a
    /// call.
    pub rank: usize,
}

/// The element types `T` that a routine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Types {
    /// `f32` and `f64`.
    Real,
    /// `f64` and `complex` of it.
    Double,
    /// `complex` of `f32` and `f64`.
    Complex,
    /// Every integer and float type; whether an integer has a sign is for the routine's parameters to say.
    Number,
    /// Those and `complex` of `f32` and `f64`.
    Any,
}

impl Types {
    /// Whether `ty` is one of them.
    pub fn contain(self, ty: Type<'_>) -> bool {
        let real = |ty: Type<'_>| ty.is_float() && ty.bit_width() >= 32;
        let complex = ty.is_complex() && real(ty.complex_element());
        match self {
            Types::Real => real(ty),
            Types::Double => {
                let part = if complex { ty.complex_element() } else { ty };
                real(part) && part.bit_width() == 64
            }
            Types::Complex => complex,
            Types::Number | Types::Any if ty.is_float() => true,
            Types::Number => ty.is_int() && ty.bit_width() >= 8,
            Types::Any => complex || (ty.is_int() && ty.bit_width() >= 8),
        }
    }
}

/// What a call of a routine looks like.
#[derive(Debug)]
pub struct Signature {
    /// The element types.
    pub types: Types,
    /// What it reads, in order.
    pub ins: &'static [ArrayRow],
    /// What it fills, in order; at least one.
    pub outs: &'static [ArrayRow],
    /// The names of its integer parameters.
    pub params: &'static [&'static str],
    /// Whether it can fail on some input.
    pub raises: bool,
}

const fn of(of: Of, rank: usize) -> ArrayRow {
    ArrayRow { of, rank }
}

/// A row for each routine: documentation, variant, name, element types, `(ins) -> (outs)`, parameters, and whether it
/// raises.
macro_rules! routines {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $types:ident,
        ($($in:ident $in_rank:literal),*) -> ($($out:ident $out_rank:literal),*),
        [$($param:literal),*], raises: $raises:literal;)*) => {
        attr_enum! {
            /// A routine of the runtime.
            pub enum Routine { $($(#[$doc])* $variant = $name),* }
        }

        impl Routine {
            /// What a call of it looks like.
            pub fn signature(self) -> &'static Signature {
                match self {
                    $(Routine::$variant => {
                        const ROW: Signature = Signature {
                            types: Types::$types,
                            ins: &[$(of(Of::$in, $in_rank)),*],
                            outs: &[$(of(Of::$out, $out_rank)),*],
                            params: &[$($param),*],
                            raises: $raises,
                        };
                        &ROW
                    })*
                }
            }
        }
    };
}

routines! {
    /// The positions of the elements that are not zero, as many as the out has room for.
    Nonzero = "nonzero", Number, (T 1) -> (I64 1), [], raises: false;
    /// The elements where the mask is one, as many as the out has room for.
    Compress = "compress", Any, (Bool 1, T 1) -> (T 1), [], raises: false;
    /// Each position as often as the number there says, as many as the out has room for.
    Expand = "expand", Number, (T 1) -> (I64 1), [], raises: false;
    /// Each element as often as the out has places for it.
    Repeat = "repeat", Any, (T 1) -> (T 1), [], raises: false;
    /// The elements in ascending order, NaN last.
    Sort = "sort", Any, (T 1) -> (T 1), ["unsigned", "stable"], raises: false;
    /// Their positions in that order, stable.
    Argsort = "argsort", Any, (T 1) -> (I64 1), ["unsigned"], raises: false;
    /// Their positions, in an order as that of a partition.
    Argpartition = "argpartition", Any, (T 1) -> (I64 1), ["unsigned", "position"], raises: false;
    /// The elements with the one of a position there, none greater before it and none less after it.
    Partition = "partition", Any, (T 1) -> (T 1), ["unsigned", "position"], raises: false;
    /// Where values belong in a sorted vector, before equal elements or after them.
    Searchsorted = "searchsorted", Any, (T 1, T 1) -> (I64 1), ["unsigned", "right"], raises: false;
    /// The elements that sorting puts at positions; with `nan` all are NaN where one element is.
    Ranks = "ranks", Any, (T 1, I64 1) -> (T 1), ["unsigned", "nan"], raises: false;
    /// Whether elements are among others; with `invert` whether they are not.
    IsIn = "isin", Any, (T 1, T 1) -> (Bool 1), ["invert"], raises: false;
    /// The Cholesky factor of the lower (or upper) triangle of a Hermitian matrix.
    Cholesky = "cholesky", Double, (T 2) -> (T 2), ["upper"], raises: true;
    /// Fourier transforms, of the length of the out; `scale` is 0 for none, 1 for one over the length, 2 for one over
    /// its root.
    Fft = "fft", Complex, (T 1) -> (T 1), ["inverse", "scale"], raises: false;
    /// Those of real numbers.
    FftReal = "fft_real", Real, (T 1) -> (ComplexOfT 1), ["inverse", "scale"], raises: false;
    /// The first half of those of real numbers, of the length that the number says.
    RFft = "rfft", Real, (T 1, I64 0) -> (ComplexOfT 1), ["scale", "conjugate"], raises: false;
    /// Inverse transforms of such halves, of the length of the out.
    IRFft = "irfft", Real, (ComplexOfT 1) -> (T 1), ["scale", "conjugate"], raises: false;
    /// Orthonormal columns and an upper triangle, reduced or complete as the sizes say.
    Qr = "qr", Double, (T 2) -> (T 2, T 2), [], raises: false;
    /// The reduced upper triangle alone.
    QrR = "qr_r", Double, (T 2) -> (T 2), [], raises: false;
    /// The sign of the determinant and the logarithm of its absolute value.
    SLogDet = "slogdet", Double, (T 2) -> (T 0, RealOfT 0), [], raises: false;
    /// The determinant.
    Det = "det", Double, (T 2) -> (T 0), [], raises: false;
    /// The inverse; with `quiet` that of a singular matrix is NaN, and no error.
    Inv = "inv", Double, (T 2) -> (T 2), ["quiet"], raises: true;
    /// The solution of a system of linear equations for each column of the second matrix.
    Solve = "solve", Double, (T 2, T 2) -> (T 2), [], raises: true;
    /// Left singular vectors, singular values and right singular vectors as rows; full or thin as the sizes say.
    Svd = "svd", Double, (T 2) -> (T 2, RealOfT 1, T 2), [], raises: true;
    /// The singular values, in descending order.
    SingularValues = "singular_values", Double, (T 2) -> (RealOfT 1), [], raises: true;
    /// The pseudo-inverse, without singular values up to the largest one times the number.
    PInv = "pinv", Double, (T 2, F64 0) -> (T 2), ["hermitian"], raises: true;
    /// The number of singular values above the number, with `relative` above the largest one times the number.
    MatrixRank = "matrix_rank", Double, (T 2, F64 0) -> (I64 0), ["relative", "hermitian"], raises: true;
    /// Least squares by the singular values above the largest one times the number: solution, squared distances, rank
    /// and singular values.
    LstSq = "lstsq", Double, (T 2, T 2, F64 0) -> (T 2, RealOfT 1, I32 0, RealOfT 1), [], raises: true;
    /// Eigenvalues in ascending order and eigenvectors of the lower (or upper) triangle of a Hermitian matrix.
    Eigh = "eigh", Double, (T 2) -> (RealOfT 1, T 2), ["upper"], raises: true;
    /// The eigenvalues alone.
    EigvalsH = "eigvalsh", Double, (T 2) -> (RealOfT 1), ["upper"], raises: true;
    /// Eigenvalues and eigenvectors of any square matrix.
    Eig = "eig", Double, (T 2) -> (ComplexOfT 1, ComplexOfT 2), [], raises: true;
    /// The eigenvalues alone.
    Eigvals = "eigvals", Double, (T 2) -> (ComplexOfT 1), [], raises: true;
}

impl Routine {
    /// Its C symbol in the runtime.
    pub fn symbol(self) -> String {
        format!("npir_lib_{}", self.word())
    }

    /// Checks the types of a call, and the number of parameters.
    ///
    /// # Errors
    /// What does not agree with the signature.
    pub fn check(self, ins: &[Type<'_>], outs: &[Type<'_>], params: usize) -> Result<(), String> {
        let row = self.signature();
        let count = |what: &str, expected: usize, found: usize| {
            if expected == found {
                Ok(())
            } else {
                let name = self.word();
                Err(format!("{name} expects {expected} {what}, got {found}"))
            }
        };
        count("ins", row.ins.len(), ins.len())?;
        count("outs", row.outs.len(), outs.len())?;
        count("params", row.params.len(), params)?;
        let arrays: Vec<_> = row
            .ins
            .iter()
            .chain(row.outs)
            .zip(ins.iter().chain(outs))
            .collect();
        let t = arrays.iter().find(|(row, _)| row.of == Of::T);
        let Some(t) = t.map(|(_, ty)| ty.element()) else {
            return Err(format!("{} has no array of its own type", self.word()));
        };
        if !row.types.contain(t) {
            return Err(format!(
                "{} does not work on elements of type '{t}'",
                self.word()
            ));
        }
        let batch = |row: &ArrayRow, ty: Type<'_>| ty.rank().checked_sub(row.rank);
        let first = arrays
            .first()
            .and_then(|(row, ty)| Some((batch(row, **ty)?, **ty)));
        for (i, (row, ty)) in arrays.iter().enumerate() {
            if ty.element() != row.of.element(t) {
                return Err(format!(
                    "array {i} has elements of type '{}', expected '{}'",
                    ty.element(),
                    row.of.element(t)
                ));
            }
            let (Some(own), Some((depth, other))) = (batch(row, **ty), first) else {
                return Err(format!(
                    "array {i} of {} needs at least {} dimensions",
                    self.word(),
                    row.rank
                ));
            };
            let (dims, others) = (ty.dims(), other.dims());
            let differ =
                |d: usize| dims[d] != others[d] && dims[d] != DYNAMIC && others[d] != DYNAMIC;
            if own != depth || (0..depth).any(differ) {
                return Err(format!("array {i} has another batch than array 0"));
            }
        }
        Ok(())
    }
}

/// The number by which the runtime knows an element type in memory; `None` if it has none. Integers have no sign here.
pub fn type_code(ty: Type<'_>) -> Option<i64> {
    let part = if ty.is_complex() {
        ty.complex_element()
    } else {
        ty
    };
    let code = match (part.is_float(), part.bit_width()) {
        _ if part.is_index() => 3,
        (false, 8) => 0,
        (false, 16) => 1,
        (false, 32) => 2,
        (false, 64) => 3,
        (true, 16) if part == part.ctx().f16() => 4,
        (true, 16) => 5,
        (true, 32) => 6,
        (true, 64) => 7,
        _ => return None,
    };
    match (ty.is_complex(), code) {
        (false, code) => Some(code),
        (true, 6) => Some(8),
        (true, 7) => Some(9),
        _ => None,
    }
}

/// Calls a routine of the runtime.
///
/// `outs` are filled whatever they held, `ins` are read where they lie, with any strides; they do not overlap the
/// outs. When the routine fails, its message becomes a run-time error that begins with `caller`, at the op's location.
#[op(
    "loop.library",
    traits(AttrSizedOperandSegments),
    interfaces(Verify, Effects),
    assembly = "$routine `for` $caller (`params` $params^)? (`ins` `(` $ins^ `:` type($ins) `)`)? \
                (`outs` `(` $outs^ `:` type($outs) `)`)? attr-dict"
)]
pub struct Library {
    ins: Variadic<AnyMemRef>,
    outs: Variadic<AnyMemRef>,
    routine: Attr<Enum<Routine>>,
    caller: Attr<Str>,
    params: OptionalAttr<I64Array>,
}

impl Verify for Library<'_> {
    fn verify(self) -> Result<(), String> {
        let ins: Vec<_> = self.ins().into_iter().map(ValExt::ty).collect();
        let outs: Vec<_> = self.outs().into_iter().map(ValExt::ty).collect();
        let params = self.params().unwrap_or_default().len();
        self.routine().check(&ins, &outs, params)
    }
}

impl<'c> Effects<'c> for Library<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        let mut effects: Vec<_> = self
            .ins()
            .into_iter()
            .map(|v| Effect::Read(Some(v)))
            .collect();
        effects.extend(self.outs().into_iter().map(|v| Effect::Write(Some(v))));
        if self.routine().signature().raises {
            effects.push(Effect::Write(None));
        }
        effects
    }
}
