//! What a package installs beside the program: completions, manual pages, a version that tells what it was built from.

use crate::program::{BINARY, without_settings};

fn said(arguments: &[&str]) -> String {
    let output = without_settings(BINARY).args(arguments).output().expect("the program");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn completions_know_every_command() {
    for (shell, begins) in [("bash", "_chinwag()"), ("zsh", "#compdef chinwag"), ("fish", "#")] {
        let script = said(&["completions", shell]);
        assert!(script.starts_with(begins), "{shell}: {script}");
        for command in ["serve", "doctor", "--management-listen", "rotate"] {
            let command = if shell == "fish" { command.trim_start_matches('-') } else { command };
            assert!(script.contains(command), "{shell} knows no {command}");
        }
    }
    let bash = std::process::Command::new("bash").args(["-nc", &said(&["completions", "bash"])]).status();
    assert!(bash.is_ok_and(|status| status.success()), "it is bash");
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    assert!(said(&["man"]).contains(".TH chinwag 1"));
    let directory = tempfile::tempdir().expect("a temporary directory");
    said(&["man", "--directory", &directory.path().to_string_lossy()]);
    for page in ["chinwag.1", "chinwag-serve.1", "chinwag-key-create.1", "chinwag-doctor.1"] {
        let text = std::fs::read_to_string(directory.path().join(page));
        assert!(text.is_ok_and(|text| text.contains(".SH SYNOPSIS")), "{page}");
    }
}

#[test]
fn every_command_tells_the_version() {
    let version = said(&["--version"]);
    assert!(version.starts_with(concat!("chinwag ", env!("CARGO_PKG_VERSION"))), "{version}");
    assert_eq!(said(&["doctor", "--version"]).split(' ').nth(1), version.split(' ').nth(1));
}
