//! The layout of a program's text: indentation, blanks at line ends, empty lines. Names and comments stay.
//!
//! MLIR's printer forgets comments and the names of values, so formatting is not printing: each line keeps its
//! words, and where a line begins is what changes.

/// The text in its normal layout; what is already in it stays as it is.
pub(crate) fn format(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    // The statement that a line may go on with: its indentation before and after.
    let mut statement = (0_usize, 0_usize);
    let mut inside = 0_isize;
    let mut empty = true;
    for line in text.lines() {
        let words = line.trim();
        if words.is_empty() {
            if !empty {
                out.push('\n');
            }
            empty = true;
            continue;
        }
        empty = false;
        let old = line.chars().take_while(|c| c.is_whitespace()).count();
        let brackets = Brackets::of(words);
        let outer = depth.saturating_sub(brackets.closed_first);
        let indent = if inside == 0 && begins_statement(words) {
            let levels = if words.starts_with('^') {
                outer.saturating_sub(1)
            } else {
                outer
            };
            statement = (old, 2 * levels);
            2 * levels
        } else {
            match old.checked_sub(statement.0) {
                Some(offset) if offset > 0 => statement.1 + offset,
                // The next region of an op: `body (…) {`.
                Some(0) if inside == 0 && words.starts_with(char::is_alphabetic) => statement.1,
                _ => statement.1 + 4,
            }
        };
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(words);
        out.push('\n');
        depth = depth.saturating_add_signed(brackets.braces);
        inside = (inside + brackets.others).max(0);
    }
    let end = out.trim_end().len();
    out.truncate(end);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Whether a line begins an op, a block, an alias or a comment, and does not go on with the line before.
fn begins_statement(words: &str) -> bool {
    let word: &str = words
        .split(|c: char| !(c.is_alphanumeric() || "_.$".contains(c)))
        .next()
        .unwrap_or("");
    words.starts_with(['%', '^', '}', '"', '#', '!'])
        || words.starts_with("//")
        || words.starts_with("{-#")
        || word.contains('.')
        || matches!(word, "return" | "module")
}

/// The brackets of a line outside of strings and comments.
#[derive(Default)]
struct Brackets {
    /// Braces opened less braces closed.
    braces: isize,
    /// Parentheses and square brackets opened less closed.
    others: isize,
    /// Closing braces at the beginning.
    closed_first: usize,
}

impl Brackets {
    fn of(words: &str) -> Brackets {
        let mut found = Brackets {
            closed_first: words.chars().take_while(|c| *c == '}').count(),
            ..Brackets::default()
        };
        let mut rest = words.chars().peekable();
        let mut quoted = false;
        while let Some(c) = rest.next() {
            match c {
                '\\' if quoted => drop(rest.next()),
                '"' => quoted = !quoted,
                _ if quoted => {}
                '/' if rest.peek() == Some(&'/') => break,
                '{' => found.braces += 1,
                '}' => found.braces -= 1,
                '(' | '[' => found.others += 1,
                ')' | ']' => found.others -= 1,
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn indentation_follows_the_braces() {
        let messy = "\n\n// A comment {.\n  func.func @f(%x: f64)\n-> f64 {  \n// Inside.\n %a = scf.if %c -> f64 {\n\
            scf.yield %x : f64 // \"(\n     } else {\n   \"a.b\"() {s = \"}\\\"{\"} : () -> ()\n}\n\n\n\n^bb1:\nreturn %a : f64\n}\n\n";
        let neat = "// A comment {.\nfunc.func @f(%x: f64)\n    -> f64 {\n  // Inside.\n  %a = scf.if %c -> f64 {\n    \
            scf.yield %x : f64 // \"(\n  } else {\n    \"a.b\"() {s = \"}\\\"{\"} : () -> ()\n  }\n\n^bb1:\n  return %a : f64\n}\n";
        assert_eq!(format(messy), neat);
        assert_eq!(format(neat), neat);
    }

    #[test]
    fn lines_that_go_on_keep_their_distance() {
        let text = "  %0 = linalg.generic {a = [1,\n      2]}\n      ins(%x : f64) outs(%y : f64) {\n  ^bb0(%p: f64):\n    linalg.yield %p : f64\n  } -> f64\n";
        let neat = "%0 = linalg.generic {a = [1,\n    2]}\n    ins(%x : f64) outs(%y : f64) {\n^bb0(%p: f64):\n  linalg.yield %p : f64\n} -> f64\n";
        assert_eq!(format(text), neat);
        assert_eq!(format(neat), neat);
    }

    #[test]
    fn any_text_has_a_layout() {
        for text in [
            "",
            "\n\n",
            "}}}}",
            "{{{{\n(((\n",
            "\"",
            "\\",
            "^",
            "\"\\",
            "é\u{3000}}\n",
        ] {
            let once = format(text);
            assert_eq!(format(&once), once, "{text:?}");
        }
    }
}
