//! SockJS payloads: any bytes are messages or refused, and whatever is a message comes back from a frame as it was.

use chinwag_server::realtime::sockjs::frames::{
    Batch, Callback, Wrapping, messages, messages_of_form, messages_of_websocket,
};

pub(crate) fn check(bytes: &[u8]) {
    let heard = [messages(bytes), messages_of_form(bytes), messages_of_websocket(bytes)];
    for said in heard.into_iter().flatten() {
        let mut batch = Batch::default();
        said.iter().for_each(|text| batch.push(text.as_bytes()));
        let Some(frame) = batch.take_frame() else {
            assert!(said.is_empty());
            continue;
        };
        assert_eq!(messages(&frame[1..]), Ok(said), "a frame holds what was put in");
        stays_inside(&frame);
    }
    // What is not UTF-8 cannot be heard, but must not get out of a script either.
    let mut batch = Batch::default();
    batch.push(bytes);
    stays_inside(&batch.take_frame().expect("one message"));
    if let Ok(Ok(callback)) = std::str::from_utf8(bytes).map(|name| Callback::parse(Some(name.to_owned()))) {
        let call = Wrapping::Call(callback).wrap(b"o");
        assert!(call.ends_with(b"(\"o\");\r\n") && !call.contains(&b'<'));
    }
}

fn stays_inside(frame: &[u8]) {
    assert!(!frame.iter().any(|&byte| byte < 0x20 || byte == b'<'));
    let script = Wrapping::Script.wrap(frame);
    let inside = &script[b"<script>\n".len()..script.len() - b"\n</script>\r\n".len()];
    assert!(!inside.iter().any(|&byte| byte < 0x20 || byte == b'<'));
    let event = Wrapping::Event.wrap(frame);
    assert_eq!(event.iter().filter(|&&byte| byte == b'\n').count(), 2, "one event");
}
