//! Plans to start from: the best tree of each slot, and a DAG that counts what is shared once.

use std::collections::{BTreeMap, VecDeque};

use super::problem::Problem;

/// Each step costs at least this, so that cheaper never means longer.
const EPSILON: f64 = 1e-15;

/// For each slot the first option of the cheapest tree; `None` where a root cannot be computed.
pub(super) fn tree<S: Copy + Ord, N>(problem: &Problem<S, N>) -> Option<Vec<usize>> {
    let users = problem.users();
    let mut times = vec![f64::INFINITY; problem.slots.len()];
    let mut choice = vec![0; problem.slots.len()];
    let mut queue: VecDeque<usize> = (0..problem.slots.len()).rev().collect();
    let mut queued = vec![true; problem.slots.len()];
    while let Some(slot) = queue.pop_front() {
        queued[slot] = false;
        for (index, option) in problem.slots[slot].options.iter().enumerate() {
            let children: f64 = option.children.iter().map(|&child| times[child]).sum();
            let time = option.time + EPSILON + children;
            if time < times[slot] {
                (times[slot], choice[slot]) = (time, index);
                for &user in &users[slot] {
                    if !std::mem::replace(&mut queued[user], true) {
                        queue.push_back(user);
                    }
                }
            }
        }
    }
    // The option was chosen when its children cost at least what they cost now: choose again by the final times.
    for (slot, found) in problem.slots.iter().enumerate() {
        let time = |index: usize| {
            let option = &found.options[index];
            let children: f64 = option.children.iter().map(|&child| times[child]).sum();
            option.time + EPSILON + children
        };
        let best = (0..found.options.len()).min_by(|&a, &b| time(a).total_cmp(&time(b)));
        choice[slot] = best.unwrap_or(0);
    }
    let possible = problem.roots.iter().all(|&root| times[root].is_finite());
    (possible && problem.order(&choice).is_some()).then_some(choice)
}

/// What one way to fill a slot needs altogether: each slot once, with its option and time.
type Needs = BTreeMap<usize, (usize, f64)>;

/// A greedy DAG, from the leaves upwards in the order of `tree`: each slot takes the option that needs least, where
/// what several children need counts once. `None` where the choices run in a circle.
pub(super) fn dag<S: Copy + Ord, N>(problem: &Problem<S, N>, tree: &[usize]) -> Option<Vec<usize>> {
    let users = problem.users();
    let mut needs: Vec<Option<Needs>> = vec![None; problem.slots.len()];
    let mut times = vec![f64::INFINITY; problem.slots.len()];
    let mut choice = tree.to_vec();
    let mut queue: VecDeque<usize> = (0..problem.slots.len()).rev().collect();
    let mut queued = vec![true; problem.slots.len()];
    // Each visit may only lower a time; the bound is for rounding that would go on for ever.
    let mut visits = problem.slots.len().saturating_mul(32);
    while let Some(slot) = queue.pop_front() {
        visits = visits.checked_sub(1)?;
        queued[slot] = false;
        let mut best: Option<(f64, usize, Needs)> = None;
        for (index, option) in problem.slots[slot].options.iter().enumerate() {
            let mut all = Needs::new();
            let complete = option.children.iter().all(|&child| match &needs[child] {
                Some(own) => {
                    all.extend(own.iter().map(|(&slot, &cost)| (slot, cost)));
                    true
                }
                None => false,
            });
            if !complete || all.contains_key(&slot) {
                continue;
            }
            all.insert(slot, (index, option.time + EPSILON));
            let time: f64 = all.values().map(|(_, time)| time).sum();
            if best.as_ref().is_none_or(|(least, ..)| time < *least) {
                best = Some((time, index, all));
            }
        }
        if let Some((time, index, all)) = best
            && time < times[slot] * (1.0 - 1e-12)
        {
            (times[slot], choice[slot]) = (time, index);
            needs[slot] = Some(all);
            for &user in &users[slot] {
                if !std::mem::replace(&mut queued[user], true) {
                    queue.push_back(user);
                }
            }
        }
    }
    problem.order(&choice).is_some().then_some(choice)
}
