//! The vectorizer: instances of a scalar block at several points, op by op.
//!
//! Each instance is one vector of points (or one point, with width 1). The ops of
//! the instances interleave, so that independent instances hide each other's latency.

use super::complex;
use super::index::Ix;
use super::kernel::Kernel;
use super::lane::{Address, Lane, vector_type};
use npir_mlir::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;

/// One instance of a block.
pub(super) struct Instance<'c> {
    /// What stands for the block's arguments, and for its values so far.
    values: HashMap<usize, Lane<'c>>,
    /// The value of `loop.index d`, per axis.
    axes: Vec<Lane<'c>>,
    /// The lanes that are points of the nest; all without one.
    mask: Option<Val<'c>>,
}

impl<'c> Instance<'c> {
    /// An instance of `block` with these arguments.
    pub(super) fn new(
        block: Blk<'c>,
        args: Vec<Lane<'c>>,
        axes: Vec<Lane<'c>>,
        mask: Option<Val<'c>>,
    ) -> Self {
        let values = block.args().iter().map(|arg| arg.key()).zip(args).collect();
        Self { values, axes, mask }
    }

    /// What `value` of the block is here; a value from outside is itself.
    fn get(&self, value: Val<'c>) -> Lane<'c> {
        self.values
            .get(&value.key())
            .copied()
            .unwrap_or(Lane::Uniform(value))
    }

    fn set(&mut self, value: Val<'c>, lane: Lane<'c>) {
        self.values.insert(value.key(), lane);
    }
}

/// Emits instances of the blocks of one kernel.
pub(super) struct BodyEmitter<'k, 'c> {
    kernel: &'k Kernel<'c>,
    /// Constants of the blocks, cloned in front of the kernel once.
    constants: RefCell<HashMap<usize, Val<'c>>>,
}

impl<'k, 'c> BodyEmitter<'k, 'c> {
    /// An emitter for the kernel's blocks.
    pub(super) fn new(kernel: &'k Kernel<'c>) -> Self {
        Self {
            kernel,
            constants: RefCell::default(),
        }
    }

    /// Emits all instances of `block` with vectors of `width`, and returns what each yields.
    pub(super) fn emit(
        &self,
        rw: Rewriter<'c>,
        block: Blk<'c>,
        width: i64,
        mut instances: Vec<Instance<'c>>,
    ) -> Vec<Vec<Lane<'c>>> {
        let ops = block.ops();
        let Some((terminator, ops)) = ops.split_last() else {
            return vec![Vec::new(); instances.len()];
        };
        for &op in ops {
            let rw = rw.at(op.loc());
            for instance in &mut instances {
                self.emit_op(rw, op, width, instance);
            }
        }
        let yielded = terminator.operand_values();
        instances
            .iter()
            .map(|instance| yielded.iter().map(|&value| instance.get(value)).collect())
            .collect()
    }

    fn emit_op(&self, rw: Rewriter<'c>, op: Op<'c>, width: i64, instance: &mut Instance<'c>) {
        match op.name() {
            "arith.constant" => {
                let constant = self.constant(rw, op);
                instance.set(op.result_value(0), Lane::Uniform(constant));
            }
            crate::nest::Index::NAME => {
                let axis = crate::nest::Index::axis_of(op);
                let lane = instance.axes[axis];
                instance.set(op.result_value(0), lane);
            }
            "memref.load" => {
                let operands = op.operand_values();
                let (flat, address) =
                    self.address(rw, operands[0], &operands[1..], width, instance);
                let lane = address.load(rw, flat, width, instance.mask);
                instance.set(op.result_value(0), lane);
            }
            "memref.store" => {
                let operands = op.operand_values();
                let (flat, address) =
                    self.address(rw, operands[1], &operands[2..], width, instance);
                address.store(rw, flat, instance.get(operands[0]), width, instance.mask);
            }
            _ if op.num_regions() > 0 => self.clone_whole(rw, op, instance),
            _ => self.emit_elementwise(rw, op, width, instance),
        }
    }

    /// The element that each lane of `memref[indices]` is.
    fn address(
        &self,
        rw: Rewriter<'c>,
        memref: Val<'c>,
        indices: &[Val<'c>],
        width: i64,
        instance: &Instance<'c>,
    ) -> (Val<'c>, Address<'c>) {
        // Memory that an op of the block itself provides has no layout on record; the
        // scheduler keeps such blocks scalar.
        let local;
        let layout = match self.kernel.layout(memref) {
            Some(layout) => layout,
            None => {
                local = super::kernel::Layout::new(rw, instance.get(memref).widen(rw, 1));
                &local
            }
        };
        let mut address = Address::strided(layout.offset, Ix::ZERO);
        for (&index, &stride) in indices.iter().zip(&layout.strides) {
            address.add(rw, instance.get(index), stride, width);
        }
        (layout.flat, address)
    }

    fn constant(&self, rw: Rewriter<'c>, op: Op<'c>) -> Val<'c> {
        if let Some(&value) = self.constants.borrow().get(&op.key()) {
            return value;
        }
        let value = rw.scoped(|rw| {
            rw.before(self.kernel.anchor);
            rw.clone_op(op).result_value(0)
        });
        self.constants.borrow_mut().insert(op.key(), value);
        value
    }

    /// Ops with regions have no vector form: all values are scalars here.
    fn clone_whole(&self, rw: Rewriter<'c>, op: Op<'c>, instance: &mut Instance<'c>) {
        let mut mapping = IrMapping::new();
        let mut map = |value: Val<'c>| {
            if let Lane::Uniform(scalar) | Lane::Step(scalar) = instance.get(value) {
                mapping.map(value, scalar);
            }
        };
        op.walk_ops(&mut |inner| {
            inner.operand_values().into_iter().for_each(&mut map);
            Walk::Advance
        });
        let clone = rw.clone_with(op, &mut mapping);
        for index in clone.find_all(crate::nest::Index::NAME) {
            let axis = instance.axes[crate::nest::Index::axis_of(index)].widen(rw, 1);
            rw.replace(index, &[axis]);
        }
        for name in ["memref.load", "memref.store"] {
            for access in clone.find_all(name) {
                self.flatten(rw, access);
            }
        }
        for i in 0..op.num_results() {
            instance.set(op.result_value(i), Lane::Uniform(clone.result_value(i)));
        }
    }

    /// Makes an access to captured memory one to flat memory, at any alignment. Strides
    /// may be negative there, which the lowering of `memref` does not expect of them.
    fn flatten(&self, rw: Rewriter<'c>, access: Op<'c>) {
        let store = access.name() == "memref.store";
        let operands = access.operand_values();
        let (values, memory) = operands.split_at(usize::from(store));
        let Some(layout) = self.kernel.layout(memory[0]) else {
            return;
        };
        rw.scoped(|rw| {
            rw.before(access);
            let mut address = Address::strided(layout.offset, Ix::ZERO);
            for (&index, &stride) in memory[1..].iter().zip(&layout.strides) {
                address.add(rw, Lane::Uniform(index), stride, 1);
            }
            if let Some(&value) = values.first() {
                address.store(rw, layout.flat, Lane::Uniform(value), 1, None);
                rw.erase(access);
            } else {
                let loaded = address.load(rw, layout.flat, 1, None).widen(rw, 1);
                rw.replace(access, &[loaded]);
            }
        });
    }

    fn emit_elementwise(
        &self,
        rw: Rewriter<'c>,
        op: Op<'c>,
        width: i64,
        instance: &mut Instance<'c>,
    ) {
        let operands: Vec<Lane<'c>> = op
            .operand_values()
            .into_iter()
            .map(|v| instance.get(v))
            .collect();
        match (op.name(), operands.as_slice()) {
            (
                "arith.addi",
                &[a @ Lane::Step(_), b @ Lane::Uniform(_)]
                | &[a @ Lane::Uniform(_), b @ Lane::Step(_)],
            ) => {
                let sum = a.add(rw, b, width);
                return instance.set(op.result_value(0), sum);
            }
            ("arith.subi", &[Lane::Step(base), Lane::Uniform(b)]) => {
                return instance.set(op.result_value(0), Lane::Step(rw.subi(base, b)));
            }
            // `index` and `i64` hold the same numbers; a narrower type could wrap within the vector.
            ("arith.index_cast" | "arith.index_castui", &[Lane::Step(base)])
                if op.result_value(0).ty().bit_width() == 64 && base.ty().bit_width() == 64 =>
            {
                let cast = rw.index_cast(base, op.result_value(0).ty());
                return instance.set(op.result_value(0), Lane::Step(cast));
            }
            _ => {}
        }
        let uniform = operands.iter().all(|lane| matches!(lane, Lane::Uniform(_)));
        let width = if uniform { 1 } else { width };
        let values: Vec<Val<'c>> = operands.iter().map(|lane| lane.widen(rw, width)).collect();
        let parts = match (op.name(), values.as_slice()) {
            _ if uniform || width == 1 => None,
            ("complex.re", &[z]) => Some(complex::part(rw, z, 0, width)),
            ("complex.im", &[z]) => Some(complex::part(rw, z, 1, width)),
            ("complex.create", &[re, im]) => Some(complex::join(rw, re, im, width)),
            _ => None,
        };
        if let Some(vector) = parts {
            return instance.set(op.result_value(0), Lane::Vector(vector));
        }
        let types: Vec<Type<'c>> = op
            .result_types()
            .into_iter()
            .map(|ty| vector_type(ty, width))
            .collect();
        let mut builder = rw.op(op.name()).operands(&values).results(&types);
        for (name, attr) in op.attrs() {
            builder = builder.attr(name, attr);
        }
        let new = builder.build();
        for i in 0..op.num_results() {
            instance.set(op.result_value(i), Lane::of(new.result_value(i), width));
        }
    }
}
