//! A sign of life for work that takes longer than a second.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc;
use std::time::Duration;

/// Runs `work`; after a second, says on standard error what is going on until it is
/// done: a spinner on a terminal, one line otherwise.
pub(crate) fn while_working<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (done, waits) = mpsc::channel::<()>();
    let text = what.to_string();
    let watcher = std::thread::spawn(move || {
        if waits.recv_timeout(Duration::from_secs(1)) != Err(mpsc::RecvTimeoutError::Timeout) {
            return;
        }
        if !std::io::stderr().is_terminal() {
            eprintln!("{text} …");
            return;
        }
        let bar = ProgressBar::new_spinner().with_message(text);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        while waits.recv_timeout(Duration::from_millis(100)) == Err(mpsc::RecvTimeoutError::Timeout)
        {
            bar.tick();
        }
        bar.finish_and_clear();
    });
    let value = work();
    drop(done);
    // The watcher only prints; a panic in it changes nothing for the work.
    let _ = watcher.join();
    value
}
