//! `tiny-apl FILE [NAME=FILE.npy …]`: runs a program and prints its value.

use npir::prelude::*;
use npir::runtime::npy;
use std::process::ExitCode;

fn run() -> Result<Array, String> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: tiny-apl FILE [NAME=FILE.npy]...";
    let file = arguments.next().ok_or(usage)?;
    let mut inputs = Vec::new();
    for argument in arguments {
        let (name, value) = argument.split_once('=').ok_or(usage)?;
        let array = npy::read(value).map_err(|e| format!("error: {e}"))?;
        inputs.push((name.to_string(), array));
    }
    let text = std::fs::read_to_string(&file).map_err(|e| format!("error: {file}: {e}"))?;
    tiny_apl::run(&text, &file, &inputs)
}

fn main() -> ExitCode {
    let shown = run().map(|value| println!("{value}"));
    let shown = shown.map_err(|message| eprintln!("{message}"));
    ExitCode::from(u8::from(shown.is_err()))
}
