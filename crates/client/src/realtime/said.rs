//! What the body of a MESSAGE says. Anything at all may stand there.

use chinwag_protocol::{ChatId, Event, Notice};
use serde::Deserialize;
use serde_json::Value;

use super::catch_up::{Step, Turn};

pub(super) enum Said {
    Event(Box<Event>),
    /// Of a type that is newer than this crate, or with a field that is not of its form: it counts, but cannot be told.
    Unknown(Step),
    Notice(Notice),
    /// Nothing that counts.
    Nothing,
}

impl Said {
    pub(super) fn read(body: &[u8]) -> Self {
        // Told apart by their types, so that neither is mistaken for a broken one of the other kind.
        if let Ok(event) = serde_json::from_slice::<Event>(body) {
            return Said::Event(Box::new(event));
        }
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Said::Nothing };
        if let Ok(notice) = Notice::deserialize(&body) {
            return Said::Notice(notice);
        }
        match (ChatId::deserialize(&body["chatId"]), body["seq"].as_u64()) {
            (Ok(chat), seq @ Some(_)) => {
                Said::Unknown(Step { chat, seq, replayed: body["replayed"] == true, turn: Turn::GoesOn })
            }
            _ => Said::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHAT: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    #[test]
    fn an_event_of_a_later_server_still_counts() {
        let body = format!(r#"{{"type": "PINNED", "chatId": "{CHAT}", "seq": 7, "messageId": 1}}"#);
        let Said::Unknown(step) = Said::read(body.as_bytes()) else { panic!("it has a chat and a seq") };
        assert_eq!((step.chat.to_string().as_str(), step.seq), (CHAT, Some(7)));
        let body = format!(r#"{{"type": "SEND_MSG", "chatId": "{CHAT}", "seq": 7, "message": 1}}"#);
        assert!(matches!(Said::read(body.as_bytes()), Said::Unknown(_)));
    }

    #[test]
    fn notices_are_no_events() {
        assert!(matches!(
            Said::read(br#"{"type":"RESUMED","cursor":"c"}"#),
            Said::Notice(Notice::Resumed { .. })
        ));
        assert!(matches!(Said::read(br#"{"type":"WEATHER","sky":"blue"}"#), Said::Nothing));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(body in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Said::read(&body);
        }

        #[test]
        fn no_json_is_too_strange(text in r#"[\{\[]("[a-zA-Z]{0,8}"|[0-9:,\{\}\[\]]|"type"|"chatId"|"seq"){0,9}"#) {
            let _ = Said::read(text.as_bytes());
        }
    }
}
