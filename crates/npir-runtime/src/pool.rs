//! The one thread pool that parallel loops of compiled code run on.
//!
//! Workers spin for a few microseconds after a job, since the next parallel loop of the same program
//! usually follows at once, and park then. A loop of `n` iterations is cut into equal chunks, one per
//! thread; chunk `i` is worker `i`'s, but the caller takes over chunks that no worker has begun, so a
//! parked or preempted worker never delays it.
//!
//! Invariants: one job at a time, published by whoever holds `busy`; a nested or a second concurrent
//! loop runs inline on its caller. A worker reads the job only after it has claimed a chunk of that
//! very job, which cannot end before the chunk does. After a `fork` the child makes a new pool.

use std::cell::Cell;
use std::ffi::c_void;
use std::ops::Range;
use std::os::unix::thread::JoinHandleExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering,
};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use crate::context::CallContext;
use crate::error::{RunError, RunErrorKind};

/// The body of a parallel loop: runs iterations `lo..hi`, returns 0 or an error status.
pub type LoopBody =
    unsafe extern "C" fn(ctx: *mut CallContext, env: *mut c_void, lo: i64, hi: i64) -> i32;

/// The most threads the pool will ever use.
pub const MAX_THREADS: usize = 256;

/// How long a worker spins before it parks, and how long a caller spins for the last chunk before it
/// sleeps. Long enough for the serial code between two loops of one program (a few µs), short enough
/// not to burn a processor that has nothing to do; `NPIR_SPIN_US` sets another value.
const DEFAULT_SPIN_US: u64 = 20;

/// Stack of a worker: register tiles and packed blocks of compiled code live on it.
const STACK_BYTES: usize = 8 << 20;

thread_local! {
    /// Whether this thread is inside a parallel loop, as its caller or as a worker.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Copy)]
struct Job {
    body: LoopBody,
    ctx: *mut CallContext,
    env: *mut c_void,
    n: i64,
    chunks: i64,
}

impl Job {
    fn bounds(&self, chunk: usize) -> (i64, i64) {
        // n · chunks may overflow 64 bits, their product in 128 cannot.
        let at = |i: i64| (i128::from(self.n) * i128::from(i) / i128::from(self.chunks)) as i64;
        (at(chunk as i64), at(chunk as i64 + 1))
    }

    /// # Safety
    /// The job is running, and the chunk is run once.
    unsafe fn run(&self, chunk: usize) -> i32 {
        let (lo, hi) = self.bounds(chunk);
        // SAFETY: the caller's contract.
        unsafe { (self.body)(self.ctx, self.env, lo, hi) }
    }
}

/// State of one worker, alone on its cache lines.
#[repr(align(128))]
struct Slot {
    /// `2·epoch` while the chunk of job `epoch` waits, `2·epoch + 1` once it is claimed.
    claim: AtomicU64,
    parked: AtomicBool,
    thread: OnceLock<(Thread, libc::pthread_t)>,
    /// The processor that the thread is kept away from, or -1.
    avoided: AtomicI32,
}

impl Slot {
    /// Wakes a parked worker, on another processor than this one: schedulers that pack threads, as on virtual machines,
    /// would wake it here although others are idle, and it would wait until the loop is over.
    fn wake(&self) {
        let Some((thread, id)) = self.thread.get() else {
            return;
        };
        // SAFETY: all arguments are valid, the set is initialized, and workers never end.
        unsafe {
            let here = libc::sched_getcpu();
            let known = (0..libc::CPU_SETSIZE).contains(&here);
            if known && self.avoided.swap(here, Ordering::Relaxed) != here {
                let size = size_of::<libc::cpu_set_t>();
                let mut allowed: libc::cpu_set_t = std::mem::zeroed();
                if libc::sched_getaffinity(0, size, &raw mut allowed) == 0 {
                    libc::CPU_CLR(here as usize, &mut allowed);
                    // Refused, and not needed, where no other processor is left.
                    let _ = libc::pthread_setaffinity_np(*id, size, &raw const allowed);
                }
            }
        }
        thread.unpark();
    }
}

struct Pool {
    busy: AtomicBool,
    epoch: AtomicU64,
    job: Mutex<()>,
    /// Written by the holder of `busy` before it opens the claims; read by those who have claimed.
    current: JobCell,
    unfinished: AtomicUsize,
    status: AtomicI32,
    caller_sleeps: AtomicBool,
    finished: Condvar,
    spawned: AtomicUsize,
    slots: [Slot; MAX_THREADS],
}

struct JobCell(std::cell::UnsafeCell<Option<Job>>);

// SAFETY: ordered by the claims, see the header of this file.
unsafe impl Sync for JobCell {}
// SAFETY: the pointers in a job are valid on every thread while the job runs.
unsafe impl Send for JobCell {}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());
/// 0: not yet decided.
static THREADS: AtomicUsize = AtomicUsize::new(0);
static SPIN_US: AtomicI64 = AtomicI64::new(-1);

/// Threads a parallel loop may use, the caller included.
///
/// Initially `NPIR_NUM_THREADS`, or else the processors that affinity and the cgroup's quota leave.
pub fn num_threads() -> usize {
    let n = THREADS.load(Ordering::Relaxed);
    if n != 0 {
        return n;
    }
    let n = env_number("NPIR_NUM_THREADS")
        .filter(|&n| n > 0)
        .unwrap_or_else(available_processors)
        .min(MAX_THREADS as u64) as usize;
    // A concurrent `set_num_threads` wins.
    match THREADS.compare_exchange(0, n, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => n,
        Err(set) => set,
    }
}

/// Sets the number of threads, between 1 and [`MAX_THREADS`]; holds from the next loop on.
pub fn set_num_threads(n: usize) {
    THREADS.store(n.clamp(1, MAX_THREADS), Ordering::Relaxed);
}

/// Sets how long idle workers spin before they park.
pub fn set_spin(duration: Duration) {
    let us = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    SPIN_US.store(us, Ordering::Relaxed);
}

/// Processors that this process may use: affinity and the cgroup's quota are respected, at least 1.
fn available_processors() -> u64 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u64)
}

fn env_number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

fn spin_time() -> Duration {
    let mut us = SPIN_US.load(Ordering::Relaxed);
    if us < 0 {
        us = env_number("NPIR_SPIN_US")
            .map_or(DEFAULT_SPIN_US as i64, |us| us.min(1_000_000) as i64);
        SPIN_US.store(us, Ordering::Relaxed);
    }
    Duration::from_micros(us as u64)
}

/// The pool of this process, made at the first use and after a fork.
fn pool() -> &'static Pool {
    let existing = POOL.load(Ordering::Acquire);
    if !existing.is_null() {
        // SAFETY: pools are never freed.
        return unsafe { &*existing };
    }
    static AT_FORK: std::sync::Once = std::sync::Once::new();
    extern "C" fn forget_pool() {
        POOL.store(ptr::null_mut(), Ordering::Release);
    }
    AT_FORK.call_once(|| {
        // SAFETY: the handler only stores to an atomic.
        unsafe { libc::pthread_atfork(None, None, Some(forget_pool)) };
    });
    let new = Box::into_raw(Box::new(Pool::new()));
    match POOL.compare_exchange(ptr::null_mut(), new, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: pools are never freed.
        Ok(_) => unsafe { &*new },
        Err(other) => {
            // SAFETY: `new` was not published; `other` is never freed.
            unsafe {
                drop(Box::from_raw(new));
                &*other
            }
        }
    }
}

impl Pool {
    fn new() -> Pool {
        Pool {
            busy: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            job: Mutex::new(()),
            current: JobCell(std::cell::UnsafeCell::new(None)),
            unfinished: AtomicUsize::new(0),
            status: AtomicI32::new(0),
            caller_sleeps: AtomicBool::new(false),
            finished: Condvar::new(),
            spawned: AtomicUsize::new(0),
            slots: [const {
                Slot {
                    claim: AtomicU64::new(1),
                    parked: AtomicBool::new(false),
                    thread: OnceLock::new(),
                    avoided: AtomicI32::new(-1),
                }
            }; MAX_THREADS],
        }
    }

    /// Starts workers until there are `wanted`; fewer if the system refuses. Only under `busy`.
    fn ensure_workers(&'static self, wanted: usize) -> usize {
        let mut spawned = self.spawned.load(Ordering::Relaxed);
        while spawned < wanted {
            let index = spawned;
            let worker = std::thread::Builder::new()
                .name(format!("npir-{}", index + 1))
                .stack_size(STACK_BYTES)
                .spawn(move || self.work(index));
            let Ok(handle) = worker else { break };
            // The slot is filled once: workers are never replaced.
            let _ = self.slots[index]
                .thread
                .set((handle.thread().clone(), handle.as_pthread_t()));
            spawned += 1;
        }
        self.spawned.store(spawned, Ordering::Relaxed);
        spawned.min(wanted)
    }

    /// The life of worker `index`, which owns chunk `index + 1` of every job.
    fn work(&self, index: usize) {
        INSIDE.set(true);
        let slot = &self.slots[index];
        let mut seen = 0;
        loop {
            seen = self.next_epoch(slot, seen);
            self.try_chunk(index, seen);
        }
    }

    /// Waits for a job after `seen`: spins, then parks.
    fn next_epoch(&self, slot: &Slot, seen: u64) -> u64 {
        let spin = spin_time();
        let begin = Instant::now();
        loop {
            for _ in 0..64 {
                let epoch = self.epoch.load(Ordering::Acquire);
                if epoch != seen {
                    return epoch;
                }
                std::hint::spin_loop();
            }
            if begin.elapsed() >= spin {
                break;
            }
        }
        loop {
            slot.parked.store(true, Ordering::SeqCst);
            let epoch = self.epoch.load(Ordering::SeqCst);
            if epoch != seen {
                slot.parked.store(false, Ordering::Relaxed);
                return epoch;
            }
            std::thread::park();
        }
    }

    /// Runs chunk `index + 1` of job `epoch` if it is still to be had.
    fn try_chunk(&self, index: usize, epoch: u64) {
        let claim = &self.slots[index].claim;
        if claim.load(Ordering::Relaxed) != 2 * epoch
            || claim
                .compare_exchange(
                    2 * epoch,
                    2 * epoch + 1,
                    Ordering::Acquire,
                    Ordering::Relaxed,
                )
                .is_err()
        {
            return;
        }
        // SAFETY: the claim succeeded, so job `epoch` was published before and does not end before
        // this chunk is counted as finished.
        let status = unsafe {
            match *self.current.0.get() {
                // After an error the other chunks need not begin.
                Some(job) if self.status.load(Ordering::Relaxed) == 0 => job.run(index + 1),
                _ => 0,
            }
        };
        self.note(status);
        if self.unfinished.fetch_sub(1, Ordering::SeqCst) == 1
            && self.caller_sleeps.load(Ordering::SeqCst)
        {
            let _guard = self.job.lock().unwrap_or_else(PoisonError::into_inner);
            self.finished.notify_all();
        }
    }

    fn note(&self, status: i32) {
        if status != 0 {
            // The first error stays.
            let _ = self
                .status
                .compare_exchange(0, status, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// Runs all chunks of `job`. Only under `busy`, with `job.chunks − 1` workers at most.
    ///
    /// # Safety
    /// The body may be called with the job's pointers from any thread.
    unsafe fn run(&self, job: Job) -> i32 {
        let helpers = job.chunks as usize - 1;
        let epoch = self.epoch.load(Ordering::Relaxed) + 1;
        // SAFETY: no job is running, and nobody reads the cell without a claim of this epoch.
        unsafe { *self.current.0.get() = Some(job) };
        self.status.store(0, Ordering::Relaxed);
        self.unfinished.store(helpers, Ordering::Relaxed);
        for slot in &self.slots[..helpers] {
            slot.claim.store(2 * epoch, Ordering::Release);
        }
        self.epoch.store(epoch, Ordering::SeqCst);
        for slot in &self.slots[..helpers] {
            if slot.parked.load(Ordering::SeqCst) && slot.parked.swap(false, Ordering::SeqCst) {
                slot.wake();
            }
        }
        // SAFETY: chunk 0 is the caller's.
        self.note(unsafe { job.run(0) });
        for index in 0..helpers {
            self.try_chunk(index, epoch);
        }
        self.wait();
        self.status.load(Ordering::Relaxed)
    }

    /// Waits for the chunks that workers are running.
    fn wait(&self) {
        let spin = spin_time();
        let begin = Instant::now();
        loop {
            for _ in 0..64 {
                if self.unfinished.load(Ordering::Acquire) == 0 {
                    return;
                }
                std::hint::spin_loop();
            }
            if begin.elapsed() >= spin {
                break;
            }
        }
        let mut guard = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        self.caller_sleeps.store(true, Ordering::SeqCst);
        while self.unfinished.load(Ordering::SeqCst) != 0 {
            guard = self
                .finished
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.caller_sleeps.store(false, Ordering::Relaxed);
    }
}

/// Resets the flags on every way out of a loop.
struct Inside<'a>(Option<&'a AtomicBool>);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        INSIDE.set(false);
        if let Some(busy) = self.0 {
            busy.store(false, Ordering::Release);
        }
    }
}

/// `npir_rt_parallel_for`: runs `body` over `[0, n)` in chunks of at least `grain` iterations, on up to
/// [`num_threads`] threads; inline when nested, when another loop is running, or when there is only one
/// chunk. Returns the first nonzero status.
///
/// # Safety
/// `body` may be called from any thread with `ctx`, `env` and any part of the range, each iteration once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_rt_parallel_for(
    ctx: *mut CallContext,
    body: LoopBody,
    env: *mut c_void,
    n: i64,
    grain: i64,
) -> i32 {
    if n <= 0 {
        return 0;
    }
    let grain = grain.max(1);
    let chunks = (n / grain).max(1);
    if chunks > 1 && !INSIDE.get() {
        let threads = num_threads();
        let pool = pool();
        if threads > 1 && !pool.busy.swap(true, Ordering::Acquire) {
            INSIDE.set(true);
            let _inside = Inside(Some(&pool.busy));
            let wanted = (threads as i64).min(chunks) as usize;
            let workers = pool.ensure_workers(wanted - 1);
            if workers > 0 {
                let job = Job {
                    body,
                    ctx,
                    env,
                    n,
                    chunks: workers as i64 + 1,
                };
                // SAFETY: the caller's contract; we hold `busy` and the workers exist.
                let run = || unsafe { pool.run(job) };
                // SAFETY: the caller's contract.
                return match unsafe { ctx.as_ref() } {
                    Some(ctx) => ctx.shared(run),
                    None => run(),
                };
            }
        }
    }
    // SAFETY: the caller's contract.
    unsafe { body(ctx, env, 0, n) }
}

/// Runs `f` on parts of `0..n`, each of at least `grain` iterations, on the pool.
///
/// # Errors
/// [`RunErrorKind::Internal`] if `f` panicked in some part; the others still ran or were skipped.
pub fn parallel_for<F>(n: usize, grain: usize, f: F) -> Result<(), RunError>
where
    F: Fn(Range<usize>) + Sync,
{
    unsafe extern "C" fn call<F: Fn(Range<usize>) + Sync>(
        ctx: *mut CallContext,
        env: *mut c_void,
        lo: i64,
        hi: i64,
    ) -> i32 {
        // SAFETY: `parallel_for` passes these pointers and outlives the loop.
        let (ctx, f) = unsafe { (&*ctx, &*env.cast::<F>().cast_const()) };
        match catch_unwind(AssertUnwindSafe(|| f(lo as usize..hi as usize))) {
            Ok(()) => 0,
            Err(panic) => {
                let what = (panic.downcast_ref::<&str>().copied())
                    .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("unknown cause");
                ctx.raise(RunError::new(
                    RunErrorKind::Internal,
                    format!("a parallel loop panicked: {what}"),
                ));
                1
            }
        }
    }
    let mut ctx = CallContext::new();
    let limit = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    // SAFETY: `f` is Sync, and both pointers outlive the loop.
    unsafe {
        npir_rt_parallel_for(
            &raw mut ctx,
            call::<F>,
            (&raw const f).cast_mut().cast(),
            limit(n),
            limit(grain),
        );
    }
    ctx.take_error().map_or(Ok(()), Err)
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
