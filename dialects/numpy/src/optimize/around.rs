//! What is known of values from around a block: which of their sizes are equal.

use std::collections::HashMap;

use npir_mlir::prelude::*;

use super::{Fact, Numpy, Payload, facts, shapes};

/// How many ops are looked through, one after another.
const DEPTH: usize = 48;

/// The number of the first class that has sizes of its own. Those of values around the graph are less: of two names of a
/// size the graph keeps the lesser one, which others from around have too.
pub(super) const FIRST_CLASS: usize = 1 << 48;

/// Values from around a block. Loops are looked through: what a loop carries has the sizes that it had before where the
/// body hands on the same ones.
pub struct Around<'c> {
    domain: Numpy<'c>,
    facts: HashMap<usize, Fact<'c>>,
    /// The keys of facts, in the order in which they came.
    log: Vec<usize>,
    /// Values that have been numbered.
    numbered: usize,
}

impl<'c> Around<'c> {
    /// Nothing is known yet. It is of no use after a change of the program.
    pub fn new(domain: Numpy<'c>) -> Self {
        Around {
            domain,
            facts: HashMap::new(),
            log: Vec::new(),
            numbered: 0,
        }
    }

    /// The sizes of a value as an attribute of leaves: those of an array, or the one that an `index` is.
    pub fn sizes(&mut self, value: Val<'c>) -> Attribute<'c> {
        let fact = self.fact(value);
        let sizes: Vec<_> = match fact.ty().is_tensor() {
            true => fact.sizes,
            false => fact.size.into_iter().collect(),
        };
        shapes::encode(self.domain.ctx(), &sizes)
    }

    /// What is known of a value, of its sizes above all.
    pub fn fact(&mut self, value: Val<'c>) -> Fact<'c> {
        self.found(value, DEPTH)
    }

    fn found(&mut self, value: Val<'c>, depth: usize) -> Fact<'c> {
        if let Some(known) = self.facts.get(&value.key()) {
            return known.clone();
        }
        let fact = match depth.checked_sub(1) {
            None => None,
            Some(depth) => match value.defining_op() {
                Some(op) => self.of_op(op, value, depth),
                None => self.of_carried(value, depth),
            },
        };
        let fact = fact.unwrap_or_else(|| self.unknown(value));
        self.learn(value, &fact);
        fact
    }

    fn learn(&mut self, value: Val<'c>, fact: &Fact<'c>) {
        if self.facts.insert(value.key(), fact.clone()).is_none() {
            self.log.push(value.key());
        }
    }

    fn number(&mut self) -> usize {
        self.numbered += 1;
        self.numbered
    }

    /// A value of which only the type is known.
    fn unknown(&mut self, value: Val<'c>) -> Fact<'c> {
        let payload = Payload {
            attrs: self.domain.ctx().dict_attr(&[]),
            ty: value.ty(),
        };
        facts::of_node(self.number(), "", &payload, &[])
    }

    fn of_op(&mut self, op: Op<'c>, value: Val<'c>, depth: usize) -> Option<Fact<'c>> {
        let number = op.result_values().iter().position(|own| *own == value)?;
        match op.name() {
            "scf.for" => {
                let carried = op.region(0).entry()?.args().get(number + 1).copied()?;
                Some(self.found(carried, depth))
            }
            "scf.if" => {
                let mut sides = Vec::new();
                for region in op.regions() {
                    let handed = region.entry()?.terminator_op()?.operand_values();
                    sides.push(self.found(*handed.get(number)?, depth));
                }
                let (first, rest) = sides.split_first()?;
                rest.iter()
                    .all(|side| side.same_shape(first))
                    .then(|| first.clone())
            }
            _ if op.num_results() == 1 && op.num_regions() == 0 => {
                let children: Vec<_> = op
                    .operand_values()
                    .into_iter()
                    .map(|operand| self.found(operand, depth))
                    .collect();
                let payload = Payload {
                    attrs: self.domain.ctx().dict_attr(&op.attrs()),
                    ty: value.ty(),
                };
                let children: Vec<_> = children.iter().collect();
                Some(facts::of_node(
                    self.number(),
                    op.name(),
                    &payload,
                    &children,
                ))
            }
            _ => None,
        }
    }

    /// What a loop carries: taken to have the sizes from before the loop, until the body hands on others.
    fn of_carried(&mut self, value: Val<'c>, depth: usize) -> Option<Fact<'c>> {
        let body = value.parent_block()?;
        let around = body.parent_op().filter(|op| op.name() == "scf.for")?;
        let place = body.args().iter().position(|arg| *arg == value)?;
        let number = place.checked_sub(1)?;
        let before = around.operand_values().get(3 + number).copied()?;
        let next = body
            .terminator_op()?
            .operand_values()
            .get(number)
            .copied()?;
        if !value.ty().is_tensor() {
            return None;
        }
        // Elements differ.
        let mut taken = self.found(before, depth);
        (taken.constant, taken.bounds) = (None, None);
        let mark = self.log.len();
        self.learn(value, &taken);
        if self.found(next, depth).same_shape(&taken) {
            return Some(taken);
        }
        // What has been found of other values stands on it.
        for key in self.log.drain(mark..) {
            self.facts.remove(&key);
        }
        None
    }
}
