//! What the tests that are published with the SockJS protocol (version 0.3.3) assert, of our server. Where they have
//! an echo service, this has STOMP: a frame's receipt.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use chinwag_testkit::{
    Answer, Body, Chinwag, Frame, Incoming, Person, SockJs, Socket, in_time, stomp_frames,
};
use serde_json::{Value, json};

use crate::scene::{chinwag, chinwag_with};

const NOT_CACHED: &str = "no-store, no-cache, must-revalidate, max-age=0";
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

async fn alice(chinwag: &Chinwag) -> Person {
    chinwag.app().await.user("alice").await
}

async fn asks(chinwag: &Chinwag, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let url = chinwag.urls.chat() + "/api/wsConnect" + path;
    chinwag.http.send(method, &url, headers, Body::Nothing).await
}

#[track_caller]
fn lets_any_page_read(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{answer:?}");
}

#[track_caller]
fn is_cached_for_long(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000"));
    assert!(answer.header("expires").is_some() && answer.header("last-modified").is_none(), "{answer:?}");
}

#[track_caller]
fn is_not_cached(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some(NOT_CACHED), "{answer:?}");
    assert_eq!((answer.header("expires"), answer.header("last-modified")), (None, None));
}

/// A SUBSCRIBE that asks for a receipt: the least that is answered, once connected.
fn echo(text: &str) -> Frame {
    Frame::new("SUBSCRIBE").with("id", text).with("destination", "/user/queue/messages").with("receipt", text)
}

#[track_caller]
fn echoes(frames: &[Frame]) -> Vec<&str> {
    frames.iter().map(|frame| frame.get("receipt-id").expect("a RECEIPT")).collect()
}

#[tokio::test]
async fn base_url_greeting() {
    let chinwag = chinwag().await;
    for path in ["", "/", "?ticket=whatever"] {
        let answer = asks(&chinwag, "GET", path, &[]).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "Welcome to SockJS!\n"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
        assert_eq!(answer.header("set-cookie"), None);
    }
    for path in ["/a", "/a.html", "//", "///", "/a/a", "/a/a/", "/a/"] {
        asks(&chinwag, "GET", path, &[]).await.is_refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn iframe_page() {
    let client = "https://cdn.example/sockjs.min.js";
    let chinwag = chinwag_with(&[("http.sockjs_client_url", client)]).await;
    for path in
        ["/iframe.html", "/iframe-a.html", "/iframe-.html", "/iframe-0.1.2abc-dirty.2144.html?t=qweqweq123"]
    {
        let answer = asks(&chinwag, "GET", path, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=UTF-8"));
        is_cached_for_long(&answer);
        assert!(answer.text.contains(&format!("<script src=\"{client}\">")), "{}", answer.text);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");

        let tag = answer.header("etag").expect("a tag");
        let again = asks(&chinwag, "GET", path, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.text.as_str(), again.header("content-type")), (304, "", None));
    }
    for path in ["/iframe.htm", "/iframe", "/IFRAME.HTML", "/iframe.HTML", "/iframe.xml", "/iframe-/.html"] {
        asks(&chinwag, "GET", path, &[]).await.is_refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn without_a_client_to_load_there_is_no_iframe_page() {
    let chinwag = chinwag().await;
    asks(&chinwag, "GET", "/iframe.html", &[]).await.is_refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn info() {
    let chinwag = chinwag().await;
    let mut entropy = Vec::new();
    for _ in 0..2 {
        let answer = asks(&chinwag, "GET", "/info?t=1", &[("origin", "https://app.example")]).await;
        lets_any_page_read(&answer, "https://app.example");
        is_not_cached(&answer);
        assert_eq!(answer.header("content-type"), Some("application/json; charset=UTF-8"));
        let mut info = answer.ok();
        entropy.push(info["entropy"].take().as_u64().expect("a whole number"));
        let rest = json!({"websocket": true, "cookie_needed": false, "origins": ["*:*"], "entropy": null});
        assert_eq!(info, rest);
    }
    assert_ne!(entropy[0], entropy[1]);
    assert!(entropy.iter().all(|&number| number < 1 << 32));
}

#[tokio::test]
async fn options() {
    let chinwag = chinwag().await;
    let paths = [
        ("/info", "OPTIONS, GET"),
        ("/abc/abc/xhr", "OPTIONS, POST"),
        ("/abc/abc/xhr_send", "OPTIONS, POST"),
        ("/abc/abc/xhr_streaming", "OPTIONS, POST"),
        ("/abc/abc/eventsource", "OPTIONS, GET"),
        ("/abc/abc/jsonp_send", "OPTIONS, POST"),
    ];
    for (path, methods) in paths {
        for (origin, allowed) in [(None, "*"), (Some("test"), "test"), (Some("null"), "*")] {
            let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
            let answer = asks(&chinwag, "OPTIONS", path, &headers).await;
            assert_eq!((answer.status, answer.text.as_str()), (204, ""));
            is_cached_for_long(&answer);
            lets_any_page_read(&answer, allowed);
            assert_eq!(answer.header("access-control-max-age"), Some("31536000"));
            assert_eq!(answer.header("access-control-allow-methods"), Some(methods));
        }
    }
}

#[tokio::test]
async fn session_urls() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    for path in ["/a/a", "/_/_", "/1/1", "/abcdefgh_i-j%20/abcdefg_i-j%20"] {
        let session = SockJs::of(&alice).await.at(path);
        assert_eq!(session.hears().await, "o\n", "{path}");
    }
    let mut session = SockJs::of(&alice).await;
    for path in ["/", "/a./a", "/a/a.", "//a", "/a/", "///"] {
        session.path = path.to_owned();
        for method in ["GET", "POST"] {
            let answer = session.asks(method, "xhr", &[], Body::Nothing).await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    session.path = "/000/ignored".to_owned();
    assert_eq!(session.hears().await, "o\n", "no ticket was spent by what is not there");
    session.says(&Frame::new("CONNECT").with("accept-version", "1.2").with("host", "x")).await;
    session.path = "/999/ignored".to_owned();
    assert_eq!(session.hears_frames().await[0].command, "ERROR");
}

#[tokio::test]
async fn xhr_polling() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    let asked = [("origin", "https://app.example"), ("access-control-request-headers", "a, b, c")];
    let answer = session.asks("POST", "xhr", &asked, Body::Nothing).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "o\n"));
    assert_eq!(answer.header("content-type"), Some("application/javascript; charset=UTF-8"));
    lets_any_page_read(&answer, "https://app.example");
    assert_eq!(answer.header("access-control-allow-headers"), Some("a, b, c"));
    is_not_cached(&answer);

    let connect = chinwag_testkit::Opening::default().connect_frame(&alice.jwt()).to_wire("1.2");
    let answer = session.posts(json!([connect]).to_string()).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
    lets_any_page_read(&answer, "*");
    assert_eq!(answer.header("access-control-allow-headers"), None);
    is_not_cached(&answer);
    assert_eq!(session.hears_frames().await[0].command, "CONNECTED");

    let nowhere = SockJs::of(&alice).await.posts("[\"x\"]").await;
    nowhere.is_refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn broken_payloads_and_any_content_type() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    session.connects(&alice).await;
    for (body, error) in
        [("[\"x", "Broken JSON encoding."), ("", "Payload expected."), ("{}", "Broken JSON encoding.")]
    {
        let answer = session.posts(body).await;
        assert_eq!((answer.status, answer.text.as_str()), (500, error));
        lets_any_page_read(&answer, "*");
    }
    let kinds = ["text/plain", "T", "application/json", "application/xml", "", "text/xml; charset=utf-8"];
    let mut heard = Vec::new();
    for (number, kind) in kinds.into_iter().enumerate() {
        let body = json!([echo(&format!("n{number}")).to_wire("1.2")]).to_string();
        let answer = session.asks("POST", "xhr_send", &[], Body::Raw(Some(kind), body.into())).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{kind}");
    }
    while heard.len() < kinds.len() {
        heard.extend(echoes(&session.hears_frames().await).into_iter().map(str::to_owned));
    }
    assert_eq!(heard, ["n0", "n1", "n2", "n3", "n4", "n5"]);
}

#[tokio::test]
async fn xhr_streaming() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    session.connects(&alice).await;
    let mut stream = session.streams("POST", "xhr_streaming").await;
    assert_eq!(stream.headers["content-type"], "application/javascript; charset=UTF-8");
    assert_eq!(stream.headers["cache-control"], NOT_CACHED);
    assert_eq!(stream.headers["access-control-allow-credentials"], "true");
    stream.brings(&("h".repeat(2048) + "\n")).await;
    session.says(&echo("x")).await;
    stream.brings("a[\"RECEIPT\\nreceipt-id:x\\n\\n\\u0000\"]\n").await;
}

#[tokio::test]
async fn eventsource() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    let mut stream = session.streams("GET", "eventsource").await;
    assert_eq!(stream.headers["content-type"], "text/event-stream; charset=UTF-8");
    assert_eq!(stream.headers["cache-control"], NOT_CACHED);
    stream.brings("\r\ndata: o\r\n\r\n").await;
    session.says(&chinwag_testkit::Opening::default().connect_frame(&alice.jwt())).await;
    let connected = stream.until("\r\n\r\n").await;
    assert!(connected.starts_with("data: a[\"CONNECTED\\n"), "{connected}");
    session.says(&echo("  100%41 ")).await;
    stream.brings("data: a[\"RECEIPT\\nreceipt-id:  100%2541 \\n\\n\\u0000\"]\r\n\r\n").await;
}

#[tokio::test]
async fn htmlfile() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    let mut stream = session.streams("GET", "htmlfile?c=%63allback").await;
    assert_eq!(stream.headers["content-type"], "text/html; charset=UTF-8");
    assert_eq!(stream.headers["cache-control"], NOT_CACHED);
    let page = stream.until("\r\n").await;
    assert!(page.len() > 1024 && page.contains("parent.callback;") && page.contains("c.start();"), "{page}");
    stream.brings("<script>\np(\"o\");\n</script>\r\n").await;
    session.says(&chinwag_testkit::Opening::default().connect_frame(&alice.jwt())).await;
    stream.until("</script>\r\n").await;
    session.says(&echo("</script>")).await;
    stream
        .brings("<script>\np(\"a[\\\"RECEIPT\\\\nreceipt-id:\\\\u003c/script>\\\\n\\\\n\\\\u0000\\\"]\");\n</script>\r\n")
        .await;
}

#[tokio::test]
async fn a_streaming_response_is_as_long_as_may_be() {
    let chinwag = chinwag_with(&[("limits.sockjs_response_bytes", "4096")]).await;
    let alice = alice(&chinwag).await;
    let streams = [
        ("POST", "xhr_streaming", "\n"),
        ("GET", "eventsource", "\r\n\r\n"),
        ("GET", "htmlfile?c=x", "</script>\r\n"),
    ];
    for (method, transport, end) in streams {
        let session = SockJs::of(&alice).await;
        session.connects(&alice).await;
        let mut stream = session.streams(method, transport).await;
        stream.until(if transport == "eventsource" { "\r\n" } else { "\n" }).await;
        if transport.starts_with("htmlfile") {
            stream.until("  \r\n").await;
        }
        let mut bytes = 0;
        let mut said = 0;
        while bytes < 4096 {
            session.says(&echo(&format!("{said}-{}", "x".repeat(500)))).await;
            bytes += stream.until(end).await.len();
            said += 1;
        }
        stream.ends().await;
        session.says(&echo("next")).await;
        assert_eq!(echoes(&session.hears_frames().await), ["next"], "and another may follow");
    }
}

#[tokio::test]
async fn jsonp_polling() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    for (transport, error) in [
        ("jsonp", "\"callback\" parameter required"),
        ("jsonp?c=alert(1)", "invalid \"callback\" parameter"),
        ("htmlfile", "\"callback\" parameter required"),
    ] {
        let answer = session.asks("GET", transport, &[], Body::Nothing).await;
        assert_eq!((answer.status, answer.text.as_str()), (500, error));
    }
    let answer = session.asks("GET", "jsonp?c=%63allback", &[], Body::Nothing).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "callback(\"o\");\r\n"));
    assert_eq!(answer.header("content-type"), Some("application/javascript; charset=UTF-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    is_not_cached(&answer);

    for (body, error) in [
        ("d=%5B%22x", "Broken JSON encoding."),
        ("", "Payload expected."),
        ("d=", "Payload expected."),
        ("p=p", "Payload expected."),
    ] {
        let answer = session.asks("POST", "jsonp_send", &[], Body::Raw(FORM, body.into())).await;
        assert_eq!((answer.status, answer.text.as_str()), (500, error), "{body}");
    }
    let connect =
        json!([chinwag_testkit::Opening::default().connect_frame(&alice.jwt()).to_wire("1.2")]).to_string();
    let form: String = connect.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let echo = json!([echo("%61bc").to_wire("1.2")]).to_string();
    for (kind, body) in [(FORM, format!("d={form}")), (Some("text/plain"), echo)] {
        let answer = session.asks("POST", "jsonp_send", &[], Body::Raw(kind, body.into())).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "ok"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=UTF-8"));
        is_not_cached(&answer);
    }
    let mut heard = String::new();
    while !heard.contains("receipt-id:%61bc") {
        let answer = session.asks("GET", "jsonp?c=x", &[], Body::Nothing).await;
        let argument =
            answer.text.strip_prefix("x(").and_then(|call| call.strip_suffix(");\r\n")).expect("a call");
        heard += &serde_json::from_str::<String>(argument).expect("a text");
    }
}

async fn opens(alice: &Person, session: &SockJs) -> Socket {
    let url = session.url("websocket");
    let opened = Socket::open(&url, &[], &[]).await;
    let mut socket = opened.unwrap_or_else(|refusal| panic!("{} {refusal:?}", alice.name));
    assert_eq!(socket.next_text().await.as_deref(), Some("o"));
    socket
}

#[tokio::test]
async fn websocket() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let connect = chinwag_testkit::Opening::default().connect_frame(&alice.jwt()).to_wire("1.2");
    let session = SockJs::of(&alice).await;
    let mut socket = opens(&alice, &session).await;
    socket.send_text("").await;
    socket.send_text(&json!([connect]).to_string()).await;
    assert_eq!(stomp_frames(&socket.next_text().await.expect("a message"))[0].command, "CONNECTED");
    socket.send_text(&Value::from(echo("one").to_wire("1.2")).to_string()).await;
    assert_eq!(socket.next_text().await.as_deref(), Some("a[\"RECEIPT\\nreceipt-id:one\\n\\n\\u0000\"]"));

    let same = session.with_query(&SockJs::of(&alice).await.query);
    let mut another = opens(&alice, &same).await;
    another.send_text("[\"DISCONNECT\\nreceipt:x\\n\\n\\u0000\"]").await;
    assert_eq!(stomp_frames(&another.next_text().await.expect("a message"))[0].command, "ERROR");
    assert_eq!(another.next_text().await.as_deref(), Some("c[1000,\"\"]"));
    assert_eq!(another.next_text().await, None);

    socket.send_text("[\"a").await;
    let Incoming::Closed(closing) = socket.next().await else { panic!("it goes on") };
    assert_eq!(closing.code, Some(1002));
}

#[tokio::test]
async fn websocket_http_errors() {
    let chinwag = chinwag().await;
    let path = "/0/0/websocket";
    let answer = asks(&chinwag, "GET", path, &[]).await;
    assert_eq!((answer.status, answer.text.as_str()), (400, "Can \"Upgrade\" only to \"WebSocket\"."));
    let request = "GET /api/wsConnect/0/0/websocket HTTP/1.1\r\nhost: x\r\nupgrade: WebSocket\r\nconnection: close\r\n\r\n";
    let answer = raw(&chinwag, request).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.ends_with("\"Connection\" must be \"Upgrade\"."),
        "{answer}"
    );
    let answer = asks(&chinwag, "POST", path, &[]).await;
    assert_eq!((answer.status, answer.text.as_str(), answer.header("content-type")), (405, "", None));
    assert!(answer.header("allow").is_some_and(|allow| allow.contains("GET")), "{answer:?}");
}

/// Whatever comes until the server closes.
async fn raw(chinwag: &Chinwag, request: &str) -> String {
    let host = chinwag.urls.chat().replace("http://", "");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("room to send");
    let mut answer = Vec::new();
    in_time("the end", stream.read_to_end(&mut answer)).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn http_1_0() {
    let chinwag = chinwag().await;
    let answer = raw(&chinwag, "GET /api/wsConnect HTTP/1.0\r\nhost: x\r\n\r\n").await;
    assert!(
        answer.contains("content-length: 19\r\n") && answer.ends_with("Welcome to SockJS!\n"),
        "{answer}"
    );

    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    assert_eq!(session.hears().await, "o\n");
    session.says(&Frame::new("CONNECT").with("accept-version", "7").with("host", "x")).await;
    let url = session.url("xhr_streaming").replace(&chinwag.urls.chat(), "");
    let answer = raw(&chinwag, &format!("POST {url} HTTP/1.0\r\nhost: x\r\ncontent-length: 0\r\n\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(!head.contains("transfer-encoding") && !head.contains("content-length"), "{head}");
    assert!(body.starts_with("hhh") && body.ends_with("\nc[1000,\"\"]\n"), "{body}");
}

/// Section JSON Unicode Encoding.
#[tokio::test]
async fn what_browsers_mangle_goes_both_ways() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    session.connects(&alice).await;
    let odd: String = [0x200C..=0x200F, 0x2028..=0x202F, 0x2060..=0x206F, 0xFFF0..=0xFFFF]
        .into_iter()
        .flatten()
        .filter_map(char::from_u32)
        .collect();
    let escaped: String = odd.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let wire = serde_json::to_string(&echo("ODD").to_wire("1.2")).expect("JSON");
    for said in [wire.replace("ODD", &odd), wire.replace("ODD", &escaped)] {
        assert_eq!(session.posts(format!("[{said}]")).await.status, 204);
        let heard = session.hears().await;
        assert_eq!(heard, format!("a[\"RECEIPT\\nreceipt-id:{escaped}\\n\\n\\u0000\"]\n"));
        session.says(&Frame::new("UNSUBSCRIBE").with("id", &odd)).await;
    }
}

/// Section Handling Close: the end is told to whoever asks, until it is forgotten.
#[tokio::test]
async fn a_closed_session_says_so_to_all_who_ask() {
    let chinwag = chinwag_with(&[("limits.sockjs_disconnect_ms", "3000")]).await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    session.connects(&alice).await;
    session.says(&Frame::new("DISCONNECT").with("receipt", "bye")).await;
    assert_eq!(echoes(&session.hears_frames().await), ["bye"]);
    for _ in 0..2 {
        assert_eq!(session.hears().await, "c[1000,\"\"]\n");
        let mut stream = session.streams("POST", "xhr_streaming").await;
        stream.brings(&("h".repeat(2048) + "\nc[1000,\"\"]\n")).await;
        stream.ends().await;
    }
    session.posts("[\"x\"]").await.is_refused(404, "NOT_FOUND");
    while session.polls().await.status == 200 {}
    session.polls().await.is_refused(401, "AUTH_INVALID_TICKET");
}

#[tokio::test]
async fn one_receives_at_a_time() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    let prelude = "h".repeat(2048) + "\n";
    let mut first = session.streams("POST", "xhr_streaming").await;
    first.brings(&(prelude.clone() + "o\n")).await;

    let refused = "c[2010,\"Another connection still open\"]\n";
    assert_eq!(session.hears().await, refused);
    let mut second = session.streams("POST", "xhr_streaming").await;
    second.brings(&(prelude.clone() + refused)).await;
    second.ends().await;

    drop(first);
    let interrupted = "c[1002,\"Connection interrupted\"]\n";
    let mut heard = refused.to_owned();
    while heard == refused {
        heard = session.hears().await;
    }
    assert_eq!(heard, interrupted, "what was on its way may be lost");
    let mut third = session.streams("POST", "xhr_streaming").await;
    third.brings(&(prelude + interrupted)).await;
}

#[tokio::test]
async fn a_poll_that_is_cut_off_ends_the_session() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    assert_eq!(session.hears().await, "o\n");
    session.begins_to_poll().await.abort();
    let refused = "c[2010,\"Another connection still open\"]\n";
    let mut heard = refused.to_owned();
    while heard == refused {
        heard = session.hears().await;
    }
    assert_eq!(heard, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test]
async fn a_session_without_receivers_is_over_soon() {
    let chinwag = chinwag_with(&[("limits.sockjs_disconnect_ms", "200")]).await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    assert_eq!(session.hears().await, "o\n");
    while session.posts("[]").await.status == 204 {}
    session.polls().await.is_refused(401, "AUTH_INVALID_TICKET");
    let again = session.with_query(&SockJs::of(&alice).await.query);
    assert_eq!(again.hears().await, "o\n", "the id is free again");
}

#[tokio::test]
async fn hearts_beat_when_nothing_else_is_said() {
    let chinwag = chinwag_with(&[("limits.sockjs_heartbeat_ms", "100")]).await;
    let alice = alice(&chinwag).await;
    let session = SockJs::of(&alice).await;
    assert_eq!(session.hears().await, "o\n");
    for _ in 0..2 {
        assert_eq!(session.hears().await, "h\n");
    }
    let mut stream = session.streams("GET", "eventsource").await;
    stream.brings("\r\ndata: h\r\n\r\ndata: h\r\n\r\n").await;

    let mut socket = opens(&alice, &SockJs::of(&alice).await).await;
    for _ in 0..2 {
        assert_eq!(socket.next_text().await.as_deref(), Some("h"));
    }
}
