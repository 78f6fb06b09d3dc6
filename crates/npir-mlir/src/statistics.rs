//! Counters of passes: declared by a pass, counted in its runs, summed up for the process.
//!
//! MLIR counts them too, but an LLVM that was built without statistics (as
//! distributions build it) shows none; [`report`] always does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// A declared statistic.
#[derive(Clone, Copy, Debug)]
pub struct StatisticDef {
    /// Name, as shown by `--mlir-pass-statistics`.
    pub name: &'static str,
    /// What it counts.
    pub description: &'static str,
}

/// A counter that `--mlir-pass-statistics` shows. Counts added during a run reach
/// the totals when the run ends.
#[derive(Clone, Debug, Default)]
pub struct Statistic {
    count: i64,
}
impl Statistic {
    /// Adds to the counter.
    pub fn add(&mut self, n: i64) {
        self.count += n;
    }
    #[doc(hidden)]
    pub fn take(&mut self) -> i64 {
        std::mem::take(&mut self.count)
    }
}

/// What a statistic of a pass has come to in this process.
#[derive(Clone, Copy, Debug)]
pub struct StatisticTotal {
    /// The pass, by its name on the command line.
    pub pass: &'static str,
    /// Name of the statistic.
    pub name: &'static str,
    /// What it counts.
    pub description: &'static str,
    /// The sum over all runs.
    pub count: i64,
}

/// By pass and position of the statistic.
static TOTALS: Mutex<BTreeMap<(&'static str, usize), StatisticTotal>> = Mutex::new(BTreeMap::new());

/// Adds one run's counts of a pass.
pub(crate) fn record(pass: &'static str, defs: &[StatisticDef], counts: &[i64]) {
    if defs.is_empty() {
        return;
    }
    let mut totals = TOTALS.lock().unwrap_or_else(PoisonError::into_inner);
    for (i, (def, n)) in defs.iter().zip(counts).enumerate() {
        let StatisticDef { name, description } = *def;
        let new = StatisticTotal {
            pass,
            name,
            description,
            count: 0,
        };
        totals.entry((pass, i)).or_insert(new).count += n;
    }
}

/// The statistics of all Rust passes that have run in this process, by pass and in the
/// order of their declaration.
pub fn totals() -> Vec<StatisticTotal> {
    TOTALS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .values()
        .copied()
        .collect()
}

/// [`totals`] as MLIR lists statistics; empty when there are none.
pub fn report() -> String {
    let totals = totals();
    let width = totals.iter().map(|t| t.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut last = "";
    for t in &totals {
        if t.pass != last {
            let _ = writeln!(text, "{}", t.pass);
            last = t.pass;
        }
        let _ = writeln!(
            text,
            "  (S) {} {:width$} - {}",
            t.count, t.name, t.description
        );
    }
    text
}
