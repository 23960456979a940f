use proptest::prelude::*;

use super::*;

fn frame_of(messages: &[&str]) -> String {
    let mut batch = Batch::default();
    messages.iter().for_each(|message| batch.push(message.as_bytes()));
    String::from_utf8(batch.take_frame().unwrap()).unwrap()
}

fn wrapped(wrapping: &Wrapping, frame: &[u8]) -> String {
    String::from_utf8(wrapping.wrap(frame)).unwrap()
}

fn call() -> Wrapping {
    Wrapping::Call(Callback::parse(Some("_jp.a1".to_owned())).unwrap())
}

#[test]
fn messages_go_out_together_in_their_order() {
    let mut batch = Batch::default();
    assert_eq!(batch.take_frame(), None);
    batch.push(b"a");
    batch.append(&mut Batch::default());
    let mut later = Batch::default();
    later.push(b"b");
    later.push(b"");
    batch.append(&mut later);
    assert!(later.is_empty());
    assert_eq!(batch.len(), r#""a","b","""#.len());
    assert_eq!(batch.take_frame().unwrap(), br#"a["a","b",""]"#);
    assert_eq!(batch.take_frame(), None);
}

#[test]
fn a_close_says_why() {
    assert_eq!(close(2010, "Another connection still open"), br#"c[2010,"Another connection still open"]"#);
    assert_eq!(close(1000, "say \"why\""), br#"c[1000,"say \"why\""]"#);
}

/// JSON Unicode Encoding: the server's own ranges.
#[test]
fn what_browsers_mangle_is_escaped() {
    let odd = (0..0x20).chain([0x200C, 0x200F, 0x2028, 0x202F, 0x2060, 0x206F, 0xFFF0, 0xFFFE, 0xFFFF]);
    for code in odd {
        let character = char::from_u32(code).unwrap();
        let frame = frame_of(&[&format!("x{character}y")]);
        assert!(frame.is_ascii() && !frame.contains(char::is_control), "{code:x}: {frame}");
        assert_eq!(messages(&frame.as_bytes()[1..]).unwrap(), [format!("x{character}y")]);
    }
    for verbatim in
        ["\u{200B}", "\u{2010}", "\u{2027}", "\u{2030}", "\u{205F}", "\u{2070}", "\u{FFEF}", "☕👍"]
    {
        assert_eq!(frame_of(&[verbatim]), format!("a[\"{verbatim}\"]"));
    }
    assert_eq!(frame_of(&["  \0\n\r "]), r#"a["  \u0000\n\r "]"#);
}

#[test]
fn each_transport_wraps_a_frame_in_its_own_way() {
    assert_eq!(wrapped(&Wrapping::Line, OPEN), "o\n");
    assert_eq!(wrapped(&Wrapping::Event, HEARTBEAT), "data: h\r\n\r\n");
    assert_eq!(wrapped(&Wrapping::Event, br#"a["100%41"]"#), "data: a[\"100%2541\"]\r\n\r\n");
    assert_eq!(wrapped(&Wrapping::Script, br#"a["x"]"#), "<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n");
    assert_eq!(wrapped(&call(), br#"a["x"]"#), "_jp.a1(\"a[\\\"x\\\"]\");\r\n");
    assert_eq!(streaming_prelude(), ["h".repeat(2048), "\n".into()].concat().as_bytes());
}

#[test]
fn a_payload_is_an_array_of_texts() {
    assert_eq!(messages(br#"["a","\u00e9"]"#).unwrap(), ["a", "é"]);
    assert_eq!(messages(b""), Err(BadPayload::Missing));
    for broken in ["[\"a", "\"a\"", "{}", "[1]", "[\"a\"]x", "[\"\\ud800\"]", "nonsense"] {
        assert_eq!(messages(broken.as_bytes()), Err(BadPayload::Broken), "{broken}");
    }
    assert_eq!(messages(b"[\"\xff\"]"), Err(BadPayload::Broken));
    assert_eq!(messages_of_websocket(b"").unwrap(), [""; 0]);
    assert_eq!(messages_of_websocket(br#""a""#).unwrap(), ["a"]);
    assert_eq!(messages_of_websocket(br#"["a"]"#).unwrap(), ["a"]);
    assert_eq!(messages_of_websocket(br#"["a"#), Err(BadPayload::Broken));
}

#[test]
fn a_form_has_it_in_its_field() {
    assert_eq!(messages_of_form(b"x=y&d=%5B%22a+b%2B%22%5D&z").unwrap(), ["a b+"]);
    assert_eq!(messages_of_form("d=[\"100%\",\"é%zz\"]".as_bytes()).unwrap(), ["100%", "é%zz"]);
    for empty in ["", "d=", "p=p", "dd=1"] {
        assert_eq!(messages_of_form(empty.as_bytes()), Err(BadPayload::Missing), "{empty}");
    }
    assert_eq!(messages_of_form(b"d=%5B%22x"), Err(BadPayload::Broken));
}

#[test]
fn a_callback_is_a_name() {
    let parse = |name: &str| Callback::parse(Some(name.to_owned()));
    assert!(parse("_jp.aBc123").is_ok());
    assert_eq!(Callback::parse(None), Err(BadCallback::Missing));
    assert_eq!(parse(""), Err(BadCallback::Missing));
    for wrong in ["a b", "a(1)", "a;b", "</script>", "é", &"x".repeat(65)] {
        assert_eq!(parse(wrong), Err(BadCallback::Invalid), "{wrong}");
    }
}

#[test]
fn the_page_is_longer_than_what_browsers_hold_back() {
    let page = page_prelude(&Callback::parse(Some("_jp.a1".to_owned())).unwrap());
    assert!(page.len() > 1024);
    assert!(String::from_utf8(page).unwrap().contains("parent._jp.a1;"));
}

proptest! {
    #[test]
    fn whatever_is_said_is_heard(said: Vec<String>) {
        prop_assume!(!said.is_empty());
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        let frame = frame_of(&said);
        prop_assert_eq!(&messages(&frame.as_bytes()[1..]).unwrap(), &said);
        prop_assert!(!frame.contains(|c: char| c.is_ascii_control() || c == '<'));
    }

    #[test]
    fn whatever_is_in_a_script_stays_in_it(said: String) {
        let frame = frame_of(&[&said]);
        for wrapping in [Wrapping::Script, call()] {
            let script = wrapped(&wrapping, frame.as_bytes());
            let (_, rest) = script.split_once('(').unwrap();
            let (argument, after) = rest.rsplit_once(");").unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(argument).unwrap(), frame.clone());
            let ends_line_or_script = |c| matches!(c, '<' | '\n' | '\r' | '\u{2028}' | '\u{2029}');
            prop_assert_eq!(argument.find(ends_line_or_script), None);
            prop_assert!(after.starts_with(['\r', '\n']));
        }
        let event = wrapped(&Wrapping::Event, frame.as_bytes());
        let field = event.strip_prefix("data: ").and_then(|event| event.strip_suffix("\r\n\r\n")).unwrap();
        prop_assert!(!field.contains(['\n', '\r']));
        prop_assert_eq!(field.replace("%25", "%"), frame);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>) {
        let _ = messages(&bytes);
        let _ = messages_of_form(&bytes);
        let _ = messages_of_websocket(&bytes);
        let mut quoted = Vec::new();
        quote(&bytes, &mut quoted);
    }
}
