//! The graph of equal programs in the language of Graphviz.

use std::fmt::Write as _;

use npir::passes::optimize::Picture;

/// A cluster for each block, in it one for each value, in it a node for each way to compute the value. Chosen ways are
/// filled; an edge leads from a way to the value that it takes.
pub(super) fn graph(name: &str, pictures: &[Picture]) -> String {
    let mut text = format!("digraph {} {{\n", quoted(name));
    text += "  compound=true;\n  rankdir=BT;\n  node [shape=box, fontname=\"monospace\"];\n";
    for (block, picture) in pictures.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{block} {{");
        let _ = writeln!(text, "    label={};", quoted(&picture.name));
        for class in &picture.classes {
            let number = class.number;
            let wanted = if class.wanted { ", wanted" } else { "" };
            let _ = writeln!(text, "    subgraph cluster_{block}_{number} {{");
            let label = format!("e{number}: {}{wanted}", class.ty);
            let _ = writeln!(text, "      label={}; style=rounded;", quoted(&label));
            for (way, node) in class.nodes.iter().enumerate() {
                let label = match node.rule {
                    Some(rule) => format!("{}\n{rule}", node.label),
                    None => node.label.clone(),
                };
                let fill = if node.chosen {
                    ", style=filled, fillcolor=gold"
                } else {
                    ""
                };
                let label = quoted(&label);
                let _ = writeln!(text, "      n{block}_{number}_{way} [label={label}{fill}];");
            }
            text += "    }\n";
        }
        for class in &picture.classes {
            for (way, node) in class.nodes.iter().enumerate() {
                let from = format!("n{block}_{}_{way}", class.number);
                for child in &node.children {
                    // To the cluster, by way of its first node; Graphviz draws no edge from a node to its own cluster.
                    let to = format!("n{block}_{child}_0");
                    let head = match *child == class.number {
                        true => String::new(),
                        false => format!(" [lhead=cluster_{block}_{child}]"),
                    };
                    let _ = writeln!(text, "    {from} -> {to}{head};");
                }
            }
        }
        text += "  }\n";
    }
    text + "}\n"
}

/// A text in quotes; a line end begins a new line of the label.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn labels_are_quoted() {
        assert_eq!(quoted("a \"b\" \\ c\nd"), r#""a \"b\" \\ c\nd""#);
    }
}
