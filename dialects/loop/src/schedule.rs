//! The schedule of a loop nest: what `#loop.schedule` holds, as a Rust struct, and
//! the rules that make one valid for a nest. Nothing here creates loops.

use npir_mlir::prelude::*;
use std::fmt;

npir_mlir::attr_enum! {
    /// What may happen along one axis of a nest.
    pub enum IteratorKind {
        /// Iterations are independent of each other.
        Parallel = "parallel",
        /// Iterations fold into accumulators; any order, if the nest says how partial
        /// accumulators combine, else ascending.
        Reduction = "reduction",
        /// Iterations run in ascending order on one thread.
        Sequential = "sequential",
    }
}

/// How the points of a nest are visited.
///
/// The lowered loops are, outermost first: one loop over the tiles of each tiled axis
/// (in `order`), then one loop over each axis (in `order`). The loop over `lanes`
/// advances by `vector * unroll` points, the loop over any other axis `d` by `jam[d]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// The axes from the outermost loop to the innermost; a permutation.
    pub order: Vec<usize>,
    /// Tile size of each axis, in points; 0 leaves the axis whole.
    pub tile: Vec<i64>,
    /// How many of the outermost lowered loops are spread over threads together.
    pub parallel: usize,
    /// The least number of points that is worth a task of its own.
    pub grain: i64,
    /// The axis whose neighbouring points share a vector.
    pub lanes: usize,
    /// Points per vector; 1 is scalar code.
    pub vector: i64,
    /// Independent vectors in flight along `lanes`.
    pub unroll: i64,
    /// Points of each axis that run interleaved in the innermost body (unroll and
    /// jam); 1 for `lanes`, which `unroll` serves.
    pub jam: Vec<i64>,
    /// Points of the innermost reduction loop that are summed plainly before the
    /// partial sum joins a compensated total; 0 sums plainly throughout. Only
    /// floating-point sums take notice.
    pub block: i64,
    /// How many of the innermost axes of `order` merge into one loop where memory
    /// turns out to be contiguous across them (at compile or at run time); at most
    /// one merges nothing.
    pub collapse: usize,
    /// From how many bytes of the first output on its vectors are stored past the caches, which do not read then what
    /// is overwritten; 0 stores into the caches.
    pub stream: i64,
}

impl Schedule {
    /// Scalar code in the order of the axes, on one thread.
    pub fn scalar(rank: usize) -> Self {
        Self {
            order: (0..rank).collect(),
            tile: vec![0; rank],
            parallel: 0,
            grain: 0,
            lanes: rank.saturating_sub(1),
            vector: 1,
            unroll: 1,
            jam: vec![1; rank],
            block: 0,
            collapse: 0,
            stream: 0,
        }
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.order.len()
    }

    /// The lowered loops, outermost first.
    pub fn loops(&self) -> Vec<LoopSpec> {
        let tiles = self
            .order
            .iter()
            .filter(|&&axis| self.tile[axis] > 0)
            .map(|&axis| LoopSpec {
                axis,
                tile: Some(self.tile[axis]),
            });
        tiles
            .chain(self.order.iter().map(|&axis| LoopSpec { axis, tile: None }))
            .collect()
    }

    /// Checks the schedule against the axes it is for.
    ///
    /// `reassociates` says that the nest has initial values and a combine region, so
    /// that the points of reduction axes may be grouped at will. Errors say what
    /// would be valid instead.
    pub fn verify(&self, iterators: &[IteratorKind], reassociates: bool) -> Result<(), String> {
        let rank = iterators.len();
        self.verify_numbers(rank)?;
        if rank == 0 {
            return Ok(());
        }
        self.verify_order(iterators, reassociates)?;
        let in_lanes = self.vector * self.unroll > 1;
        match iterators[self.lanes] {
            IteratorKind::Sequential if in_lanes => {
                return Err(format!(
                    "schedule puts sequential axis {} in lanes",
                    self.lanes
                ));
            }
            IteratorKind::Reduction if in_lanes && !reassociates => {
                return Err(format!(
                    "schedule puts reduction axis {} in lanes, which needs `init` and a combine region",
                    self.lanes
                ));
            }
            _ => {}
        }
        if self.block > 0 && !reassociates {
            return Err(
                "schedule has a summation block, which needs `init` and a combine region".into(),
            );
        }
        self.verify_parallel(iterators, reassociates)
    }

    fn verify_numbers(&self, rank: usize) -> Result<(), String> {
        let mut seen = vec![false; rank];
        for &axis in &self.order {
            if axis >= rank || std::mem::replace(&mut seen[axis], true) {
                return Err(format!(
                    "schedule order {:?} is not a permutation of the {rank} axes",
                    self.order
                ));
            }
        }
        if self.order.len() != rank {
            return Err(format!(
                "schedule order {:?} is not a permutation of the {rank} axes",
                self.order
            ));
        }
        for (name, list, least) in [("tile", &self.tile, 0), ("jam", &self.jam, 1)] {
            if list.len() != rank {
                return Err(format!(
                    "schedule {name} has {} entries for {rank} axes",
                    list.len()
                ));
            }
            if let Some(bad) = list.iter().find(|&&size| size < least) {
                return Err(format!(
                    "schedule {name} has entry {bad}, the least is {least}"
                ));
            }
        }
        for (name, value, least) in [
            ("vector", self.vector, 1),
            ("unroll", self.unroll, 1),
            ("grain", self.grain, 0),
            ("block", self.block, 0),
            ("stream", self.stream, 0),
        ] {
            if value < least {
                return Err(format!("schedule {name} is {value}, the least is {least}"));
            }
        }
        if self.vector.count_ones() != 1 {
            return Err(format!(
                "schedule vector is {}, not a power of two",
                self.vector
            ));
        }
        if self.vector.saturating_mul(self.unroll) > MAX_POINTS {
            return Err(format!(
                "schedule has more than {MAX_POINTS} points in flight"
            ));
        }
        if self
            .jam
            .iter()
            .fold(self.unroll, |n, &factor| n.saturating_mul(factor))
            > MAX_INTERLEAVED
        {
            return Err(format!(
                "schedule interleaves more than {MAX_INTERLEAVED} copies of the body"
            ));
        }
        if rank > 0 && self.lanes >= rank {
            return Err(format!("schedule lanes is axis {} of {rank}", self.lanes));
        }
        if rank > 0 && self.jam[self.lanes] != 1 {
            return Err("schedule jams the lane axis; `unroll` does that".into());
        }
        if self.collapse > rank {
            return Err(format!(
                "schedule collapses {} of {rank} axes",
                self.collapse
            ));
        }
        if self.collapse > 1 {
            let merged = &self.order[rank - self.collapse..];
            if merged
                .iter()
                .any(|&axis| self.tile[axis] > 0 || self.jam[axis] > 1)
            {
                return Err("schedule collapses an axis that is tiled or jammed".into());
            }
            if merged.last() != Some(&self.lanes) {
                return Err(
                    "schedule collapses axes around another innermost axis than the lane axis"
                        .into(),
                );
            }
        }
        Ok(())
    }

    /// Points of sequential axes, and of reductions that may not be regrouped, must be
    /// visited in the order of the axes.
    fn verify_order(&self, iterators: &[IteratorKind], reassociates: bool) -> Result<(), String> {
        let is_ordered = |axis: &usize| match iterators[*axis] {
            IteratorKind::Parallel => false,
            IteratorKind::Reduction => !reassociates,
            IteratorKind::Sequential => true,
        };
        let ordered: Vec<usize> = self.order.iter().copied().filter(is_ordered).collect();
        if let Some(pair) = ordered.windows(2).find(|pair| pair[0] > pair[1]) {
            return Err(format!(
                "schedule swaps axes {} and {}, whose order matters",
                pair[1], pair[0]
            ));
        }
        let Some((last, outer)) = ordered.split_last() else {
            return Ok(());
        };
        if let Some(axis) = ordered
            .iter()
            .find(|&&axis| self.tile[axis] > 0 && !outer.is_empty())
        {
            return Err(format!(
                "schedule tiles axis {axis} among axes whose order matters, the last of which is {last}"
            ));
        }
        if let Some(axis) = outer.iter().find(|&&axis| self.jam[axis] > 1) {
            return Err(format!(
                "schedule jams axis {axis} outside axis {last}, but their order matters"
            ));
        }
        Ok(())
    }

    fn verify_parallel(
        &self,
        iterators: &[IteratorKind],
        reassociates: bool,
    ) -> Result<(), String> {
        let loops = self.loops();
        if self.parallel > loops.len() {
            return Err(format!(
                "schedule spreads {} loops over threads, the nest has {}",
                self.parallel,
                loops.len()
            ));
        }
        let in_flight = |axis: usize| {
            self.jam[axis] > 1 || (axis == self.lanes && self.vector * self.unroll > 1)
        };
        let mut reduces = false;
        for (i, spec) in loops[..self.parallel].iter().enumerate() {
            let last = i + 1 == self.parallel;
            if spec.tile.is_none() && self.tile[spec.axis] > 0 {
                return Err(format!(
                    "axis {} is tiled, so only its tiles can be spread over threads",
                    spec.axis
                ));
            }
            match iterators[spec.axis] {
                IteratorKind::Parallel if reduces => {
                    return Err(format!(
                        "parallel axis {} comes after a reduction in `parallel`",
                        spec.axis
                    ));
                }
                IteratorKind::Parallel if !last && spec.tile.is_none() && in_flight(spec.axis) => {
                    return Err(format!(
                        "axis {} is vectorized or jammed, so it can only be the last loop of `parallel`",
                        spec.axis
                    ));
                }
                IteratorKind::Parallel => {}
                IteratorKind::Sequential => {
                    return Err(format!(
                        "schedule spreads sequential axis {} over threads",
                        spec.axis
                    ));
                }
                IteratorKind::Reduction if !reassociates => {
                    return Err(format!(
                        "schedule spreads reduction axis {} over threads, which needs `init` and a combine region",
                        spec.axis
                    ));
                }
                IteratorKind::Reduction if !last && spec.tile.is_none() && in_flight(spec.axis) => {
                    return Err(format!(
                        "axis {} is vectorized or jammed, so it can only be the last loop of `parallel`",
                        spec.axis
                    ));
                }
                IteratorKind::Reduction => reduces = true,
            }
        }
        Ok(())
    }
}

/// The attribute and the text.
impl Schedule {
    /// The fields, in the order of the attribute's parameters.
    pub const FIELDS: [&'static str; 11] = [
        "order", "tile", "parallel", "grain", "lanes", "vector", "unroll", "jam", "block",
        "collapse", "stream",
    ];

    /// The attribute `#loop.schedule` of the dialect.
    pub fn param_def() -> ParamDef {
        ParamDef::new("schedule", &Self::FIELDS, |params| {
            Self::from_params(params).map(|_| ()).ok_or_else(|| {
                "expects lists of integers for order, tile and jam, and integers for the other parameters".to_string()
            })
        })
        .doc("How the points of a `loop.nest` are visited.")
    }

    /// Whether a field is a list with an entry per axis; the others are numbers.
    pub fn is_list(field: &str) -> bool {
        matches!(field, "order" | "tile" | "jam")
    }

    /// The value of a list field; empty for a field of another kind. An entry of
    /// `order` that is no axis becomes one that [`Schedule::verify`] refuses.
    fn list(&self, field: &str) -> Vec<i64> {
        match field {
            "order" => self.order.iter().map(|&axis| axis as i64).collect(),
            "tile" => self.tile.clone(),
            "jam" => self.jam.clone(),
            _ => Vec::new(),
        }
    }

    /// Sets a list field.
    pub fn set_list(&mut self, field: &str, list: &[i64]) {
        match field {
            "order" => self.order = list.iter().map(|&axis| axis_number(axis)).collect(),
            "tile" => self.tile = list.to_vec(),
            "jam" => self.jam = list.to_vec(),
            _ => {}
        }
    }

    /// The value of a number field; 0 for a field of another kind.
    fn number(&self, field: &str) -> i64 {
        match field {
            "parallel" => self.parallel as i64,
            "grain" => self.grain,
            "lanes" => self.lanes as i64,
            "vector" => self.vector,
            "unroll" => self.unroll,
            "block" => self.block,
            "collapse" => self.collapse as i64,
            "stream" => self.stream,
            _ => 0,
        }
    }

    /// Sets a number field.
    pub fn set_number(&mut self, field: &str, value: i64) {
        match field {
            "parallel" => self.parallel = axis_number(value),
            "grain" => self.grain = value,
            "lanes" => self.lanes = axis_number(value),
            "vector" => self.vector = value,
            "unroll" => self.unroll = value,
            "block" => self.block = value,
            "collapse" => self.collapse = axis_number(value),
            "stream" => self.stream = value,
            _ => {}
        }
    }

    /// As `#loop.schedule<…>`. Errors (there are none for a dialect that is loaded) go to `loc`.
    ///
    /// # Panics
    /// When the dialect is not loaded.
    pub fn encode<'c>(&self, ctx: &'c Context, loc: Location<'c>) -> Attribute<'c> {
        let param = |field: &&str| {
            if Self::is_list(field) {
                let list: Vec<_> = self
                    .list(field)
                    .into_iter()
                    .map(|n| ctx.i64_attr(n))
                    .collect();
                ctx.array_attr(&list)
            } else {
                ctx.i64_attr(self.number(field))
            }
        };
        let params: Vec<_> = Self::FIELDS.iter().map(param).collect();
        ctx.param_attr("loop", "schedule", &params, loc)
            .expect("the loop dialect is loaded")
    }

    /// From `#loop.schedule<…>`; `None` for another attribute.
    pub fn decode(attr: Attribute<'_>) -> Option<Self> {
        let (name, params) = AttrExt::params(attr)?;
        (name == "loop.schedule").then(|| Self::from_params(&params))?
    }

    fn from_params(params: &[Attribute<'_>]) -> Option<Self> {
        let mut schedule = Self::scalar(0);
        for (field, param) in Self::FIELDS.iter().zip(params) {
            if Self::is_list(field) {
                schedule.set_list(field, &param.as_int_array()?);
            } else {
                schedule.set_number(field, param.as_int()?);
            }
        }
        Some(schedule)
    }
}

/// An axis, or a count of loops; a negative number becomes one that no nest has.
fn axis_number(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl fmt::Display for Schedule {
    /// `<field = value, …>`, without the fields that scalar code would have too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = Self::scalar(self.rank());
        plain.lanes = self.order.last().copied().unwrap_or(0);
        let fields = Self::FIELDS.iter().filter_map(|field| {
            if Self::is_list(field) {
                let list = self.list(field);
                (list != plain.list(field)).then(|| format!("{field} = {list:?}"))
            } else {
                let number = self.number(field);
                (number != plain.number(field)).then(|| format!("{field} = {number}"))
            }
        });
        write!(f, "<{}>", fields.collect::<Vec<_>>().join(", "))
    }
}

/// The most points a schedule may have in flight along the lane axis.
const MAX_POINTS: i64 = 4096;
/// The most copies of the body that a schedule may interleave.
const MAX_INTERLEAVED: i64 = 64;

/// One lowered loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopSpec {
    /// The axis it walks.
    pub axis: usize,
    /// The tile size, for a loop over tiles.
    pub tile: Option<i64>,
}
