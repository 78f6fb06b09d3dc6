//! NumPy as the oracle: a Python process that runs small programs on arrays.
//!
//! The protocol is described in `oracle.py`, the other end.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use npir_runtime::{Array, ArrayError, UnknownDType};
use serde::{Deserialize, Serialize};

use crate::elements::{from_bytes, to_bytes};

/// The other end of the pipe.
const SERVER: &str = include_str!("oracle.py");

/// A NumPy that runs programs, in a Python process of its own.
///
/// The process starts with the first program, and again with the next one after it was lost.
#[derive(Debug, Default)]
pub struct Oracle {
    process: Option<Process>,
}

/// Why the oracle gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// The Python environment of the tests is not there.
    #[error("{} does not exist; run `cargo xtask setup`", .0.display())]
    NotSetUp(PathBuf),
    /// The Python process could not be started.
    #[error("cannot run {}: {source}", python.display())]
    Start {
        /// The interpreter.
        python: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The Python process ended or its pipe broke in the middle of a program.
    #[error("the NumPy process was lost: {0}")]
    Lost(#[from] io::Error),
    /// The Python process answered something that is no answer.
    #[error("the NumPy process answered nonsense: {0}")]
    Protocol(String),
    /// The program raised an exception.
    #[error("{kind}: {message}")]
    Raised {
        /// The exception's class, such as `ValueError`.
        kind: String,
        /// Its text.
        message: String,
        /// Python's traceback.
        traceback: String,
    },
    /// An output has a dtype that npir does not have.
    #[error(transparent)]
    DType(#[from] UnknownDType),
    /// An output does not fit into memory.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A program gave another number of outputs than expected.
    #[error("the program gave {found} values, not {wanted}")]
    Count {
        /// How many were expected.
        wanted: usize,
        /// How many came.
        found: usize,
    },
}

/// The oracle that the tests of this process share.
///
/// A test that panicked while holding it does no harm: programs share no state.
pub fn oracle() -> MutexGuard<'static, Oracle> {
    static SHARED: Mutex<Oracle> = Mutex::new(Oracle { process: None });
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Oracle {
    /// An oracle of one's own.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a Python expression in which `np` is NumPy and each input is an array of its name.
    ///
    /// # Errors
    /// [`OracleError::Raised`] for an exception, [`OracleError::Count`] for a tuple, and others
    /// for a process that cannot be started or was lost.
    pub fn eval(
        &mut self,
        expression: &str,
        inputs: &[(&str, &Array)],
    ) -> Result<Array, OracleError> {
        let mut outputs = self.exchange(expression, inputs, None)?;
        match (outputs.pop(), outputs.len()) {
            (Some(value), 0) => Ok(value),
            (last, rest) => Err(OracleError::Count {
                wanted: 1,
                found: rest + usize::from(last.is_some()),
            }),
        }
    }

    /// Runs Python statements in which `np` is NumPy and each input is an array of its name, then
    /// reads the variables `outputs`. The program may modify its inputs and name them as outputs.
    ///
    /// # Errors
    /// As [`Oracle::eval`]; an output that the program does not set is a `KeyError`.
    pub fn run(
        &mut self,
        program: &str,
        inputs: &[(&str, &Array)],
        outputs: &[&str],
    ) -> Result<Vec<Array>, OracleError> {
        let values = self.exchange(program, inputs, Some(outputs))?;
        if values.len() == outputs.len() {
            Ok(values)
        } else {
            Err(OracleError::Count {
                wanted: outputs.len(),
                found: values.len(),
            })
        }
    }

    fn exchange(
        &mut self,
        program: &str,
        inputs: &[(&str, &Array)],
        outputs: Option<&[&str]>,
    ) -> Result<Vec<Array>, OracleError> {
        // Taken out, so that a process in an unknown state is dropped instead of used again.
        let mut process = match self.process.take() {
            Some(process) => process,
            None => Process::start()?,
        };
        process.send(program, inputs, outputs)?;
        let reply = process.receive()?;
        self.process = Some(process);
        match reply {
            Ok(outputs) => outputs.into_iter().map(Blob::into_array).collect(),
            Err(raised) => Err(OracleError::Raised {
                kind: raised.kind,
                message: raised.message,
                traceback: raised.traceback,
            }),
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    program: &'a str,
    inputs: Vec<Head<'a>>,
    outputs: Option<&'a [&'a str]>,
}

#[derive(Serialize)]
struct Head<'a> {
    name: &'a str,
    dtype: &'static str,
    shape: &'a [usize],
    size: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reply {
    Outputs(Vec<OutputHead>),
    Error(Raised),
}

#[derive(Deserialize)]
struct OutputHead {
    dtype: String,
    shape: Vec<usize>,
    size: usize,
}

#[derive(Deserialize)]
struct Raised {
    kind: String,
    message: String,
    traceback: String,
}

/// An output as it came through the pipe.
struct Blob {
    head: OutputHead,
    bytes: Vec<u8>,
}

impl Blob {
    fn into_array(self) -> Result<Array, OracleError> {
        let dtype = self.head.dtype.parse()?;
        Ok(from_bytes(dtype, &self.head.shape, &self.bytes)?)
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    requests: BufWriter<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Process {
    fn start() -> Result<Self, OracleError> {
        let python = interpreter();
        if !python.exists() {
            return Err(OracleError::NotSetUp(python));
        }
        let mut child = Command::new(&python)
            .args(["-c", SERVER])
            // A sanitizer is for the tests, not for NumPy.
            .env_remove("LD_PRELOAD")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| OracleError::Start { python, source })?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(OracleError::Lost(io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self {
            child,
            requests: BufWriter::new(stdin),
            replies: BufReader::new(stdout),
        })
    }

    fn send(
        &mut self,
        program: &str,
        inputs: &[(&str, &Array)],
        outputs: Option<&[&str]>,
    ) -> io::Result<()> {
        let heads = inputs
            .iter()
            .map(|(name, values)| Head {
                name,
                dtype: values.dtype().name(),
                shape: values.shape(),
                size: values.nbytes(),
            })
            .collect();
        let request = Request {
            program,
            inputs: heads,
            outputs,
        };
        serde_json::to_writer(&mut self.requests, &request)?;
        self.requests.write_all(b"\n")?;
        for (_, values) in inputs {
            self.requests.write_all(&to_bytes(values))?;
        }
        self.requests.flush()
    }

    fn receive(&mut self) -> Result<Result<Vec<Blob>, Raised>, OracleError> {
        let mut line = String::new();
        if self.replies.read_line(&mut line)? == 0 {
            return Err(OracleError::Lost(io::ErrorKind::UnexpectedEof.into()));
        }
        let reply = serde_json::from_str(&line)
            .map_err(|error| OracleError::Protocol(format!("{error} in {line:?}")))?;
        let heads = match reply {
            Reply::Outputs(heads) => heads,
            Reply::Error(raised) => return Ok(Err(raised)),
        };
        let mut blobs = Vec::with_capacity(heads.len());
        for head in heads {
            let mut bytes = vec![0; head.size];
            self.replies.read_exact(&mut bytes)?;
            blobs.push(Blob { head, bytes });
        }
        Ok(Ok(blobs))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may be in the middle of anything; there is nothing of it to keep.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python of the tests: `NPIR_PYTHON`, or the environment that `cargo xtask setup` makes.
fn interpreter() -> PathBuf {
    std::env::var_os("NPIR_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python"),
        PathBuf::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Tolerance, compare};
    use npir_runtime::DType;

    fn item<T: npir_runtime::Element>(array: &Array) -> Option<T> {
        array.item()?.get()
    }

    #[test]
    fn evaluates_expressions() {
        let x = Array::from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3]).unwrap();
        let sums = oracle().eval("x.sum(1)", &[("x", &x)]).unwrap();
        assert_eq!(sums.to_vec::<f64>().unwrap(), [6.0, 15.0]);
        let transposed = oracle().eval("x.T", &[("x", &x)]).unwrap();
        let expected = Array::from_slice(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[3, 2]).unwrap();
        compare(&transposed, &expected, Tolerance::Bitwise).unwrap();
    }

    #[test]
    fn runs_programs_that_modify_their_inputs() {
        let sums = Array::from_slice(&[0.0f32; 3], &[3]).unwrap();
        let at = Array::from_slice(&[2i64, 0, 2, 2], &[4]).unwrap();
        let outputs = oracle()
            .run(
                "np.add.at(sums, at, np.float32(1))\nprint('unseen')\nn = at.size",
                &[("sums", &sums), ("at", &at)],
                &["sums", "n"],
            )
            .unwrap();
        assert_eq!(outputs[0].to_vec::<f32>().unwrap(), [1.0, 0.0, 3.0]);
        assert_eq!(item::<i64>(&outputs[1]), Some(4));
    }

    #[test]
    fn every_dtype_of_numpy_makes_the_round_trip() {
        for dtype in DType::all().filter(|dtype| *dtype != DType::BF16) {
            for shape in [&[][..], &[0], &[2, 0, 3], &[2, 3]] {
                let size = shape.iter().product::<usize>() * dtype.size();
                let bytes: Vec<u8> = (0..size).map(|i| (i % 2) as u8).collect();
                let values = from_bytes(dtype, shape, bytes.as_slice()).unwrap();
                let same = oracle().eval("v", &[("v", &values)]).unwrap();
                compare(&same, &values, Tolerance::Bitwise).unwrap();
            }
        }
    }

    #[test]
    fn large_arrays_pass_the_pipe() {
        let values = Array::from_vec(vec![1.5f64; 1 << 18], &[1 << 18]).unwrap();
        let twice = oracle().eval("v + v", &[("v", &values)]).unwrap();
        assert_eq!(twice.to_vec::<f64>().unwrap(), vec![3.0; 1 << 18]);
    }

    #[test]
    fn exceptions_are_errors_and_the_process_goes_on() {
        let mut oracle = Oracle::new();
        let x = Array::from_slice(&[1.0, 2.0, 3.0], &[3]).unwrap();
        let error = oracle.eval("x.reshape(2, 2)", &[("x", &x)]).unwrap_err();
        assert!(
            matches!(&error, OracleError::Raised { kind, .. } if kind == "ValueError"),
            "{error}"
        );
        let error = oracle.eval("object()", &[]).unwrap_err();
        assert!(
            matches!(&error, OracleError::Raised { kind, .. } if kind == "TypeError"),
            "{error}"
        );
        let error = oracle.eval("(1, 2)", &[]).unwrap_err();
        assert!(
            matches!(
                error,
                OracleError::Count {
                    wanted: 1,
                    found: 2
                }
            ),
            "{error}"
        );
        let error = oracle.eval("np.array('text')", &[]).unwrap_err();
        assert!(matches!(error, OracleError::DType(_)), "{error}");
        assert_eq!(
            item::<i8>(&oracle.eval("np.int8(3)", &[]).unwrap()),
            Some(3)
        );
    }

    #[test]
    fn a_lost_process_is_an_error_and_then_replaced() {
        let mut oracle = Oracle::new();
        let error = oracle.run("import os; os._exit(3)", &[], &[]).unwrap_err();
        assert!(matches!(error, OracleError::Lost(_)), "{error}");
        assert_eq!(
            item::<bool>(&oracle.eval("np.bool(True)", &[]).unwrap()),
            Some(true)
        );
    }
}
