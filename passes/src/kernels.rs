//! `loop-outline-kernels`: every loop nest becomes a function of its own.
//!
//! Code generation is more than linear in the size of a function, and programs repeat
//! themselves: nests that are equal but for the values they work on share one kernel.

use npir_loop::Nest;
use npir_mlir::prelude::*;
use std::collections::HashMap;

/// Moves each loop nest into a private function, one for equal nests.
///
/// Constants that a nest uses go with it; other values from outside become arguments.
/// Nests without loops stay where they are.
#[pass(
    "loop-outline-kernels",
    on = "builtin.module",
    dependent_dialects("func")
)]
#[derive(Clone)]
pub struct OutlineKernels {
    #[statistic(name = "num-kernels", description = "Kernels made")]
    kernels: Statistic,
    #[statistic(
        name = "num-shared",
        description = "Nests that use the kernel of another"
    )]
    shared: Statistic,
}

impl Pass for OutlineKernels {
    fn run(&mut self, module: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let mut kernels = Kernels::default();
        let top = module
            .region(0)
            .entry()
            .map(BlkExt::ops)
            .unwrap_or_default();
        for function in top.into_iter().filter(|op| op.name() == "func.func") {
            let name = function
                .attr("sym_name")
                .and_then(|a| a.as_str())
                .unwrap_or("kernel");
            for nest in nests(function) {
                kernels.outline(module, name, nest);
            }
        }
        self.kernels.add(kernels.by_text.len() as i64);
        self.shared.add(kernels.shared);
        Ok(())
    }
}

/// The outermost nests below a function that have loops.
fn nests(function: Op<'_>) -> Vec<Op<'_>> {
    let mut found = Vec::new();
    function.walk_ops(&mut |op| match Nest::cast(op) {
        Some(nest) => {
            if !nest.iterator_kinds().is_empty() {
                found.push(op);
            }
            Walk::Skip
        }
        None => Walk::Advance,
    });
    found
}

#[derive(Default)]
struct Kernels {
    /// Name of the kernel with that text.
    by_text: HashMap<String, String>,
    shared: i64,
}

impl Kernels {
    fn outline<'c>(&mut self, module: Op<'c>, function: &str, nest: Op<'c>) {
        let (constants, values) = captured(nest);
        let types: Vec<_> = values.iter().map(|v| v.ty()).collect();
        let name = format!("{function}_kernel_{}", self.by_text.len());
        let owned = OwnedRewriter::new(nest.ctx());
        let rw = owned.get().at(nest.loc());
        rw.before(nest);
        // The call is named when it is known which kernel it calls.
        let call = rw.func_call(&name, &values, &[]);
        if let Some(body) = module.region(0).entry() {
            rw.at_end(body);
        }
        let kernel = rw.func(&name, &types, &[], |rw, args| {
            let mut inside = IrMapping::new();
            for (value, arg) in values.iter().zip(args) {
                inside.map(*value, *arg);
            }
            for constant in &constants {
                rw.clone_with(*constant, &mut inside);
            }
            rw.clone_with(nest, &mut inside);
            rw.func_return(&[]);
        });
        kernel.set_attr("sym_visibility", rw.ctx().str_attr("private"));
        rw.erase(nest);
        let text = text_of(kernel);
        match self.by_text.get(&text) {
            Some(existing) => {
                call.set_attr("callee", call.ctx().symbol_attr(existing));
                rw.erase(kernel);
                self.shared += 1;
            }
            None => {
                self.by_text.insert(text, name);
            }
        }
    }
}

/// A kernel's argument types and ops as text; equal for equal kernels.
fn text_of(kernel: Op<'_>) -> String {
    use npir_mlir::melior::ir::operation::{OperationLike, OperationPrintingFlags};
    // Numbered from the kernel: without that, printing numbers the whole module each time.
    let flags = OperationPrintingFlags::new().use_local_scope();
    let text = kernel.to_string_with_flags(flags).unwrap_or_default();
    // Without the name, which is the only thing that tells equal kernels apart.
    text.find('(')
        .map_or(String::new(), |at| text[at..].to_string())
}

/// The constants and the other values from outside that a nest uses, in order of first use.
fn captured<'c>(nest: Op<'c>) -> (Vec<Op<'c>>, Vec<Val<'c>>) {
    let (mut constants, mut values): (Vec<Op<'c>>, Vec<Val<'c>>) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    nest.walk_ops(&mut |op| {
        for value in op.operand_values() {
            let inside = value
                .parent_block()
                .and_then(|b| b.parent_op())
                .is_some_and(|p| p.is_within(nest));
            if inside || !seen.insert(value.key()) {
                continue;
            }
            match value.defining_op() {
                Some(constant) if value.constant_attr().is_some() => constants.push(constant),
                _ => values.push(value),
            }
        }
        Walk::Advance
    });
    (constants, values)
}
