//! The solver of integer programs: HiGHS by way of good_lp, where the feature `exact` is on.

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
        /// Whether it came to an end: the solution is the best one.
        complete: bool,
    },
    /// It failed, and said this.
    Failed(String),
}

/// Whether this build has a solver: the feature `exact`.
pub const HAS_EXACT: bool = cfg!(feature = "exact");

/// Solves the program, with at most so many nodes of a search tree.
#[cfg(not(feature = "exact"))]
pub(super) fn solve<S: Copy + Ord, N>(
    _: &super::linear::Linear<'_, S, N>,
    _branches: usize,
) -> Outcome {
    Outcome::Failed("this build has none (feature `exact`)".to_owned())
}

#[cfg(feature = "exact")]
pub(super) use by_highs::solve;

#[cfg(feature = "exact")]
mod by_highs {
    use good_lp::solvers::highs::highs;
    use good_lp::{Expression, ProblemVariables, SolverModel, constraint, variable};
    use highs::{HighsModelStatus, HighsSolutionStatus};

    use super::super::linear::{Kind, Linear};
    use super::Outcome;

    /// See above.
    pub(in super::super) fn solve<S: Copy + Ord, N>(
        linear: &Linear<'_, S, N>,
        branches: usize,
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
        let solved = match model.try_solve() {
            Ok(solved) => solved,
            Err(error) => return Outcome::Failed(format!("{error:?}")),
        };
        let complete = match solved.status() {
            HighsModelStatus::Optimal => true,
            // So it says of the limit of nodes.
            HighsModelStatus::ReachedSolutionLimit => false,
            HighsModelStatus::Infeasible => return Outcome::Infeasible,
            other => return Outcome::Failed(format!("{other:?}")),
        };
        let bound = solved.double_info_value(c"mip_dual_bound");
        let feasible = solved.primal_solution_status() == HighsSolutionStatus::Feasible;
        let values = feasible.then(|| solved.get_solution().columns().to_vec());
        Outcome::Searched {
            values,
            bound: bound.unwrap_or(0.0),
            complete,
        }
    }
}
