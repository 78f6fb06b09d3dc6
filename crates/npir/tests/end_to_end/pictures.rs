//! What `Compiler::draw` says of the optimizer's plans.

use std::path::Path;
use std::sync::{Arc, Mutex};

use npir::passes::optimize::{Picture, Read};
use npir::prelude::*;

use crate::harness::compiler;

/// The pictures of a program of the repository, and the remarks; the same remarks as without pictures.
fn draw(file: &str) -> Vec<Picture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let source = std::fs::read(root.join(file)).unwrap();
    let run = |draws: bool| {
        let remarks = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&remarks);
        let compiler = compiler()
            .optimizer(Optimizer::UpTo(Fidelity::Relaxed))
            .on_remark(move |d| into.lock().unwrap().push(d.message.clone()));
        let context = compiler.context();
        let mut module = compiler.parse(&context, &source, file).unwrap();
        let pictures = match draws {
            true => compiler.draw(&context, &mut module).unwrap(),
            false => {
                compiler.explain(&context, &mut module).unwrap();
                Vec::new()
            }
        };
        let remarks = remarks.lock().unwrap().clone();
        (pictures, remarks)
    };
    let ((pictures, drawn), (_, explained)) = (run(true), run(false));
    assert_eq!(drawn, explained, "{file}");
    pictures
}

#[test]
fn kernels_take_what_the_plan_costs() {
    let mut blocks = 0;
    for file in [
        "optimize/kmeans.mlir",
        "optimize/kmeans-styles.mlir",
        "optimize/chains.mlir",
        "optimize/regions.mlir",
        "numpy/elementwise-types.mlir",
        "tools/custom-pass.mlir",
    ] {
        for picture in draw(file) {
            blocks += 1;
            let name = format!("{file}: {}", picture.name);
            let sum: f64 = picture.kernels.iter().map(|kernel| kernel.time).sum();
            assert!((sum - picture.chosen).abs() <= 1e-9 * sum, "{name}: {sum}");
            for (index, kernel) in picture.kernels.iter().enumerate() {
                assert!(kernel.time >= kernel.computing.max(kernel.moving), "{name}");
                assert!(!kernel.ops.is_empty(), "{name}");
                let earlier = |read: &Read| !matches!(read, Read::Kernel(other) if *other >= index);
                assert!(kernel.reads.iter().all(earlier), "{name}");
            }
        }
    }
    assert!(blocks >= 12, "{blocks}");
}

#[test]
fn the_chosen_plan_is_in_the_graph() {
    for picture in draw("optimize/kmeans-styles.mlir") {
        let class = |number: usize| picture.classes.iter().find(|class| class.number == number);
        let mut open: Vec<usize> = picture
            .classes
            .iter()
            .filter(|class| class.wanted)
            .map(|class| class.number)
            .collect();
        assert!(!open.is_empty());
        // What a chosen way takes is computed in one chosen way.
        let mut steps = 0;
        while let Some(number) = open.pop() {
            let chosen: Vec<_> = class(number)
                .unwrap()
                .nodes
                .iter()
                .filter(|node| node.chosen)
                .collect();
            assert_eq!(chosen.len(), 1, "{} e{number}", picture.name);
            open.extend(&chosen[0].children);
            steps += 1;
        }
        assert!(steps > 5);
        let used = picture.rules.iter().filter(|rule| rule.used);
        assert!(used.count() > 0);
    }
}

#[test]
fn nothing_is_drawn_where_the_optimizer_is_off() {
    let compiler = compiler().optimizer(Optimizer::Off);
    let context = compiler.context();
    let source = b"func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> { return %x : tensor<4xf64> }";
    let mut module = compiler.parse(&context, source, "test.mlir").unwrap();
    assert!(compiler.draw(&context, &mut module).unwrap().is_empty());
}
