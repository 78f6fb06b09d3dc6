//! Links in the Markdown files: relative ones must lead somewhere, every page of the book must be listed.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::workspace;

/// Checks every Markdown file; returns one line for each finding.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let pages = root.join("docs/src");
    let summary = read(&pages.join("SUMMARY.md"))?;
    for path in workspace::files(root, ".md")? {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        let folder = path.parent().unwrap_or(root);
        for target in targets(&read(&path)?) {
            if !folder.join(&target).exists() {
                findings.push(format!("{name}: the link to {target} leads nowhere"));
            }
        }
        if let Ok(page) = path.strip_prefix(&pages) {
            let listed = summary.contains(&format!("({})", page.display()));
            if !listed && page != Path::new("SUMMARY.md") {
                findings.push(format!("{name}: docs/src/SUMMARY.md does not list it"));
            }
        }
    }
    Ok(findings)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))
}

/// The relative targets of `[text](target)`, without their fragments; code is skipped.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced || line.starts_with("    ") {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        for rest in prose.split("](").skip(1) {
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_relative_targets_outside_code() {
        let text =
            "[a](x.md#part) [b](https://e.org) `[c](y.md)`\n```\n[d](z.md)\n```\n![e](p.svg)\n";
        assert_eq!(targets(text), ["x.md", "p.svg"]);
    }
}
