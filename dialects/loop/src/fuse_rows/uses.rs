//! What the ops of a block do with memory, seen as rows.

use super::reduction::Reduction;
use super::scatter::Scatter;
use super::sums::Sums;
use crate::alias::{Origin, Root, Roots};
use crate::nest::Nest;
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;
use std::collections::HashMap;

/// The most axes that number rows.
const MOST_AXES: usize = 4;

/// How a memref lies to the rows of a nest: for each axis that numbers them, the outermost first, the dimension that
/// moves with it; `None` where all of the axis uses the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Rows([Option<usize>; MOST_AXES]);

impl Rows {
    /// Each row may use all of it.
    pub(super) const WHOLE: Self = Self([None; MOST_AXES]);

    /// Those of the first `depth` axes are the rows.
    pub(super) fn within(mut self, depth: usize) -> Self {
        self.0[depth..].fill(None);
        self
    }

    /// The dimension that moves with an axis.
    pub(super) fn dim(self, axis: usize) -> Option<usize> {
        self.0[axis]
    }

    /// Whether a dimension moves with each of the first `depth` axes.
    pub(super) fn moves(self, depth: usize) -> bool {
        self.0[..depth].iter().all(Option::is_some)
    }

    /// Whether the first `depth` dimensions number the rows, in order.
    pub(super) fn leads(self, depth: usize) -> bool {
        (0..depth).all(|axis| self.0[axis] == Some(axis))
    }
}

/// A memref that a nest uses.
#[derive(Clone, Copy)]
pub(super) struct Use<'c> {
    pub(super) memref: Val<'c>,
    pub(super) rows: Rows,
    pub(super) written: bool,
    root: Root,
}

impl<'c> Use<'c> {
    fn whole(roots: &mut Roots, memref: Val<'c>, written: bool) -> Self {
        Self {
            memref,
            rows: Rows::WHOLE,
            written,
            root: roots.of(memref),
        }
    }

    /// Whether it is memory that begins in the function.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.root.origin, Origin::New)
    }

    /// What it is to the rows of the first `depth` axes.
    pub(super) fn within(self, depth: usize) -> Self {
        let rows = self.rows.within(depth);
        Self { rows, ..self }
    }

    /// The same for the same rows of a memref, or the same whole.
    pub(super) fn key(&self) -> (usize, Rows) {
        (self.memref.key(), self.rows)
    }

    /// Bytes of each row, or of what rows share; `None` where that is known at run time.
    pub(super) fn bytes(&self) -> Option<i64> {
        let ty = self.memref.ty();
        let element = ty.element().bit_width().div_ceil(8) as i64;
        let dims = ty.dims().into_iter().enumerate();
        dims.filter(|(d, _)| !self.rows.0.contains(&Some(*d)))
            .try_fold(element, |bytes, (_, n)| {
                (n != DYNAMIC).then(|| bytes.saturating_mul(n))
            })
    }
}

/// A nest that may be run row by row.
pub(super) struct Member<'c> {
    pub(super) nest: Nest<'c>,
    /// The axes that may number the rows, the outermost first. At least one.
    pub(super) axes: Vec<usize>,
    /// Those of the inputs, of the outputs and then of what the body captures.
    pub(super) uses: Vec<Use<'c>>,
    /// What it sums over the rows, and nothing else.
    pub(super) sums: Option<Sums<'c>>,
}

impl<'c> Member<'c> {
    fn of(roots: &mut Roots, nest: Nest<'c>) -> Option<Self> {
        if nest.schedule().is_some() {
            return None;
        }
        let mut uses = all_whole(roots, nest);
        let maps = nest.affine_maps();
        let kinds = nest.iterator_kinds();
        let written = map_results(*maps.get(nest.inputs().len())?);
        let mut axes = Vec::new();
        for (d, place) in written.into_iter().enumerate().take(MOST_AXES) {
            let axis = place.is_dim().then(|| place.dim_position());
            let Some(axis) = axis.filter(|axis| kinds[*axis] == IteratorKind::Parallel) else {
                break;
            };
            let lies = lies(nest, &uses, axis);
            let fits = |(used, dim): (&Use<'_>, &Option<usize>)| !used.written || *dim == Some(d);
            let Some(lies) = lies.filter(|lies| uses.iter().zip(lies).all(fits)) else {
                break;
            };
            for (used, dim) in uses.iter_mut().zip(lies) {
                used.rows.0[d] = dim;
            }
            axes.push(axis);
        }
        (!axes.is_empty()).then_some(Self {
            nest,
            axes,
            uses,
            sums: None,
        })
    }

    /// A nest that reduces over the rows.
    fn reducing(roots: &mut Roots, nest: Nest<'c>) -> Option<Self> {
        let reduction = Reduction::of(nest).filter(|_| nest.schedule().is_none())?;
        let axis = reduction.axis;
        let sums = Sums::All(reduction);
        let mut uses = all_whole(roots, nest);
        let lies = lies(nest, &uses, axis)?;
        for (used, dim) in uses.iter_mut().zip(lies) {
            used.rows.0[0] = dim;
        }
        sums.may_be_cut(nest).then_some(Self {
            nest,
            axes: vec![axis],
            uses,
            sums: Some(sums),
        })
    }

    /// A nest that stores sums at places that are known at run time.
    fn scattering(roots: &mut Roots, nest: Nest<'c>) -> Option<Self> {
        let scatter = Scatter::of(nest).filter(|_| nest.schedule().is_none())?;
        let mut uses = all_whole(roots, nest);
        let dest = scatter.dest.key();
        for used in uses.iter_mut().filter(|used| used.memref.key() == dest) {
            used.written = true;
        }
        let lies = lies(nest, &uses, 0)?;
        for (used, dim) in uses.iter_mut().zip(lies) {
            used.rows.0[0] = dim;
        }
        // It reads nothing that it writes, so that its rows may come in any order.
        let (sums, read): (Vec<_>, Vec<_>) = uses.iter().partition(|used| used.written);
        let mut written = Footprint::default();
        sums.into_iter().for_each(|used| written.add(used, 1));
        let reads_sums = read.into_iter().any(|used| written.conflicts(used, 1));
        let sums = Sums::At(scatter);
        (!reads_sums && sums.may_be_cut(nest)).then_some(Self {
            nest,
            axes: vec![0],
            uses,
            sums: Some(sums),
        })
    }

    /// The sizes of the first `depth` axes that number rows.
    pub(super) fn counts(&self, depth: usize) -> Vec<OpFold<'c>> {
        let bounds = self.nest.bounds();
        let axes = self.axes.iter().take(depth);
        axes.map(|axis| bounds[*axis]).collect()
    }

    /// Whether it is a product of matrices of which the last two of the first `depth` axes that number rows are the rows and
    /// columns: it sums over another axis, and one thing that it reads moves with rows only, another with columns only.
    pub(super) fn multiplies(&self, depth: usize) -> bool {
        let sums = self
            .nest
            .iterator_kinds()
            .contains(&IteratorKind::Reduction);
        let moves = |along: usize, not: usize| {
            let mut read = self.uses.iter().filter(|used| !used.written);
            read.any(|used| used.rows.dim(along).is_some() && used.rows.dim(not).is_none())
        };
        let (row, column) = (depth - 2, depth - 1);
        sums && column < self.axes.len() && moves(row, column) && moves(column, row)
    }

    /// Whether the first `depth` axes number the same rows as those of `other`.
    pub(super) fn same_rows(&self, other: &Self, depth: usize) -> bool {
        let same = |pair| match pair {
            (OpFold::Static(a), OpFold::Static(b)) => a == b,
            (OpFold::Value(a), OpFold::Value(b)) => a.key() == b.key(),
            _ => false,
        };
        let (a, b) = (self.counts(depth), other.counts(depth));
        a.len() == depth && b.len() == depth && a.into_iter().zip(b).all(same)
    }
}

/// The dimension in which each operand moves with an axis, if it does; `None` where one lies otherwise.
fn lies(nest: Nest<'_>, uses: &[Use<'_>], axis: usize) -> Option<Vec<Option<usize>>> {
    let of_map = |map| {
        let coordinates = map_results(map);
        let mut moving =
            (0..coordinates.len()).filter(|&d| coordinates[d].is_function_of_dim(axis));
        match (moving.next(), moving.next()) {
            (None, _) => Some(None),
            (Some(d), None) if coordinates[d].is_dim() => Some(Some(d)),
            _ => None,
        }
    };
    let mut dims: Vec<_> = nest
        .affine_maps()
        .into_iter()
        .map(of_map)
        .collect::<Option<_>>()?;
    // What the body captures it may use anywhere.
    dims.resize(uses.len(), None);
    Some(dims)
}

/// What a nest uses, in order: inputs, outputs, what its body captures.
fn all_whole<'c>(roots: &mut Roots, nest: Nest<'c>) -> Vec<Use<'c>> {
    let read = |memref| (memref, false);
    let ins = nest.inputs().into_iter().map(read);
    let outs = nest.outputs().into_iter().map(|memref| (memref, true));
    let captured = nest.captured_memrefs().into_iter().map(read);
    ins.chain(outs)
        .chain(captured)
        .map(|(memref, written)| Use::whole(roots, memref, written))
        .collect()
}

/// An op of a block.
pub(super) enum Step<'c> {
    /// A nest, in each of the ways to run it row by row.
    Member(Vec<Member<'c>>),
    /// Uses these, as a whole, and does nothing else.
    Other(Vec<Use<'c>>),
    /// Ends the function where something does not hold.
    Check,
    /// Everything stays on its side.
    Barrier,
}

impl<'c> Step<'c> {
    pub(super) fn of(roots: &mut Roots, op: Op<'c>) -> Self {
        if let Some(nest) = Nest::cast(op) {
            let stores = !op.find_all("memref.store").is_empty();
            let ways = match stores {
                true => [Member::scattering(roots, nest), None],
                false => [Member::of(roots, nest), Member::reducing(roots, nest)],
            };
            let ways: Vec<_> = ways.into_iter().flatten().collect();
            return match ways.is_empty() {
                false => Self::Member(ways),
                true if stores => Self::Barrier,
                true => Self::Other(all_whole(roots, nest)),
            };
        }
        match op.name() {
            "memref.alloc" | "scf.yield" => Self::Other(Vec::new()),
            "scf.if" => Self::all_of(roots, op),
            "memref.load" => Self::Other(vec![Use::whole(roots, op.operand(0), false)]),
            "loop.check" => Self::Check,
            _ if is_pure(op) => Self::Other(Vec::new()),
            _ => Self::Barrier,
        }
    }

    /// What the ops in the regions of `op` do.
    fn all_of(roots: &mut Roots, op: Op<'c>) -> Self {
        let mut all = Vec::new();
        let blocks = op.regions().into_iter().flat_map(|region| region.blocks());
        for inner in blocks.flat_map(|block| block.ops()) {
            match Self::of(roots, inner) {
                Self::Member(ways) => all.extend(ways.into_iter().flat_map(|way| way.uses)),
                Self::Other(uses) => all.extend(uses),
                Self::Check | Self::Barrier => return Self::Barrier,
            }
        }
        Self::Other(all)
    }

    /// Whether it may come before what has left `footprint` instead of after it.
    pub(super) fn passes(&self, footprint: &Footprint) -> bool {
        let passes = |uses: &[Use<'c>]| {
            uses.iter().all(|used| {
                let rows = Rows::WHOLE;
                !footprint.conflicts(&Use { rows, ..*used }, 1)
            })
        };
        match self {
            Self::Member(ways) => passes(&ways[0].uses),
            Self::Other(uses) => passes(uses),
            // What is seen of a function that ends early.
            Self::Check => !footprint.changes_arguments(),
            Self::Barrier => false,
        }
    }
}

/// The memory that nests use which run block by block.
#[derive(Default)]
pub(super) struct Footprint {
    roots: HashMap<usize, Kept>,
    /// How many roots of each origin are used, and written.
    used: Count,
    written: Count,
}

/// What is known of the uses of a root.
struct Kept {
    written: bool,
    /// The memref of all uses, if they are one's first dimensions along the rows.
    memref: Option<usize>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    arguments: usize,
    unknown: usize,
}

impl Count {
    fn add(&mut self, origin: Origin) {
        match origin {
            Origin::New => {}
            Origin::Argument => self.arguments += 1,
            Origin::Unknown => self.unknown += 1,
        }
    }
}

impl Footprint {
    /// Whether a block of the rows of `new` may not follow the same block of what is here. Rows are numbered by `depth`
    /// axes.
    pub(super) fn conflicts(&self, new: &Use<'_>, depth: usize) -> bool {
        let kept = self.roots.get(&new.root.key);
        if let Some(kept) = kept.filter(|kept| new.written || kept.written)
            && (!new.rows.leads(depth) || kept.memref != Some(new.memref.key()))
        {
            return true;
        }
        let (others, itself) = match new.written {
            true => (self.used, kept.is_some()),
            false => (self.written, kept.is_some_and(|kept| kept.written)),
        };
        match new.root.origin {
            Origin::New => false,
            Origin::Argument => others.unknown > 0,
            Origin::Unknown => others.arguments > 0 || others.unknown > usize::from(itself),
        }
    }

    /// Whether memory is written that does not begin in the function.
    fn changes_arguments(&self) -> bool {
        self.written.arguments + self.written.unknown > 0
    }

    pub(super) fn add(&mut self, new: &Use<'_>, depth: usize) {
        let memref = new.rows.leads(depth).then(|| new.memref.key());
        let used = &mut self.used;
        let kept = self.roots.entry(new.root.key).or_insert_with(|| {
            used.add(new.root.origin);
            let written = false;
            Kept { written, memref }
        });
        if kept.memref != memref {
            kept.memref = None;
        }
        if new.written && !kept.written {
            kept.written = true;
            self.written.add(new.root.origin);
        }
    }
}
