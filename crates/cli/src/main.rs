//! The one binary. Types for the command line; each command is a file in `commands`.

mod commands;
mod settings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use settings::ServeFlags;

/// A realtime chat backend that you run yourself.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(ServeFlags),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Serve(flags) => commands::serve::run(&flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chinwag: {error}");
            ExitCode::FAILURE
        }
    }
}
