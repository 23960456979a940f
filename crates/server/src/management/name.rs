//! The names that accounts give: of themselves and of their apps.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

const NAME_CHARS_MAX: usize = 200;

/// 1 to 200 characters without white space at their ends and without control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name(pub(super) String);

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a name must have 1 to {NAME_CHARS_MAX} characters, none of them control characters")]
pub struct InvalidName;

impl Name {
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl FromStr for Name {
    type Err = InvalidName;

    /// White space at the ends is dropped.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        let chars = text.chars().count();
        let fits = (1..=NAME_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Name")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "\\S", "maxLength": NAME_CHARS_MAX})
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_has_something_to_read_and_no_end_of_it() {
        let parse = |text: &str| serde_json::from_value::<Name>(text.into()).map(|name| name.0).ok();
        assert_eq!(parse(" Acme "), Some("Acme".to_owned()));
        assert_eq!(parse(&"x".repeat(200)).map(|name| name.len()), Some(200));
        for text in ["", " ", "a\nb", &"x".repeat(201)] {
            assert_eq!(parse(text), None);
        }
    }
}
