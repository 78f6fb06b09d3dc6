//! What kernels cost, as a linear program: the same as `Numbers::plan` says of each plan, less what reading across the order of
//! a kernel adds. So no plan costs less than the program says, and the solver goes on until the best one is judged.
//!
//! A kernel *looks at* the values that it uses, through views if there are any; it computes the elementwise functions
//! among them itself, unless they are stored. Its cost `start + max(s, m) + overlap · min(s, m)`, with seconds `s` of
//! computing and `m` of moving bytes, is `start + (1 - overlap) · max(s, m) + overlap · (s + m)`, and so a sum of
//! linear terms and a maximum, which two constraints express.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use npir_egraph::{Choice, Linear, Variable};

use npir_machine::{Machine, Threads};

use super::cost::{Kind, Note, OVERLAP};

/// A sum of variables with factors.
type Terms = Vec<(Variable, f64)>;

/// A question about ways.
type Such<'a> = &'a dyn Fn(&Way<'_>) -> bool;

/// A way to compute a slot.
struct Way<'p> {
    kind: Kind,
    seconds: f64,
    taken: Variable,
    children: &'p [usize],
}

impl Way<'_> {
    fn is_inline(&self) -> bool {
        self.kind == Kind::Inline
    }

    /// Whether it is a kernel of its own wherever it is taken.
    fn is_kernel(&self) -> bool {
        matches!(self.kind, Kind::Reduction | Kind::OfStored)
    }

    /// Whether it is a view whose elements are those of `slot`.
    fn shows(&self, slot: usize) -> bool {
        self.kind == Kind::View && self.children.first() == Some(&slot)
    }

    /// Whether it is a view that takes `slot` as a position.
    fn is_placed_by(&self, slot: usize) -> bool {
        self.kind == Kind::View && self.children.iter().skip(1).any(|&child| child == slot)
    }
}

/// What is said of a slot.
struct Slot<'p> {
    /// Bytes of its value.
    bytes: f64,
    ways: Vec<Way<'p>>,
    /// For each kernel that may compute it, the variables of its inline ways. Its own number: it is stored.
    computed: BTreeMap<usize, Vec<Variable>>,
    /// The kernels that may look at it, each with the bits of the bytes that are seen at most, and whether they do.
    looks: BTreeMap<(usize, u64), Variable>,
    /// Whether it must be in memory.
    wanted: Option<Variable>,
}

impl Slot<'_> {
    /// The ways that are taken, of those that are asked for.
    fn taken(&self, which: impl Fn(&Way<'_>) -> bool, factor: f64) -> Terms {
        let ways = self.ways.iter().filter(|way| which(way));
        ways.map(|way| (way.taken, factor)).collect()
    }

    /// Whether `kernel` computes it on its way.
    fn computed_in(&self, kernel: usize, factor: f64) -> Terms {
        let variables = self.computed.get(&kernel).into_iter().flatten();
        variables.map(|&variable| (variable, factor)).collect()
    }

    /// Whether it is a kernel.
    fn is_kernel(&self, own: usize, factor: f64) -> Terms {
        let mut terms = self.taken(|way| way.is_kernel(), factor);
        terms.extend(self.computed_in(own, factor));
        terms
    }
}

/// The program while it is written.
struct Writer<'l, 'p> {
    linear: &'l mut Linear<'p, (), Note>,
    machine: &'l Machine,
    slots: Vec<Slot<'p>>,
    queue: VecDeque<usize>,
}

/// Writes it.
pub(super) fn write(machine: &Machine, linear: &mut Linear<'_, (), Note>) {
    let slots = (0..linear.num_slots()).map(|slot| read(machine, linear, slot));
    let slots: Vec<_> = slots.collect();
    let mut writer = Writer {
        queue: (0..slots.len()).collect(),
        linear,
        machine,
        slots,
    };
    writer.find_looks();
    writer.find_wanted();
    if writer.linear.is_full() {
        return;
    }
    for slot in 0..writer.slots.len() {
        writer.computing(slot);
        writer.looking(slot);
        writer.storing(slot);
    }
    writer.kernels();
}

/// A slot with the ways that a good plan may take: none is worse by itself than a whole plan that is known.
fn read<'p>(machine: &Machine, linear: &mut Linear<'p, (), Note>, slot: usize) -> Slot<'p> {
    let mut bytes = 0.0;
    let mut ways = Vec::new();
    for Choice {
        taken,
        children,
        note,
        ..
    } in linear.choices(slot)
    {
        let Some(note) = note else { continue };
        bytes = note.bytes;
        let way = Way {
            kind: note.kind,
            seconds: least_computing(machine, note),
            taken,
            children,
        };
        let alone = machine.kernel + way.seconds.max(least_writing(machine, note.bytes));
        if way.is_kernel() && alone > linear.known() {
            linear.at_most([(taken, 1.0)], 0.0);
        } else {
            ways.push(way);
        }
    }
    let mut computed = BTreeMap::new();
    if ways.iter().any(Way::is_inline) {
        let inline = ways.iter().filter(|way| way.is_inline());
        computed.insert(slot, inline.map(|_| linear.binary()).collect());
    }
    Slot {
        bytes,
        ways,
        computed,
        looks: BTreeMap::new(),
        wanted: None,
    }
}

fn distinct<'a>(slots: impl Iterator<Item = &'a usize>) -> BTreeSet<usize> {
    slots.copied().collect()
}

/// The least seconds of computing a way, on as many threads as it can take. Of the plans that a linear program compares
/// each kernel takes what it needs of threads without waiting for them, so its least cost is a bound for all plans; with one
/// thread it is the cost itself.
fn least_computing(machine: &Machine, note: &Note) -> f64 {
    match note.threads {
        Threads::One => note.time,
        Threads::All => note.time / machine.threads as f64,
    }
}

/// The least seconds of writing a value.
fn least_writing(machine: &Machine, bytes: f64) -> f64 {
    let on = |threads| machine.writing(bytes, threads);
    on(Threads::All).min(on(Threads::One))
}

impl Writer<'_, '_> {
    /// The least time to write a value of so many bytes.
    fn writing(&self, bytes: f64) -> f64 {
        self.units(least_writing(self.machine, bytes))
    }

    /// The least time to read so many bytes of a value of `size` bytes.
    fn reading(&self, bytes: f64, size: f64) -> f64 {
        let on = |threads| self.machine.reading(bytes, size, threads);
        self.units(on(Threads::All).min(on(Threads::One)))
    }

    /// A time in the unit of the program. More than a known plan takes is as bad as much more.
    fn units(&self, seconds: f64) -> f64 {
        self.linear.units(seconds.min(2.0 * self.linear.known()))
    }

    /// Follows kernels to what they look at.
    fn find_looks(&mut self) {
        while let Some(slot) = self.queue.pop_front() {
            let own = &self.slots[slot];
            let mut seen = Vec::new();
            for way in &own.ways {
                match way.kind {
                    Kind::Given => {}
                    Kind::Reduction | Kind::OfStored => {
                        let children = way.children.iter();
                        seen.extend(children.map(|&child| (child, slot, self.slots[child].bytes)));
                    }
                    Kind::Inline => {
                        for &kernel in own.computed.keys() {
                            let children = way.children.iter();
                            seen.extend(
                                children.map(|&child| (child, kernel, self.slots[child].bytes)),
                            );
                        }
                    }
                    Kind::View => {
                        for &(kernel, bits) in own.looks.keys() {
                            for (place, &child) in way.children.iter().enumerate() {
                                let bytes = match place {
                                    0 => f64::from_bits(bits).min(self.slots[child].bytes),
                                    // Positions are not read with the elements.
                                    _ => 0.0,
                                };
                                seen.push((child, kernel, bytes));
                            }
                        }
                    }
                }
            }
            for (child, kernel, bytes) in seen {
                self.look(child, kernel, bytes);
            }
            if self.linear.is_full() {
                return;
            }
        }
    }

    /// `kernel` may look at `slot`.
    fn look(&mut self, slot: usize, kernel: usize, bytes: f64) {
        let found = &mut self.slots[slot];
        let key = (kernel, bytes.to_bits());
        if slot == kernel || found.looks.contains_key(&key) {
            return;
        }
        found.looks.insert(key, self.linear.share());
        let inline = found.ways.iter().filter(|way| way.is_inline()).count();
        if inline > 0 && !found.computed.contains_key(&kernel) {
            let variables = (0..inline).map(|_| self.linear.binary()).collect();
            found.computed.insert(kernel, variables);
        }
        if !self.queue.contains(&slot) {
            self.queue.push_back(slot);
        }
    }

    /// Follows views from what must be in memory.
    fn find_wanted(&mut self) {
        let kernels = self.slots.iter().flat_map(|slot| &slot.ways);
        let of_stored = kernels.filter(|way| way.kind == Kind::OfStored);
        let mut open = distinct(of_stored.flat_map(|way| way.children));
        open.extend(self.linear.roots());
        while let Some(slot) = open.pop_first() {
            let found = &mut self.slots[slot];
            if found.wanted.is_none() {
                found.wanted = Some(self.linear.share());
                let views = found.ways.iter().filter(|way| way.kind == Kind::View);
                open.extend(views.filter_map(|way| way.children.first()));
            }
        }
        for &root in self.linear.roots() {
            if let Some(wanted) = self.slots[root].wanted {
                self.linear.at_least([(wanted, 1.0)], 1.0);
            }
        }
    }

    /// Who computes a slot, and what that looks at.
    fn computing(&mut self, slot: usize) {
        let own = &self.slots[slot];
        let inline = own.ways.iter().filter(|way| way.is_inline());
        for (index, way) in inline.enumerate() {
            // Only what is used must be computed somewhere: a position is not.
            let places = own
                .computed
                .values()
                .map(|variables| (variables[index], 1.0));
            self.linear.at_most(places.chain([(way.taken, -1.0)]), 0.0);
        }
        let computing = own
            .ways
            .iter()
            .filter(|way| way.is_inline() || way.is_kernel());
        let kernels: BTreeSet<_> = own.computed.keys().copied().chain([slot]).collect();
        for child in distinct(computing.flat_map(|way| way.children)) {
            let bits = self.slots[child].bytes.to_bits();
            for &kernel in &kernels {
                let Some(&look) = self.slots[child].looks.get(&(kernel, bits)) else {
                    continue;
                };
                let mut terms = vec![(look, 1.0)];
                if kernel == slot {
                    let uses = |way: &Way<'_>| way.is_kernel() && way.children.contains(&child);
                    terms.extend(own.taken(uses, -1.0));
                }
                let inline = own.ways.iter().filter(|way| way.is_inline());
                let variables = own.computed.get(&kernel).into_iter().flatten();
                let uses = inline
                    .zip(variables)
                    .filter(|(way, _)| way.children.contains(&child));
                terms.extend(uses.map(|(_, &variable)| (variable, -1.0)));
                if terms.len() > 1 {
                    self.linear.at_least(terms, 0.0);
                }
            }
        }
    }

    /// What looks at a slot: through a view it sees what is behind; a function it computes, or finds in memory.
    fn looking(&mut self, slot: usize) {
        let own = &self.slots[slot];
        let views = own.ways.iter().filter(|way| way.kind == Kind::View);
        let behind = distinct(views.flat_map(|way| way.children));
        for (&(kernel, bits), &look) in &own.looks {
            for &child in &behind {
                let shown = f64::from_bits(bits).min(self.slots[child].bytes);
                let of_view: [(f64, Such<'_>); 2] = [
                    (shown, &|way| way.shows(child)),
                    (0.0, &|way| way.is_placed_by(child)),
                ];
                for (bytes, is_such) in of_view {
                    let seen = self.slots[child].looks.get(&(kernel, bytes.to_bits()));
                    if let (Some(&seen), true) = (seen, own.ways.iter().any(is_such)) {
                        let mut terms = own.taken(|way| !is_such(way), 1.0);
                        terms.extend([(seen, 1.0), (look, -1.0)]);
                        self.linear.at_least(terms, 0.0);
                    }
                }
            }
            if own.computed.is_empty() {
                continue;
            }
            let mut terms = own.taken(|way| !way.is_inline(), -1.0);
            terms.push((look, 1.0));
            terms.extend(own.computed_in(kernel, -1.0));
            terms.extend(own.computed_in(slot, -1.0));
            self.linear.at_most(terms, 0.0);
        }
    }

    /// Which slots are in memory because they must be.
    fn storing(&mut self, slot: usize) {
        let own = &self.slots[slot];
        let of_stored = own.ways.iter().filter(|way| way.kind == Kind::OfStored);
        for child in distinct(of_stored.flat_map(|way| way.children)) {
            if let Some(wanted) = self.slots[child].wanted {
                let uses =
                    |way: &Way<'_>| way.kind == Kind::OfStored && way.children.contains(&child);
                let mut terms = own.taken(uses, -1.0);
                terms.push((wanted, 1.0));
                self.linear.at_least(terms, 0.0);
            }
        }
        let Some(wanted) = own.wanted else { return };
        let views = own.ways.iter().filter(|way| way.kind == Kind::View);
        for child in distinct(views.filter_map(|way| way.children.first())) {
            if let Some(behind) = self.slots[child].wanted {
                let mut terms = own.taken(|way| !way.shows(child), 1.0);
                terms.extend([(behind, 1.0), (wanted, -1.0)]);
                self.linear.at_least(terms, 0.0);
            }
        }
        if !own.computed.is_empty() {
            let mut terms = own.taken(|way| !way.is_inline(), -1.0);
            terms.push((wanted, 1.0));
            terms.extend(own.computed_in(slot, -1.0));
            self.linear.at_most(terms, 0.0);
        }
    }

    /// What kernels read, compute and write, and what that costs.
    fn kernels(&mut self) {
        let mut computing: Vec<Terms> = vec![Terms::new(); self.slots.len()];
        let mut moving: Vec<Terms> = vec![Terms::new(); self.slots.len()];
        for (slot, own) in self.slots.iter().enumerate() {
            let inline = own.ways.iter().filter(|way| way.is_inline());
            for (index, way) in inline.enumerate() {
                for (&kernel, variables) in &own.computed {
                    computing[kernel].push((variables[index], self.units(way.seconds)));
                }
            }
            let kernels = own.ways.iter().filter(|way| way.is_kernel());
            computing[slot].extend(kernels.map(|way| (way.taken, self.units(way.seconds))));
            moving[slot].extend(own.is_kernel(slot, self.writing(own.bytes)));
            if own.ways.iter().all(|way| way.kind == Kind::View) {
                continue;
            }
            let mut reads: BTreeMap<usize, Variable> = BTreeMap::new();
            for (&(kernel, bits), &look) in &own.looks {
                let time = self.reading(f64::from_bits(bits), own.bytes);
                let read = reads.entry(kernel);
                let read = *read.or_insert_with(|| self.linear.amount());
                // It is read where it is looked at, and neither a view nor computed on the way.
                let mut terms = own.taken(|way| way.kind == Kind::View, time);
                terms.extend(own.computed_in(kernel, time));
                terms.extend([(read, 1.0), (look, -time)]);
                self.linear.at_least(terms, 0.0);
            }
            for (kernel, read) in reads {
                moving[kernel].push((read, 1.0));
            }
        }
        for (slot, (computing, moving)) in computing.into_iter().zip(moving).enumerate() {
            let heads = self.slots[slot].is_kernel(slot, self.units(self.machine.kernel));
            if heads.is_empty() {
                continue;
            }
            let longer = self.linear.amount();
            for terms in [&computing, &moving] {
                let terms = terms.iter().map(|&(variable, time)| (variable, -time));
                self.linear.at_least(terms.chain([(longer, 1.0)]), 0.0);
            }
            self.linear.cost(longer, 1.0 - OVERLAP);
            for (variable, time) in computing.into_iter().chain(moving) {
                self.linear.cost(variable, OVERLAP * time);
            }
            for (variable, time) in heads {
                self.linear.cost(variable, time);
            }
        }
    }
}
