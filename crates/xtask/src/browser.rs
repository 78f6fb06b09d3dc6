//! The browser that looks at the page of `npir explain --html` in a test: Debian's chromium, where it can be installed.

use std::process::Command;

use crate::apt::{self, Needs, Obstacle};
use crate::process;
use crate::workspace;

/// The command, and the package that has it.
const CHROMIUM: &str = "chromium";

const NEEDS: Needs<'_> = Needs {
    what: CHROMIUM,
    space_kib: 1 << 20,
    advice: "",
};

/// Installs the browser unless it is there; what is left out where that fails, in words.
pub(crate) fn ensure() -> Option<String> {
    let is_there =
        || process::capture(Command::new(CHROMIUM).args(["--no-sandbox", "--version"])).is_ok();
    if is_there() {
        return None;
    }
    let why = match apt::obstacle() {
        Some(obstacle) => lacking(obstacle),
        None => {
            println!("Installing {CHROMIUM} (120 MB to download, 400 MB installed) for a test.");
            let folder = workspace::root().join("target");
            let installed = std::fs::create_dir_all(&folder)
                .map_err(|error| error.to_string())
                .and_then(|()| {
                    let log = folder.join("setup-browser.log");
                    apt::install(&[CHROMIUM], &log, &NEEDS).map_err(|error| error.to_string())
                });
            match installed {
                Ok(()) if is_there() => return None,
                Ok(()) => "it is installed and does not start".to_owned(),
                Err(why) => why,
            }
        }
    };
    Some(left_out(&why))
}

fn lacking(obstacle: Obstacle) -> String {
    match obstacle {
        Obstacle::NotRoot => format!(
            "only root may install it: {}",
            apt::command_line(&[CHROMIUM])
        ),
        Obstacle::NotDebian => "this system has no apt".to_owned(),
    }
}

fn left_out(why: &str) -> String {
    format!("The test tools/npir/explain-browser is skipped for want of {CHROMIUM}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_a_reason_and_a_remedy() {
        let text = left_out(&lacking(Obstacle::NotRoot));
        assert!(text.contains("explain-browser is skipped"), "{text}");
        assert!(
            text.contains("apt-get install -y --no-install-recommends chromium"),
            "{text}"
        );
    }
}
