//! Safe wrappers of the few ORC functions the JIT needs.

use crate::error::JitError;
use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::error::{
    LLVMConsumeError, LLVMDisposeErrorMessage, LLVMErrorRef, LLVMGetErrorMessage,
};
use llvm_sys::orc2::lljit::{
    LLVMOrcCreateLLJIT, LLVMOrcDisposeLLJIT, LLVMOrcLLJITAddObjectFileWithRT,
    LLVMOrcLLJITGetExecutionSession, LLVMOrcLLJITRef,
};
use llvm_sys::orc2::{
    LLVMJITEvaluatedSymbol, LLVMJITSymbolFlags, LLVMJITSymbolGenericFlags, LLVMOrcAbsoluteSymbols,
    LLVMOrcCJITDylibSearchOrderElement, LLVMOrcCLookupSetElement, LLVMOrcCSymbolMapPair,
    LLVMOrcCSymbolMapPairs, LLVMOrcDisposeMaterializationUnit,
    LLVMOrcExecutionSessionCreateBareJITDylib, LLVMOrcExecutionSessionIntern,
    LLVMOrcExecutionSessionLookup, LLVMOrcExecutionSessionRef,
    LLVMOrcExecutionSessionSetErrorReporter, LLVMOrcJITDylibCreateResourceTracker,
    LLVMOrcJITDylibDefine, LLVMOrcJITDylibLookupFlags, LLVMOrcJITDylibRef, LLVMOrcLookupKind,
    LLVMOrcReleaseResourceTracker, LLVMOrcResourceTrackerRef, LLVMOrcResourceTrackerRemove,
    LLVMOrcSymbolLookupFlags, LLVMOrcSymbolStringPoolEntryRef, LLVMOrcSymbolStringPoolEntryStr,
};
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What a lookup yields: addresses by name, or LLVM's message.
type LookupOutcome = Result<HashMap<String, usize>, String>;

/// An LLJIT instance and its execution session.
#[derive(Debug)]
pub(super) struct Session {
    jit: LLVMOrcLLJITRef,
    /// Messages that ORC reports besides the error it returns; LLVM holds a pointer to it.
    reported: Arc<Mutex<Vec<String>>>,
}

// SAFETY: ORC's execution session and LLJIT lock internally; every function used here may be
// called from any thread.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

/// A set of names; lives as long as its session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space(LLVMOrcJITDylibRef);

// SAFETY: a handle; what it refers to is guarded by the session's lock.
unsafe impl Send for Space {}

/// Owns what was added through it: frees it on drop.
#[derive(Debug)]
pub(super) struct Tracker(LLVMOrcResourceTrackerRef);

// SAFETY: the reference count is atomic, and removal takes the session's lock.
unsafe impl Send for Tracker {}
// SAFETY: as above.
unsafe impl Sync for Tracker {}

impl Session {
    pub(super) fn new() -> Result<Self, JitError> {
        let mut jit = ptr::null_mut();
        // SAFETY: a null builder asks for the defaults.
        check(unsafe { LLVMOrcCreateLLJIT(&mut jit, ptr::null_mut()) })
            .map_err(|message| JitError::Start { message })?;
        let session = Self {
            jit,
            reported: Arc::default(),
        };
        // SAFETY: the list lives as long as the session, which calls the reporter.
        unsafe {
            LLVMOrcExecutionSessionSetErrorReporter(
                session.raw(),
                report,
                Arc::as_ptr(&session.reported).cast_mut().cast(),
            );
        }
        Ok(session)
    }

    fn raw(&self) -> LLVMOrcExecutionSessionRef {
        // SAFETY: the JIT is alive as long as `self`.
        unsafe { LLVMOrcLLJITGetExecutionSession(self.jit) }
    }

    /// A space in which only `symbols` are defined. Names must not contain NUL.
    pub(super) fn new_space(
        &self,
        number: usize,
        symbols: &HashMap<String, usize>,
    ) -> Result<Space, JitError> {
        let name = c_name(&format!("npir.{number}"))?;
        // SAFETY: session and name are alive; the name is new, as numbers are not reused.
        let dylib = unsafe { LLVMOrcExecutionSessionCreateBareJITDylib(self.raw(), name.as_ptr()) };
        let mut pairs = Vec::with_capacity(symbols.len());
        for (name, &address) in symbols {
            let flags = LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsExported as u8
                | LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable as u8;
            pairs.push(LLVMOrcCSymbolMapPair {
                Name: self.intern(name)?,
                Sym: LLVMJITEvaluatedSymbol {
                    Address: address as u64,
                    Flags: LLVMJITSymbolFlags {
                        GenericFlags: flags,
                        TargetFlags: 0,
                    },
                },
            });
        }
        if !pairs.is_empty() {
            // SAFETY: the call takes over the references to the names and copies the pairs.
            let unit = unsafe { LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len()) };
            // SAFETY: on success the dylib owns the unit, else we still do.
            check(unsafe { LLVMOrcJITDylibDefine(dylib, unit) }).map_err(|message| {
                // SAFETY: see above.
                unsafe { LLVMOrcDisposeMaterializationUnit(unit) };
                JitError::Define { message }
            })?;
        }
        Ok(Space(dylib))
    }

    /// Adds a copy of the object to the tracker's space; it is linked by the first lookup.
    pub(super) fn add_object(&self, tracker: &Tracker, object: &[u8]) -> Result<(), JitError> {
        // SAFETY: the bytes are copied, and the call below takes over the buffer.
        let outcome = unsafe {
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                object.as_ptr().cast(),
                object.len(),
                c"npir".as_ptr(),
            );
            check(LLVMOrcLLJITAddObjectFileWithRT(self.jit, tracker.0, buffer))
        };
        outcome.map_err(|message| JitError::Link { message })
    }

    /// The addresses of `names` in `space`; links the objects that define them.
    pub(super) fn lookup(
        &self,
        space: Space,
        names: &[String],
    ) -> Result<HashMap<String, usize>, JitError> {
        let mut set = Vec::with_capacity(names.len() + 1);
        for name in names {
            set.push(LLVMOrcCLookupSetElement {
                Name: self.intern(name)?,
                LookupFlags: LLVMOrcSymbolLookupFlags::LLVMOrcSymbolLookupFlagsRequiredSymbol,
            });
        }
        let mut order = [LLVMOrcCJITDylibSearchOrderElement {
            JD: space.0,
            JDLookupFlags: LLVMOrcJITDylibLookupFlags::LLVMOrcJITDylibLookupFlagsMatchAllSymbols,
        }];
        // The answer may come on another thread; the sender is boxed for the trip through C.
        let (sender, receiver) = sync_channel::<LookupOutcome>(1);
        // SAFETY: order and set live for the call, which copies them; the callback runs once and
        // takes back the box.
        unsafe {
            LLVMOrcExecutionSessionLookup(
                self.raw(),
                LLVMOrcLookupKind::LLVMOrcLookupKindStatic,
                order.as_mut_ptr(),
                order.len(),
                set.as_mut_ptr(),
                set.len(),
                answer,
                Box::into_raw(Box::new(sender)).cast(),
            );
        }
        let outcome = receiver
            .recv()
            .unwrap_or_else(|_| Err("the linker gave no answer".to_owned()));
        outcome.map_err(|message| JitError::Link {
            message: self.with_reports(message),
        })
    }

    /// A reference to the pool's copy of `name`, which the caller owns.
    fn intern(&self, name: &str) -> Result<LLVMOrcSymbolStringPoolEntryRef, JitError> {
        let name = c_name(name)?;
        // SAFETY: session and name are alive.
        Ok(unsafe { LLVMOrcExecutionSessionIntern(self.raw(), name.as_ptr()) })
    }

    fn with_reports(&self, message: String) -> String {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(message)
            .chain(reported.drain(..))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: every tracker is gone, since each loaded object keeps the session alive.
        let outcome = unsafe { LLVMOrcDisposeLLJIT(self.jit) };
        if !outcome.is_null() {
            // SAFETY: an error value we own. There is nobody left to tell.
            unsafe { LLVMConsumeError(outcome) };
        }
    }
}

impl Space {
    pub(super) fn tracker(self) -> Tracker {
        // SAFETY: the dylib lives as long as the session.
        Tracker(unsafe { LLVMOrcJITDylibCreateResourceTracker(self.0) })
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        // SAFETY: we own one reference, and the session is still alive.
        unsafe {
            let outcome = LLVMOrcResourceTrackerRemove(self.0);
            if !outcome.is_null() {
                LLVMConsumeError(outcome);
            }
            LLVMOrcReleaseResourceTracker(self.0);
        }
    }
}

fn c_name(name: &str) -> Result<CString, JitError> {
    CString::new(name).map_err(|_| JitError::BadObject {
        message: format!("the symbol '{}' contains a NUL byte", name.escape_default()),
    })
}

/// Turns LLVM's error value into its message.
fn check(error: LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: a non-null error is ours; asking for the message consumes it.
    unsafe {
        let text = LLVMGetErrorMessage(error);
        let message = CStr::from_ptr(text).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(text);
        Err(message)
    }
}

/// Keeps what ORC would print.
extern "C" fn report(list: *mut c_void, error: LLVMErrorRef) {
    if let Err(message) = check(error) {
        // SAFETY: the session that calls us owns the list, see `Session::new`.
        let list = unsafe { &*list.cast_const().cast::<Mutex<Vec<String>>>() };
        list.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message);
    }
}

/// Sends the outcome of a lookup to who waits for it.
extern "C" fn answer(
    error: LLVMErrorRef,
    pairs: LLVMOrcCSymbolMapPairs,
    count: usize,
    sender: *mut c_void,
) {
    // SAFETY: the box made by `lookup`, taken back once.
    let sender = unsafe { Box::from_raw(sender.cast::<SyncSender<LookupOutcome>>()) };
    let outcome = check(error).map(|()| {
        // SAFETY: on success ORC passes `count` pairs, valid for the call.
        let read = |index: usize| unsafe {
            let pair = &*pairs.add(index);
            let name = CStr::from_ptr(LLVMOrcSymbolStringPoolEntryStr(pair.Name));
            (
                name.to_string_lossy().into_owned(),
                pair.Sym.Address as usize,
            )
        };
        (0..count).map(read).collect()
    });
    // The receiver waits; if it is gone, nobody wants the answer.
    let _ = sender.send(outcome);
}
