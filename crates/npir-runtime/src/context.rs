//! The context of one call into compiled code: the blocks it owns and the first error it raised.
//!
//! Every block that compiled code allocates is in the list of its call until it is released or
//! becomes a result; dropping the context frees what is left, so an error anywhere leaks nothing.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::alloc::{self, Header};
use crate::error::{RunError, RunErrorKind};

/// Doubly linked list, through the block headers, of the blocks that one call owns.
///
/// A call is one thread's, which needs no lock, but for its parallel loops.
pub(crate) struct LiveList {
    live: UnsafeCell<Live>,
    /// Whether a parallel loop is running; it is only changed while there is none.
    shared: AtomicBool,
    lock: Mutex<()>,
}

struct Live {
    head: *mut Header,
    /// Bytes of all blocks that were ever in the list.
    bytes: u64,
}

// SAFETY: the list and the links in the headers are only touched by the thread of the call, or under the lock.
unsafe impl Send for LiveList {}
// SAFETY: the same.
unsafe impl Sync for LiveList {}

impl LiveList {
    fn with<T>(&self, act: impl FnOnce(&mut Live) -> T) -> T {
        let shared = self.shared.load(Ordering::Relaxed);
        let _guard = shared.then(|| self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: there is no other thread, or we hold the lock; `act` does not come back here.
        act(unsafe { &mut *self.live.get() })
    }

    /// The first block, where nobody else has the list.
    fn alone(&mut self) -> &mut *mut Header {
        &mut self.live.get_mut().head
    }

    /// # Safety
    /// `data` is a live block in no list, and `self` does not move while blocks are in it.
    unsafe fn insert(&self, data: NonNull<u8>, bytes: u64) {
        // SAFETY: the new block is ours, and the blocks in the list are live.
        self.with(|live| unsafe {
            live.bytes += bytes;
            let block = alloc::header_of(data).as_ptr();
            (*block).owner = self;
            (*block).prev = ptr::null_mut();
            (*block).next = live.head;
            if !live.head.is_null() {
                (*live.head).prev = block;
            }
            live.head = block;
        });
    }

    /// # Safety
    /// `block` is in the list that begins at `head`, which nobody else uses.
    unsafe fn unlink(head: &mut *mut Header, block: *mut Header) {
        // SAFETY: the neighbours of a block in the list are live blocks of the list.
        unsafe {
            let (prev, next) = ((*block).prev, (*block).next);
            if prev.is_null() {
                *head = next;
            } else {
                (*prev).next = next;
            }
            if !next.is_null() {
                (*next).prev = prev;
            }
            (*block).owner = ptr::null();
            (*block).prev = ptr::null_mut();
            (*block).next = ptr::null_mut();
        }
    }
}

/// What compiled code gets as its first argument; C code sees an opaque pointer.
///
/// Must not move between the first allocation and its end. Dropping it frees the blocks it still owns. Other threads
/// than that of the call may use it in the bodies of `npir_rt_parallel_for`, and nowhere else.
pub struct CallContext {
    blocks: LiveList,
    /// A `Box`, or null.
    error: AtomicPtr<RunError>,
}

impl CallContext {
    /// A context without blocks or error.
    pub fn new() -> CallContext {
        CallContext {
            blocks: LiveList {
                live: UnsafeCell::new(Live {
                    head: ptr::null_mut(),
                    bytes: 0,
                }),
                shared: AtomicBool::new(false),
                lock: Mutex::new(()),
            },
            error: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Bytes of all blocks that the call asked for, whether it has given them back or not.
    pub fn allocated(&self) -> u64 {
        self.blocks.with(|live| live.bytes)
    }

    /// Runs a parallel loop, during which other threads may use the context.
    pub(crate) fn shared<T>(&self, run: impl FnOnce() -> T) -> T {
        let before = self.blocks.shared.swap(true, Ordering::Relaxed);
        let result = run();
        self.blocks.shared.store(before, Ordering::Relaxed);
        result
    }

    /// Records `error` unless there is one already.
    pub fn raise(&self, error: RunError) {
        let new = Box::into_raw(Box::new(error));
        let empty = ptr::null_mut();
        let order = (Ordering::Release, Ordering::Relaxed);
        if self
            .error
            .compare_exchange(empty, new, order.0, order.1)
            .is_err()
        {
            // SAFETY: nobody else has seen it.
            drop(unsafe { Box::from_raw(new) });
        }
    }

    /// Says where the recorded error came from, unless that is known.
    fn locate(&self, location: &str) {
        if let Some(error) = self.take_error() {
            self.raise(match error.location() {
                Some(_) => error,
                None => error.at(location),
            });
        }
    }

    /// Whether an error was recorded.
    pub fn failed(&self) -> bool {
        !self.error.load(Ordering::Acquire).is_null()
    }

    /// Takes the recorded error out.
    pub fn take_error(&self) -> Option<RunError> {
        let found = self.error.swap(ptr::null_mut(), Ordering::Acquire);
        // SAFETY: it was a `Box`, and is in no other place any more.
        (!found.is_null()).then(|| *unsafe { Box::from_raw(found) })
    }

    /// Takes the block with this data pointer out of the call, with one reference left; `None` if it is
    /// not a block of this call.
    pub(crate) fn detach(&mut self, data: *const u8) -> Option<NonNull<u8>> {
        let data = NonNull::new(data.cast_mut())?;
        let head = self.blocks.alone();
        let mut block = *head;
        // SAFETY: blocks in the list are live, and `data_of` is the inverse of `header_of`.
        unsafe {
            while !block.is_null() {
                if block.add(1).cast::<u8>() == data.as_ptr() {
                    LiveList::unlink(head, block);
                    alloc::make_unique(data);
                    return Some(data);
                }
                block = (*block).next;
            }
        }
        None
    }
}

impl Default for CallContext {
    fn default() -> CallContext {
        CallContext::new()
    }
}

impl Drop for CallContext {
    fn drop(&mut self) {
        if self.failed() {
            drop(self.take_error());
        }
        let head = self.blocks.alone();
        while !head.is_null() {
            let block = *head;
            // SAFETY: the call is over, so nobody uses its blocks; the header is followed by the data.
            unsafe {
                LiveList::unlink(head, block);
                alloc::free(NonNull::new_unchecked(block.add(1).cast()));
            }
        }
    }
}

/// `npir_rt_alloc`: a 64-byte aligned block that belongs to the call, or null with the error recorded.
/// `bytes == u64::MAX` stands for a size whose computation overflowed.
///
/// # Safety
/// `ctx` points to a live context, which no other thread uses but in a parallel loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_rt_alloc(ctx: *mut CallContext, bytes: u64) -> *mut c_void {
    // SAFETY: the caller's contract.
    let ctx = unsafe { &*ctx };
    let Some(data) = alloc::alloc(bytes) else {
        ctx.raise(RunError::out_of_memory(bytes));
        return ptr::null_mut();
    };
    // SAFETY: a new block; the context does not move during a call.
    unsafe { ctx.blocks.insert(data, bytes) };
    data.as_ptr().cast()
}

/// `npir_rt_retain`: adds a reference; nothing for null (borrowed memory).
///
/// # Safety
/// `allocated` is null or a live block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_rt_retain(allocated: *mut c_void) {
    if let Some(data) = NonNull::new(allocated.cast()) {
        // SAFETY: the caller's contract.
        unsafe { alloc::retain(data) };
    }
}

/// `npir_rt_release`: drops a reference and frees the block with the last one; nothing for null.
///
/// # Safety
/// `allocated` is null or a live block of which the caller owns a reference; no other thread uses the context that it
/// belongs to but in a parallel loop.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_rt_release(allocated: *mut c_void) {
    let Some(data) = NonNull::new(allocated.cast::<u8>()) else {
        return;
    };
    // SAFETY: the caller's contract. The last reference makes the block ours; its owner, if it has
    // one, is the context of the running call.
    unsafe {
        if alloc::drop_reference(data) {
            let block = alloc::header_of(data).as_ptr();
            if let Some(list) = (*block).owner.as_ref() {
                list.with(|live| LiveList::unlink(&mut live.head, block));
            }
            alloc::free(data);
        }
    }
}

/// `npir_rt_raise`: records an error of kind `kind`. `{}` in the format takes the next of `args`, `{{`
/// and `}}` are literal braces. The first error of a call wins; one without a location (that of `npir_rt_alloc`)
/// gets this one.
///
/// # Safety
/// `ctx` is live and the pointers are valid for their lengths (null is fine for length 0).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_rt_raise(
    ctx: *mut CallContext,
    kind: i32,
    fmt: *const c_char,
    fmt_len: u64,
    loc: *const c_char,
    loc_len: u64,
    args: *const i64,
    nargs: u64,
) {
    // SAFETY: the caller's contract.
    let (ctx, fmt, loc, args) = unsafe {
        (
            &*ctx,
            slice(fmt.cast::<u8>(), fmt_len),
            slice(loc.cast::<u8>(), loc_len),
            slice(args, nargs),
        )
    };
    if ctx.failed() {
        ctx.locate(&String::from_utf8_lossy(loc));
        return;
    }
    let message = format_message(&String::from_utf8_lossy(fmt), args);
    ctx.raise(
        RunError::new(RunErrorKind::from_code(kind), message).at(String::from_utf8_lossy(loc)),
    );
}

/// # Safety
/// `p` is valid for `len` reads, or null.
unsafe fn slice<'a, T>(p: *const T, len: u64) -> &'a [T] {
    if p.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller's contract.
    unsafe { std::slice::from_raw_parts(p, len as usize) }
}

fn format_message(fmt: &str, args: &[i64]) -> String {
    let mut out = String::with_capacity(fmt.len() + 8 * args.len());
    let mut args = args.iter();
    let mut rest = fmt;
    while let Some(i) = rest.find(['{', '}']) {
        out.push_str(&rest[..i]);
        rest = &rest[i..];
        if let Some(after) = rest.strip_prefix("{}") {
            match args.next() {
                Some(arg) => out.push_str(&arg.to_string()),
                None => out.push('?'),
            }
            rest = after;
        } else {
            out.push_str(&rest[..1]);
            let doubled = rest.starts_with("{{") || rest.starts_with("}}");
            rest = &rest[if doubled { 2 } else { 1 }..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raise(ctx: &CallContext, kind: i32, fmt: &str, loc: &str, args: &[i64]) {
        // SAFETY: live context and slices.
        unsafe {
            npir_rt_raise(
                ptr::from_ref(ctx).cast_mut(),
                kind,
                fmt.as_ptr().cast(),
                fmt.len() as u64,
                loc.as_ptr().cast(),
                loc.len() as u64,
                args.as_ptr(),
                args.len() as u64,
            );
        }
    }

    #[test]
    fn messages() {
        assert_eq!(
            format_message("index {} is out of bounds for axis {}", &[7, 0]),
            "index 7 is out of bounds for axis 0"
        );
        assert_eq!(format_message("{{{}}} {", &[1]), "{1} {");
        assert_eq!(format_message("é {} {}", &[1]), "é 1 ?");
    }

    #[test]
    fn first_error_wins() {
        let ctx = CallContext::new();
        raise(&ctx, 1, "index {} of {}", "m.mlir:3:4", &[9, 5]);
        raise(&ctx, 0, "other", "", &[]);
        assert!(ctx.failed());
        let error = ctx.take_error().unwrap();
        assert_eq!(error.to_string(), "m.mlir:3:4: index 9 of 5");
        assert_eq!(error.kind(), RunErrorKind::IndexOutOfBounds);
        assert!(!ctx.failed());
    }

    #[test]
    fn blocks_leave_with_release_detach_and_drop() {
        let mut ctx = CallContext::new();
        let p = &raw mut ctx;
        // SAFETY: live context; references are counted as the contract says.
        unsafe {
            let blocks: Vec<_> = (0..5).map(|i| npir_rt_alloc(p, i * 100)).collect();
            assert!(blocks.iter().all(|b| !b.is_null()));
            npir_rt_retain(blocks[2]);
            npir_rt_release(blocks[2]);
            npir_rt_release(blocks[2]);
            npir_rt_release(blocks[0]);
            npir_rt_release(ptr::null_mut());
            npir_rt_retain(blocks[3]);
            assert!(ctx.detach(blocks[1].cast::<u8>().add(8)).is_none());
            let kept = ctx.detach(blocks[3].cast()).unwrap();
            assert!(ctx.detach(blocks[3].cast()).is_none());
            assert!(ctx.detach(ptr::null()).is_none());
            drop(ctx);
            kept.as_ptr().write(1);
            npir_rt_release(kept.as_ptr().cast());
        }
    }

    #[test]
    fn failed_allocations_are_memory_errors() {
        let ctx = CallContext::new();
        // SAFETY: live context.
        unsafe {
            assert!(npir_rt_alloc(ptr::from_ref(&ctx).cast_mut(), u64::MAX).is_null());
        }
        let error = ctx.take_error().unwrap();
        assert_eq!(error.kind(), RunErrorKind::Memory);
        assert_eq!(error.kind().python_name(), "MemoryError");
    }
}
