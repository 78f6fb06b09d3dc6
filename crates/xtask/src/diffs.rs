//! Worked examples in the book: a `diff` block shows how something that the sources have was added, and must be true.
//!
//! The lines that it adds, with those around them, stand in the file as they stand in the diff, and those that it removes do
//! not; a comment before it may say how many lines it adds: `<!-- adds 2 lines -->`.

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::workspace;

/// Checks the diffs in every page of the book; returns one line for each finding.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in workspace::files(root, ".md")? {
        let Ok(page) = path.strip_prefix(root.join("docs/src")) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).map_err(|error| Failure::io(&path, &error))?;
        let read = |name: &str| std::fs::read_to_string(root.join(name)).ok();
        for finding in check_page(&text, read) {
            findings.push(format!("docs/src/{}: {finding}", page.display()));
        }
    }
    Ok(findings)
}

fn check_page(text: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let (mut promised, mut lines) = (None, text.lines());
    while let Some(line) = lines.next() {
        if let Some(count) = line
            .strip_prefix("<!-- adds ")
            .and_then(|rest| rest.split(' ').next())
        {
            promised = count.parse::<usize>().ok();
        }
        if line != "```diff" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let added = block.iter().filter(|line| is_added(line)).count();
        if let Some(promised) = promised.take()
            && promised != added
        {
            findings.push(format!("a diff adds {added} lines, not {promised}"));
        }
        findings.extend(check_block(&block, &read));
    }
    findings
}

fn is_added(line: &str) -> bool {
    line.starts_with('+') && !line.starts_with("+++ ")
}

/// What is wrong with one diff, of any number of files and hunks.
fn check_block(block: &[&str], read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let (mut file, mut hunk) = (None, Vec::new());
    let mut finish = |file: &Option<(String, String)>, hunk: &mut Vec<&str>| {
        let hunk = std::mem::take(hunk);
        let Some((name, content)) = file else { return };
        let wanted: Vec<&str> = hunk
            .iter()
            .filter(|line| !line.starts_with('-'))
            .map(|line| line.get(1..).unwrap_or_default())
            .collect();
        let all: Vec<&str> = content.lines().collect();
        if !wanted.is_empty() && !all.windows(wanted.len()).any(|lines| lines == wanted) {
            findings.push(format!("{name} has no such lines: {}", wanted.join("⏎")));
        }
    };
    for line in block {
        if let Some(name) = line.strip_prefix("+++ b/") {
            finish(&file, &mut hunk);
            file = Some((name.to_owned(), read(name).unwrap_or_default()));
        } else if line.starts_with("@@") {
            finish(&file, &mut hunk);
        } else if !line.starts_with("--- ") {
            hunk.push(*line);
        }
    }
    finish(&file, &mut hunk);
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(page: &str) -> Vec<String> {
        check_page(page, |name| {
            (name == "list.rs").then(|| "fn a() {\n    one\n    two\n}\n".to_owned())
        })
    }

    #[test]
    fn true_diffs_pass() {
        let page = "<!-- adds 1 line -->\n```diff\n--- a/list.rs\n+++ b/list.rs\n@@\n     one\n+    two\n }\n```\n";
        assert_eq!(findings(page), Vec::<String>::new());
    }

    #[test]
    fn false_ones_are_found() {
        let page = |adds: &str, body: &str| {
            format!("<!-- adds {adds} -->\n```diff\n+++ b/list.rs\n{body}\n```\n")
        };
        assert_eq!(findings(&page("2 lines", "@@\n+    two")).len(), 1);
        assert_eq!(findings(&page("1 line", "@@\n+    three")).len(), 1);
        assert_eq!(
            findings(&page("1 line", "@@\n fn a() {\n+    two")).len(),
            1
        );
        assert_eq!(findings("```diff\n+++ b/no.rs\n@@\n+x\n```\n").len(), 1);
    }
}
