//! A plan by chance: to measure what the chosen one is worth.

use super::{Cost, Extracted, Plan};
use crate::chance::Chance;
use crate::domain::Domain;

/// Gives each slot of the chosen plan some way to fill it, where the plan then does not run in a circle. Slots that
/// come into the plan so have their turn too.
pub(super) fn choose<D: Domain, C: Cost<D>>(
    found: &mut Extracted<'_, D, C::State, C::Note>,
    cost: &C,
    seed: u64,
) {
    let mut chance = Chance::new(seed);
    let mut visited = vec![false; found.problem.slots.len()];
    while let Some(&slot) = found.order.iter().rev().find(|&&slot| !visited[slot]) {
        visited[slot] = true;
        let before = found.choice[slot];
        found.choice[slot] = chance.below(found.problem.slots[slot].options.len());
        match found.problem.order(&found.choice) {
            Some(order) => found.order = order,
            None => found.choice[slot] = before,
        }
    }
    found.time = cost.plan(&Plan {
        graph: found.graph,
        problem: &found.problem,
        choice: &found.choice,
        order: &found.order,
    });
}
