//! Rules for source files that no lint of the compiler covers.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::workspace;

/// Macros that mark unfinished work.
const UNFINISHED: [&str; 3] = ["todo!", "unimplemented!", "dbg!"];

/// Checks every `.rs` file; returns one line for each finding.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in workspace::files(root, ".rs")? {
        let text = std::fs::read_to_string(&path).map_err(|error| Failure::io(&path, &error))?;
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        findings.extend(check_text(&name, &text));
    }
    Ok(findings)
}

fn check_text(name: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(format!(
            "{name}:1: begins without `//!` saying what the file owns"
        ));
    }
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for name_of_macro in UNFINISHED {
            // Followed by its argument list, so that prose in a string may name it.
            let called = ["(", "[", "{"]
                .iter()
                .any(|open| code.contains(&format!("{name_of_macro}{open}")));
            if called {
                findings.push(format!(
                    "{name}:{}: {name_of_macro} left in the source",
                    number + 1
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_required() {
        assert_eq!(check_text("a.rs", "fn main() {}\n").len(), 1);
        assert!(check_text("a.rs", "//! Owns nothing.\nfn main() {}\n").is_empty());
    }

    #[test]
    fn unfinished_work_is_found_in_code_only() {
        let call = format!("//! x\nfn f() {{ {}() }}\n", UNFINISHED[0]);
        assert_eq!(
            check_text("a.rs", &call),
            ["a.rs:2: todo! left in the source"]
        );
        let comment = format!("//! x\n// {}()\n", UNFINISHED[0]);
        assert!(check_text("a.rs", &comment).is_empty());
    }
}
