//! Loops that can be tiled in time: what each statement does with rows of arrays.

use super::lies::Lies;
use super::skew::{Access, Skew};
use crate::access::element_bytes;
use crate::alias::{escapes_from, root};
use crate::nest::Nest;
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// A nest in the body of a loop, that works row by row.
pub(super) struct Statement<'c> {
    pub(super) nest: Nest<'c>,
    /// The axis that walks the rows.
    pub(super) axis: usize,
    /// Of each input and output, the dimension that moves with the rows.
    pub(super) moving: Vec<Option<usize>>,
}

/// Arrays that take turns: in iteration `t` the loop's argument, or new array, `members[v]` is array `t + v` of them.
pub(super) struct Ring<'c> {
    pub(super) members: Vec<Val<'c>>,
    /// What the first ones are before the loop.
    pub(super) inits: Vec<Val<'c>>,
    /// Whether each of those belongs to the loop alone, or is to be copied.
    pub(super) owned: Vec<bool>,
}

impl Ring<'_> {
    /// Whether the last of them is a new array in every iteration.
    pub(super) fn has_new(&self) -> bool {
        self.members.len() > self.inits.len()
    }
}

/// A loop over time.
pub(super) struct TimeLoop<'c> {
    pub(super) op: Op<'c>,
    pub(super) body: Blk<'c>,
    pub(super) statements: Vec<Statement<'c>>,
    pub(super) rings: Vec<Ring<'c>>,
    pub(super) skew: Skew,
    /// Bytes of a row of all arrays together.
    pub(super) row_bytes: i64,
}

impl<'c> TimeLoop<'c> {
    /// Recognizes a loop whose body is nests on rows, views, and numbers.
    pub(super) fn of(op: Op<'c>) -> Option<Self> {
        let body = op.region(0).entry()?;
        let ops = body.ops();
        let (end, ops) = ops.split_last()?;
        let nests: Vec<_> = ops.iter().filter_map(|op| Nest::cast(*op)).collect();
        let plain = ops.iter().all(|op| {
            Nest::cast(*op).is_some()
                || op.name() == "memref.alloc"
                || reads_number(*op)
                || is_pure(*op)
        });
        if nests.is_empty() || !plain {
            return None;
        }
        let rings = rings(op, body, *end)?;
        let mut arrays = Arrays::new(op, &rings, &nests)?;
        let mut statements = Vec::new();
        let mut accesses = Vec::new();
        for nest in nests {
            let (statement, uses) = arrays.statement(nest)?;
            statements.push(statement);
            accesses.push(uses);
        }
        let numbers = ops.iter().filter(|op| reads_number(**op));
        if numbers
            .map(|op| op.operand(0))
            .any(|memref| arrays.writes(memref))
        {
            return None;
        }
        let row_bytes = arrays.row_bytes;
        Some(Self {
            op,
            body,
            statements,
            rings,
            skew: Skew::of(&accesses)?,
            row_bytes,
        })
    }

    /// The number of iterations; `None` where that is known at run time.
    pub(super) fn iterations(&self) -> Option<i64> {
        let [lower, upper, step] = [0, 1, 2].map(|i| OpFold::Value(self.op.operand(i)).as_static());
        let (span, step) = (upper?.checked_sub(lower?)?, step?);
        (step > 0).then(|| span.max(0).div_euclid(step) + i64::from(span.max(0) % step != 0))
    }

    /// The rows of the statement that has most of them; `None` where that is known at run time.
    pub(super) fn rows(&self) -> Option<i64> {
        let rows = self.statements.iter();
        let rows = rows.map(|statement| statement.nest.bounds()[statement.axis].as_static());
        rows.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// A load of a number, which no vector of a nest is.
pub(super) fn reads_number(op: Op<'_>) -> bool {
    op.name() == "memref.load"
}

/// The rings of the arrays that a loop carries; `None` where it carries something else, or them otherwise.
fn rings<'c>(op: Op<'c>, body: Blk<'c>, end: Op<'c>) -> Option<Vec<Ring<'c>>> {
    let args = body.args();
    let (_, carried) = args.split_first()?;
    let inits: Vec<_> = (3..op.num_operands()).map(|i| op.operand(i)).collect();
    let next = end.operand_values();
    let position = |value: Val<'c>| carried.iter().position(|arg| arg.key() == value.key());
    // Who becomes who: argument `from[i]` in this iteration is argument `i` in the next.
    let from: Vec<Option<usize>> = next.iter().map(|value| position(*value)).collect();
    let mut rings = Vec::new();
    let mut seen = vec![false; carried.len()];
    // First the rings that a new array enters each time, which end in an argument that nothing becomes.
    let ends = (0..carried.len()).filter(|i| !from.contains(&Some(*i)));
    let others = 0..carried.len();
    for start in ends.chain(others) {
        if seen[start] {
            continue;
        }
        let mut order = vec![start];
        let mut last = start;
        let new = loop {
            seen[last] = true;
            match from[last] {
                Some(before) if before == start => break None,
                Some(before) if seen[before] => return None,
                Some(before) => {
                    order.push(before);
                    last = before;
                }
                None => break Some(next[last]),
            }
        };
        let mut members: Vec<_> = order.iter().map(|i| carried[*i]).collect();
        if let Some(new) = new {
            let is_new = new.defining_op()?;
            let within = is_new.name() == "memref.alloc" && is_new.block() == Some(body);
            let once = next.iter().filter(|value| value.key() == new.key()).count() == 1;
            if !within || !once || is_new.num_operands() > 0 {
                return None;
            }
            members.push(new);
        }
        let inits: Vec<_> = order.iter().map(|i| inits[*i]).collect();
        let ty = members[0].ty();
        if !ty.is_memref() || members.iter().any(|member| member.ty() != ty) {
            return None;
        }
        let owned = inits.iter().map(|init| owned_by(*init, op)).collect();
        let ring = Ring {
            members,
            inits,
            owned,
        };
        // Where arrays only change places, they are written as they are.
        if !ring.has_new() && ring.owned.contains(&false) {
            return None;
        }
        rings.push(ring);
    }
    let mut keys: Vec<_> = inits.iter().map(|init| root(*init).key()).collect();
    keys.sort_unstable();
    keys.dedup();
    (keys.len() == inits.len()).then_some(rings)
}

/// Whether memory is new and of no further use to anybody but `user`.
fn owned_by(memref: Val<'_>, user: Op<'_>) -> bool {
    let new = memref.defining_op().is_some_and(|op| {
        op.name() == "memref.alloc" && op.block().is_some() && op.block() == user.block()
    });
    new && !escapes_from(memref, Some(user)) && used_before(memref, user)
}

/// Whether all uses of memory, of views of it too, come before `user`, or are it.
fn used_before(memref: Val<'_>, user: Op<'_>) -> bool {
    memref.uses().into_iter().all(|used| {
        let views = used.op.result_values();
        let before = used.op.block() == user.block() && used.op.is_before(user);
        used.op == user
            || before
                && (!is_view(used.op)
                    || views
                        .into_iter()
                        .all(|view| !view.ty().is_memref() || used_before(view, user)))
    })
}

/// The arrays of a loop.
struct Arrays<'a, 'c> {
    rings: &'a [Ring<'c>],
    /// The roots that nests write.
    written: Vec<usize>,
    /// The roots of rows that are counted in `row_bytes`.
    counted: Vec<usize>,
    row_bytes: i64,
    /// Roots that are in no ring, by place.
    places: Vec<usize>,
}

impl<'a, 'c> Arrays<'a, 'c> {
    /// `None` where it cannot be told which arrays are different ones.
    fn new(op: Op<'c>, rings: &'a [Ring<'c>], nests: &[Nest<'c>]) -> Option<Self> {
        let mut new = Self {
            rings,
            written: Vec::new(),
            counted: Vec::new(),
            row_bytes: 0,
            places: Vec::new(),
        };
        let carried: Vec<_> = rings
            .iter()
            .flat_map(|ring| &ring.inits)
            .map(|init| root(*init).key())
            .collect();
        for nest in nests {
            let captured = nest.captured_memrefs();
            let used = nest
                .inputs()
                .into_iter()
                .chain(nest.outputs())
                .chain(captured);
            for root in used.map(root) {
                let known = new.ring_of(root).is_some()
                    || is_argument(root)
                    || root.defining_op().is_some_and(|made| {
                        made.name() == "memref.alloc"
                            && made.num_operands() == 0
                            && !escapes_from(root, Some(op))
                    });
                // What a loop carries is used by no other name.
                if !known || carried.contains(&root.key()) {
                    return None;
                }
            }
            new.written
                .extend(nest.outputs().into_iter().map(|memref| root(memref).key()));
        }
        Some(new)
    }

    fn ring_of(&self, root: Val<'c>) -> Option<(usize, usize)> {
        self.rings.iter().enumerate().find_map(|(i, ring)| {
            let version = ring
                .members
                .iter()
                .position(|member| member.key() == root.key())?;
            Some((i, version))
        })
    }

    fn writes(&self, memref: Val<'c>) -> bool {
        let root = root(memref);
        let written = |key: usize| self.written.contains(&key);
        match self.ring_of(root) {
            Some((ring, _)) => self.rings[ring]
                .members
                .iter()
                .any(|member| written(member.key())),
            None => written(root.key()),
        }
    }

    /// What a nest does with rows.
    fn statement(&mut self, nest: Nest<'c>) -> Option<(Statement<'c>, Vec<Access>)> {
        if nest.schedule().is_some()
            || nest
                .captured_memrefs()
                .iter()
                .any(|memref| self.writes(*memref))
        {
            return None;
        }
        if !nest.op().find_all("memref.store").is_empty() {
            return None;
        }
        let outputs = nest.outputs();
        let maps = nest.affine_maps();
        let first = *outputs.first()?;
        let lies = Lies::of(first)?;
        let place = *map_results(maps[nest.inputs().len()]).get(lies.dim)?;
        let axis = place.is_dim().then(|| place.dim_position())?;
        if nest.iterator_kinds()[axis] != IteratorKind::Parallel {
            return None;
        }
        let inputs = nest.inputs().into_iter().map(|memref| (memref, false));
        let operands = inputs.chain(outputs.into_iter().map(|memref| (memref, true)));
        let (mut moving, mut accesses) = (Vec::new(), Vec::new());
        for ((memref, written), map) in operands.zip(maps) {
            let coordinates = map_results(map);
            let mut dims =
                (0..coordinates.len()).filter(|d| coordinates[*d].is_function_of_dim(axis));
            let dim = match (dims.next(), dims.next()) {
                (None, _) => None,
                (Some(d), None) if coordinates[d].is_dim() => Some(d),
                _ => return None,
            };
            if self.writes(memref) {
                let lies = Lies::of(memref).filter(|lies| Some(lies.dim) == dim)?;
                accesses.push(self.access(memref, lies.row, written));
            }
            if dim.is_some() {
                self.count(memref, dim)?;
            }
            moving.push(dim);
        }
        Some((Statement { nest, axis, moving }, accesses))
    }

    fn access(&mut self, memref: Val<'c>, row: i64, written: bool) -> Access {
        let root = root(memref);
        let (place, version, period) = match self.ring_of(root) {
            Some((ring, version)) => (ring, version as i64, self.rings[ring].members.len() as i64),
            None => {
                let known = self.places.iter().position(|key| *key == root.key());
                let place = known.unwrap_or_else(|| {
                    self.places.push(root.key());
                    self.places.len() - 1
                });
                (self.rings.len() + place, 0, 1)
            }
        };
        Access {
            place,
            version,
            period,
            row,
            written,
        }
    }

    /// Counts the bytes of a row of an array, once; `None` where they are known at run time.
    fn count(&mut self, memref: Val<'c>, rows: Option<usize>) -> Option<()> {
        let root = root(memref);
        if self.counted.contains(&root.key()) {
            return Some(());
        }
        self.counted.push(root.key());
        let ty = memref.ty();
        let mut bytes = element_bytes(ty.element())? as i64;
        for (d, n) in ty.dims().into_iter().enumerate() {
            if Some(d) != rows {
                bytes = (n != DYNAMIC).then(|| bytes.saturating_mul(n))?;
            }
        }
        self.row_bytes = self.row_bytes.saturating_add(bytes);
        Some(())
    }
}

/// Whether a value is an argument of the function.
fn is_argument(value: Val<'_>) -> bool {
    let owner = value.parent_block().and_then(|block| block.parent_op());
    value.defining_op().is_none() && owner.is_some_and(|op| op.name() == "func.func")
}
