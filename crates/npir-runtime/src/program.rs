//! Calling a compiled function: checks the arguments against the signature, lays out the descriptors
//! that the entry point expects, and turns what it returns into arrays.
//!
//! Inputs are used where they lie, at any stride and alignment. The only copies are those that
//! [`CopyReason`] lists, and each one is in the [`RunReport`]. Nothing is allocated for the call itself
//! unless it has very many arguments.

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;

use crate::arg::{Arg, check_arg};
use crate::array::Array;
use crate::context::CallContext;
use crate::error::{RunError, RunErrorKind};
use crate::frame::{Frame, Slot};
use crate::layout::Layout;
use crate::signature::Signature;

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
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) signature: Signature,
    pub(crate) entry: EntryFn,
    /// One for each argument.
    pub(crate) given: Vec<Slot>,
    /// One for each result slot of the entry point.
    pub(crate) returned: Vec<Slot>,
    has_updates: bool,
    /// Words for pointers and descriptors of one call.
    pub(crate) frame_words: usize,
    _keepalive: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.inner.signature)
    }
}

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
        let results = signature.returned().count();
        let mut at = (signature.args.len() + results).next_multiple_of(2);
        let args = signature.args.iter().enumerate();
        let given = args
            .map(|(i, a)| Slot::new(&mut at, i, a.dtype, a.shape.len(), a.scalar))
            .collect();
        let returned = signature
            .returned()
            .map(|(i, r)| Slot::new(&mut at, i, r.dtype, r.shape.len(), r.scalar))
            .collect();
        Ok(Function {
            inner: Arc::new(Inner {
                entry,
                given,
                returned,
                has_updates: signature.args.iter().any(|a| a.updates.is_some()),
                frame_words: at,
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

    fn run(&self, args: &mut [Arg<'_>], report: &mut RunReport) -> Result<Vec<Array>, RunError> {
        let mut frame = Frame::new(self);
        frame.call(args, report)?;
        (0..frame.len()).map(|i| frame.array(i, report)).collect()
    }

    pub(crate) fn check(&self, args: &[Arg<'_>]) -> Result<(), RunError> {
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
    pub(crate) fn copies(
        &self,
        args: &[Arg<'_>],
        report: &mut RunReport,
    ) -> Result<Vec<ArgCopy>, RunError> {
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

    /// An error of the compiler's.
    pub(crate) fn broken(&self, what: String) -> RunError {
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
pub(crate) struct ArgCopy {
    pub(crate) arg: usize,
    pub(crate) array: Array,
    /// The argument is updated: copy the values back after the call.
    pub(crate) write_back: bool,
}

fn has_partial_stride(layout: &Layout) -> bool {
    let item = layout.dtype.size() as isize;
    !layout.is_empty()
        && (layout.shape.iter().zip(layout.strides.iter())).any(|(&n, s)| n > 1 && s % item != 0)
}

#[cfg(test)]
#[path = "program_tests.rs"]
mod tests;
