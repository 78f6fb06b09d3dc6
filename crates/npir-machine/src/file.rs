//! The description as a file, and as the option of a pass.

use std::path::Path;

use crate::{Bandwidth, Machine, VERSION};

/// Why a description is not used.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// There is no such file, or it cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no description of a machine.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Another version of npir has written it.
    #[error("it has version {0}, not {VERSION}")]
    Version(u64),
    /// It was measured on another processor.
    #[error("it was measured on '{measured}', not '{here}'")]
    Cpu {
        /// The processor of the file.
        measured: String,
        /// The processor that code is made for.
        here: String,
    },
    /// It was measured with another number of threads.
    #[error("it was measured with {measured} threads, not {here}")]
    Threads {
        /// The threads of the file.
        measured: usize,
        /// The threads of programs.
        here: usize,
    },
}

impl Machine {
    /// A description from JSON, as [`Machine::to_json`] writes it.
    ///
    /// # Errors
    /// [`MachineError::Damaged`] where it is no such description, or has numbers that no machine has, and
    /// [`MachineError::Version`].
    pub fn from_json(text: &str) -> Result<Self, MachineError> {
        let damaged = |words: String| MachineError::Damaged(words);
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| damaged(e.to_string()))?;
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        match version {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => return Err(MachineError::Version(version)),
            None => return Err(damaged("it has no version".to_owned())),
        }
        let machine: Machine = serde_json::from_value(value).map_err(|e| damaged(e.to_string()))?;
        machine.check().map_err(damaged)?;
        Ok(machine)
    }

    /// A description from a file.
    ///
    /// # Errors
    /// As [`Machine::from_json`], and [`MachineError::Read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, MachineError> {
        Self::from_json(&std::fs::read_to_string(path)?)
    }

    /// The description, if it is of this processor with so many threads.
    ///
    /// # Errors
    /// [`MachineError::Cpu`] and [`MachineError::Threads`].
    pub fn for_cpu(self, cpu: &str, threads: usize) -> Result<Self, MachineError> {
        if self.cpu != cpu {
            return Err(MachineError::Cpu {
                measured: self.cpu,
                here: cpu.to_owned(),
            });
        }
        if self.threads != threads {
            return Err(MachineError::Threads {
                measured: self.threads,
                here: threads,
            });
        }
        Ok(self)
    }

    /// A description as JSON on several lines.
    ///
    /// # Errors
    /// A number that JSON does not have.
    pub fn to_json(&self) -> Result<String, MachineError> {
        serde_json::to_string_pretty(self).map_err(|e| MachineError::Damaged(e.to_string()))
    }

    /// The description as the option `machine` of passes: nothing for the default, else JSON on one line.
    pub fn to_option(&self) -> String {
        if *self == Machine::default() {
            return String::new();
        }
        // The fields are numbers and text, which JSON has.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The machine of the option `machine` of passes: the default for nothing, else JSON, or the name of a file.
    ///
    /// # Errors
    /// As [`Machine::read`].
    pub fn from_option(text: &str) -> Result<Self, MachineError> {
        match text {
            "" => Ok(Machine::default()),
            json if json.starts_with('{') => Self::from_json(json),
            path => Self::read(path),
        }
    }

    /// The same; what is wrong is said in words, and the default is used instead.
    pub fn from_option_or_default(text: &str, say: impl FnOnce(&str)) -> Self {
        Self::from_option(text).unwrap_or_else(|error| {
            let file = if text.starts_with('{') {
                "the description of the machine"
            } else {
                text
            };
            say(&format!("{file} is not used: {error}"));
            Machine::default()
        })
    }

    /// Whether a machine may have these numbers; if not, which one is wrong.
    fn check(&self) -> Result<(), String> {
        if self.threads == 0 {
            return Err("it has no threads".to_owned());
        }
        let elements = &self.elements;
        let mut numbers = vec![
            ("flops.f64", self.flops.f64),
            ("flops.f32", self.flops.f32),
            ("fork_join", self.fork_join),
            ("kernel", self.kernel),
            ("elements.add", elements.add),
            ("elements.divide", elements.divide),
            ("elements.root", elements.root),
            ("elements.exp", elements.exp),
            ("elements.log", elements.log),
            ("elements.power", elements.power),
            ("elements.sin", elements.sin),
            ("elements.tanh", elements.tanh),
            ("elements.gather", elements.gather),
            ("elements.scatter", elements.scatter),
        ];
        for (name, levels) in [
            ("memory", &self.memory),
            ("memory_of_one", &self.memory_of_one),
        ] {
            let grows = |pair: &[Bandwidth]| pair[0].bytes < pair[1].bytes;
            let fits = levels.first().is_some_and(|level| level.bytes > 0);
            if !fits || !levels.windows(2).all(grows) {
                return Err(format!("{name} has no growing working sets"));
            }
            let rates = levels
                .iter()
                .flat_map(|level| [level.read, level.copy, level.stream]);
            numbers.extend(rates.map(|rate| (name, rate)));
        }
        let wrong = |number: f64| !number.is_finite() || number <= 0.0;
        match numbers.into_iter().find(|(_, number)| wrong(*number)) {
            Some((name, number)) => Err(format!("{name} is {number}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str) -> String {
        let text = Machine::default().to_json().unwrap();
        assert!(text.contains(from), "{from} is in {text}");
        text.replacen(from, to, 1)
    }

    #[test]
    fn a_description_comes_back() {
        let machine = Machine {
            cpu: "znver4".to_owned(),
            threads: 8,
            ..Machine::default()
        };
        let text = machine.to_json().unwrap();
        assert_eq!(Machine::from_json(&text).unwrap(), machine);
        assert_eq!(Machine::from_option(&machine.to_option()).unwrap(), machine);
        assert_eq!(Machine::default().to_option(), "");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |text: &str| Machine::from_json(text).unwrap_err().to_string();
        assert_eq!(
            message(&changed("\"version\": 2", "\"version\": 1")),
            "it has version 1, not 2"
        );
        assert_eq!(message("{}"), "it is damaged: it has no version");
        assert!(message(&changed("\"cpu\"", "\"CPU\"")).contains("missing field `cpu`"));
        assert_eq!(
            message(&changed("\"fork_join\": 2e-6", "\"fork_join\": -1")),
            "it is damaged: fork_join is -1"
        );
        assert_eq!(
            message(&changed("\"bytes\": 32768", "\"bytes\": 0")),
            "it is damaged: memory has no growing working sets"
        );
        let text = Machine::default().to_json().unwrap();
        assert!(message(&text[..text.len() / 2]).starts_with("it is damaged: EOF"));
        let missing = Machine::read("/nowhere/machine.json").unwrap_err();
        assert!(missing.to_string().starts_with("it cannot be read"));
    }

    #[test]
    fn a_description_is_of_one_processor_and_number_of_threads() {
        let machine = Machine {
            cpu: "znver4".to_owned(),
            threads: 8,
            ..Machine::default()
        };
        assert!(machine.clone().for_cpu("znver4", 8).is_ok());
        let message = |cpu, threads| {
            let result = machine.clone().for_cpu(cpu, threads);
            result.unwrap_err().to_string()
        };
        assert_eq!(
            message("znver5", 8),
            "it was measured on 'znver4', not 'znver5'"
        );
        assert_eq!(
            message("znver4", 2),
            "it was measured with 8 threads, not 2"
        );
    }
}
