//! A page about what the optimizer does: one file that needs no other, and is well-formed XML too.

use std::fmt::Write as _;

use npir::passes::optimize::Picture;

use super::{micro, svg};

/// The program at a level.
pub(super) struct Level {
    name: String,
    text: String,
}

impl Level {
    pub(super) fn new(name: &str, text: String) -> Self {
        let name = name.to_owned();
        Level { name, text }
    }
}

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #1c2733; background: #fff; }
h1, h2, h3 { line-height: 1.2; }
h2 { border-top: 1px solid #ccd5de; padding-top: 1rem; margin-top: 2.5rem; }
pre, code, svg text { font: 12px/1.45 ui-monospace, monospace; }
.scroll { overflow-x: auto; }
.levels { display: flex; gap: 1rem; overflow-x: auto; align-items: flex-start; }
.levels section { flex: 0 0 34rem; border: 1px solid #ccd5de; border-radius: 6px; }
.levels h3 { margin: 0; padding: .4rem .8rem; background: #eef2f6; }
.levels pre { margin: 0; padding: .8rem; overflow: auto; max-height: 40rem; }
.bars { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .8rem; max-width: 60rem; align-items: center; }
.track { background: #eef2f6; border-radius: 3px; }
.bar { height: 1.1rem; border-radius: 3px; background: #9db4c8; }
.chosen .bar { background: #2f855a; }
.kernel { fill: #e6f4ec; stroke: #2f855a; }
.given { fill: #fff; stroke: #9db4c8; }
.edge { fill: none; stroke: #7c8fa1; }
.unused { color: #66788a; }
";

/// The page of a file.
pub(super) fn page(name: &str, levels: &[Level], pictures: &[Picture]) -> String {
    let title = escaped(name);
    let mut text = format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    if pictures.is_empty() {
        text += "<p>No rule applies.</p>\n";
    }
    for picture in pictures {
        let _ = writeln!(text, "<h2>{}</h2>", escaped(&picture.name));
        bars(&mut text, picture);
        kernels(&mut text, picture);
        rules(&mut text, picture);
    }
    text += "<h2>The program at each level</h2>\n<div class=\"levels\">\n";
    for level in levels {
        let (name, program) = (escaped(&level.name), escaped(level.text.trim_end()));
        let _ = writeln!(
            text,
            "<section><h3>{name}</h3><pre>{program}</pre></section>"
        );
    }
    text + "</div>\n</body>\n</html>\n"
}

/// What plans are estimated to cost.
fn bars(text: &mut String, picture: &Picture) {
    let mut plans = vec![
        ("plan", "as it came".to_owned(), picture.original),
        ("plan chosen", "chosen".to_owned(), picture.chosen),
    ];
    if let Some((op, time)) = &picture.rejected {
        plans.push(("plan", format!("best rejected, with {op}"), *time));
    }
    let longest = plans
        .iter()
        .map(|(_, _, time)| *time)
        .fold(f64::MIN_POSITIVE, f64::max);
    *text += "<h3>What plans cost</h3>\n<div class=\"bars\">\n";
    for (class, plan, time) in plans {
        let (plan, percent) = (escaped(&plan), 100.0 * time / longest);
        let _ = writeln!(
            text,
            "<span>{plan}, {}</span><div class=\"track {class}\"><div class=\"bar\" style=\"width: {percent:.1}%\"></div></div>",
            micro(time)
        );
    }
    *text += "</div>\n";
    let _ = match picture.gap {
        Some(0.0) => writeln!(text, "<p>No plan is better.</p>"),
        Some(gap) => writeln!(
            text,
            "<p>The best plan may be cheaper by {:.1} %.</p>",
            gap * 100.0
        ),
        None => Ok(()),
    };
}

/// Who computes what.
fn kernels(text: &mut String, picture: &Picture) {
    *text += "<h3>Kernels</h3>\n";
    if picture.kernels.is_empty() {
        *text += "<p>Nothing is computed.</p>\n";
        return;
    }
    *text += "<p>Each box is a kernel: what it computes, the value that it writes, and its time with that of computing and of \
              moving bytes. Views cost nothing and are not shown.</p>\n";
    let _ = writeln!(
        text,
        "<div class=\"scroll\">{}</div>",
        svg::kernels(picture)
    );
}

/// The rules that said something.
fn rules(text: &mut String, picture: &Picture) {
    *text += "<h3>Rules</h3>\n<ul>\n";
    for rule in &picture.rules {
        let (class, note) = match rule.used {
            true => ("used", ""),
            false => ("unused", ", not in the chosen plan"),
        };
        let times = match rule.times {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        let rule = escaped(&rule.text);
        let _ = writeln!(text, "<li class=\"{class}\">{rule} – {times}{note}</li>");
    }
    *text += "</ul>\n";
}

/// A text in a page; characters that XML does not have are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => result += "&amp;",
            '<' => result += "&lt;",
            '>' => result += "&gt;",
            '"' => result += "&quot;",
            '\n' | '\t' => result.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => result.push('\u{fffd}'),
            c => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(
            escaped("a<b> & \"c\"\u{1b}\n"),
            "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\n"
        );
    }
}
