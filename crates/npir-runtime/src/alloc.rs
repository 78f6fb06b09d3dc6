//! The caching allocator that results and temporaries of compiled code live in.
//!
//! A block is a 64-byte header followed by the data, which is 64-byte aligned. Blocks of at least
//! [`HUGE`] bytes are mapped on their own with data aligned to a huge page (fresh 4 KiB pages cost
//! ten times as much as huge ones, and reused memory is cheaper still). A released block goes to the
//! free list of its size class as long as the cache stays under its cap. In front of the free lists of
//! small classes each thread has a few blocks of its own.
//!
//! Free lists are only ever *tried*: a lock that stays taken (after a `fork` in the middle of it, say)
//! means a fresh block, not a deadlock.

use std::alloc::Layout;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use crate::context::LiveList;
use crate::magazine::{self, Counts};
use crate::sanitizer;

/// Alignment of every block, in bytes.
pub const ALIGN: usize = 64;
/// Size and alignment of a huge page, and the smallest block that gets its own mapping.
pub const HUGE: usize = 2 << 20;
const PAGE: usize = 4096;
const HEADER: usize = size_of::<Header>();

/// Small classes: four per doubling from 64 bytes to [`HUGE`]; large ones: eight per doubling up to 2^46.
const CLASSES: usize = 64 + 26 * 8;
const LARGEST: usize = 1 << 46;

/// What stands in front of each block.
#[repr(C, align(64))]
pub(crate) struct Header {
    magic: AtomicU64,
    refcount: AtomicU32,
    class: u32,
    /// Bytes asked for (at least 1).
    size: u64,
    /// The call that owns the block; null once it belongs to an array.
    pub(crate) owner: *const LiveList,
    pub(crate) prev: *mut Header,
    /// In a call's list, or in a free list.
    pub(crate) next: *mut Header,
}

const LIVE: u64 = u64::from_le_bytes(*b"npirlive");
const FREE: u64 = u64::from_le_bytes(*b"npirfree");

struct FreeList {
    head: *mut Header,
}

// SAFETY: the blocks in a free list belong to nobody else.
unsafe impl Send for FreeList {}

static FREE_LISTS: [Mutex<FreeList>; CLASSES] = [const {
    Mutex::new(FreeList {
        head: ptr::null_mut(),
    })
}; CLASSES];

// Below zero for a moment where one thread has said what it gave back before another one what it took.
static LIVE_BYTES: AtomicI64 = AtomicI64::new(0);
static PEAK_BYTES: AtomicI64 = AtomicI64::new(0);
static CACHED_BYTES: AtomicI64 = AtomicI64::new(0);
static LIVE_BLOCKS: AtomicI64 = AtomicI64::new(0);

/// Adds what a thread has counted.
pub(crate) fn count(counts: Counts) {
    CACHED_BYTES.fetch_add(counts.cached, Ordering::Relaxed);
    LIVE_BLOCKS.fetch_add(counts.blocks, Ordering::Relaxed);
    let live = LIVE_BYTES.fetch_add(counts.live, Ordering::Relaxed) + counts.live;
    PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
}

fn read(counter: &AtomicI64) -> u64 {
    total(counter, 0)
}

/// A counter, with what threads have not said yet.
fn total(counter: &AtomicI64, more: i64) -> u64 {
    u64::try_from(counter.load(Ordering::Relaxed) + more).unwrap_or(0)
}

struct Settings {
    cache_cap: AtomicU64,
    /// `u64::MAX` means none.
    limit: AtomicU64,
}

fn settings() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| Settings {
        cache_cap: AtomicU64::new(
            bytes_from_env("NPIR_CACHE_BYTES").unwrap_or(physical_memory() / 4),
        ),
        limit: AtomicU64::new(bytes_from_env("NPIR_MEMORY_LIMIT").unwrap_or(u64::MAX)),
    })
}

/// A byte count with an optional `K`, `M` or `G` (binary) in the environment variable `name`.
fn bytes_from_env(name: &str) -> Option<u64> {
    parse_bytes(&std::env::var(name).ok()?)
}

fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, shift) = match text.as_bytes().last()?.to_ascii_uppercase() {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

fn physical_memory() -> u64 {
    // SAFETY: sysconf has no preconditions.
    let (pages, page) = unsafe {
        (
            libc::sysconf(libc::_SC_PHYS_PAGES),
            libc::sysconf(libc::_SC_PAGESIZE),
        )
    };
    u64::try_from(pages)
        .ok()
        .zip(u64::try_from(page).ok())
        .map_or(4 << 30, |(pages, page)| pages.saturating_mul(page))
}

/// Counters of the allocator, in bytes where not said otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryStats {
    /// In use by arrays and running calls.
    pub live: u64,
    /// The highest `live` since the start or [`reset_peak`].
    pub peak: u64,
    /// Kept for reuse.
    pub cached: u64,
    /// Number of blocks in use.
    pub live_blocks: u64,
    /// Cap of `cached`.
    pub cache_cap: u64,
    /// Limit of `live`, if one is set.
    pub limit: Option<u64>,
}

/// The counters now. Other threads may be changing them. A peak may have been higher by the 64 KiB that a thread takes in
/// small blocks before it says so.
pub fn memory_stats() -> MemoryStats {
    let _still = magazine::still();
    let more = magazine::counted();
    let live = total(&LIVE_BYTES, more.live);
    let limit = settings().limit.load(Ordering::Relaxed);
    MemoryStats {
        live,
        peak: read(&PEAK_BYTES).max(live),
        cached: total(&CACHED_BYTES, more.cached),
        live_blocks: total(&LIVE_BLOCKS, more.blocks),
        cache_cap: settings().cache_cap.load(Ordering::Relaxed),
        limit: (limit != u64::MAX).then_some(limit),
    }
}

/// Sets the peak back to what is live now.
pub fn reset_peak() {
    let _still = magazine::still();
    let live = LIVE_BYTES.load(Ordering::Relaxed) + magazine::counted().live;
    PEAK_BYTES.store(live, Ordering::Relaxed);
}

/// Refuses allocations that would bring the bytes in use above `limit`; `None` removes the limit.
/// The initial value comes from `NPIR_MEMORY_LIMIT` (bytes, or with a suffix K, M or G).
pub fn set_memory_limit(limit: Option<u64>) {
    settings()
        .limit
        .store(limit.unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Caps the bytes kept for reuse, and frees what is above. The initial value comes from
/// `NPIR_CACHE_BYTES`, or is a quarter of the machine's memory.
pub fn set_cache_bytes(cap: u64) {
    settings().cache_cap.store(cap, Ordering::Relaxed);
    magazine::clear();
    evict(cap);
}

/// Gives all cached blocks back to the system, but for the few small ones of other threads.
pub fn trim() {
    magazine::clear();
    evict(0);
}

/// The class of a block with `size` data bytes, and the data bytes that blocks of this class have.
fn class_of(size: usize) -> Option<(usize, usize)> {
    let (steps, base_bit, first) = if size <= HUGE - PAGE {
        (2, 6, 0) // 64 B: classes 0..
    } else {
        (3, 21, 64)
    };
    let size = size.max(1 << base_bit);
    if size > LARGEST {
        return None;
    }
    // The smallest (2^steps + j) · 2^(bit − steps) that is at least `size`.
    let bit = (usize::BITS - 1 - size.leading_zeros()) as usize;
    let step = 1usize << (bit - steps);
    let j = (size - (1 << bit)).div_ceil(step);
    let capacity = (1usize << bit) + j * step;
    let class = first + ((bit - base_bit) << steps) + j;
    // Sixteenths of 64 B do not keep the alignment; rounding up does not change the class.
    Some((class, capacity.next_multiple_of(ALIGN)))
}

pub(crate) fn capacity_of_class(class: usize) -> usize {
    let (steps, base_bit, index) = if class < 64 {
        (2, 6, class)
    } else {
        (3, 21, class - 64)
    };
    let bit = base_bit + (index >> steps);
    let j = index & ((1 << steps) - 1);
    ((1usize << bit) + j * (1 << (bit - steps))).next_multiple_of(ALIGN)
}

fn is_mapped(class: usize) -> bool {
    class >= 64
}

/// The free list, unless somebody holds on to it.
fn try_free_list(class: usize) -> Option<MutexGuard<'static, FreeList>> {
    for attempt in 0..200 {
        match FREE_LISTS[class].try_lock() {
            Ok(list) => return Some(list),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) if attempt < 150 => std::hint::spin_loop(),
            Err(std::sync::TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

/// Frees cached blocks, large ones first, until at most `target` bytes are cached.
fn evict(target: u64) {
    for class in (0..CLASSES).rev() {
        let capacity = capacity_of_class(class) as i64;
        while read(&CACHED_BYTES) > target {
            let Some(mut list) = try_free_list(class) else {
                break;
            };
            let Some(header) = NonNull::new(list.head) else {
                break;
            };
            // SAFETY: a block in the free list has a valid header and is ours while we hold the lock.
            list.head = unsafe { header.as_ref().next };
            drop(list);
            CACHED_BYTES.fetch_sub(capacity, Ordering::Relaxed);
            // SAFETY: nobody else knows the block any more.
            unsafe { give_back(header, class) };
        }
    }
}

fn pop_cached(class: usize) -> Option<NonNull<Header>> {
    let mut list = try_free_list(class)?;
    let header = NonNull::new(list.head)?;
    // SAFETY: as in `evict`.
    list.head = unsafe { header.as_ref().next };
    drop(list);
    CACHED_BYTES.fetch_sub(capacity_of_class(class) as i64, Ordering::Relaxed);
    Some(header)
}

/// Fresh memory for a block of `class`, header uninitialised; `None` if the system has none.
fn fresh(class: usize, capacity: usize) -> Option<NonNull<Header>> {
    if is_mapped(class) {
        return map_huge(capacity);
    }
    let layout = Layout::from_size_align(HEADER + capacity, ALIGN).ok()?;
    // SAFETY: the layout has a nonzero size.
    NonNull::new(unsafe { std::alloc::alloc(layout) }.cast())
}

/// Maps one page for the header and `capacity` bytes at a multiple of [`HUGE`] behind it.
fn map_huge(capacity: usize) -> Option<NonNull<Header>> {
    let wanted = capacity.next_multiple_of(PAGE) + PAGE;
    let reserved = wanted + HUGE;
    // SAFETY: a fresh anonymous mapping; the parts cut off below lie inside it and are unused.
    unsafe {
        let base = libc::mmap(
            ptr::null_mut(),
            reserved,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        );
        if base == libc::MAP_FAILED {
            return None;
        }
        let data = (base as usize + PAGE).next_multiple_of(HUGE);
        let start = data - PAGE;
        let end = start + wanted;
        if start > base as usize {
            libc::munmap(base, start - base as usize);
        }
        let reserved_end = base as usize + reserved;
        if reserved_end > end {
            libc::munmap(end as *mut libc::c_void, reserved_end - end);
        }
        // Advice only: without transparent huge pages the memory works all the same.
        #[cfg(target_os = "linux")]
        libc::madvise(
            data as *mut libc::c_void,
            capacity.next_multiple_of(PAGE),
            libc::MADV_HUGEPAGE,
        );
        NonNull::new((data - HEADER) as *mut Header)
    }
}

/// Returns a block to the system.
///
/// # Safety
/// `header` came from [`fresh`] with this class and nobody uses the block.
pub(crate) unsafe fn give_back(header: NonNull<Header>, class: usize) {
    let capacity = capacity_of_class(class);
    // SAFETY: the block is still ours.
    unsafe { sanitizer::unpoison(header.cast(), HEADER + capacity) };
    if is_mapped(class) {
        let data = header.as_ptr() as usize + HEADER;
        // SAFETY: exactly the range that `map_huge` kept.
        unsafe {
            libc::munmap(
                (data - PAGE) as *mut libc::c_void,
                capacity.next_multiple_of(PAGE) + PAGE,
            );
        }
    } else {
        // SAFETY: the layout that `fresh` used; it was valid then.
        unsafe {
            let layout = Layout::from_size_align_unchecked(HEADER + capacity, ALIGN);
            std::alloc::dealloc(header.as_ptr().cast(), layout);
        }
    }
}

/// Adds `size` to the live bytes unless that passes the limit.
fn reserve(size: i64) -> bool {
    let limit = settings().limit.load(Ordering::Relaxed);
    let live = LIVE_BYTES.fetch_add(size, Ordering::Relaxed) + size;
    if u64::try_from(live).is_ok_and(|live| live > limit) {
        LIVE_BYTES.fetch_sub(size, Ordering::Relaxed);
        return false;
    }
    // Rarely a new one, and to look is cheaper than to write.
    if live > PEAK_BYTES.load(Ordering::Relaxed) {
        PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
    }
    true
}

/// Whether a thread may have small blocks of its own: there is no limit that they would have to be counted for at once,
/// and they are few beside all that may be kept.
fn has_magazine(class: usize) -> bool {
    const LEAST_CAP: u64 = 1 << 20;
    class < magazine::CLASSES
        && settings().limit.load(Ordering::Relaxed) == u64::MAX
        && settings().cache_cap.load(Ordering::Relaxed) >= LEAST_CAP
}

/// The data pointer of a block.
fn data_of(header: NonNull<Header>) -> NonNull<u8> {
    // SAFETY: the data follows the header in the same block.
    unsafe { header.cast::<u8>().add(HEADER) }
}

/// The header in front of `data`.
///
/// # Safety
/// `data` was returned by [`alloc`] and the block is live.
pub(crate) unsafe fn header_of(data: NonNull<u8>) -> NonNull<Header> {
    // SAFETY: the caller's contract.
    let header = unsafe { data.sub(HEADER) }.cast::<Header>();
    debug_assert_eq!(
        // SAFETY: the same.
        unsafe { header.as_ref().magic.load(Ordering::Relaxed) },
        LIVE,
        "not a live npir block"
    );
    header
}

/// A block of at least `size` bytes with reference count 1, uninitialised; `None` if there is no memory.
pub(crate) fn alloc(size: u64) -> Option<NonNull<u8>> {
    let size = usize::try_from(size).ok()?.max(1);
    let (class, capacity) = class_of(size)?;
    let own = match has_magazine(class) {
        true => magazine::pop(class, size as u64),
        false => None,
    };
    let header = own.or_else(|| take(class, capacity, size as i64))?;
    // SAFETY: the block is ours and large enough for a header.
    unsafe {
        header.write(Header {
            magic: AtomicU64::new(LIVE),
            refcount: AtomicU32::new(1),
            class: class as u32,
            size: size as u64,
            owner: ptr::null(),
            prev: ptr::null_mut(),
            next: ptr::null_mut(),
        });
    }
    let data = data_of(header);
    // SAFETY: the block is ours; what is not asked for belongs to nobody but this module.
    unsafe {
        sanitizer::poison(header.cast(), HEADER + capacity);
        sanitizer::unpoison(data, size);
    }
    Some(data)
}

/// A block from the free lists or the system, which is counted.
fn take(class: usize, capacity: usize, size: i64) -> Option<NonNull<Header>> {
    if !reserve(size) {
        return None;
    }
    let block = pop_cached(class)
        .or_else(|| fresh(class, capacity))
        .or_else(|| {
            trim();
            fresh(class, capacity)
        });
    match block {
        Some(_) => LIVE_BLOCKS.fetch_add(1, Ordering::Relaxed),
        None => LIVE_BYTES.fetch_sub(size, Ordering::Relaxed),
    };
    block
}

/// Adds a reference.
///
/// # Safety
/// `data` is a live block.
pub(crate) unsafe fn retain(data: NonNull<u8>) {
    // SAFETY: the caller's contract.
    let header = unsafe { header_of(data).as_ref() };
    header.refcount.fetch_add(1, Ordering::Relaxed);
}

/// Drops a reference; true if it was the last and the caller has to [`free`] the block.
///
/// # Safety
/// `data` is a live block and the caller owns a reference.
#[must_use]
pub(crate) unsafe fn drop_reference(data: NonNull<u8>) -> bool {
    // SAFETY: the caller's contract.
    let header = unsafe { header_of(data).as_ref() };
    header.refcount.fetch_sub(1, Ordering::AcqRel) == 1
}

/// Leaves one reference, whoever held others.
///
/// # Safety
/// `data` is a live block that only the caller uses.
pub(crate) unsafe fn make_unique(data: NonNull<u8>) {
    // SAFETY: the caller's contract.
    let header = unsafe { header_of(data).as_ref() };
    header.refcount.store(1, Ordering::Relaxed);
}

/// Puts a block into the cache or gives it back to the system, whatever its reference count.
///
/// # Safety
/// `data` is a live block that nobody uses any more and that is in no call's list.
pub(crate) unsafe fn free(data: NonNull<u8>) {
    // SAFETY: the caller's contract.
    let mut header = unsafe { header_of(data) };
    // SAFETY: nobody else uses the block.
    let (class, size) = unsafe {
        let header = header.as_ref();
        header.magic.store(FREE, Ordering::Relaxed);
        (header.class as usize, header.size)
    };
    let capacity = capacity_of_class(class) as u64;
    // SAFETY: nobody uses the block any more.
    unsafe { sanitizer::poison(data, capacity as usize) };
    // SAFETY: the same.
    if has_magazine(class) && unsafe { magazine::push(class, header, size) } {
        return;
    }
    LIVE_BYTES.fetch_sub(size as i64, Ordering::Relaxed);
    LIVE_BLOCKS.fetch_sub(1, Ordering::Relaxed);
    let cap = settings().cache_cap.load(Ordering::Relaxed);
    if capacity <= cap {
        if read(&CACHED_BYTES) + capacity > cap {
            evict(cap - capacity);
        }
        if let Some(mut list) = try_free_list(class) {
            // SAFETY: the block is ours until it is in the list.
            unsafe { header.as_mut().next = list.head };
            list.head = header.as_ptr();
            CACHED_BYTES.fetch_add(capacity as i64, Ordering::Relaxed);
            return;
        }
    }
    // SAFETY: the class is the one the block was made with.
    unsafe { give_back(header, class) };
}

/// Whether somebody else, too, has a reference.
///
/// # Safety
/// `data` is a live block and the caller owns a reference.
pub(crate) unsafe fn is_shared(data: NonNull<u8>) -> bool {
    // SAFETY: the caller's contract.
    let header = unsafe { header_of(data).as_ref() };
    // Whoever gave up a reference before is done with the memory.
    header.refcount.load(Ordering::Acquire) > 1
}

/// A block of at least `size` bytes, uninitialised and 64-byte aligned, for [`release`] to give back; `None` if there is
/// no memory or the limit is reached.
pub fn allocate(size: usize) -> Option<NonNull<u8>> {
    alloc(size as u64)
}

/// Gives a block back.
///
/// # Safety
/// `data` came from [`allocate`], [`resize`] or [`crate::Frame::take_block`], and nobody uses it any more.
pub unsafe fn release(data: NonNull<u8>) {
    // SAFETY: the caller's contract.
    unsafe { free(data) }
}

/// A block of at least `size` bytes that begins with what is in `data`, which is given back; `None`, and `data` is as
/// it was, if there is no memory.
///
/// # Safety
/// As for [`release`].
pub unsafe fn resize(data: NonNull<u8>, size: usize) -> Option<NonNull<u8>> {
    let new = allocate(size)?;
    // SAFETY: both blocks are live and have as many bytes; the caller's contract.
    unsafe {
        let bytes = size.min(size_of_block(data) as usize);
        ptr::copy_nonoverlapping(data.as_ptr(), new.as_ptr(), bytes);
        release(data);
    }
    Some(new)
}

/// The bytes that were asked for.
///
/// # Safety
/// `data` is a live block.
pub(crate) unsafe fn size_of_block(data: NonNull<u8>) -> u64 {
    // SAFETY: the caller's contract.
    unsafe { header_of(data).as_ref() }.size
}

#[cfg(test)]
#[path = "alloc_tests.rs"]
mod tests;
