//! Calling a compiled function: checks the arguments against the signature, lays out the descriptors
//! that the entry point expects, and turns what it returns into arrays.
//!
//! Inputs are used where they lie, at any stride and alignment. The only copies are those that
//! [`CopyReason`] lists, and each one is in the [`RunReport`]. Nothing is allocated for the call itself
//! unless it has very many arguments.

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::alloc;
use crate::arg::{Arg, check_arg};
use crate::array::{Array, ArrayView};
use crate::context::CallContext;
use crate::dtype::Scalar;
use crate::error::{RunError, RunErrorKind};
use crate::extents::Extents;
use crate::layout::Layout;
use crate::signature::{ResultSpec, Signature};

const _: () = assert!(
    usize::BITS == 64,
    "descriptors hold 64-bit addresses and sizes"
);

/// The C type of an entry point: 0 for success, else the error is in the context.
pub type EntryFn = unsafe extern "C" fn(
    ctx: *mut CallContext,
    args: *const *const c_void,
    results: *const *mut c_void,
) -> i32;

/// Why an array was copied around a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CopyReason {
    /// A byte stride is not a multiple of the item size.
    PartialStride,
    /// An input may overlap the memory of this other argument, which is updated.
    OverlapsUpdated(String),
    /// A result is the memory of an argument or a constant of the program.
    ResultAliases,
}

/// An argument of [`Function::call_unchecked`].
#[derive(Clone, Copy, Debug)]
pub struct RawArg<'a> {
    /// The element with all indices 0, or a scalar's bytes.
    pub data: *const u8,
    /// One extent for each axis.
    pub shape: &'a [usize],
    /// Bytes from one element to the next, one for each axis.
    pub strides: &'a [isize],
}

impl<'a> RawArg<'a> {
    /// A value, for a scalar parameter or an array of rank 0.
    pub fn scalar(value: &'a Scalar) -> RawArg<'a> {
        RawArg {
            data: value.bytes().as_ptr(),
            shape: &[],
            strides: &[],
        }
    }
}

/// What a call returns: results that update no argument, in order, scalars as arrays of rank 0. All are there, to be
/// taken.
pub type Results = SmallVec<[Option<Array>; 2]>;

/// One copy that a call made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CopyRemark {
    /// ``argument `x` `` or `result 0`.
    pub what: String,
    /// Why.
    pub reason: CopyReason,
    /// Bytes copied, one way.
    pub bytes: usize,
}

impl fmt::Display for CopyRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was copied ({} bytes): ", self.what, self.bytes)?;
        match &self.reason {
            CopyReason::PartialStride => {
                f.write_str("a byte stride is not a multiple of the item size")
            }
            CopyReason::OverlapsUpdated(name) => {
                write!(
                    f,
                    "it may overlap argument `{name}`, which is updated in place"
                )
            }
            CopyReason::ResultAliases => {
                f.write_str("it is the memory of an argument or of a constant")
            }
        }
    }
}

/// What a call did besides computing.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct RunReport {
    /// Every copy of an array.
    pub copies: Vec<CopyRemark>,
    /// Bytes that the program allocated: results and intermediate arrays, whether it has given them back or not.
    /// Copies are not among them.
    pub allocated: u64,
}

/// A compiled function that can be called, from any thread and from several at once.
#[derive(Clone)]
pub struct Function {
    inner: Arc<Inner>,
}

struct Inner {
    signature: Signature,
    entry: EntryFn,
    /// Indices into `signature.results`, one per result slot of the entry point.
    returned: Vec<usize>,
    has_updates: bool,
    /// Words for pointers and descriptors of one call.
    frame_words: usize,
    _keepalive: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.inner.signature)
    }
}

/// Words of an argument or result in the frame; even, so that every descriptor and scalar is 16-byte aligned.
fn slot_words(rank: usize, scalar: bool) -> usize {
    if scalar {
        2
    } else {
        (3 + 2 * rank).next_multiple_of(2)
    }
}

/// Frames up to this size live on the stack: 8 arguments and 8 results of rank 8 and more.
const INLINE_WORDS: usize = 384;

#[repr(C, align(16))]
struct InlineFrame(MaybeUninit<[u64; INLINE_WORDS]>);

impl Function {
    /// Wraps an entry point; `keepalive` owns its code and is dropped after the last clone.
    ///
    /// # Errors
    /// A signature that contradicts itself ([`Signature::validate`]).
    ///
    /// # Safety
    /// `entry` has the signature's ABI: it reads as many argument slots as there are arguments, writes
    /// as many result slots as [`Signature::returned`] yields when it returns 0, writes no memory of the
    /// caller but that of updated arguments, may run on several threads at once, and stays valid as long
    /// as `keepalive` lives.
    pub unsafe fn new(
        signature: Signature,
        entry: EntryFn,
        keepalive: Arc<dyn Any + Send + Sync>,
    ) -> Result<Function, RunError> {
        signature
            .validate()
            .map_err(|message| RunError::new(RunErrorKind::Internal, message))?;
        let returned: Vec<usize> = signature.returned().map(|(i, _)| i).collect();
        let pointers = (signature.args.len() + returned.len()).next_multiple_of(2);
        let args = signature.args.iter().map(|a| (a.shape.len(), a.scalar));
        let results = returned.iter().map(|&i| {
            let result = &signature.results[i];
            (result.shape.len(), result.scalar)
        });
        let slots: usize = args
            .chain(results)
            .map(|(rank, s)| slot_words(rank, s))
            .sum();
        Ok(Function {
            inner: Arc::new(Inner {
                entry,
                returned,
                has_updates: signature.args.iter().any(|a| a.updates.is_some()),
                frame_words: pointers + slots,
                signature,
                _keepalive: keepalive,
            }),
        })
    }

    /// The function's signature.
    pub fn signature(&self) -> &Signature {
        &self.inner.signature
    }

    /// Calls the function. Updated arguments are written in place; the other results come back in order,
    /// scalar results as arrays of rank 0.
    ///
    /// # Errors
    /// A wrong number, dtype, rank or extent of the arguments, two updated arguments that overlap, or
    /// whatever the program raises. After a failed run, updated arguments hold unspecified values.
    pub fn call(&self, args: &mut [Arg<'_>]) -> Result<Vec<Array>, RunError> {
        self.run(args, &mut RunReport::default())
    }

    /// As [`Function::call`], and says which arrays had to be copied.
    ///
    /// # Errors
    /// As [`Function::call`].
    pub fn call_with_report(
        &self,
        args: &mut [Arg<'_>],
    ) -> Result<(Vec<Array>, RunReport), RunError> {
        let mut report = RunReport::default();
        let results = self.run(args, &mut report)?;
        Ok((results, report))
    }

    /// As [`Function::call_with_report`], without looking at the arguments; results are added to `results`, which is
    /// empty.
    ///
    /// # Errors
    /// Whatever the program raises. Updated arguments hold unspecified values then.
    ///
    /// # Safety
    /// There are as many arguments as [`Function::signature`] has, in order, each with the dtype, the rank and the
    /// extents that it says; strides are multiples of the item size where there are two elements along an axis. Memory
    /// is readable, that of updated arguments writable, and these overlap neither each other nor themselves nor any
    /// other argument.
    pub unsafe fn call_unchecked(
        &self,
        args: &[RawArg<'_>],
        results: &mut Results,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        self.enter(args.iter().copied(), results, report)
    }

    fn run(&self, args: &mut [Arg<'_>], report: &mut RunReport) -> Result<Vec<Array>, RunError> {
        self.check(args)?;
        let copies = self.copies(args, report)?;
        let raw = args.iter().enumerate().map(|(i, arg)| {
            let copied = copies.iter().find(|copy| copy.arg == i);
            let layout = copied.map(|copy| &copy.array.layout).or(arg.layout());
            match (layout, arg) {
                (Some(layout), _) => RawArg {
                    data: layout.data,
                    shape: &layout.shape,
                    strides: &layout.strides,
                },
                (None, Arg::Scalar(value)) => RawArg::scalar(value),
                (None, Arg::View(_) | Arg::ViewMut(_)) => unreachable!("views have a layout"),
            }
        });
        let mut results = Results::new();
        self.enter(raw, &mut results, report)?;
        for copy in copies.iter().filter(|copy| copy.write_back) {
            if let Some(layout) = args[copy.arg].layout() {
                // SAFETY: the argument is writable (checked) and the copy is separate memory.
                unsafe { copy.array.layout.copy_to(layout) };
            }
        }
        Ok(results.into_iter().flatten().collect())
    }

    /// Runs the entry point on arguments that have been checked.
    fn enter<'a>(
        &self,
        args: impl ExactSizeIterator<Item = RawArg<'a>>,
        results: &mut Results,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        let mut inline = InlineFrame(MaybeUninit::uninit());
        let mut heap;
        let words = self.inner.frame_words;
        let frame: &mut [u64] = if words <= INLINE_WORDS {
            let start = inline.0.as_mut_ptr().cast::<u64>();
            // SAFETY: `words` fit the array, and zeroing initialises them.
            unsafe {
                start.write_bytes(0, words);
                std::slice::from_raw_parts_mut(start, words)
            }
        } else {
            // Alignment 16 as for the inline frame.
            heap = vec![0u128; words.div_ceil(2)];
            // SAFETY: the same memory, seen as twice as many words.
            unsafe { std::slice::from_raw_parts_mut(heap.as_mut_ptr().cast(), words) }
        };
        let count = args.len();
        self.fill(frame, args);

        let pointers = frame.as_mut_ptr();
        // SAFETY: the result pointers follow the argument pointers in the frame.
        let returned = unsafe { pointers.add(count) };
        let mut ctx = CallContext::new();
        // SAFETY: the frame has what the signature promises, and `new` was promised that the entry
        // point agrees with it.
        let status = unsafe { (self.inner.entry)(&raw mut ctx, pointers.cast(), returned.cast()) };
        report.allocated = ctx.allocated();
        if status != 0 || ctx.failed() {
            return Err(ctx.take_error().unwrap_or_else(|| {
                RunError::new(
                    RunErrorKind::Internal,
                    format!(
                        "{}: failed with status {status} and no message",
                        self.inner.signature.name
                    ),
                )
            }));
        }
        self.results(frame, count, &mut ctx, results, report)
    }

    fn check(&self, args: &[Arg<'_>]) -> Result<(), RunError> {
        let signature = &self.inner.signature;
        if args.len() != signature.args.len() {
            return Err(RunError::argument(format!(
                "{}: takes {} argument{}, got {}",
                signature.name,
                signature.args.len(),
                if signature.args.len() == 1 { "" } else { "s" },
                args.len()
            )));
        }
        for (spec, arg) in signature.args.iter().zip(args) {
            check_arg(spec, arg).map_err(|(kind, what)| {
                RunError::new(
                    kind,
                    format!("{}: argument `{}`: {what}", signature.name, spec.name),
                )
            })?;
        }
        if self.inner.has_updates {
            self.check_updates(args)?;
        }
        Ok(())
    }

    /// Updated arguments must not overlap each other.
    fn check_updates(&self, args: &[Arg<'_>]) -> Result<(), RunError> {
        let specs = &self.inner.signature.args;
        let updated = |i: usize| args[i].layout().filter(|_| specs[i].updates.is_some());
        for i in 0..args.len() {
            let Some(a) = updated(i) else { continue };
            for j in i + 1..args.len() {
                if updated(j).is_some_and(|b| a.may_overlap(b)) {
                    return Err(RunError::new(
                        RunErrorKind::Value,
                        format!(
                            "{}: arguments `{}` and `{}` are both updated in place but overlap in memory",
                            self.inner.signature.name, specs[i].name, specs[j].name
                        ),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Makes the copies that cannot be avoided.
    fn copies(&self, args: &[Arg<'_>], report: &mut RunReport) -> Result<Vec<ArgCopy>, RunError> {
        let specs = &self.inner.signature.args;
        let mut copies = Vec::new();
        for (i, (spec, arg)) in specs.iter().zip(args).enumerate() {
            let Some(layout) = arg.layout() else { continue };
            let write_back = spec.updates.is_some();
            let overlapped = || {
                let mut others = specs.iter().zip(args).enumerate();
                others.find(|(j, (other, arg))| {
                    i != *j
                        && other.updates.is_some()
                        && arg.layout().is_some_and(|l| l.may_overlap(layout))
                })
            };
            let reason = if has_partial_stride(layout) {
                CopyReason::PartialStride
            } else if self.inner.has_updates
                && !write_back
                && let Some((_, (other, _))) = overlapped()
            {
                CopyReason::OverlapsUpdated(other.name.clone())
            } else {
                continue;
            };
            let array = match arg {
                Arg::View(view) => view.to_array()?,
                Arg::ViewMut(view) => view.to_array()?,
                Arg::Scalar(_) => continue,
            };
            report.copies.push(CopyRemark {
                what: format!("argument `{}`", spec.name),
                reason,
                bytes: array.nbytes(),
            });
            copies.push(ArgCopy {
                arg: i,
                array,
                write_back,
            });
        }
        Ok(copies)
    }

    /// Writes pointers and descriptors.
    fn fill<'a>(&self, frame: &mut [u64], args: impl ExactSizeIterator<Item = RawArg<'a>>) {
        let inner = &*self.inner;
        let base = frame.as_mut_ptr();
        let count = args.len();
        let mut at = (count + inner.returned.len()).next_multiple_of(2);
        for (i, (spec, arg)) in inner.signature.args.iter().zip(args).enumerate() {
            if spec.scalar {
                frame[i] = arg.data as u64;
            } else {
                frame[i] = base.wrapping_add(at) as u64;
                let rank = spec.shape.len();
                // `allocated` stays null: the memory is borrowed. So does the offset.
                frame[at + 1] = arg.data as u64;
                let item = spec.dtype.size().trailing_zeros();
                for (axis, (&n, &stride)) in arg.shape.iter().zip(arg.strides).enumerate() {
                    frame[at + 3 + axis] = n as u64;
                    frame[at + 3 + rank + axis] = (stride >> item) as u64;
                }
            }
            at += slot_words(spec.shape.len(), spec.scalar);
        }
        for (slot, &i) in inner.returned.iter().enumerate() {
            let spec = &inner.signature.results[i];
            frame[count + slot] = base.wrapping_add(at) as u64;
            at += slot_words(spec.shape.len(), spec.scalar);
        }
    }

    /// Takes the results out of the frame and the context.
    fn results(
        &self,
        frame: &[u64],
        args: usize,
        ctx: &mut CallContext,
        results: &mut Results,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        let inner = &*self.inner;
        for (slot, &index) in inner.returned.iter().enumerate() {
            let spec = &inner.signature.results[index];
            let at = (frame[args + slot] - frame.as_ptr() as u64) as usize / 8;
            if spec.scalar {
                // SAFETY: the entry point wrote a value of this dtype into the two words.
                let bytes =
                    unsafe { std::slice::from_raw_parts(frame[at..].as_ptr().cast::<u8>(), 16) };
                if let Some(value) = Scalar::from_bytes(spec.dtype, bytes) {
                    results.push(Some(Array::from_scalar(value)?));
                }
                continue;
            }
            let layout = self.result_layout(index, spec, &frame[at..])?;
            let allocated = frame[at] as *const u8;
            let owner = results.iter().flatten().find(|r| {
                r.block()
                    .is_some_and(|b| b.as_ptr().cast_const() == allocated)
            });
            let array = if let Some(owner) = owner
                && let Some(block) = owner.block()
            {
                self.check_inside(index, block, &layout)?;
                // SAFETY: the layout lies inside the block that the earlier result owns.
                unsafe { owner.with_layout(layout) }
            } else if let Some(block) = ctx.detach(allocated) {
                // SAFETY: the block has left the call; the check keeps the layout inside it.
                let array = unsafe { Array::from_block(block, layout) };
                self.check_inside(index, block, &array.layout)?;
                array
            } else {
                // SAFETY: the entry point's contract: a result is readable.
                let view = unsafe {
                    ArrayView::from_raw(layout.data, layout.dtype, &layout.shape, &layout.strides)
                };
                let copy = view.to_array()?;
                report.copies.push(CopyRemark {
                    what: format!("result {index}"),
                    reason: CopyReason::ResultAliases,
                    bytes: copy.nbytes(),
                });
                copy
            };
            results.push(Some(array));
        }
        Ok(())
    }

    /// Reads a descriptor.
    fn result_layout(
        &self,
        index: usize,
        spec: &ResultSpec,
        words: &[u64],
    ) -> Result<Layout, RunError> {
        let rank = spec.shape.len();
        let item = spec.dtype.size() as isize;
        let mut shape = Extents::filled(rank, 0usize);
        let mut strides = Extents::filled(rank, 0isize);
        for axis in 0..rank {
            let extent = words[3 + axis] as i64;
            shape[axis] = usize::try_from(extent).map_err(|_| {
                self.broken(format!("result {index} has extent {extent} on axis {axis}"))
            })?;
            strides[axis] = (words[3 + rank + axis] as isize).wrapping_mul(item);
        }
        let data = (words[1] as *mut u8).wrapping_offset((words[2] as isize).wrapping_mul(item));
        Ok(Layout {
            data,
            dtype: spec.dtype,
            shape,
            strides,
        })
    }

    fn check_inside(
        &self,
        index: usize,
        block: NonNull<u8>,
        layout: &Layout,
    ) -> Result<(), RunError> {
        let start = block.as_ptr() as usize;
        // SAFETY: the block is live.
        let size = unsafe { alloc::size_of_block(block) } as usize;
        let (low, high) = layout.byte_range();
        if low == high || (low >= start && high <= start + size) {
            Ok(())
        } else {
            Err(self.broken(format!("result {index} lies outside its memory")))
        }
    }

    fn broken(&self, what: String) -> RunError {
        RunError::new(
            RunErrorKind::Internal,
            format!(
                "{}: {what}; this is a bug in the compiler",
                self.inner.signature.name
            ),
        )
    }
}

/// A copy that stands in for an argument during a call.
struct ArgCopy {
    arg: usize,
    array: Array,
    /// The argument is updated: copy the values back after the call.
    write_back: bool,
}

fn has_partial_stride(layout: &Layout) -> bool {
    let item = layout.dtype.size() as isize;
    !layout.is_empty()
        && (layout.shape.iter().zip(layout.strides.iter())).any(|(&n, s)| n > 1 && s % item != 0)
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
