//! Routines that compiled code calls by name: dense linear algebra, transforms.
//!
//! Adding one: a function `fn(&Call) -> Result<(), Failure>` in a file here, a row in [`table`], and a row in the
//! loop dialect's `library::Routine`, which says how many arrays it gets and of which types and ranks.
//!
//! A routine reads its ins and fills its outs, which do not overlap them. Arrays come as they lie in memory, at any
//! alignment and with any strides: it reads and writes them through [`Block`]s, and packs what its algorithm wants
//! contiguous. It works on the batch in parallel ([`Call::for_each`]), and its results do not depend on the number of
//! threads.

mod arrays;
mod fft;
mod linalg;
mod membership;
mod memory;
mod selection;
mod sort;

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::context::CallContext;
use crate::dtype::DType;
use crate::error::{RunError, RunErrorKind};

pub(crate) use arrays::{Array, Batch, Block, Call, on_threads};

/// Why a routine failed; the error is reported as `caller: message`.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: RunErrorKind,
    message: String,
}

impl Failure {
    /// What NumPy raises as `LinAlgError`.
    pub(crate) fn lin_alg(message: &str) -> Failure {
        Failure {
            kind: RunErrorKind::LinAlg,
            message: message.to_owned(),
        }
    }

    /// The call does not keep the contract of the routine.
    pub(crate) fn contract(message: &str) -> Failure {
        Failure {
            kind: RunErrorKind::Internal,
            message: message.to_owned(),
        }
    }
}

/// `npir_library_array`
#[repr(C)]
struct RawArray {
    descriptor: *const RawDescriptor,
    dtype: i32,
    rank: i32,
}

/// The head of an array descriptor; sizes and strides follow.
#[repr(C)]
struct RawDescriptor {
    allocated: *mut u8,
    aligned: *mut u8,
    offset: i64,
}

/// `npir_library_call`
#[repr(C)]
pub(crate) struct RawCall {
    arrays: *const RawArray,
    num_arrays: i64,
    params: *const i64,
    num_params: i64,
    caller: *const c_char,
    caller_len: i64,
    location: *const c_char,
    location_len: i64,
}

/// A routine as compiled code calls it.
pub(crate) type Entry = unsafe extern "C" fn(*mut CallContext, *const RawCall) -> i32;

/// The element type with a code of the loop dialect's `library::type_code`.
fn dtype_of(code: i32) -> Option<DType> {
    use DType::*;
    let codes = [I8, I16, I32, I64, F16, BF16, F32, F64, C64, C128];
    codes.get(usize::try_from(code).ok()?).copied()
}

/// Runs a routine; a failure or a panic in it becomes the call's error.
///
/// # Safety
/// The context is live; the call and the arrays it describes are valid, and its outs overlap nothing.
unsafe fn run(
    ctx: *mut CallContext,
    call: *const RawCall,
    routine: fn(&Call) -> Result<(), Failure>,
) -> i32 {
    // SAFETY: the caller's contract.
    let (ctx, raw) = unsafe { (&*ctx, &*call) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's contract.
        let call =
            unsafe { read_call(raw) }.ok_or_else(|| Failure::contract("a malformed call"))?;
        routine(&call)
    }));
    let failure = match outcome {
        Ok(Ok(())) => return 0,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::contract("a library routine panicked"),
    };
    // SAFETY: the caller's contract.
    let (caller, location) = unsafe {
        (
            text(raw.caller, raw.caller_len),
            text(raw.location, raw.location_len),
        )
    };
    let message = format!("{caller}: {}", failure.message);
    ctx.raise(RunError::new(failure.kind, message).at(location));
    1
}

/// # Safety
/// As [`run`].
unsafe fn read_call(raw: &RawCall) -> Option<Call<'_>> {
    // SAFETY: the caller's contract; a descriptor of rank R is followed by R sizes and R strides.
    unsafe {
        let arrays = slice(raw.arrays, raw.num_arrays).iter().map(|array| {
            let descriptor = &*array.descriptor;
            let dtype = dtype_of(array.dtype)?;
            let rank = usize::try_from(array.rank).ok()?;
            let numbers: *const i64 = array.descriptor.add(1).cast();
            let sizes = slice(numbers, rank as i64);
            let strides = slice(numbers.wrapping_add(rank), rank as i64);
            let start = descriptor.offset.wrapping_mul(dtype.size() as i64);
            let data = descriptor.aligned.wrapping_offset(start as isize);
            Array::new(data, dtype, sizes, strides)
        });
        Some(Call::new(
            arrays.collect::<Option<_>>()?,
            slice(raw.params, raw.num_params),
        ))
    }
}

/// # Safety
/// `p` is valid for `len` reads, or the length is 0.
unsafe fn slice<'a, T>(p: *const T, len: i64) -> &'a [T] {
    match usize::try_from(len) {
        // SAFETY: the caller's contract.
        Ok(len) if len > 0 && !p.is_null() => unsafe { std::slice::from_raw_parts(p, len) },
        _ => &[],
    }
}

/// # Safety
/// As [`slice`].
unsafe fn text<'a>(p: *const c_char, len: i64) -> std::borrow::Cow<'a, str> {
    // SAFETY: the caller's contract.
    String::from_utf8_lossy(unsafe { slice(p.cast::<u8>(), len) })
}

macro_rules! routines {
    ($($name:literal => $routine:path;)*) => {
        /// The routines, by C symbol.
        pub(crate) fn table() -> Vec<(&'static str, Entry)> {
            vec![$({
                unsafe extern "C" fn entry(ctx: *mut CallContext, call: *const RawCall) -> i32 {
                    // SAFETY: compiled code keeps the contract.
                    unsafe { run(ctx, call, $routine) }
                }
                (concat!("npir_lib_", $name), entry as Entry)
            }),*]
        }
    };
}

routines! {
    "nonzero" => selection::nonzero;
    "compress" => selection::compress;
    "expand" => selection::expand;
    "repeat" => selection::repeat;
    "sort" => sort::sort;
    "argsort" => sort::argsort;
    "argpartition" => sort::argpartition;
    "partition" => sort::partition;
    "searchsorted" => sort::searchsorted;
    "ranks" => sort::ranks;
    "isin" => membership::isin;
    "cholesky" => linalg::cholesky::run;
    "fft" => fft::fft;
    "fft_real" => fft::fft_real;
    "rfft" => fft::rfft;
    "irfft" => fft::irfft;
    "qr" => linalg::qr::run;
    "qr_r" => linalg::qr::run_r;
    "slogdet" => linalg::lu::slogdet;
    "det" => linalg::lu::det;
    "inv" => linalg::lu::inv;
    "solve" => linalg::lu::solve;
    "svd" => linalg::svd::svd;
    "singular_values" => linalg::svd::singular_values;
    "pinv" => linalg::svd::pinv;
    "matrix_rank" => linalg::svd::matrix_rank;
    "lstsq" => linalg::svd::lstsq;
    "eigh" => linalg::eigen::eigh;
    "eigvalsh" => linalg::eigen::eigvalsh;
    "eig" => linalg::eigen::eig;
    "eigvals" => linalg::eigen::eigvals;
}
