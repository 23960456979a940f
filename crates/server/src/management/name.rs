//! The names that accounts give: of themselves and of their apps.

use serde::{Deserialize, Deserializer};

const NAME_CHARS_MAX: usize = 200;

/// 1 to 200 characters without white space at their ends and without control characters.
pub(super) struct Name(pub(super) String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.trim().to_owned();
        let chars = text.chars().count();
        if (1..=NAME_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        let expected =
            format!("a name must have 1 to {NAME_CHARS_MAX} characters, none of them control characters");
        Err(serde::de::Error::custom(expected))
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
