//! Any payload is messages or a refusal, and messages that we frame are read back as they were.

use chinwag_server::realtime::sockjs::frames::{
    Batch, Callback, messages, messages_of_form, messages_of_websocket,
};

pub(crate) fn check(payload: &[u8]) {
    let read = [messages(payload), messages_of_form(payload), messages_of_websocket(payload)];
    if let (Ok(as_body), Ok(as_message)) = (&read[0], &read[2]) {
        assert_eq!(as_body, as_message, "an array means the same by either door");
    }
    for texts in read.into_iter().flatten() {
        reads_back(&texts);
    }
    if let Ok(text) = str::from_utf8(payload) {
        reads_back(&[text.to_owned()]);
        let _ = Callback::parse(Some(text.to_owned()));
    }
}

fn reads_back(texts: &[String]) {
    // Those that came later are moved behind those that were there.
    let (mut batch, mut later) = (Batch::default(), Batch::default());
    let half = texts.len() / 2;
    texts[..half].iter().for_each(|text| batch.push(text.as_bytes()));
    texts[half..].iter().for_each(|text| later.push(text.as_bytes()));
    batch.append(&mut later);
    assert!(later.is_empty());
    let len = batch.len();
    match batch.take_frame() {
        None => assert!(texts.is_empty()),
        Some(frame) => {
            assert_eq!((frame.first(), frame.len() >= len), (Some(&b'a'), true));
            assert!(!frame.contains(&b'\n'), "a frame is one line");
            assert_eq!(messages(&frame[1..]).as_deref(), Ok(texts));
        }
    }
    assert!(batch.is_empty() && batch.take_frame().is_none());
}
