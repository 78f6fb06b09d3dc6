//! Constraints by which no plan runs in a circle.

use super::linear::{Linear, Variable};
use super::problem::Problem;

/// Adds them: within each part of the graph that has circles, the slots that a plan fills have positions, and what a
/// slot needs stands before it (Miller, Tucker and Zemlin 1960).
pub(super) fn exclude<S: Copy + Ord, N>(problem: &Problem<S, N>, linear: &mut Linear<'_, S, N>) {
    let component = components(problem);
    let mut sizes = vec![0usize; component.len()];
    for &own in &component {
        sizes[own] += 1;
    }
    let mut positions: Vec<Option<Variable>> = vec![None; component.len()];
    for (slot, found) in problem.slots.iter().enumerate() {
        for (index, option) in found.options.iter().enumerate() {
            let taken = linear.taken[slot][index];
            let own = component[slot];
            let mut inside: Vec<_> = option.children.to_vec();
            inside.retain(|&child| component[child] == own);
            inside.sort_unstable();
            inside.dedup();
            for child in inside {
                if child == slot {
                    linear.at_most([(taken, 1.0)], 0.0);
                    continue;
                }
                let size = sizes[own] as f64;
                let mut position = |slot: usize| match positions[slot] {
                    Some(known) => known,
                    None => {
                        let new = linear.amount();
                        linear.at_most([(new, 1.0)], size - 1.0);
                        positions[slot] = Some(new);
                        new
                    }
                };
                let (above, below) = (position(slot), position(child));
                linear.at_most([(below, 1.0), (above, -1.0), (taken, size)], size - 1.0);
            }
        }
    }
    pairs(problem, &component, linear);
}

/// Two slots do not need each other: this follows from the positions, but says more of fractions.
fn pairs<S: Copy + Ord, N>(
    problem: &Problem<S, N>,
    component: &[usize],
    linear: &mut Linear<'_, S, N>,
) {
    let through = |slot: usize, child: usize, linear: &Linear<'_, S, N>| -> Vec<(Variable, f64)> {
        let options = problem.slots[slot].options.iter();
        options
            .zip(&linear.taken[slot])
            .filter(|(option, _)| option.children.contains(&child))
            .map(|(_, &taken)| (taken, 1.0))
            .collect()
    };
    for (slot, found) in problem.slots.iter().enumerate() {
        let children = found.options.iter().flat_map(|option| &option.children);
        let mut above: Vec<_> = children
            .copied()
            .filter(|&child| child > slot && component[child] == component[slot])
            .collect();
        above.sort_unstable();
        above.dedup();
        for child in above {
            let back = through(child, slot, linear);
            if !back.is_empty() {
                let mut terms = through(slot, child, linear);
                terms.extend(back);
                linear.at_most(terms, 1.0);
            }
        }
    }
}

/// For each slot the number of its strongly connected component (Kosaraju's algorithm): slots that may need each other.
fn components<S: Copy + Ord, N>(problem: &Problem<S, N>) -> Vec<usize> {
    let count = problem.slots.len();
    let below = |slot: usize| -> Vec<usize> {
        let options = problem.slots[slot].options.iter();
        options
            .flat_map(|option| &option.children)
            .copied()
            .collect()
    };
    let forward: Vec<Vec<usize>> = (0..count).map(below).collect();
    let backward = problem.users();
    let mut finished = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    for start in 0..count {
        visit(start, &forward, &mut seen, |slot| finished.push(slot));
    }
    let mut component = vec![0; count];
    let mut seen = vec![false; count];
    for (number, &start) in finished.iter().rev().enumerate() {
        visit(start, &backward, &mut seen, |slot| component[slot] = number);
    }
    component
}

/// Depth first search; `leave` is called with each new slot after those that it leads to.
fn visit(start: usize, edges: &[Vec<usize>], seen: &mut [bool], mut leave: impl FnMut(usize)) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut stack = vec![(start, 0)];
    while let Some((slot, next)) = stack.pop() {
        match edges[slot].get(next) {
            None => leave(slot),
            Some(&other) => {
                stack.push((slot, next + 1));
                if !std::mem::replace(&mut seen[other], true) {
                    stack.push((other, 0));
                }
            }
        }
    }
}
