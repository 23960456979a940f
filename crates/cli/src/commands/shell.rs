//! `chinwag completions` and `chinwag man`: what a package installs beside the program, made of its own flags.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::Failure;
use crate::output;

#[derive(Args)]
pub(crate) struct Completions {
    /// As in: chinwag completions bash > /etc/bash_completion.d/chinwag
    shell: Shell,
}

#[derive(Args)]
pub(crate) struct Man {
    /// Write a page for each command here, chinwag.1, chinwag-serve.1 and so on; without it the main page is printed
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn completions(arguments: &Completions, mut program: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "chinwag", &mut script);
    output::text(String::from_utf8(script)?.trim_end())
}

pub(crate) fn man(arguments: &Man, program: Command) -> Result<(), Failure> {
    if let Some(directory) = &arguments.directory {
        std::fs::create_dir_all(directory)?;
        return Ok(clap_mangen::generate_to(program, directory)?);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(program).render(&mut page)?;
    output::text(String::from_utf8(page)?.trim_end())
}
