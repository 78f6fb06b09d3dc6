//! A small array language on npir: from source text to a result, with errors at its own lines.

mod functions;
mod parser;
mod source;

use npir::prelude::*;
use parser::{Parser, Value};
use source::Source;

/// Compiles and runs a program; `inputs` are variables that it may use. The value of its last statement.
///
/// # Errors
/// What is wrong, with the place in the program, the line and a caret.
pub fn run(text: &str, file: &str, inputs: &[(String, Array)]) -> Result<Array, String> {
    let source = Source { file, text };
    let executable = compile(source, inputs).map_err(|e| {
        let first = e.diagnostics().first();
        let at = first.and_then(|d| Some(d.position.as_ref()?.to_string()));
        source.show(
            at.as_deref(),
            &first.map_or(e.to_string(), |d| d.message.clone()),
        )
    })?;
    let mut args: Vec<Arg<'_>> = inputs.iter().map(|(_, x)| x.into()).collect();
    let results = executable.run("main", &mut args);
    let results = results.map_err(|e| source.show(e.location(), e.message()))?;
    results.into_iter().next().ok_or("error: no result".into())
}

/// The program for arrays of these ranks, and of any sizes.
fn compile(source: Source<'_>, inputs: &[(String, Array)]) -> Result<Executable, CompileError> {
    let compiler = Compiler::new(Registry::standard());
    let context = compiler.context();
    let program = ProgramBuilder::new(&context);
    let shapes: Vec<_> = inputs.iter().map(|(_, x)| vec![None; x.rank()]).collect();
    let params = inputs.iter().zip(&shapes);
    let params: Vec<_> = params
        .map(|((n, _), s)| (&n[..], DType::F64, &s[..]))
        .collect();
    program.function("main", &params, |f, args| {
        let values = inputs.iter().zip(args).map(|((name, _), array)| {
            let (array, sizes) = (*array, None);
            (name.clone(), Value { array, sizes })
        });
        let mut parser = Parser {
            f,
            source,
            text: source.characters(),
            next: 0,
            values: values.collect(),
            depth: 0,
        };
        Ok(vec![parser.program()?])
    })?;
    compiler.compile(&program.finish()?)
}
