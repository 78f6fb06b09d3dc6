//! `npir man`: manual pages of the commands and of the other tools.

use super::diagnostics::Failure;
use clap::{Arg, Command};
use npir::runtime::atomic_file;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// The folder that the pages go to; it is made if it is not there
    folder: PathBuf,
}

/// A tool that MLIR reads the command line of: its name, what it does, and its file arguments.
struct Tool {
    name: &'static str,
    about: &'static str,
    details: &'static str,
    file: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "npir-opt",
        about: "run passes on MLIR programs, npir's dialects and passes included",
        details: "Every option of mlir-opt works. --npir-lower-to=tensor|loop|device|llvm stands for the passes that \
                  lead to a level. --help lists all passes and their options; the book's pages \"Passes\" and \
                  \"Pipelines\" describe npir's.",
        file: "A program, text or bytecode; standard input if it is missing",
    },
    Tool {
        name: "npir-translate",
        about: "translate between MLIR and other forms, npir's dialects included",
        details: "Every option of mlir-translate works, --mlir-to-llvmir among them. --help lists them.",
        file: "What is to be translated; standard input if it is missing",
    },
    Tool {
        name: "npir-lsp-server",
        about: "language server for .mlir files with npir's dialects",
        details: "Speaks the Language Server Protocol on standard input and output: diagnostics, hover, definitions, \
                  references and completion. The book's page \"Editors\" tells how editors start it.",
        file: "",
    },
];

impl Tool {
    fn command(&self) -> Command {
        let command = Command::new(self.name)
            .version(env!("CARGO_PKG_VERSION"))
            .about(self.about)
            .long_about(format!("{}.\n\n{}", self.about, self.details))
            .disable_help_flag(true)
            .disable_version_flag(true)
            .arg(
                Arg::new("options")
                    .value_name("OPTIONS")
                    .help("Options of the upstream tool, as --help lists them"),
            );
        if self.file.is_empty() {
            command
        } else {
            command.arg(Arg::new("file").value_name("FILE").help(self.file))
        }
    }
}

impl ManArgs {
    /// Writes a page for `npir`, for each of its commands (`npir-run.1`), and for each other tool. That of `reduce`
    /// tells of the tool `npir-reduce` as well.
    pub(crate) fn run(self, npir: Command) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.folder).map_err(|e| unwritable(&self.folder, &e))?;
        let npir = npir.disable_help_subcommand(true).mut_subcommand("reduce", |c| {
            c.after_help(
                "The tool npir-reduce is MLIR's own reducer with npir's dialects, with the options of mlir-reduce.",
            )
        });
        for command in npir.get_subcommands() {
            let name = format!("npir-{}", command.get_name());
            let command = command
                .clone()
                .bin_name(format!("npir {}", command.get_name()))
                .display_name(&name)
                .version(env!("CARGO_PKG_VERSION"));
            write(&self.folder, &name, command)?;
        }
        for tool in &TOOLS {
            write(&self.folder, tool.name, tool.command())?;
        }
        write(&self.folder, "npir", npir)
    }
}

fn write(folder: &Path, name: &str, command: Command) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.1"));
    let page = clap_mangen::Man::new(command)
        .manual("npir")
        .source(concat!("npir ", env!("CARGO_PKG_VERSION")));
    atomic_file::write(&path, |out| page.render(out)).map_err(|e| unwritable(&path, &e))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Message(format!("cannot write {}: {error}", path.display()))
}
