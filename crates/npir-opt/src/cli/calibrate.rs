//! `npir calibrate`.

use super::diagnostics::Failure;
use super::output;
use super::progress::while_working;
use npir::calibrate::measure;
use npir::runtime::pool::num_threads;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct CalibrateArgs {
    /// Threads that take part; the default is those of programs
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Where the numbers go, as JSON; `-`, the default, is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl CalibrateArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let threads = self.threads.map_or_else(num_threads, NonZeroUsize::get);
        let measured =
            while_working("measuring this machine", || measure(threads)).map_err(Failure::new)?;
        let text = measured.to_json().map_err(Failure::new)?;
        output::write(self.output.as_deref(), &text)
    }
}
