//! Small blocks that a thread keeps for itself, so that calls on small arrays take no lock and write to no memory that
//! other threads write to (the magazines of J. Bonwick and J. Adams, *Magazines and Vmem*, 2001, without the depot: full
//! and empty ones go to and come from the free lists of [`crate::alloc`], block by block).
//!
//! What a thread has counted is added to the counters of all threads from [`FLUSH`] bytes on, when the thread asks for
//! them, and at its end.

use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};

use crate::alloc::{self, Header};

/// Size classes that have a magazine: blocks of up to 4 KiB.
pub(crate) const CLASSES: usize = 25;
/// Blocks of a class in a magazine at most.
const MOST: u8 = 4;
/// Bytes that a thread may have taken or given back without having said so.
const FLUSH: i64 = 64 << 10;

/// What has changed and not been said yet.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    /// Bytes in use.
    pub(crate) live: i64,
    /// Blocks in use.
    pub(crate) blocks: i64,
    /// Bytes kept for reuse.
    pub(crate) cached: i64,
}

impl Counts {
    const NONE: Counts = Counts {
        live: 0,
        blocks: 0,
        cached: 0,
    };
}

struct Magazine {
    heads: [*mut Header; CLASSES],
    lengths: [u8; CLASSES],
    counts: Counts,
}

impl Magazine {
    fn flush(&mut self) {
        alloc::count(std::mem::replace(&mut self.counts, Counts::NONE));
    }

    fn take(&mut self, class: usize) -> Option<NonNull<Header>> {
        let header = NonNull::new(self.heads[class])?;
        // SAFETY: blocks in the list have a valid header and belong to this thread.
        self.heads[class] = unsafe { header.as_ref().next };
        self.lengths[class] -= 1;
        self.counts.cached -= alloc::capacity_of_class(class) as i64;
        Some(header)
    }

    fn clear(&mut self) {
        for class in 0..CLASSES {
            while let Some(header) = self.take(class) {
                // SAFETY: nobody else knows the block any more.
                unsafe { alloc::give_back(header, class) };
            }
        }
        self.flush();
    }
}

/// Of one thread, which goes with it.
struct Own(UnsafeCell<Magazine>);

impl Drop for Own {
    fn drop(&mut self) {
        self.0.get_mut().clear();
    }
}

thread_local! {
    static OWN: Own = const {
        Own(UnsafeCell::new(Magazine {
            heads: [ptr::null_mut(); CLASSES],
            lengths: [0; CLASSES],
            counts: Counts::NONE,
        }))
    };
}

/// `None` at the end of a thread.
fn with<T>(act: impl FnOnce(&mut Magazine) -> T) -> Option<T> {
    // SAFETY: the magazine is this thread's, and nothing in here comes back to it while it is borrowed.
    OWN.try_with(|own| act(unsafe { &mut *own.0.get() })).ok()
}

/// A block of a class below [`CLASSES`] for `size` bytes, which is counted; `None` if there is none.
pub(crate) fn pop(class: usize, size: u64) -> Option<NonNull<Header>> {
    with(|own| {
        let header = own.take(class)?;
        own.counts.live += size as i64;
        own.counts.blocks += 1;
        if own.counts.live > FLUSH {
            own.flush();
        }
        Some(header)
    })?
}

/// Keeps a block of a class below [`CLASSES`] that had `size` bytes, and counts that; false if there is no room.
///
/// # Safety
/// Nobody uses the block.
pub(crate) unsafe fn push(class: usize, header: NonNull<Header>, size: u64) -> bool {
    with(|own| {
        if own.lengths[class] == MOST {
            return false;
        }
        // SAFETY: the caller's contract.
        unsafe { (*header.as_ptr()).next = own.heads[class] };
        own.heads[class] = header.as_ptr();
        own.lengths[class] += 1;
        own.counts.cached += alloc::capacity_of_class(class) as i64;
        own.counts.live -= size as i64;
        own.counts.blocks -= 1;
        if own.counts.live < -FLUSH {
            own.flush();
        }
        true
    })
    .unwrap_or(false)
}

/// Says what this thread has counted.
pub(crate) fn flush() {
    let _ = with(Magazine::flush);
}

/// Gives this thread's blocks back to the system.
pub(crate) fn clear() {
    let _ = with(Magazine::clear);
}
