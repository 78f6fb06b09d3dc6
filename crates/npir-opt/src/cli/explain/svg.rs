//! The kernels of a plan as a graph, drawn in layers.

use std::fmt::Write as _;

use npir::passes::optimize::{KernelPicture, Picture, Read};

use super::html::escaped;
use super::micro;

const WIDTH: f64 = 260.0;
const GAP: f64 = 30.0;
const LINE: f64 = 16.0;
const BETWEEN: f64 = 60.0;
/// Characters that fit in a box.
const CHARACTERS: usize = 32;
/// Lines of functions that a box shows.
const LINES: usize = 8;

/// A box of the drawing.
struct Node {
    lines: Vec<String>,
    /// The boxes that it takes values from.
    from: Vec<usize>,
    /// How far down it is.
    layer: usize,
    is_kernel: bool,
    /// The middle of its upper edge.
    x: f64,
    y: f64,
}

impl Node {
    fn height(&self) -> f64 {
        self.lines.len() as f64 * LINE + 14.0
    }
}

/// Values from outside above, kernels below those whose values they take.
pub(super) fn kernels(picture: &Picture) -> String {
    let mut nodes = boxes(&picture.kernels);
    let (width, height) = place(&mut nodes);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-label=\"kernels of {}\">\n",
        escaped(&picture.name)
    );
    for node in &nodes {
        for &from in &node.from {
            let above = &nodes[from];
            let (x, y) = (above.x, above.y + above.height());
            let bend = BETWEEN / 2.0;
            let _ = writeln!(
                text,
                "<path class=\"edge\" d=\"M {x} {y} C {x} {} {} {} {} {}\"/>",
                y + bend,
                node.x,
                node.y - bend,
                node.x,
                node.y
            );
        }
    }
    for node in &nodes {
        let (left, class) = (
            node.x - WIDTH / 2.0,
            if node.is_kernel { "kernel" } else { "given" },
        );
        let _ = writeln!(
            text,
            "<rect class=\"{class}\" x=\"{left}\" y=\"{}\" width=\"{WIDTH}\" height=\"{}\" rx=\"6\"/>",
            node.y,
            node.height()
        );
        for (index, line) in node.lines.iter().enumerate() {
            let y = node.y + 7.0 + LINE * (index as f64 + 0.75);
            let (x, line) = (left + 10.0, escaped(line));
            let _ = writeln!(text, "<text x=\"{x}\" y=\"{y}\">{line}</text>");
        }
    }
    text + "</svg>\n"
}

/// The boxes: values from outside as they are met, and after those that it needs each kernel.
fn boxes(kernels: &[KernelPicture]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut given: Vec<(usize, usize)> = Vec::new();
    let mut of_kernel: Vec<usize> = Vec::new();
    for kernel in kernels {
        let mut from = Vec::new();
        for read in &kernel.reads {
            from.push(match read {
                Read::Kernel(index) => of_kernel[*index],
                Read::Given { class, label } => {
                    match given.iter().find(|(known, _)| known == class) {
                        Some(&(_, node)) => node,
                        None => {
                            given.push((*class, nodes.len()));
                            nodes.push(Node {
                                lines: vec![shortened(label)],
                                from: Vec::new(),
                                layer: 0,
                                is_kernel: false,
                                x: 0.0,
                                y: 0.0,
                            });
                            nodes.len() - 1
                        }
                    }
                }
            });
        }
        of_kernel.push(nodes.len());
        nodes.push(Node {
            lines: describe(kernel),
            layer: from
                .iter()
                .map(|&node| nodes[node].layer + 1)
                .max()
                .unwrap_or(1),
            from,
            is_kernel: true,
            x: 0.0,
            y: 0.0,
        });
    }
    // What comes from outside is drawn next to its first user.
    for (_, node) in given {
        let users = nodes.iter().filter(|user| user.from.contains(&node));
        let first = users.map(|user| user.layer).min().unwrap_or(1);
        nodes[node].layer = first - 1;
    }
    nodes
}

/// The lines of a kernel.
fn describe(kernel: &KernelPicture) -> Vec<String> {
    let mut lines: Vec<_> = kernel.ops.iter().map(|op| shortened(op)).collect();
    if lines.len() > LINES {
        let more = lines.len() - LINES + 1;
        lines.splice(LINES / 2..LINES / 2 + more, [format!("… {more} more …")]);
    }
    lines.push(shortened(&format!("→ {}", kernel.ty)));
    let (computing, moving) = (micro(kernel.computing), micro(kernel.moving));
    lines.push(format!("{} ({computing} | {moving})", micro(kernel.time)));
    lines
}

/// Gives the boxes their places; returns width and height of the drawing.
fn place(nodes: &mut [Node]) -> (f64, f64) {
    let layers = nodes.iter().map(|node| node.layer + 1).max().unwrap_or(0);
    let of_layer = |nodes: &[Node], layer: usize| -> Vec<usize> {
        (0..nodes.len())
            .filter(|&node| nodes[node].layer == layer)
            .collect()
    };
    let widest = (0..layers)
        .map(|layer| of_layer(nodes, layer).len())
        .max()
        .unwrap_or(0);
    let width = widest as f64 * (WIDTH + GAP) + GAP;
    let mut y = GAP;
    for layer in 0..layers {
        let mut members = of_layer(nodes, layer);
        // Below the middle of what a box takes.
        let middle = |node: usize| {
            let from = &nodes[node].from;
            from.iter().map(|&above| nodes[above].x).sum::<f64>() / from.len().max(1) as f64
        };
        members.sort_by(|&a, &b| middle(a).total_cmp(&middle(b)));
        let left = (width - members.len() as f64 * (WIDTH + GAP)) / 2.0;
        let heights = members.iter().map(|&node| nodes[node].height());
        let height = heights.fold(0.0, f64::max);
        for (index, node) in members.into_iter().enumerate() {
            nodes[node].x = left + (index as f64 + 0.5) * (WIDTH + GAP);
            nodes[node].y = y;
        }
        y += height + BETWEEN;
    }
    (width, y - BETWEEN + GAP)
}

/// A text that fits in a box.
fn shortened(text: &str) -> String {
    match text.chars().count() > CHARACTERS {
        true => text.chars().take(CHARACTERS - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}
