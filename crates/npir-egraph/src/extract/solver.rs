//! The solver of integer programs: HiGHS by way of good_lp, where the feature `exact` is on.

/// Asked again and again by the solver; `true` ends its search.
pub(super) type Interrupted<'r> = dyn Fn() -> bool + Sync + 'r;

/// What the solver found.
#[cfg_attr(
    not(feature = "exact"),
    expect(dead_code, reason = "what only the solver makes")
)]
pub(super) enum Outcome {
    /// There is no solution.
    Infeasible,
    /// It has searched.
    Searched {
        /// The best solution, if it found one.
        values: Option<Vec<f64>>,
        /// No solution costs less, in the unit of the program.
        bound: f64,
        /// Why it ended.
        ended: Ended,
    },
    /// It failed, and said this.
    Failed(String),
}

/// Why a search of the solver ended.
#[cfg_attr(
    not(feature = "exact"),
    expect(dead_code, reason = "what only the solver makes")
)]
pub(super) enum Ended {
    /// The solution is the best one.
    Complete,
    /// The limit of nodes was reached.
    Nodes,
    /// The caller has interrupted it.
    Interrupted,
    /// A limit of the solver's own, with its name.
    Other(String),
}

/// Whether this build has a solver: the feature `exact`.
pub const HAS_EXACT: bool = cfg!(feature = "exact");

/// Solves the program, with at most so many nodes of a search tree, until `interrupted` says so.
#[cfg(not(feature = "exact"))]
pub(super) fn solve<S: Copy + Ord, N>(
    _: &super::linear::Linear<'_, S, N>,
    _branches: usize,
    _interrupted: &Interrupted<'_>,
) -> Outcome {
    Outcome::Failed("this build has none (feature `exact`)".to_owned())
}

#[cfg(feature = "exact")]
pub(super) use by_highs::solve;

#[cfg(feature = "exact")]
mod by_highs {
    use std::ffi::{c_char, c_int, c_void};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use good_lp::solvers::highs::highs;
    use good_lp::{Expression, ProblemVariables, SolverModel, constraint, variable};
    use highs::{HighsModelStatus, HighsSolutionStatus, Model};
    use highs_sys::{
        Highs_setCallback, Highs_startCallback, HighsCallbackDataIn, HighsCallbackDataOut,
        kHighsCallbackIpmInterrupt, kHighsCallbackMipInterrupt, kHighsCallbackSimplexInterrupt,
    };

    use super::super::linear::{Kind, Linear};
    use super::{Ended, Interrupted, Outcome};

    /// HiGHS asks whether it shall go on: `data` is a `&Interrupted`. A panic ends the search as well.
    extern "C" fn ask(
        _: c_int,
        _: *const c_char,
        _: *const HighsCallbackDataOut,
        answer: *mut HighsCallbackDataIn,
        data: *mut c_void,
    ) {
        // SAFETY: `watch` has given HiGHS the address of a reference that outlives the model.
        let interrupted = unsafe { &*data.cast::<&Interrupted<'_>>() };
        let stop = catch_unwind(AssertUnwindSafe(interrupted)).unwrap_or(true);
        // SAFETY: HiGHS gives a null pointer, or that of an answer which it reads after this call.
        if let Some(answer) = unsafe { answer.as_mut() } {
            answer.user_interrupt = c_int::from(stop);
        }
    }

    /// Lets HiGHS ask `interrupted`, which must outlive the model; `false` where it will not.
    fn watch(model: &mut Model, interrupted: &&Interrupted<'_>) -> bool {
        let data = std::ptr::from_ref(interrupted).cast_mut().cast();
        let highs = model.as_mut_ptr();
        // SAFETY: `highs` is a live model; `data` is what `ask` takes it for.
        let status = unsafe { Highs_setCallback(highs, Some(ask), data) };
        let kinds = [
            kHighsCallbackSimplexInterrupt,
            kHighsCallbackIpmInterrupt,
            kHighsCallbackMipInterrupt,
        ];
        // SAFETY: as above; these are kinds of callbacks.
        let start = |kind| unsafe { Highs_startCallback(highs, kind) } == highs_sys::STATUS_OK;
        status == highs_sys::STATUS_OK && kinds.into_iter().all(start)
    }

    /// See above.
    pub(in super::super) fn solve<S: Copy + Ord, N>(
        linear: &Linear<'_, S, N>,
        branches: usize,
        interrupted: &Interrupted<'_>,
    ) -> Outcome {
        let mut all = ProblemVariables::new();
        let variables: Vec<_> = linear
            .kinds
            .iter()
            .map(|kind| match kind {
                Kind::Binary => all.add(variable().binary()),
                Kind::Share => all.add(variable().min(0.0).max(1.0)),
                Kind::Amount => all.add(variable().min(0.0)),
            })
            .collect();
        let sum = |terms: &mut dyn Iterator<Item = (usize, f64)>| {
            terms.fold(Expression::default(), |mut sum, (variable, factor)| {
                sum.add_mul(factor, variables[variable]);
                sum
            })
        };
        let costs = linear.costs.iter().copied().enumerate();
        let objective = sum(&mut costs.filter(|(_, cost)| *cost != 0.0));
        let mut model = highs(all.minimise(objective));
        for row in &linear.rows {
            let terms = || sum(&mut row.terms.iter().map(|(v, factor)| (v.0, *factor)));
            if row.least == row.most {
                model.add_constraint(constraint!(terms() == row.least));
                continue;
            }
            if row.least.is_finite() {
                model.add_constraint(constraint!(terms() >= row.least));
            }
            if row.most.is_finite() {
                model.add_constraint(constraint!(terms() <= row.most));
            }
        }
        let mut model = match model.try_into_inner() {
            Ok(model) => model,
            Err(error) => return Outcome::Failed(error.to_string()),
        };
        // One thread, one seed: the same program has the same solution.
        model.set_option("threads", 1);
        model.set_option("parallel", "off");
        model.set_option("random_seed", 0);
        model.set_option("mip_rel_gap", 1e-7);
        model.set_option("mip_abs_gap", 0.0);
        model.set_option("mip_max_nodes", i32::try_from(branches).unwrap_or(i32::MAX));
        if !watch(&mut model, &interrupted) {
            return Outcome::Failed("it cannot be interrupted".to_owned());
        }
        let solved = match model.try_solve() {
            Ok(solved) => solved,
            Err(error) => return Outcome::Failed(format!("{error:?}")),
        };
        let ended = match solved.status() {
            HighsModelStatus::Optimal => Ended::Complete,
            // So it says of the limit of nodes.
            HighsModelStatus::ReachedSolutionLimit => Ended::Nodes,
            HighsModelStatus::ReachedInterrupt => Ended::Interrupted,
            HighsModelStatus::Infeasible => return Outcome::Infeasible,
            other @ (HighsModelStatus::ReachedTimeLimit
            | HighsModelStatus::ReachedIterationLimit
            | HighsModelStatus::ReachedMemoryLimit
            | HighsModelStatus::Unknown) => Ended::Other(format!("{other:?}")),
            other => return Outcome::Failed(format!("{other:?}")),
        };
        let bound = solved.double_info_value(c"mip_dual_bound");
        let feasible = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
        let values = feasible.then(|| solved.get_solution().columns().to_vec());
        Outcome::Searched {
            values,
            bound: bound.unwrap_or(0.0),
            ended,
        }
    }
}
