//! Plans to start from: the best tree of each slot, and a DAG that counts what is shared once.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::problem::Problem;

/// Each step costs at least this, so that cheaper never means longer.
const EPSILON: f64 = 1e-15;

/// A way to fill a slot whose children are filled: its time as a tree, the slot and the option.
#[derive(Debug)]
struct Ready(f64, usize, usize);

impl Ord for Ready {
    /// The cheapest is the greatest, among equals the first.
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |ready: &Self| (ready.1, ready.2);
        let times = other.0.total_cmp(&self.0);
        times.then(key(other).cmp(&key(self)))
    }
}

impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ready {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ready {}

/// For each slot the first option of the cheapest tree; `None` where a root cannot be computed. Slots are filled from
/// the cheapest on, each after its children (Knuth 1977): so no choice runs in a circle, however large the times are
/// that trees of shared values have.
pub(super) fn tree<S: Copy + Ord, N>(problem: &Problem<S, N>) -> Option<Vec<usize>> {
    let users = problem.users();
    let mut times: Vec<Option<f64>> = vec![None; problem.slots.len()];
    let mut choice = vec![0; problem.slots.len()];
    let mut ready = BinaryHeap::new();
    let offer =
        |slot: usize, child: Option<usize>, times: &[Option<f64>], ready: &mut BinaryHeap<_>| {
            for (index, option) in problem.slots[slot].options.iter().enumerate() {
                let is_new = child.is_none_or(|child| option.children.contains(&child));
                let children = option.children.iter().map(|&child| times[child]);
                if let (true, Some(children)) = (is_new, children.sum::<Option<f64>>()) {
                    ready.push(Ready(option.time + EPSILON + children, slot, index));
                }
            }
        };
    for slot in 0..problem.slots.len() {
        offer(slot, None, &times, &mut ready);
    }
    while let Some(Ready(time, slot, option)) = ready.pop() {
        if times[slot].is_none() {
            (times[slot], choice[slot]) = (Some(time), option);
            for &user in users[slot].iter().filter(|&&user| times[user].is_none()) {
                offer(user, Some(slot), &times, &mut ready);
            }
        }
    }
    let possible = problem.roots.iter().all(|&root| times[root].is_some());
    possible.then_some(choice)
}

/// What one way to fill a slot needs altogether: each slot once, with its time.
type Needs = Vec<(usize, f64)>;

/// A set of slots with their times, which is emptied at once.
struct Union {
    /// For each slot the turn in which it came into the set.
    turns: Vec<usize>,
    turn: usize,
    /// The time of each slot of the set.
    times: Vec<f64>,
    slots: Vec<usize>,
}

impl Union {
    fn new(slots: usize) -> Self {
        Union {
            turns: vec![0; slots],
            turn: 0,
            times: vec![0.0; slots],
            slots: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.turn += 1;
        self.slots.clear();
    }

    fn contains(&self, slot: usize) -> bool {
        self.turns[slot] == self.turn
    }

    /// Adds a slot; of two times the later one counts.
    fn add(&mut self, slot: usize, time: f64) {
        self.times[slot] = time;
        if std::mem::replace(&mut self.turns[slot], self.turn) != self.turn {
            self.slots.push(slot);
        }
    }

    fn time(&self) -> f64 {
        self.slots.iter().map(|&slot| self.times[slot]).sum()
    }

    fn needs(&self) -> Needs {
        let slots = self.slots.iter();
        slots.map(|&slot| (slot, self.times[slot])).collect()
    }
}

/// A greedy DAG, from the leaves upwards in the order of `tree`: each slot takes the option that needs least, where
/// what several children need counts once. `None` where the choices run in a circle.
pub(super) fn dag<S: Copy + Ord, N>(problem: &Problem<S, N>, tree: &[usize]) -> Option<Vec<usize>> {
    let users = problem.users();
    let mut needs: Vec<Option<Needs>> = vec![None; problem.slots.len()];
    let mut times = vec![f64::INFINITY; problem.slots.len()];
    let mut choice = tree.to_vec();
    let mut queue: VecDeque<usize> = (0..problem.slots.len()).rev().collect();
    let mut queued = vec![true; problem.slots.len()];
    let mut all = Union::new(problem.slots.len());
    // Each visit may only lower a time; the bound is for rounding that would go on for ever.
    let mut visits = problem.slots.len().saturating_mul(32);
    while let Some(slot) = queue.pop_front() {
        visits = visits.checked_sub(1)?;
        queued[slot] = false;
        let mut best: Option<(f64, usize, Needs)> = None;
        for (index, option) in problem.slots[slot].options.iter().enumerate() {
            let children = option.children.iter().map(|&child| needs[child].as_ref());
            let Some(children) = children.collect::<Option<Vec<_>>>() else {
                continue;
            };
            all.clear();
            for &(needed, time) in children.into_iter().flatten() {
                all.add(needed, time);
            }
            if all.contains(slot) {
                continue;
            }
            all.add(slot, option.time + EPSILON);
            let time = all.time();
            if best.as_ref().is_none_or(|(least, ..)| time < *least) {
                best = Some((time, index, all.needs()));
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
