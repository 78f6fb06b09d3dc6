//! Small blocks that a thread keeps for itself, so that calls on small arrays take no lock and write to no memory that
//! other threads write to (the magazines of J. Bonwick and J. Adams, *Magazines and Vmem*, 2001, without the depot: full
//! and empty ones go to and come from the free lists of [`crate::alloc`], block by block).
//!
//! What a thread counts it alone writes, and all may read: [`counted`] adds it up. From [`FLUSH`] bytes on it goes to the
//! counters of all threads, where a new peak is seen.

use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::alloc::{self, Header};

/// Size classes that have a magazine: blocks of up to 4 KiB.
pub(crate) const CLASSES: usize = 25;
/// Blocks of a class in a magazine at most.
const MOST: u8 = 4;
/// Bytes that a thread takes or gives back before it says so.
const FLUSH: i64 = 64 << 10;

/// Bytes and blocks in use, and bytes kept for reuse, or how they have changed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) live: i64,
    pub(crate) blocks: i64,
    pub(crate) cached: i64,
}

/// What one thread has counted. Never freed: another thread takes it over.
struct Counter {
    live: AtomicI64,
    blocks: AtomicI64,
    cached: AtomicI64,
    /// Whether it is some thread's.
    owned: AtomicBool,
    next: *const Counter,
}

/// The first of all counters.
static COUNTERS: AtomicPtr<Counter> = AtomicPtr::new(ptr::null_mut());

fn counters() -> impl Iterator<Item = &'static Counter> {
    // SAFETY: counters are never freed.
    let first = unsafe { COUNTERS.load(Ordering::Acquire).as_ref() };
    // SAFETY: the same.
    std::iter::successors(first, |counter| unsafe { counter.next.as_ref() })
}

/// Held where something goes from a thread's counter to that of all, and by who reads both.
static MOVING: Mutex<()> = Mutex::new(());

/// Nothing moves while the result lives; `None` where somebody holds on to the lock, after a `fork` say.
pub(crate) fn still() -> Option<MutexGuard<'static, ()>> {
    for _ in 0..200 {
        match MOVING.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// What all threads have counted and not yet said.
pub(crate) fn counted() -> Counts {
    counters().fold(Counts::default(), |sum, counter| Counts {
        live: sum.live + counter.live.load(Ordering::Relaxed),
        blocks: sum.blocks + counter.blocks.load(Ordering::Relaxed),
        cached: sum.cached + counter.cached.load(Ordering::Relaxed),
    })
}

impl Counter {
    /// One that no thread has.
    fn new() -> &'static Counter {
        let take = |counter: &&Counter| !counter.owned.swap(true, Ordering::Acquire);
        if let Some(free) = counters().find(take) {
            return free;
        }
        let new = Box::leak(Box::new(Counter {
            live: AtomicI64::new(0),
            blocks: AtomicI64::new(0),
            cached: AtomicI64::new(0),
            owned: AtomicBool::new(true),
            next: COUNTERS.load(Ordering::Acquire),
        }));
        loop {
            let next = new.next.cast_mut();
            match COUNTERS.compare_exchange(next, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return new,
                Err(first) => new.next = first,
            }
        }
    }

    /// By the thread that owns it, which is the only one that writes.
    fn add(&self, counts: Counts) {
        let add =
            |to: &AtomicI64, n: i64| to.store(to.load(Ordering::Relaxed) + n, Ordering::Relaxed);
        add(&self.live, counts.live);
        add(&self.blocks, counts.blocks);
        add(&self.cached, counts.cached);
        if self.live.load(Ordering::Relaxed).abs() > FLUSH {
            self.flush();
        }
    }

    fn flush(&self) {
        // Else another time.
        let Some(_still) = still() else { return };
        alloc::count(Counts {
            live: self.live.swap(0, Ordering::Relaxed),
            blocks: self.blocks.swap(0, Ordering::Relaxed),
            cached: self.cached.swap(0, Ordering::Relaxed),
        });
    }
}

struct Magazine {
    heads: [*mut Header; CLASSES],
    lengths: [u8; CLASSES],
    /// From the first use on.
    counter: Option<&'static Counter>,
}

impl Magazine {
    fn count(&mut self, counts: Counts) {
        self.counter.get_or_insert_with(Counter::new).add(counts);
    }

    fn take(&mut self, class: usize) -> Option<NonNull<Header>> {
        let header = NonNull::new(self.heads[class])?;
        // SAFETY: blocks in the list have a valid header and belong to this thread.
        self.heads[class] = unsafe { header.as_ref().next };
        self.lengths[class] -= 1;
        Some(header)
    }

    fn clear(&mut self) {
        for class in 0..CLASSES {
            while let Some(header) = self.take(class) {
                self.count(Counts {
                    cached: -(alloc::capacity_of_class(class) as i64),
                    ..Counts::default()
                });
                // SAFETY: nobody else knows the block any more.
                unsafe { alloc::give_back(header, class) };
            }
        }
    }
}

/// Of one thread, which goes with it.
struct Own(UnsafeCell<Magazine>);

impl Drop for Own {
    fn drop(&mut self) {
        let own = self.0.get_mut();
        own.clear();
        // With what it has counted, for the next thread that takes it.
        if let Some(counter) = own.counter.take() {
            counter.owned.store(false, Ordering::Release);
        }
    }
}

thread_local! {
    static OWN: Own = const {
        Own(UnsafeCell::new(Magazine {
            heads: [ptr::null_mut(); CLASSES],
            lengths: [0; CLASSES],
            counter: None,
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
        own.count(Counts {
            live: size as i64,
            blocks: 1,
            cached: -(alloc::capacity_of_class(class) as i64),
        });
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
        own.count(Counts {
            live: -(size as i64),
            blocks: -1,
            cached: alloc::capacity_of_class(class) as i64,
        });
        true
    })
    .unwrap_or(false)
}

/// Gives this thread's blocks back to the system.
pub(crate) fn clear() {
    let _ = with(Magazine::clear);
}
