//! What computing costs: time from the bytes that move, the operations, and the start of each kernel.
//!
//! Elementwise functions, casts and views are computed inside the kernels that use them and move no bytes, as the
//! fusion at the tensor level does it. So a plan is a set of kernels: each writes one value to memory, which it computes
//! from values in memory.

use super::facts::ASSUMED_SIZE;
use super::{LEAF, Numpy, Size};
use crate::constant::Constant;
use crate::einsum;
use crate::elementwise;
use crate::elementwise::dtype::DType;
use crate::{cast, reduce, views};
use npir_egraph::{Class, Cost, Graph, Linear, NodeRef, Plan, Way};
use npir_machine::{Machine, Threads, Work};
use npir_mlir::prelude::*;

/// Additions that each operation takes of kernels of which nothing else is known.
const OTHER_OPERATION: f64 = 100.0;

/// So many times as long as reading straight on takes reading what lies across: the loops of a kernel go along one order.
const ACROSS: f64 = 4.0;

/// Computing and moving bytes go on together, but for this part of the shorter one: work is never quite free.
pub(super) const OVERLAP: f64 = 0.1;

/// How a node is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Profile {
    /// It is there.
    Given,
    /// Another look at the operand.
    View,
    /// Computed where it is used: so many additions for each element.
    Inline(f64),
    /// A kernel that computes its operands on the way: so many additions for each of their elements.
    Reduction(f64),
    /// A kernel whose operands are in memory: so many multiplications and additions.
    Contraction(f64),
    /// A kernel that reads so many elements from computed places.
    Gather(f64),
    /// A kernel that adds to so many elements in computed places.
    Scatter(f64),
    /// Any other kernel, on one thread: so many operations.
    Other(f64),
}

/// Time from the sizes of values and the rates of a machine.
pub struct Numbers {
    machine: Machine,
}

impl Numbers {
    /// On this machine.
    pub fn new(machine: Machine) -> Self {
        Numbers { machine }
    }

    fn size(&self, size: Size) -> f64 {
        match size {
            Size::Known(n) => n as f64,
            Size::Of { .. } => ASSUMED_SIZE,
        }
    }

    fn elements(&self, graph: &Graph<Numpy<'_>>, class: Class) -> f64 {
        graph.fact(class).elements()
    }

    fn bytes(&self, graph: &Graph<Numpy<'_>>, class: Class) -> f64 {
        let width = match graph.fact(class).dtype() {
            Some(dtype) => dtype.bits().div_ceil(8),
            None => 8,
        };
        self.elements(graph, class) * f64::from(width)
    }

    /// How a node of a class is computed.
    pub fn profile(
        &self,
        graph: &Graph<Numpy<'_>>,
        class: Class,
        node: NodeRef<'_, Numpy<'_>>,
    ) -> Profile {
        let op = node.op();
        if op == LEAF || op == Constant::NAME {
            return Profile::Given;
        }
        let foreign = || -> Option<Profile> {
            let children: Vec<_> = node.children().map(|child| graph.fact(child)).collect();
            let fact = graph.fact(class);
            graph.domain().foreign_cost(op, &children, fact)
        };
        if let Some(profile) = foreign() {
            return profile;
        }
        if graph.fact(class).dtype().is_none() {
            // Sizes and positions.
            return Profile::Inline(0.0);
        }
        if op == cast::NAME {
            return Profile::Inline(1.0);
        }
        if let Some(work) = elementwise::work(op) {
            return Profile::Inline(self.machine.operations(work));
        }
        if reduce::is_reduction(op) || matches!(op, "numpy.argmin" | "numpy.argmax") {
            return Profile::Reduction(1.0);
        }
        let sizes = |i: usize| -> Vec<f64> {
            let fact = graph.fact(node.child(i));
            fact.sizes.iter().map(|&size| self.size(size)).collect()
        };
        let out = self.elements(graph, class);
        let last = |sizes: &[f64]| sizes.last().copied().unwrap_or(1.0);
        match op {
            "numpy.transpose" | "numpy.expand_dims" | "numpy.squeeze" | "numpy.slice"
            | "numpy.broadcast_to" | "numpy.flip" | "numpy.reshape" | "tensor.cast" => {
                Profile::View
            }
            "numpy.full" => Profile::Inline(0.0),
            "numpy.matmul" | "numpy.dot" | "numpy.inner" | "numpy.vecdot" | "numpy.matvec"
            | "numpy.vecmat" => Profile::Contraction(2.0 * out * last(&sizes(0))),
            "numpy.tensordot" => {
                let both =
                    self.elements(graph, node.child(0)) * self.elements(graph, node.child(1));
                // Each size that is summed over is in both operands and not in the result.
                Profile::Contraction(2.0 * (both * out).sqrt())
            }
            "numpy.einsum" => {
                let (attrs, operands) = (node.payload().attrs, node.num_children());
                Profile::Contraction(2.0 * einsum::multiplications(attrs, operands, sizes))
            }
            "numpy.linalg_inv" => Profile::Other(2.0 * out * last(&sizes(0))),
            "numpy.linalg_solve" => {
                let (n, columns) = (last(&sizes(0)), out / last(&sizes(0)));
                Profile::Other(n * n * (0.7 * n + 2.0 * columns))
            }
            "numpy.var" | "numpy.std" => {
                Profile::Contraction(4.0 * self.elements(graph, node.child(0)))
            }
            "numpy.take" | "numpy.take_along_axis" => Profile::Gather(out),
            "numpy.add_at" | "numpy.subtract_at" | "numpy.multiply_at" | "numpy.maximum_at"
            | "numpy.minimum_at" | "numpy.bincount" => {
                // The array that is updated has no element for each update.
                let first = usize::from(op != "numpy.bincount");
                let updates = node.children().skip(first);
                let elements = updates.map(|child| self.elements(graph, child));
                Profile::Scatter(elements.fold(0.0, f64::max))
            }
            _ => {
                let operands = node.children().map(|child| self.elements(graph, child));
                Profile::Other(out + operands.sum::<f64>())
            }
        }
    }

    /// Whether a node is a transpose that moves the last axis that is longer than one.
    fn turns(&self, graph: &Graph<Numpy<'_>>, node: NodeRef<'_, Numpy<'_>>) -> bool {
        if node.op() != "numpy.transpose" {
            return false;
        }
        let fact = graph.fact(node.child(0));
        let axes = node.payload().attr("axes").and_then(I64Array::decode);
        let long = |axis: &usize| fact.sizes[*axis] != Size::Known(1);
        match views::permutation(axes.as_deref(), fact.rank()) {
            Ok(order) => order.into_iter().rfind(long) != (0..fact.rank()).rfind(long),
            Err(_) => false,
        }
    }

    /// The time of a node by itself.
    fn alone(&self, graph: &Graph<Numpy<'_>>, class: Class, node: NodeRef<'_, Numpy<'_>>) -> Note {
        let machine = &self.machine;
        let profile = self.profile(graph, class, node);
        let add = machine.seconds(Work::Add);
        let (kind, time) = match profile {
            Profile::Given => (Kind::Given, 0.0),
            Profile::View => (Kind::View, 0.0),
            Profile::Inline(work) => (Kind::Inline, work * self.elements(graph, class) * add),
            Profile::Reduction(work) => {
                let time = work * self.elements(graph, node.child(0)) * add;
                (Kind::Reduction, time)
            }
            Profile::Contraction(operations) => {
                let bits = graph.fact(class).dtype().map_or(64, DType::bits);
                (Kind::OfStored, machine.contraction(operations, bits))
            }
            Profile::Gather(elements) => (Kind::OfStored, elements * machine.elements.gather),
            Profile::Scatter(elements) => (Kind::OfStored, elements * machine.elements.scatter),
            Profile::Other(operations) => (Kind::OfStored, operations * OTHER_OPERATION * add),
        };
        let threads = match profile {
            Profile::Other(_) => Threads::One,
            _ => Threads::All,
        };
        let bytes = self.bytes(graph, class);
        let of = |threads| Moving {
            reading: machine.reading(1.0, bytes, threads),
            writing: machine.writing(bytes, threads),
        };
        Note {
            kind,
            turns: self.turns(graph, node),
            packs: matches!(profile, Profile::Contraction(_)),
            time,
            threads,
            bytes,
            by_one: of(Threads::One),
            by_all: of(Threads::All),
        }
    }
}

/// How a step comes about, in a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Given,
    View,
    Inline,
    Reduction,
    /// A kernel whose operands are in memory.
    OfStored,
}

/// What is known of a node for all plans.
#[derive(Clone, Debug)]
pub struct Note {
    pub(super) kind: Kind,
    /// Whether it is a view that goes through memory in another order.
    turns: bool,
    /// Whether it is a kernel that takes its operands piece by piece, in any order.
    packs: bool,
    /// Seconds of computing, on one thread.
    pub(super) time: f64,
    /// The threads that a kernel of it can take.
    pub(super) threads: Threads,
    /// Bytes of the value.
    pub(super) bytes: f64,
    by_one: Moving,
    by_all: Moving,
}

/// What it takes to move a value, on so many threads.
#[derive(Clone, Copy, Debug)]
struct Moving {
    /// Seconds to read a byte of it.
    reading: f64,
    /// Seconds to write it.
    writing: f64,
}

impl Note {
    fn moving(&self, threads: Threads) -> Moving {
        match threads {
            Threads::One => self.by_one,
            Threads::All => self.by_all,
        }
    }
}

/// Which kernel computes a value that is not stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Nobody,
    /// The kernel of this step.
    One(usize),
    /// Several kernels.
    Many,
}

impl Owner {
    fn and(self, other: Owner) -> Owner {
        match (self, other) {
            (Owner::Nobody, owner) | (owner, Owner::Nobody) => owner,
            (a, b) if a == b => a,
            _ => Owner::Many,
        }
    }
}

/// A kernel: how long it computes on one thread, and what it takes from memory.
#[derive(Clone, Debug, Default)]
struct Kernel<'p> {
    seconds: f64,
    reads: Vec<Taken<'p>>,
}

/// A value that a kernel takes from memory.
#[derive(Clone, Copy, Debug)]
struct Taken<'p> {
    slot: usize,
    /// Bytes of it that the kernel looks at.
    bytes: f64,
    /// Whether it is seen with its axes in another order.
    turned: bool,
    /// What is known of it.
    note: &'p Note,
}

/// A kernel of a plan, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The steps that it computes, each after those that it depends on; the last one is the value that it writes.
    pub steps: Vec<usize>,
    /// The steps whose values it takes from memory.
    pub reads: Vec<usize>,
    /// Seconds of computing.
    pub computing: f64,
    /// Seconds of moving bytes.
    pub moving: f64,
    /// Seconds until it has begun and ended.
    pub start: f64,
    /// Seconds altogether.
    pub time: f64,
}

/// What a kernel takes, in seconds.
struct Times {
    computing: f64,
    moving: f64,
    start: f64,
    all: f64,
}

/// Who computes the steps of a plan.
struct Shared<'p> {
    /// For each step what is known of it, and its children.
    notes: Vec<Option<(&'p Note, &'p [usize])>>,
    /// The kernel that computes each step that is not stored.
    owner: Vec<Owner>,
    /// For each step the kernel that writes it, if it is stored.
    kernels: Vec<Option<Kernel<'p>>>,
}

impl<'c> Cost<Numpy<'c>> for Numbers {
    type State = ();
    type Note = Note;

    fn ways(
        &self,
        graph: &Graph<Numpy<'c>>,
        class: Class,
        node: NodeRef<'_, Numpy<'c>>,
    ) -> Vec<Way<(), Note>> {
        let note = self.alone(graph, class, node);
        let launch = match note.kind {
            Kind::Reduction | Kind::OfStored => self.machine.kernel,
            _ => 0.0,
        };
        vec![Way {
            result: (),
            children: vec![(); node.num_children()],
            time: note.time + launch,
            note,
        }]
    }

    fn terms(&self, plan: &Plan<'_, Numpy<'c>, (), Note>) -> Vec<(&'static str, f64)> {
        let groups = self.groups(plan);
        let sum = |term: fn(&Group) -> f64| groups.iter().map(term).sum();
        vec![
            ("computing", sum(|group| group.computing)),
            ("moving bytes", sum(|group| group.moving)),
            ("starting kernels", sum(|group| group.start)),
        ]
    }

    fn linear(&self, _: &Graph<Numpy<'c>>, linear: &mut Linear<'_, (), Note>) {
        super::linear::write(&self.machine, linear);
    }

    fn plan(&self, plan: &Plan<'_, Numpy<'c>, (), Note>) -> f64 {
        let shared = self.share(plan);
        let kernels = shared.kernels.iter().zip(&shared.notes);
        kernels
            .filter_map(|(kernel, note)| Some(self.times(kernel.as_ref()?, note.as_ref()?.0).all))
            .sum()
    }
}

impl Numbers {
    /// The kernels of a plan, each after those whose values it takes.
    pub fn groups(&self, plan: &Plan<'_, Numpy<'_>, (), Note>) -> Vec<Group> {
        let shared = self.share(plan);
        let mut groups: Vec<Option<Group>> = vec![None; shared.kernels.len()];
        for (slot, (kernel, note)) in shared.kernels.iter().zip(&shared.notes).enumerate() {
            if let (Some(kernel), Some((note, _))) = (kernel, note) {
                let times = self.times(kernel, note);
                groups[slot] = Some(Group {
                    steps: Vec::new(),
                    reads: kernel.reads.iter().map(|read| read.slot).collect(),
                    computing: times.computing,
                    moving: times.moving,
                    start: times.start,
                    time: times.all,
                });
            }
        }
        let mut order = Vec::new();
        for step in plan.steps() {
            let is_computed = step
                .note
                .is_some_and(|note| !matches!(note.kind, Kind::Given | Kind::View));
            let kernel = match (groups[step.slot].is_some(), shared.owner[step.slot]) {
                (true, _) => step.slot,
                (false, Owner::One(kernel)) if is_computed => kernel,
                _ => continue,
            };
            if kernel == step.slot {
                order.push(kernel);
            }
            if let Some(group) = &mut groups[kernel] {
                group.steps.push(step.slot);
            }
        }
        let ordered = order.into_iter().filter_map(|slot| groups[slot].take());
        ordered.collect()
    }

    /// What a kernel takes: on one thread, or on all of them where that is sooner.
    fn times(&self, kernel: &Kernel<'_>, note: &Note) -> Times {
        let machine = &self.machine;
        let on = |threads: Threads, shared: f64, start: f64| {
            let taking = |turned: bool| {
                let reads = kernel.reads.iter().filter(|read| read.turned == turned);
                reads
                    .map(|read| read.bytes * read.note.moving(threads).reading)
                    .sum::<f64>()
            };
            let (straight, turned) = (taking(false), taking(true));
            let writing = note.moving(threads).writing;
            let along = match note.packs {
                true => 0.0,
                false => straight + writing,
            };
            let across = (ACROSS - 1.0) * turned.min(along);
            let moving = writing + straight + turned + across;
            let computing = kernel.seconds / shared;
            let overlap = OVERLAP * computing.min(moving);
            Times {
                computing,
                moving,
                start,
                all: start + computing.max(moving) + overlap,
            }
        };
        let one = on(Threads::One, 1.0, machine.kernel);
        if machine.threads == 1 || note.threads == Threads::One {
            return one;
        }
        let start = machine.kernel + machine.fork_join;
        let all = on(Threads::All, machine.threads as f64, start);
        if all.all < one.all { all } else { one }
    }

    /// Which values are stored, and which kernel computes what.
    fn share<'p>(&self, plan: &Plan<'p, Numpy<'_>, (), Note>) -> Shared<'p> {
        let slots = plan.num_slots();
        let mut notes: Vec<Option<(&'p Note, &'p [usize])>> = vec![None; slots];
        for step in plan.steps() {
            notes[step.slot] = step.note.map(|note| (note, step.children));
        }
        // A value is stored where it is wanted, or a kernel takes it as it is, or several kernels need it.
        let mut stored = vec![false; slots];
        let mut owner = vec![Owner::Nobody; slots];
        let seen_through = |mut slot: usize| {
            while let Some((note, [child, ..])) = notes[slot]
                && note.kind == Kind::View
            {
                slot = *child;
            }
            slot
        };
        for &root in plan.roots() {
            stored[seen_through(root)] = true;
        }
        let mut kernels: Vec<Option<Kernel<'p>>> = vec![None; slots];
        for step in plan.steps().rev() {
            let Some(note) = step.note else { continue };
            let slot = step.slot;
            // All users of a step come after it: what is known of it now is all.
            stored[slot] |= match note.kind {
                Kind::View => false,
                Kind::Inline => owner[slot] == Owner::Many,
                Kind::Given | Kind::Reduction | Kind::OfStored => true,
            };
            let here = match (note.kind, stored[slot]) {
                (Kind::Given, _) => continue,
                (_, true) => {
                    kernels[slot] = Some(Kernel {
                        seconds: note.time,
                        reads: Vec::new(),
                    });
                    Owner::One(slot)
                }
                (_, false) => {
                    if let Owner::One(kernel) = owner[slot]
                        && let Some(kernel) = &mut kernels[kernel]
                    {
                        kernel.seconds += note.time;
                    }
                    owner[slot]
                }
            };
            for &child in step.children {
                owner[child] = owner[child].and(here);
                if note.kind == Kind::OfStored {
                    stored[seen_through(child)] = true;
                }
            }
        }
        // What is read: each stored value that a step of a kernel uses, through views at most what they show.
        for step in plan.steps() {
            let Some(note) = step.note else { continue };
            let kernel = match (stored[step.slot], owner[step.slot]) {
                (true, _) => step.slot,
                (false, Owner::One(kernel)) if note.kind == Kind::Inline => kernel,
                _ => continue,
            };
            for &child in step.children {
                let (mut child, mut bytes, mut turned) = (child, f64::INFINITY, false);
                while let Some((view, [below, ..])) = notes[child]
                    && view.kind == Kind::View
                {
                    bytes = bytes.min(view.bytes);
                    turned ^= view.turns;
                    child = *below;
                }
                if let (true, Some((source, _)), Some(kernel)) =
                    (stored[child], notes[child], &mut kernels[kernel])
                {
                    kernel.reads.push(Taken {
                        slot: child,
                        bytes: bytes.min(source.bytes),
                        turned,
                        note: source,
                    });
                }
            }
        }
        for kernel in kernels.iter_mut().flatten() {
            kernel
                .reads
                .sort_by(|a, b| a.slot.cmp(&b.slot).then(b.bytes.total_cmp(&a.bytes)));
            kernel.reads.dedup_by(|again, first| {
                first.turned |= again.turned && again.slot == first.slot;
                again.slot == first.slot
            });
        }
        Shared {
            notes,
            owner,
            kernels,
        }
    }
}
