//! What was found, and what to change.

use std::fmt::{self, Display};

use serde::Serialize;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    /// It works, and will not always.
    Warn,
    Fail,
}

/// One line of the examination.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) level: Level,
    pub(super) says: String,
    /// Lines to act on, to be pasted where they are configuration.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) change: String,
}

impl Finding {
    pub(super) fn ok(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, says: says.into(), change: String::new() }
    }

    pub(super) fn warn(check: &'static str, says: impl Into<String>, change: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, says: says.into(), change: change.into() }
    }

    pub(super) fn fail(check: &'static str, says: impl Into<String>, change: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, says: says.into(), change: change.into() }
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{word:<5} {:<14} {}", self.check, self.says)?;
        for line in self.change.lines() {
            write!(f, "\n        {line}")?;
        }
        Ok(())
    }
}

pub(super) fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
}
