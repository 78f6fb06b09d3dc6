//! The reference of the elementwise functions, generated from the table.

use super::define::result_text;
use super::rows::FAMILIES;
use super::table::Row;

/// Markdown: a section per family, a line per function.
pub fn reference() -> String {
    let mut text = String::from(
        "# Elementwise functions\n\nEach takes arrays whose shapes broadcast and whose element \
         types agree.\n",
    );
    for family in FAMILIES {
        text += &format!(
            "\n## {}\n\n| operation | elements | result | |\n|---|---|---|---|\n",
            family.heading
        );
        for row in family.rows {
            text += &line(row);
        }
    }
    text
}

fn line(row: &Row) -> String {
    let operands: Vec<_> = row.operands.iter().map(|(name, _)| *name).collect();
    format!(
        "| `{} {}` | {} | {} | {} |\n",
        row.op,
        operands.join(", "),
        row.accepts.describe(),
        result_text(row),
        row.doc
    )
}
