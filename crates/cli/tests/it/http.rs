//! The HTTP door itself: methods, media types, sizes, origins, and input that makes no sense.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use serde_json::json;

use chinwag_testkit::{Body, Chinwag, Person, in_time};

use crate::scene::{chinwag, chinwag_with, tea};

const JSON: Option<&str> = Some("application/json");

async fn alice(chinwag: &Chinwag) -> Person {
    chinwag.app().await.user("alice").await
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    for path in ["/", "/api", "/api/chat/nothing", "/api/client/apps", "/api/chat/getUsers"] {
        alice.get(path).await.is_refused(404, "NOT_FOUND");
    }
    for (method, path, allowed) in [
        ("GET", "/api/chat/createChat", "POST"),
        ("PUT", "/api/chat", "POST"),
        ("POST", "/api/chat/getChats", "GET"),
        ("GET", "/api/user/signin", "POST"),
        ("DELETE", "/api/auth/getTicket", "GET"),
        ("PATCH", "/api/user/deleteUser", "DELETE"),
    ] {
        let answer = alice.sends(method, path, Body::Nothing).await;
        answer.is_refused(405, "METHOD_NOT_ALLOWED");
        assert!(answer.header("allow").is_some_and(|allow| allow.contains(allowed)), "{path}: {answer:?}");
    }
    chinwag.manages("GET", "/api/chat/getChats", Body::Nothing).await.is_refused(404, "NOT_FOUND");
    chinwag.manages("GET", "/api/auth/login", Body::Nothing).await.is_refused(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn bodies_that_are_none() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let alice = app.user("alice").await;
    let deep = "{\"a\":".to_owned() + &"[".repeat(100_000);
    for path in ["/api/chat", "/api/chat/createChat", "/api/user/changeUsername", "/api/auth/logout"] {
        for body in ["", "{", "[]", "7", "null", "\"text\"", "{\"type\":}", "\u{feff}{}", &deep] {
            let answer = alice.sends("POST", path, Body::Raw(JSON, body.into())).await;
            answer.is_refused(400, "MALFORMED_JSON");
        }
        // Not UTF-8, half a surrogate pair, something after the end: wrong in more than one way.
        for body in [b"{\"a\":\"\xff\xfe\"}".as_slice(), br#"{"type":"\ud800"}"#, b"{} {}"] {
            let answer = alice.sends("POST", path, Body::Raw(JSON, body.to_vec())).await;
            assert_eq!(answer.status, 400, "{path}: {answer:?}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
            let answer = alice.sends("POST", path, Body::Raw(Some(kind), b"{}".to_vec())).await;
            answer.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        }
    }
    for path in ["/api/auth/register", "/api/auth/login"] {
        let answer = chinwag.manages("POST", path, Body::Raw(JSON, b"{".to_vec())).await;
        answer.is_refused(400, "MALFORMED_JSON");
        let answer = chinwag.manages("POST", path, Body::Raw(Some("text/plain"), b"{}".to_vec())).await;
        answer.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let spelled = Some("Application/JSON; charset=utf-8");
    let chat = br#"{"chatName": "Tea", "userNames": ["alice"]}"#.to_vec();
    let _ = alice.sends("POST", "/api/chat/createChat", Body::Raw(spelled, chat)).await.created();
    alice.sends("POST", "/api/auth/logoutAll", Body::Nothing).await.done();
}

#[tokio::test]
async fn bodies_that_are_too_large() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let large = json!({"message": "x".repeat(1 << 20)});
    for path in ["/api/chat", "/api/chat/createChat", "/api/user/changeUsername"] {
        alice.post(path, large.clone()).await.is_refused(413, "PAYLOAD_TOO_LARGE");
    }
    alice.app.posts("/api/user/signin", large).await.is_refused(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(alice.chats().await.len(), 0);
}

/// Whatever the server says to these bytes before it closes; the sending side is closed at once.
async fn raw(chinwag: &Chinwag, bytes: &[u8]) -> String {
    let host = chinwag.urls.chat().replace("http://", "");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = in_time("the end", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn nonsense_is_never_the_servers_fault() {
    let chinwag = chinwag().await;
    let alice = alice(&chinwag).await;
    let long = format!("/api/chat/getUsers/{}", "x".repeat(5000));
    for path in [
        "/%00",
        "/api/chat/getUsers/%ff%fe",
        "/api/chat/getUsers/%2e%2e",
        "/api/messages/getMessages/%00?size=%ff",
        "/api/chat/getChats?page=-1",
        "/api/chat/getChats?page=99999999999999999999",
        "/api/chat/getChats?size=1&size=2",
        "/api/chat/getChats?page=18446744073709551615&size=100",
        &long,
    ] {
        let status = alice.get(path).await.status;
        assert!(status < 500, "{path}: {status}");
    }
    alice.delete("/api/chat/deleteChat").await.is_refused(400, "VALIDATION_FAILED");
    alice.delete("/api/chat/deleteChat?chatId=tea").await.is_refused(400, "VALIDATION_FAILED");
    let big_header = format!("GET /readyz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(1 << 20));
    for bytes in [
        b"GARBAGE\r\n\r\n".as_slice(),
        b"\0\0\0\0",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /readyz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\nzz\r\n",
        b"POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"GET /api/wsConnect HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        big_header.as_bytes(),
    ] {
        let answer = raw(&chinwag, bytes).await;
        assert!(!answer.starts_with("HTTP/1.1 5") && !answer.starts_with("HTTP/1.0 5"), "{answer}");
    }
    let _ = alice.get("/api/user/getUser").await.ok();
}

#[tokio::test]
async fn a_browser_of_any_origin_may_ask() {
    let tea = tea().await;
    let chinwag = &tea.chinwag;
    let url = chinwag.urls.chat() + "/api/chat";
    let asks = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,x-api-key"),
    ];
    let preflight = chinwag.http.send("OPTIONS", &url, &asks, Body::Nothing).await;
    assert!(matches!(preflight.status, 200 | 204), "{preflight:?}");
    let allowed = |name: &str| preflight.header(name).unwrap_or_default().to_lowercase();
    assert_eq!(allowed("access-control-allow-origin"), "*");
    assert!(
        matches!(allowed("access-control-allow-methods").as_str(), methods if methods == "*" || methods.contains("post"))
    );
    for header in ["authorization", "content-type", "x-api-key"] {
        assert!(allowed("access-control-allow-headers").contains(header), "{preflight:?}");
    }
    for (path, status) in [("/api/user/getUser", 401), ("/nothing", 404), ("/readyz", 200)] {
        let url = chinwag.urls.chat() + path;
        let answer = chinwag.http.send("GET", &url, &asks[..1], Body::Nothing).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_lowercase();
        for header in ["authorization", "retry-after"] {
            assert!(exposed.contains(header), "{path}: {exposed:?}");
        }
    }
}

#[tokio::test]
async fn the_operator_may_narrow_the_origins() {
    let chinwag = chinwag_with(&[("http.allowed_origins", "https://app.example")]).await;
    let url = chinwag.urls.chat() + "/readyz";
    for (origin, allowed) in [("https://app.example", true), ("https://evil.example", false)] {
        let answer = chinwag.http.send("GET", &url, &[("origin", origin)], Body::Nothing).await;
        assert_eq!(
            answer.header("access-control-allow-origin") == Some(origin),
            allowed,
            "{origin}: {answer:?}"
        );
    }
}
