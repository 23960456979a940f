//! Why something could not be measured, for a person to read.

use std::fmt;

#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Fallible<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })*
    };
}

from!(std::io::Error, rusqlite::Error, serde_json::Error, jsonwebtoken::errors::Error, uuid::Error);

/// What was being done when it failed.
pub(crate) trait While<T> {
    fn during(self, what: impl fmt::Display) -> Fallible<T>;
}

impl<T, E: fmt::Display> While<T> for Result<T, E> {
    fn during(self, what: impl fmt::Display) -> Fallible<T> {
        self.map_err(|error| Failure(format!("{what}: {error}")))
    }
}
