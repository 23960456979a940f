//! Text that people write, parsed once into types that cannot be wrong.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use unicode_properties::UnicodeEmoji;
use unicode_properties::emoji::EmojiStatus;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{
    CHAT_NAME_CHARS_MAX, EMAIL_CHARS_MAX, EMOJI_BYTES_MAX, NONCE_CHARS_MAX, USERNAME_CHARS_MAX,
};

/// Why a piece of text was refused, in words for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    #[error("{what} must not be empty")]
    Empty { what: &'static str },
    #[error("{what} must not be longer than {max} {unit}")]
    TooLong { what: &'static str, max: usize, unit: &'static str },
    #[error("{what} must not contain control characters")]
    ControlCharacter { what: &'static str },
    #[error("email must be an address such as alice@example.com")]
    NotAnAddress,
    #[error("reaction must be exactly one emoji")]
    NotOneEmoji,
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            #[must_use]
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

macro_rules! parsed_from_string {
    ($($name:ident),+) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )+};
}

text! {
    /// A message as its sender wrote it, white space included; never only white space.
    MessageText,
    /// A chat's name: 1 to 200 characters, not only white space.
    ChatName,
    /// A user's name, unique in its app: 1 to 64 characters without white space at its ends.
    Username,
    /// An e-mail address, compared without regard to case.
    Email,
    /// The one emoji of a reaction.
    Emoji,
    /// A client's own name for one action: the same nonce from the same user is the same action (protocol, section 3).
    Nonce,
}

parsed_from_string!(ChatName, Username, Email, Emoji, Nonce);

fn within(what: &'static str, text: &str, max: usize) -> Result<(), InvalidText> {
    if text.trim().is_empty() {
        return Err(InvalidText::Empty { what });
    }
    if text.chars().count() > max {
        return Err(InvalidText::TooLong { what, max, unit: "characters" });
    }
    Ok(())
}

fn without_controls(what: &'static str, text: &str) -> Result<(), InvalidText> {
    if text.chars().any(char::is_control) {
        return Err(InvalidText::ControlCharacter { what });
    }
    Ok(())
}

impl MessageText {
    /// `bytes_max` is the operator's limit; 0 means none.
    pub fn parse(text: String, bytes_max: usize) -> Result<Self, InvalidText> {
        if text.trim().is_empty() {
            return Err(InvalidText::Empty { what: "message" });
        }
        if bytes_max != 0 && text.len() > bytes_max {
            return Err(InvalidText::TooLong { what: "message", max: bytes_max, unit: "bytes" });
        }
        Ok(Self(text))
    }
}

impl ChatName {
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        within("chatName", &text, CHAT_NAME_CHARS_MAX)?;
        without_controls("chatName", &text)?;
        Ok(Self(text))
    }
}

impl Username {
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        let text = text.trim().to_owned();
        within("username", &text, USERNAME_CHARS_MAX)?;
        without_controls("username", &text)?;
        Ok(Self(text))
    }
}

impl Email {
    /// Checks the shape only: something, an `@`, something; whether it is delivered to is not ours to know.
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        let text = text.trim().to_owned();
        within("email", &text, EMAIL_CHARS_MAX)?;
        without_controls("email", &text)?;
        let shaped = text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && !domain.is_empty()
                && !domain.contains('@')
                && !text.contains(char::is_whitespace)
        });
        if shaped { Ok(Self(text)) } else { Err(InvalidText::NotAnAddress) }
    }
}

impl Nonce {
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        within("nonce", &text, NONCE_CHARS_MAX)?;
        Ok(Self(text))
    }
}

impl Emoji {
    /// One extended grapheme cluster that is an emoji by presentation: `❤️` is one, the text symbol `❤` is not. A
    /// presentation selector that selects nothing is left out, so that one emoji is spelled in one way.
    pub fn parse(text: String) -> Result<Self, InvalidText> {
        if text.len() > EMOJI_BYTES_MAX {
            return Err(InvalidText::TooLong { what: "reaction", max: EMOJI_BYTES_MAX, unit: "bytes" });
        }
        let mut chars = text.chars().peekable();
        if text.graphemes(true).count() != 1 || !is_sequence(&mut chars) || chars.next().is_some() {
            return Err(InvalidText::NotOneEmoji);
        }
        let mut before = None;
        let spelled = text.chars().filter(|c| {
            let idle = *c == EMOJI_PRESENTATION && before.is_some_and(shown_as_emoji);
            before = Some(*c);
            !idle
        });
        Ok(Self(spelled.collect()))
    }
}

const EMOJI_PRESENTATION: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';
const JOINER: char = '\u{200D}';
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Takes an emoji sequence off the front (Unicode TR 51, section 1.4): a keycap, a flag, or elements that are joined.
fn is_sequence(chars: &mut Chars<'_>) -> bool {
    match chars.peek() {
        Some('0'..='9' | '#' | '*') => {
            chars.next();
            chars.next() == Some(EMOJI_PRESENTATION) && chars.next() == Some(KEYCAP)
        }
        Some(first) if is_regional_indicator(*first) => {
            chars.next();
            chars.next().is_some_and(is_regional_indicator)
        }
        _ => {
            let first = is_element(chars, true);
            while first && chars.next_if_eq(&JOINER).is_some() {
                if !is_element(chars, false) {
                    return false;
                }
            }
            first
        }
    }
}

/// Takes one emoji with its presentation, skin tone or tags. Inside a joined sequence a text symbol need not say that
/// it is meant as an emoji.
fn is_element(chars: &mut Chars<'_>, first: bool) -> bool {
    let Some(base) = chars.next() else { return false };
    if !base.is_emoji_char() || is_skin_tone(base) || is_regional_indicator(base) || base.is_ascii() {
        return false;
    }
    let presented = chars.next_if_eq(&EMOJI_PRESENTATION).is_some();
    let toned = chars.next_if(|c| is_skin_tone(*c)).is_some();
    if base == BLACK_FLAG && chars.next_if(|c| is_tag(*c)).is_some() {
        // The tags spell a region's code (TR 51, section 1.4.4).
        while chars.next_if(|c| is_tag(*c)).is_some() {}
        return chars.next() == Some(CANCEL_TAG);
    }
    shown_as_emoji(base) || presented || toned || !first
}

fn shown_as_emoji(c: char) -> bool {
    matches!(
        c.emoji_status(),
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    )
}

fn is_skin_tone(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

fn is_regional_indicator(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

fn is_tag(c: char) -> bool {
    ('\u{E0020}'..='\u{E007E}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_emoji_is_a_reaction() {
        for emoji in ["👍", "❤️", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "☝🏿", "🫶", "❤️‍🔥"]
        {
            assert!(Emoji::parse(emoji.into()).is_ok(), "{emoji}");
        }
    }

    #[test]
    fn anything_else_is_not() {
        for text in ["", " ", "a", "1", "👍👍", "ok", "❤", "©", "👍a", "🇩", "👍\u{301}", " 👍", "🏽x"]
        {
            assert!(Emoji::parse(text.into()).is_err(), "{text:?}");
        }
        assert!(Emoji::parse("👩‍".repeat(20) + "👩").is_err());
    }

    #[test]
    fn one_emoji_is_spelled_in_one_way() {
        let spelled = |text: &str| Emoji::parse(text.into()).map(Emoji::into_string);
        assert_eq!(spelled("👍\u{FE0F}"), spelled("👍"));
        assert_eq!(spelled("❤\u{FE0F}"), Ok("❤\u{FE0F}".to_owned()));
    }

    #[test]
    fn a_message_keeps_its_white_space_but_is_not_only_that() {
        assert_eq!(MessageText::parse(" hi\n".into(), 16).map(MessageText::into_string), Ok(" hi\n".into()));
        assert_eq!(MessageText::parse(" \n\t".into(), 16), Err(InvalidText::Empty { what: "message" }));
        assert!(MessageText::parse("é".repeat(9), 16).is_err());
        assert!(MessageText::parse("é".repeat(8), 16).is_ok());
        assert!(MessageText::parse("é".repeat(9), 0).is_ok());
    }

    #[test]
    fn an_address_needs_both_sides() {
        assert!(Email::parse("alice@example.com".into()).is_ok());
        for text in ["", "alice", "@example.com", "alice@", "a b@example.com", "a@b@c"] {
            assert!(Email::parse(text.into()).is_err(), "{text:?}");
        }
    }
}
