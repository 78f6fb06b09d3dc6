//! What the benchmarks are asked for, and their pages of the book.

use std::error::Error;
use std::path::Path;

/// `[--write] [FILTER]`
pub(crate) struct Arguments {
    write: bool,
    filter: String,
}

impl Arguments {
    /// Those of the process.
    ///
    /// # Errors
    /// An unknown option, a second filter, or a page of what a filter leaves.
    pub(crate) fn of_process() -> Result<Self, String> {
        let (mut write, mut filter) = (false, None);
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--write" => write = true,
                // From cargo.
                "--bench" => {}
                option if option.starts_with('-') => {
                    return Err(format!("unknown option {option}"));
                }
                _ if filter.is_some() => return Err(format!("a second filter, {argument}")),
                _ => filter = Some(argument),
            }
        }
        if write && filter.is_some() {
            return Err("--write writes the whole page: it takes no filter".into());
        }
        let filter = filter.unwrap_or_default();
        Ok(Arguments { write, filter })
    }

    /// Whether something of that name is asked for.
    pub(crate) fn want(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }

    /// Writes the page of the book, if that is asked for.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn finish(&self, page: &str, text: &str) -> Result<(), Box<dyn Error>> {
        if self.write {
            let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src");
            std::fs::write(book.join(page), text)?;
        }
        Ok(())
    }
}
