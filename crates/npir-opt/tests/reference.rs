//! The reference pages of the book, `docs/src/reference/*.md`: made of the definitions themselves.
//!
//! The test compares them; `cargo xtask reference` has it write them.

use npir::mlir::dialect::{Dialect, with_dialect};
use npir::mlir::op_def::{Arity, OpDef, ValueDef};
use npir::mlir::pass::{OptionValue, PassInfo};
use npir::prelude::*;
use std::fmt::Write;
use std::path::PathBuf;

#[test]
fn reference_pages_are_up_to_date() {
    let registry = Registry::standard();
    let mut pages: Vec<(String, String)> = ["numpy", "tensor_ext", "loop"]
        .into_iter()
        .map(|name| {
            (
                name.to_string(),
                with_dialect(name, dialect_page).expect("a dialect of npir"),
            )
        })
        .collect();
    let passes: Vec<_> = registry.passes().iter().map(|p| p.info().clone()).collect();
    pages.push(("passes".into(), passes_page(&passes)));
    pages.push(("rules".into(), rules_page()));

    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../docs/src/reference"]
        .iter()
        .collect();
    for (name, page) in pages {
        let path = folder.join(format!("{name}.md"));
        if std::env::var_os("NPIR_WRITE_REFERENCE").is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&path, page).expect("the page can be written");
        } else {
            let found = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                found == page,
                "docs/src/reference/{name}.md differs from the definitions; `cargo xtask reference` writes it"
            );
        }
    }
}

const MADE: &str = "<!-- Made of the definitions by `cargo xtask reference`. -->\n";

/// The optimizer's rules, theme by theme.
fn rules_page() -> String {
    let mut out = format!(
        "# Rules\n\n{MADE}\nWhat [the optimizer](../optimizer.md) may write instead of what, and the mode from which on.\n"
    );
    let mut theme = "";
    for listed in npir::numpy::rules::all() {
        if listed.theme != theme {
            theme = listed.theme;
            let heading = theme[..1].to_uppercase() + &theme[1..];
            line(
                &mut out,
                format!("\n## {heading}\n\n| rule | | from |\n|---|---|---|"),
            );
        }
        let equation = listed.rule.equation().replace('|', "\\|");
        let (name, fidelity) = (listed.rule.name(), listed.fidelity);
        line(
            &mut out,
            format!("| `{name}` | {equation} | `{fidelity}` |"),
        );
    }
    out
}

fn dialect_page(dialect: &Dialect) -> String {
    let mut out = format!("# The `{}` dialect\n\n{MADE}\n", dialect.name());
    paragraph(&mut out, dialect.documentation());
    for (kind, sigil, defs) in [
        ("type", '!', dialect.type_defs()),
        ("attribute", '#', dialect.attr_defs()),
    ] {
        for def in defs {
            line(
                &mut out,
                format!("## `{sigil}{}.{}`\n", dialect.name(), def.name),
            );
            paragraph(&mut out, &def.doc);
            if let Some(params) = def.params.as_ref().filter(|p| !p.is_empty()) {
                let names: Vec<_> = params
                    .iter()
                    .filter(|p| !p.is_empty())
                    .map(|p| format!("`{p}`"))
                    .collect();
                if !names.is_empty() {
                    line(
                        &mut out,
                        format!("Parameters of the {kind}: {}.\n", names.join(", ")),
                    );
                }
            }
        }
    }
    let mut ops: Vec<_> = dialect.op_defs().iter().collect();
    ops.sort_by(|a, b| a.name.cmp(&b.name));
    for op in ops {
        op_section(&mut out, op);
    }
    format!("{}\n", out.trim_end())
}

fn op_section(out: &mut String, op: &OpDef) {
    line(out, format!("## `{}`\n", op.name));
    let summary = op.summary.trim().trim_end_matches('.');
    paragraph(out, &format!("{summary}."));
    let rest = op.description.trim();
    let rest = rest.strip_prefix(summary).unwrap_or(rest);
    paragraph(out, &unindented(rest.trim_start_matches('.').trim_start()));
    if !op.assembly_text.is_empty() {
        let text: Vec<_> = op.assembly_text.split_whitespace().collect();
        line(
            out,
            format!("```text\n{} {}\n```\n", op.name, text.join(" ")),
        );
    }
    let mut rows = String::new();
    for (kind, values) in [("operand", &op.operands), ("result", &op.results)] {
        for value in values {
            line(
                &mut rows,
                format!("| {kind} | `{}` | {} |", value.name, value_text(value)),
            );
        }
    }
    for attr in &op.attributes {
        let optional = if attr.optional && !attr.unit {
            ", optional"
        } else {
            ""
        };
        let what = if attr.unit {
            "present or absent"
        } else {
            attr.constraint.description
        };
        line(
            &mut rows,
            format!("| attribute | `{}` | {}{optional} |", attr.name, cell(what)),
        );
    }
    for region in &op.regions {
        line(&mut rows, format!("| region | `{region}` | |"));
    }
    if !rows.is_empty() {
        line(out, format!("| | name | |\n|---|---|---|\n{rows}"));
    }
    if !op.traits.is_empty() {
        let traits: Vec<_> = op.traits.iter().map(|t| format!("`{t:?}`")).collect();
        line(out, format!("Traits: {}.\n", traits.join(", ")));
    }
}

fn value_text(value: &ValueDef) -> String {
    let arity = match value.arity {
        Arity::One => "",
        Arity::Optional => ", optional",
        Arity::Variadic => ", any number",
    };
    format!("{}{arity}", cell(value.constraint.description))
}

fn passes_page(passes: &[PassInfo]) -> String {
    let mut out = format!("# Passes\n\n{MADE}\n");
    for pass in passes {
        line(&mut out, format!("## `{}`\n", pass.argument));
        paragraph(&mut out, &unindented(pass.description));
        line(
            &mut out,
            format!(
                "Runs on {}.\n",
                pass.on.map_or("any op".into(), |on| format!("`{on}`"))
            ),
        );
        if !pass.options.is_empty() {
            line(&mut out, "| option | default | |\n|---|---|---|".into());
            for o in &pass.options {
                let default = match &o.default {
                    OptionValue::Text(text) if text.is_empty() => String::new(),
                    OptionValue::Text(text) => format!("`{text}`"),
                    OptionValue::Int(n) => format!("`{n}`"),
                    OptionValue::Bool(b) => format!("`{b}`"),
                    OptionValue::IntList(_) | OptionValue::TextList(_) => String::new(),
                };
                line(
                    &mut out,
                    format!("| `{}` | {default} | {} |", o.name, cell(o.description)),
                );
            }
            out.push('\n');
        }
        for s in &pass.statistics {
            line(
                &mut out,
                format!(
                    "Statistic `{}`: {}.\n",
                    s.name,
                    s.description.trim_end_matches('.')
                ),
            );
        }
    }
    line(&mut out, PIPELINES.into());
    // A fixed processor: the pages are the same on every machine.
    let target = CpuTarget::named("x86-64-v3").expect("a processor that LLVM knows");
    let compiler = Compiler::new(Registry::standard()).target(target);
    for level in Level::ALL.into_iter().filter(|l| *l != Level::Numpy) {
        let text = compiler.pipeline(level).expect("there is a pipeline");
        let name = format!("{level:?}").to_lowercase();
        line(&mut out, format!("### `--npir-lower-to={name}`\n"));
        line(
            &mut out,
            format!("```text\n{}\n```\n", text.replace("),", "),\n")),
        );
    }
    format!("{}\n", out.trim_end())
}

const PIPELINES: &str = "\
## Pipelines

The passes behind the option `--npir-lower-to` of `npir-opt`, each with those of the levels before it. Here they are for
the processor `x86-64-v3`; the width of vectors depends on it.
";

/// Documentation comments keep the space after `///`.
fn unindented(text: &str) -> String {
    text.lines()
        .map(|l| l.strip_prefix(' ').unwrap_or(l))
        .collect::<Vec<_>>()
        .join("\n")
}

fn line(out: &mut String, text: String) {
    writeln!(out, "{text}").expect("a string grows");
}

fn paragraph(out: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        line(out, format!("{text}\n"));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
