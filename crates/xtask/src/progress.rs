//! One progress line: rewritten in place on a terminal, a line every ten percent elsewhere.

use std::io::{IsTerminal, Write};

/// Progress of one step.
pub(crate) struct Progress {
    label: String,
    terminal: bool,
    /// The last percentage shown.
    shown: Option<u32>,
}

impl Progress {
    pub(crate) fn new(label: impl Into<String>) -> Self {
        let label = label.into();
        let terminal = std::io::stdout().is_terminal();
        if !terminal {
            println!("{label}");
        }
        Self {
            label,
            terminal,
            shown: None,
        }
    }

    /// Shows `percent` (0 to 100) and what is being done.
    pub(crate) fn update(&mut self, percent: f64, what: &str) {
        let percent = percent.clamp(0.0, 100.0) as u32;
        if self.terminal {
            let what: String = what.chars().take(50).collect();
            print!("\r\x1b[2K{} {percent:3} % {what}", self.label);
            // A progress line that cannot be shown is no reason to stop.
            let _ = std::io::stdout().flush();
        } else if self.shown.is_none_or(|shown| percent / 10 > shown / 10) {
            println!("  {percent:3} % {what}");
        }
        self.shown = Some(percent);
    }

    /// Ends the line.
    pub(crate) fn finish(self, result: &str) {
        if self.terminal {
            println!("\r\x1b[2K{}: {result}", self.label);
        } else {
            println!("  {result}");
        }
    }
}
