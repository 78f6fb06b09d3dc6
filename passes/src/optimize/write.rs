//! Writes a plan back. Ops of the program that the plan keeps stay where they are; what rules have made comes in front
//! of the first op whose value it is, or depends on it.

use std::collections::HashMap;

use npir_egraph::{Class, Origin, Plan, Step, StepKind};
use npir_mlir::prelude::*;
use npir_numpy::optimize::Numpy;

use super::region::{Region, Role, leaf_of};

struct Writer<'w, 'c, N> {
    region: &'w Region<'c>,
    plan: &'w Plan<'w, Numpy<'c>, (), N>,
    steps: Vec<Step<'w, Numpy<'c>, (), N>>,
    /// The place of each step in the list, by its number.
    place: Vec<usize>,
    rw: Rewriter<'c>,
    /// The value of each step that has one by now.
    values: Vec<Option<Val<'c>>>,
    /// Values of other types: casts that have been made.
    casts: HashMap<(usize, Type<'c>), Val<'c>>,
}

/// Makes the block compute what the plan says.
pub(super) fn write<'c, N>(region: &Region<'c>, plan: &Plan<'_, Numpy<'c>, (), N>) {
    let Some((first, _)) = region.ops.first() else {
        return;
    };
    let owned = OwnedRewriter::new(first.ctx());
    let steps: Vec<_> = plan.steps().collect();
    let mut place = vec![usize::MAX; plan.num_slots()];
    let mut of_class: HashMap<Class, usize> = HashMap::new();
    for (index, step) in steps.iter().enumerate() {
        place[step.slot] = index;
        of_class.insert(step.class, index);
    }
    let mut writer = Writer {
        region,
        plan,
        values: vec![None; steps.len()],
        steps,
        place,
        rw: owned.get(),
        casts: HashMap::new(),
    };
    let mut dead = Vec::new();
    for (index, (op, role)) in region.ops.iter().enumerate() {
        let Role::Node(class) = role else { continue };
        let class = plan.graph().find(*class);
        let Some(&step) = of_class.get(&class) else {
            dead.push(*op);
            continue;
        };
        let own = op.result_value(0);
        let value = writer.value(step, index, *op);
        if value != own {
            let value = writer.of_type(value, own.ty(), *op);
            writer.rw.replace_all_uses(own, value);
            dead.push(*op);
        }
    }
    for op in dead.into_iter().rev() {
        if !op.result_value(0).has_uses() {
            writer.rw.erase(op);
        }
    }
}

impl<'c, N> Writer<'_, 'c, N> {
    /// The value of a step, computed in front of `here`, the op with number `index`, unless it is there.
    fn value(&mut self, step: usize, index: usize, here: Op<'c>) -> Val<'c> {
        if let Some(known) = self.values[step] {
            return known;
        }
        let StepKind::Compute(node) = self.steps[step].kind else {
            unreachable!("there is one state")
        };
        let value = if let Some(leaf) = leaf_of(node) {
            self.region.leaves[leaf].value
        } else if let Origin::Source(source) = *node.origin()
            && let Some((op, _)) = self.region.ops.get(source)
        {
            match source == index {
                // Its operands have been replaced on the way here.
                true => op.result_value(0),
                false => self.copy(step, *op, index, here),
            }
        } else {
            self.make(step, index, here)
        };
        self.values[step] = Some(value);
        value
    }

    /// The values of the children of a step.
    fn children(&mut self, step: usize, index: usize, here: Op<'c>) -> Vec<Val<'c>> {
        let children = self.steps[step].children.iter();
        children
            .map(|&child| self.value(self.place[child], index, here))
            .collect()
    }

    /// An op of the program once more, in front of `here`.
    fn copy(&mut self, step: usize, op: Op<'c>, index: usize, here: Op<'c>) -> Val<'c> {
        let children = self.children(step, index, here);
        let mut mapping = IrMapping::new();
        for (old, new) in op.operand_values().into_iter().zip(children) {
            mapping.map(old, self.of_type(new, old.ty(), here));
        }
        self.rw.before(here);
        self.rw
            .at(op.loc())
            .clone_with(op, &mut mapping)
            .result_value(0)
    }

    /// A new op, in front of `here`.
    fn make(&mut self, step: usize, index: usize, here: Op<'c>) -> Val<'c> {
        let children = self.children(step, index, here);
        let StepKind::Compute(node) = self.steps[step].kind else {
            unreachable!("there is one state")
        };
        let graph = self.plan.graph();
        let operands: Vec<_> = children
            .into_iter()
            .zip(node.children())
            .map(|(value, class)| self.of_type(value, graph.fact(class).ty(), here))
            .collect();
        let loc = match node.origin() {
            Origin::Rule { sources, .. } => self.region.location(sources),
            _ => here.loc(),
        };
        self.rw.before(here);
        let attrs = node.payload().attrs.as_dict().unwrap_or_default();
        let builder = self.rw.at(loc).op(node.op()).operands(&operands);
        attrs
            .into_iter()
            .fold(builder, |builder, (name, value)| builder.attr(name, value))
            .results(&[node.payload().ty])
            .build_value()
    }

    /// A value under a type that says more or less about its sizes.
    fn of_type(&mut self, value: Val<'c>, ty: Type<'c>, here: Op<'c>) -> Val<'c> {
        if value.ty() == ty {
            return value;
        }
        *self.casts.entry((value.key(), ty)).or_insert_with(|| {
            self.rw.before(here);
            self.rw.at(here.loc()).tensor_cast(value, ty)
        })
    }
}
