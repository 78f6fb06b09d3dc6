//! Running other programs: shown to the user, checked, and with errors that name the program.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::{Failure, Result};

/// The cargo that runs this program, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Prints a heading for a step that takes a while.
pub(crate) fn heading(text: &str) {
    println!("\n== {text}");
}

/// Runs `command` with the terminal as its own and fails unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Result {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "`{}` failed ({status})",
            shown(command)
        )))
    }
}

/// Runs `command` and returns what it wrote to standard output; its standard error is in the failure.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "`{}` failed ({})\n{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Which of a program's two outputs [`watch`] reads; the other one stays on the terminal.
#[derive(Clone, Copy)]
pub(crate) enum Watched {
    Stdout,
    Stderr,
}

/// Runs `command` and hands each line of the watched output to `line`.
pub(crate) fn watch(
    command: &mut Command,
    watched: Watched,
    mut line: impl FnMut(&str),
) -> Result<ExitStatus> {
    command.stdin(Stdio::null());
    match watched {
        Watched::Stdout => command.stdout(Stdio::piped()),
        Watched::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    let pipe: Option<Box<dyn Read>> = match watched {
        Watched::Stdout => child.stdout.take().map(|pipe| Box::new(pipe) as _),
        Watched::Stderr => child.stderr.take().map(|pipe| Box::new(pipe) as _),
    };
    if let Some(pipe) = pipe {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|read| read > 0)
        {
            line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
            bytes.clear();
        }
    }
    child
        .wait()
        .map_err(|error| Failure::new(format!("waiting for `{}`: {error}", shown(command))))
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = match program.file_name() {
        Some(name) if name == "cargo" => name.to_string_lossy(),
        _ => program.to_string_lossy(),
    };
    command
        .get_args()
        .fold(program.into_owned(), |mut text, argument| {
            let argument = argument.to_string_lossy();
            text.push(' ');
            if argument.is_empty() || argument.contains([' ', '\n', '"', '$']) {
                text.push_str(&format!("'{argument}'"));
            } else {
                text.push_str(&argument);
            }
            text
        })
}

fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "cannot run `{}`: {error}",
        command.get_program().to_string_lossy()
    ))
}
