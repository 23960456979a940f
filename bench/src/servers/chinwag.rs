//! Chinwag with its settings as they are, but for the limits that a handful of clients on one address would meet.

use std::path::Path;
use std::process::Command;

pub(super) fn command(binary: &Path, data: &Path, port: u16, management: u16) -> Command {
    let mut command = Command::new(binary);
    command
        .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
        .args(["--management-listen", &format!("127.0.0.1:{management}"), "--data-dir"])
        .arg(data);
    for limit in
        ["DEMO_CONCURRENT_USERS", "ACTIONS_PER_SECOND", "SIGN_INS_PER_MINUTE", "REGISTRATIONS_PER_MINUTE"]
    {
        command.env(format!("CHINWAG_LIMITS__{limit}"), "0");
    }
    command
}
