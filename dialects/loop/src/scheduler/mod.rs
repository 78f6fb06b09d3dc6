//! `loop-schedule`: a schedule for every nest, from shapes and the machine.

mod choose;
mod contraction;
mod facts;
mod machine;
mod pack;
mod stream;

use crate::access::Stride;
use crate::lower::versions::operand_walks;
use crate::nest::{Nest, verify_schedule};
use crate::runtime_ops::ParallelFor;
use crate::schedule::Schedule;
use choose::choose;
pub(crate) use choose::sum_block;
use facts::Facts;
pub(crate) use machine::{CONTRACTION_COLUMNS, CONTRACTION_ROWS, L2_SHARE, UNCACHED};
pub use machine::{Machine, Rates};
use npir_mlir::prelude::*;
pub use pack::LoopPack;

/// Chooses a schedule for every loop.nest.
///
/// Nests that have one keep it, unless `force` is set. `set` changes fields of the
/// chosen schedules for experiments: `set=vector=4,unroll=2`, lists with entries joined
/// by `x`, as in `set=tile=0x64x0` (which applies to nests with that many axes).
#[pass("loop-schedule")]
#[derive(Clone)]
pub struct LoopSchedule {
    #[option(
        name = "vector-bits",
        default = "256",
        description = "Bits of a vector register; 0 for scalar code"
    )]
    vector_bits: i64,
    #[option(
        name = "threads",
        default = "true",
        description = "Spread loops over threads"
    )]
    threads: bool,
    #[option(
        name = "force",
        default = "false",
        description = "Replace schedules that are there"
    )]
    force: bool,
    #[option(description = "the machine that costs are of: a file of `npir calibrate`")]
    machine: String,
    #[option(
        name = "set",
        description = "Fields to set in every schedule, as field=value"
    )]
    set: Vec<String>,
    #[statistic(name = "num-vectorized", description = "Nests with vector code")]
    vectorized: Statistic,
    #[statistic(
        name = "num-parallel",
        description = "Nests with loops spread over threads"
    )]
    parallel: Statistic,
}

impl Pass for LoopSchedule {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        if !(0..=MAX_VECTOR_BITS).contains(&self.vector_bits) {
            return Err(format!(
                "vector-bits is {}, expected 0 to {MAX_VECTOR_BITS}",
                self.vector_bits
            )
            .into());
        }
        let warn = |words: &str| op.emit_warning(words);
        let rates = npir_machine::Machine::from_option_or_default(&self.machine, warn);
        let machine = Machine {
            vector_bits: self.vector_bits,
            threads: self.threads,
            rates: Rates::of(&rates),
        };
        for nest in op.find_all(Nest::NAME).into_iter().filter_map(Nest::cast) {
            if nest.schedule().is_some() && !self.force {
                continue;
            }
            // Threads are busy where they run the ops around.
            let threads = machine.threads && nest.op().enclosing(ParallelFor::NAME).is_none();
            let mut schedule = schedule_for(nest, Machine { threads, ..machine });
            for setting in &self.set {
                apply(&mut schedule, setting)?;
            }
            if !self.set.is_empty() {
                verify_schedule(nest, &schedule).map_err(|why| {
                    nest.op()
                        .emit_error(&format!("cannot have the fields of `set`: {why}"));
                    PassError::Reported
                })?;
            }
            self.vectorized.add(i64::from(schedule.vector > 1));
            self.parallel.add(i64::from(schedule.parallel > 0));
            nest.set_unit_strides(&unit_strides(nest, &schedule));
            nest.set_schedule(&schedule);
        }
        Ok(())
    }
}

/// Wider registers do not exist.
const MAX_VECTOR_BITS: i64 = 2048;

/// The schedule for `nest` on `machine`.
pub fn schedule_for(nest: Nest<'_>, machine: Machine) -> Schedule {
    let schedule = choose(&Facts::new(nest, machine.rates), machine);
    match verify_schedule(nest, &schedule) {
        Ok(()) => schedule,
        Err(why) => {
            nest.op().emit_warning(&format!(
                "runs unscheduled: the scheduler chose {schedule}, but {why}"
            ));
            Schedule::scalar(nest.rank())
        }
    }
}

/// The operands that are likely to be contiguous along the lanes, where that cannot be told from
/// their place in the map: a kernel of its own does not see where its memory comes from.
fn unit_strides(nest: Nest<'_>, schedule: &Schedule) -> Vec<i64> {
    let walks = operand_walks(nest);
    let maps = nest.affine_maps();
    let hidden = |i: &usize| {
        let last = map_results(maps[*i]).last().copied();
        walks[*i].strides.get(schedule.lanes) == Some(&Stride::LikelyUnit)
            && last.is_some_and(|expr| !expr.is_function_of_dim(schedule.lanes))
    };
    (0..walks.len()).filter(hidden).map(|i| i as i64).collect()
}

/// Sets one field, `name=value` or `name=axb`; lists of another rank leave the schedule alone.
fn apply(schedule: &mut Schedule, setting: &str) -> PassResult {
    let wrong = || {
        format!(
            "`set` takes field=value, with a field out of {}; found `{setting}`",
            Schedule::FIELDS.join(", ")
        )
    };
    let (field, value) = setting.split_once('=').ok_or_else(wrong)?;
    if !Schedule::FIELDS.contains(&field) {
        return Err(wrong().into());
    }
    let numbers: Result<Vec<i64>, _> = value.split('x').map(str::parse).collect();
    match numbers.map_err(|_| wrong())?.as_slice() {
        list if Schedule::is_list(field) => {
            if list.len() == schedule.rank() {
                schedule.set_list(field, list);
            }
        }
        [number] => schedule.set_number(field, *number),
        _ => return Err(wrong().into()),
    }
    Ok(())
}
