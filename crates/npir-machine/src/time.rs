//! Times from the numbers.

use crate::{Bandwidth, Machine, Work};

/// The part of the arithmetic peak that contractions reach: operands have to come, tiles have edges.
const CONTRACTION_SHARE: f64 = 0.8;

impl Machine {
    /// The same machine with one thread only.
    pub fn on_one_thread(mut self) -> Self {
        let threads = self.threads.max(1) as f64;
        self.flops.f64 /= threads;
        self.flops.f32 /= threads;
        self.memory = self.memory_of_one.clone();
        self.threads = 1;
        self
    }

    /// Seconds that one thread takes for one element.
    pub fn seconds(&self, work: Work) -> f64 {
        let elements = &self.elements;
        match work {
            Work::Add => elements.add,
            Work::Divide => elements.divide,
            Work::Root => elements.root,
            Work::Exp => elements.exp,
            Work::Log => elements.log,
            Work::Power => elements.power,
            Work::Sin => elements.sin,
            Work::Tanh => elements.tanh,
        }
    }

    /// The same in units of one cheap operation, at least one.
    pub fn operations(&self, work: Work) -> f64 {
        (self.seconds(work) / self.elements.add).max(1.0)
    }

    /// Seconds of a contraction with so many multiplications and additions of elements of `bits` bits, on one thread.
    pub fn contraction(&self, operations: f64, bits: u32) -> f64 {
        let peak = if bits <= 32 {
            self.flops.f32
        } else {
            self.flops.f64
        };
        operations * self.threads as f64 / (CONTRACTION_SHARE * peak)
    }

    /// Seconds to read `bytes` of a value of `size` bytes that `threads` share: it is in the cache that holds it.
    pub fn reading(&self, bytes: f64, size: f64, threads: Threads) -> f64 {
        bytes * self.level(size, threads, |level| 1.0 / level.read)
    }

    /// Seconds to write a value of so many bytes: `2 / copy = 1 / read + 1 / write`.
    pub fn writing(&self, bytes: f64, threads: Threads) -> f64 {
        bytes
            * self.level(bytes, threads, |level| {
                (2.0 / level.copy - 1.0 / level.read).max(1.0 / level.read)
            })
    }

    /// A number of the level that a working set belongs to, between two levels in proportion to the logarithm.
    fn level(&self, bytes: f64, threads: Threads, number: impl Fn(&Bandwidth) -> f64) -> f64 {
        let levels = match threads {
            Threads::All => &self.memory,
            Threads::One => &self.memory_of_one,
        };
        let after = levels.iter().position(|level| level.bytes as f64 >= bytes);
        match after {
            Some(0) => number(&levels[0]),
            Some(after) => {
                let (low, high) = (&levels[after - 1], &levels[after]);
                let (from, to) = ((low.bytes as f64).ln(), (high.bytes as f64).ln());
                let part = (bytes.ln() - from) / (to - from);
                number(low) * (1.0 - part) + number(high) * part
            }
            None => levels.last().map_or(0.0, number),
        }
    }
}

/// How many threads take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// One.
    One,
    /// All that the machine is described with.
    All,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two levels of 1 KiB and 1 MiB.
    fn machine() -> Machine {
        let level = |bytes, rate| Bandwidth {
            bytes,
            read: rate,
            copy: rate,
            stream: rate,
        };
        Machine {
            threads: 4,
            memory: vec![level(1 << 10, 4e10), level(1 << 20, 2e10)],
            memory_of_one: vec![level(1 << 10, 1e10), level(1 << 20, 1e10)],
            ..Machine::default()
        }
    }

    fn is(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn values_are_in_the_level_that_holds_them() {
        let machine = machine();
        let per_byte = |size: f64| machine.reading(1.0, size, Threads::All);
        assert!(is(per_byte(1.0), 1.0 / 4e10));
        assert!(is(per_byte(1024.0), 1.0 / 4e10));
        assert!(is(per_byte(32768.0), 0.5 / 4e10 + 0.5 / 2e10), "halfway");
        assert!(is(per_byte(1e9), 1.0 / 2e10));
        assert!(is(machine.reading(10.0, 1e9, Threads::One), 10.0 / 1e10));
        assert!(is(machine.writing(1e9, Threads::All), 1e9 / 2e10));
    }

    #[test]
    fn work_is_at_least_one_operation() {
        let mut machine = machine();
        assert!(machine.operations(Work::Exp) > machine.operations(Work::Divide));
        assert!(is(machine.operations(Work::Add), 1.0));
        machine.elements.divide = machine.elements.add / 2.0;
        assert!(is(machine.operations(Work::Divide), 1.0));
    }

    #[test]
    fn one_thread_has_its_own_numbers() {
        let one = machine().on_one_thread();
        assert_eq!(
            (one.threads, one.memory.clone()),
            (1, machine().memory_of_one)
        );
        assert!(is(one.contraction(1e9, 64), machine().contraction(1e9, 64)));
        assert!(is(one.contraction(1e9, 32), 1e9 / (0.8 * 5e10)));
    }
}
