//! AddressSanitizer's runtime, where the process was started with it.
//!
//! Compiled code that checks its memory accesses calls it, and the allocator tells it which bytes of
//! a block belong to nobody. In other processes nothing here does anything.

use std::ffi::CString;
use std::ptr::NonNull;
use std::sync::OnceLock;

/// Marks a range of bytes.
type Mark = unsafe extern "C" fn(*const u8, usize);

struct Marks {
    poison: Mark,
    unpoison: Mark,
}

fn marks() -> Option<&'static Marks> {
    static FOUND: OnceLock<Option<Marks>> = OnceLock::new();
    let find = || {
        let poison = look_up("__asan_poison_memory_region")?;
        let unpoison = look_up("__asan_unpoison_memory_region")?;
        // SAFETY: the runtime's own functions of these types.
        Some(unsafe {
            Marks {
                poison: std::mem::transmute::<*const (), Mark>(poison),
                unpoison: std::mem::transmute::<*const (), Mark>(unpoison),
            }
        })
    };
    FOUND.get_or_init(find).as_ref()
}

/// Whether the process has the runtime.
pub fn is_present() -> bool {
    marks().is_some()
}

/// Says that nobody may touch these bytes. Of a group of eight bytes it counts only where the last ones are among them.
///
/// # Safety
/// The bytes are memory of the caller's.
pub unsafe fn poison(start: NonNull<u8>, bytes: usize) {
    if let Some(marks) = marks() {
        // SAFETY: the caller's contract.
        unsafe { (marks.poison)(start.as_ptr(), bytes) }
    }
}

/// Takes [`poison`] back.
///
/// # Safety
/// The bytes are memory of the caller's.
pub unsafe fn unpoison(start: NonNull<u8>, bytes: usize) {
    if let Some(marks) = marks() {
        // SAFETY: the caller's contract.
        unsafe { (marks.unpoison)(start.as_ptr(), bytes) }
    }
}

/// The functions that checked code calls, none where the process has not the runtime.
pub fn symbols() -> impl ExactSizeIterator<Item = (&'static str, *const ())> {
    static FOUND: OnceLock<Vec<(&'static str, usize)>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let known = |name: String| {
            let address = look_up(&name)?;
            Some((&*name.leak(), address.addr()))
        };
        match is_present() {
            true => names().filter_map(known).collect(),
            false => Vec::new(),
        }
    });
    let with_address = |&(name, address): &(&'static str, usize)| {
        (name, std::ptr::with_exposed_provenance(address))
    };
    found.iter().map(with_address)
}

/// What the instrumentation of LLVM may call.
fn names() -> impl Iterator<Item = String> {
    let sizes = ["1", "2", "4", "8", "16", "_n"];
    let reports = ["load", "store"].into_iter().flat_map(move |access| {
        sizes
            .into_iter()
            .map(move |size| format!("__asan_report_{access}{size}"))
    });
    let sizes = ["1", "2", "4", "8", "16", "N"];
    let checks = ["load", "store"].into_iter().flat_map(move |access| {
        sizes
            .into_iter()
            .map(move |size| format!("__asan_{access}{size}"))
    });
    let shadow = [
        "00", "01", "02", "03", "04", "05", "06", "07", "f1", "f2", "f3", "f5", "f8",
    ];
    let shadow = shadow.map(|value| format!("__asan_set_shadow_{value}"));
    let others = [
        "__asan_memcpy",
        "__asan_memmove",
        "__asan_memset",
        "__asan_handle_no_return",
        "__asan_alloca_poison",
        "__asan_allocas_unpoison",
        "__asan_poison_stack_memory",
        "__asan_unpoison_stack_memory",
    ];
    reports
        .chain(checks)
        .chain(shadow)
        .chain(others.map(str::to_owned))
}

fn look_up(name: &str) -> Option<*const ()> {
    let name = CString::new(name).ok()?;
    // SAFETY: a valid C string and the handle for the whole process.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    (!address.is_null()).then_some(address.cast_const().cast())
}
