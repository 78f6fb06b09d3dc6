//! The wish of a caller that exact searches for plans end: of a person who waits for a tool, or of another thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Searches that are under way and not interrupted, in the lower half; how often there were some to interrupt, above.
static STATE: AtomicU64 = AtomicU64::new(0);

/// The lower half.
const SEARCHES: u64 = u32::MAX as u64;

/// Ends the exact searches for plans ([`Extraction::Exact`](crate::pipeline::Extraction::Exact)) that are under way in this
/// process: each goes on with the best plan that it has found, never a worse one than that of the joint search, and says so in
/// a remark with the gap. `false` where there are none, or all have been interrupted. It may be called from any thread,
/// and in the handler of a signal.
pub fn interrupt() -> bool {
    let ended = |state: u64| (state & SEARCHES != 0).then(|| (state | SEARCHES).wrapping_add(1));
    STATE
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, ended)
        .is_ok()
}

/// A search that is under way.
pub(super) struct Searching {
    /// The upper half of the state when it began.
    interrupts: u64,
}

impl Searching {
    /// From now on it may be interrupted.
    pub(super) fn begin() -> Self {
        let before = STATE.fetch_add(1, Ordering::Relaxed);
        Searching {
            interrupts: before & !SEARCHES,
        }
    }

    /// Whether it shall end.
    pub(super) fn is_interrupted(&self) -> bool {
        STATE.load(Ordering::Relaxed) & !SEARCHES != self.interrupts
    }
}

impl Drop for Searching {
    fn drop(&mut self) {
        // One that was interrupted is not counted any more.
        let ended = |state: u64| (state & !SEARCHES == self.interrupts).then(|| state - 1);
        let _ = STATE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_that_are_under_way_end() {
        assert!(!interrupt());
        let (first, second) = (Searching::begin(), Searching::begin());
        assert!(!first.is_interrupted() && !second.is_interrupted());
        drop(second);
        assert!(interrupt());
        assert!(first.is_interrupted());
        // One is enough; the next search is another one.
        assert!(!interrupt());
        let third = Searching::begin();
        drop(first);
        assert!(!third.is_interrupted());
        assert!(interrupt() && third.is_interrupted());
        drop(third);
        assert!(!interrupt());
    }
}
