//! The opening handshake and the frames behind it, byte by byte (RFC 6455, sections 4.2, 5 and 7).

use chinwag_testkit::{Chinwag, Person};

use crate::scene::chinwag;
use crate::wire::{KEY, Wire, frame, text};

async fn alice(chinwag: &Chinwag) -> Person {
    chinwag.app().await.user("alice").await
}

/// The answer to a request of these lines; the connection is then closed from this side.
async fn answer(chinwag: &Chinwag, first: &str, lines: &[&str]) -> String {
    let mut wire = Wire::open(chinwag).await;
    wire.writes(format!("{first}\r\n{}\r\n\r\n", lines.join("\r\n")).as_bytes()).await;
    wire.reads_head().await.to_lowercase()
}

const HOST: &str = "Host: chat.example";
const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const VERSION: &str = "Sec-WebSocket-Version: 13";

fn key() -> String {
    format!("Sec-WebSocket-Key: {KEY}")
}

#[tokio::test]
async fn section_4_2_2_an_upgrade_is_answered_as_the_standard_says() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    for lines in [
        [HOST, UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Protocol: v12.stomp, v11.stomp"],
        [
            HOST,
            "UPGRADE:WebSocket",
            "connection: keep-alive , UPGRADE",
            VERSION,
            "sec-websocket-protocol: mqtt,v12.stomp",
        ],
        [
            HOST,
            UPGRADE,
            CONNECTION,
            VERSION,
            "Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: v12.stomp",
        ],
    ] {
        let first = format!("GET /api/wsConnect?ticket={} HTTP/1.1", alice.ticket().await);
        let extensions = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
        let answer = answer(&chinwag, &first, &[&lines[..], &[&key(), extensions]].concat()).await;
        assert!(answer.starts_with("http/1.1 101 switching protocols\r\n"), "{answer}");
        for line in [
            "\r\nupgrade: websocket\r\n",
            "\r\nconnection: upgrade\r\n",
            "\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n",
            "\r\nsec-websocket-protocol: v12.stomp\r\n",
        ] {
            assert!(answer.contains(line), "{line:?} in {answer}");
        }
        assert!(!answer.contains("sec-websocket-extensions"), "none is spoken: {answer}");
    }
    let first = format!("GET /api/wsConnect?ticket={} HTTP/1.1", alice.ticket().await);
    let unknown = [HOST, UPGRADE, CONNECTION, VERSION, &key(), "Sec-WebSocket-Protocol: mqtt"];
    let answer = answer(&chinwag, &first, &unknown).await;
    assert!(answer.starts_with("http/1.1 101 ") && !answer.contains("sec-websocket-protocol"), "{answer}");
}

#[tokio::test]
async fn section_4_2_1_what_is_no_handshake_is_refused_and_costs_no_ticket() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    // The address without /websocket has SockJS's greeting for those who ask for no upgrade.
    let path = format!("/api/wsConnect/websocket?ticket={}", alice.ticket().await);
    let (get, key) = (format!("GET {path} HTTP/1.1"), key());
    let short = "Sec-WebSocket-Key: c2hvcnQ=";
    let whole = [HOST, UPGRADE, CONNECTION, VERSION, &key];
    for (status, first, lines) in [
        (426, &format!("GET {path} HTTP/1.0"), &whole[..]),
        (426, &format!("HEAD {path} HTTP/1.1"), &whole),
        (405, &format!("POST {path} HTTP/1.1"), &whole),
        (426, &get, &[HOST]),
        (426, &get, &[HOST, CONNECTION, VERSION, &key]),
        (426, &get, &[HOST, UPGRADE, VERSION, &key]),
        (426, &get, &[HOST, "Upgrade: h2c", CONNECTION, VERSION, &key]),
        (426, &get, &[HOST, UPGRADE, "Connection: keep-alive", VERSION, &key]),
        (426, &get, &[HOST, UPGRADE, CONNECTION, &key]),
        (426, &get, &[HOST, UPGRADE, CONNECTION, "Sec-WebSocket-Version: 8", &key]),
        (426, &get, &[HOST, UPGRADE, CONNECTION, VERSION, "Sec-WebSocket-Version: 8", &key]),
        (400, &get, &[HOST, UPGRADE, CONNECTION, VERSION]),
        (400, &get, &[HOST, UPGRADE, CONNECTION, VERSION, short]),
        (400, &get, &[HOST, UPGRADE, CONNECTION, VERSION, &key, &key]),
        (400, &get, &[UPGRADE, CONNECTION, VERSION, &key]),
        (400, &get, &[HOST, HOST, UPGRADE, CONNECTION, VERSION, &key]),
        (400, &get, &[HOST, UPGRADE, CONNECTION, VERSION, &key, "Content-Length: 5"]),
        (400, &get, &[HOST, UPGRADE, CONNECTION, VERSION, &key, "Transfer-Encoding: chunked"]),
    ] {
        let answer = answer(&chinwag, first, lines).await;
        assert_eq!(
            answer.split(' ').nth(1),
            Some(status.to_string().as_str()),
            "{first} {lines:?}: {answer}"
        );
        if status == 426 {
            // Section 4.4, and RFC 9110, section 15.5.22.
            assert!(answer.contains("\r\nsec-websocket-version: 13\r\n"), "{answer}");
            assert!(answer.contains("\r\nupgrade: websocket\r\n"), "{answer}");
        }
    }
    let answer = answer(&chinwag, &get, &whole).await;
    assert!(answer.starts_with("http/1.1 101 "), "the ticket is as good as new: {answer}");
}

#[tokio::test]
async fn what_comes_right_behind_the_request_is_heard() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let connect = format!("CONNECT\naccept-version:1.2\nhost:x\nAuthorization:Bearer {}\n\n\0", alice.jwt());
    let mut all = format!(
        "GET /api/wsConnect?ticket={} HTTP/1.1\r\n{HOST}\r\n{UPGRADE}\r\n{CONNECTION}\r\n{VERSION}\r\n{}\r\n\r\n",
        alice.ticket().await,
        key()
    )
    .into_bytes();
    all.extend(text(&connect));
    all.extend(text("DISCONNECT\nreceipt:bye\n\n\0"));
    let mut wire = Wire::open(&chinwag).await;
    wire.writes(&all).await;
    let said = wire.says().await;
    assert!(said.contains("CONNECTED\n") && said.contains("RECEIPT\nreceipt-id:bye\n"), "{said}");
}

/// The close frame at the end of what was said: its code.
fn close_code(said: &[u8]) -> Option<u16> {
    let at = said.iter().rposition(|byte| *byte == 0x88)?;
    let [len, code @ ..] = &said[at + 1..] else { return None };
    assert_eq!(usize::from(*len), code.len(), "nothing follows the close: {said:?}");
    code.first_chunk().map(|code| u16::from_be_bytes(*code))
}

#[tokio::test]
async fn sections_5_and_7_a_broken_frame_is_answered_by_a_close_with_its_code() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let unmasked = b"\x81\x02hi".to_vec();
    let too_long = [frame(0x89, &[b'x'; 126])].concat();
    for (code, bytes, what) in [
        (1002, unmasked, "5.1: not masked"),
        (1002, frame(0xC1, b"hi"), "5.2: a reserved bit"),
        (1002, frame(0x83, b""), "5.2: a reserved opcode"),
        (1002, frame(0x80, b"hi"), "5.4: a continuation of nothing"),
        (1002, [frame(0x01, b"h"), frame(0x81, b"i")].concat(), "5.4: a message inside a message"),
        (1002, frame(0x09, b""), "5.5: a ping in fragments"),
        (1002, too_long, "5.5: a ping of 126 bytes"),
        (1002, frame(0x88, b"x"), "5.5.1: a close of one byte"),
        (1002, frame(0x88, &1005_u16.to_be_bytes()), "7.4.1: a code that is not for the wire"),
        (1007, frame(0x81, b"\xC3\x28"), "8.1: text that is not UTF-8"),
        (1007, frame(0x01, b"\xED\xA0\x80"), "8.1: known before the message is whole"),
        (1007, frame(0x88, b"\x03\xE8\xFF"), "5.5.1: a reason that is not UTF-8"),
        (1009, frame(0x82, &vec![b'x'; 200_000]), "7.4.1: a message too big"),
        // And those that are whole: the code comes back, or 1000 if there was none.
        (1000, frame(0x88, b""), "5.5.1"),
        (1000, frame(0x88, b"\x03\xE8bye"), "5.5.1"),
        (1001, frame(0x88, &1001_u16.to_be_bytes()), "5.5.1"),
        (4999, frame(0x88, &4999_u16.to_be_bytes()), "7.4.2"),
    ] {
        let mut wire = Wire::connected(&chinwag, &alice).await;
        wire.writes(&bytes).await;
        let said = wire.reads_all().await;
        assert_eq!(close_code(&said), Some(code), "{what}: {said:?}");
    }
}

#[tokio::test]
async fn section_5_5_pings_are_answered_even_inside_a_message() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let mut wire = Wire::connected(&chinwag, &alice).await;
    let frames = [
        frame(0x01, b"BEGIN\ntransac"),
        frame(0x89, b"are you there?"),
        frame(0x8A, b"nobody asked"),
        frame(0x00, b""),
        frame(0x89, b""),
        frame(0x80, b"tion:t\nreceipt:r\n\n\0"),
    ];
    wire.writes(&frames.concat()).await;
    let pongs = b"\x8A\x0Eare you there?\x8A\x00";
    assert_eq!(wire.reads(pongs.len()).await, pongs);
    assert!(wire.reads_to("\0").await.ends_with("RECEIPT\nreceipt-id:r\n\n\0"));
}
