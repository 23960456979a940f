//! The web pages, as far as the listeners answer for them: what they are made of is tested where they are made.

use chinwag_testkit::{Answer, Body, Chinwag};

use crate::scene::{BINARY, chinwag};

async fn get(chinwag: &Chinwag, url: &str) -> Answer {
    chinwag.http.send("GET", url, &[], Body::Nothing).await
}

/// That it is a page which runs nothing but its own files and can be in nobody's frame.
fn is_guarded(answer: &Answer) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-cache"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn the_chat_page_is_there_if_the_operator_says_so() {
    let without = chinwag().await;
    get(&without, &(without.urls.chat() + "/")).await.is_refused(404, "NOT_FOUND");

    let with = Chinwag::start(BINARY, &[("web.chat", "true")]).await;
    is_guarded(&get(&with, &(with.urls.chat() + "/")).await);
    for nothing in
        ["/assets/nothing.js", "/assets/..%2Findex.html", "/assets/%2e%2e/index.html", "/index.html"]
    {
        get(&with, &(with.urls.chat() + nothing)).await.is_refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_console_and_the_reference_are_on_the_management_listener() {
    let chinwag = chinwag().await;
    for page in ["/", "/docs", "/docs/"] {
        is_guarded(&get(&chinwag, &(chinwag.urls.management() + page)).await);
    }
    for (at, file) in [
        (chinwag.urls.chat(), "/docs/openapi.json"),
        (chinwag.urls.chat(), "/docs/asyncapi.json"),
        (chinwag.urls.management(), "/docs/openapi.json"),
        (chinwag.urls.management(), "/docs/asyncapi.json"),
        (chinwag.urls.management(), "/docs/management.json"),
    ] {
        let document = get(&chinwag, &(at + file)).await.ok();
        assert!(document["info"]["title"].as_str().is_some_and(|title| title.starts_with("Chinwag")));
    }
}

/// A page that embeds the chat is on another origin than the chat.
#[tokio::test]
async fn an_asset_is_compressed_and_kept_and_embedding_is_for_every_origin() {
    let chinwag = Chinwag::start(BINARY, &[("web.chat", "true")]).await;
    let origin = [("origin", "https://shop.example")];
    let embed = chinwag.http.send("GET", &(chinwag.urls.chat() + "/embed.js"), &origin, Body::Nothing).await;
    assert_eq!(embed.header("access-control-allow-origin"), Some("*"));
    if embed.status == 200 {
        assert_eq!(embed.header("cross-origin-resource-policy"), Some("cross-origin"));
    }
    let index = get(&chinwag, &(chinwag.urls.chat() + "/")).await;
    // A build without Node has no assets.
    let Some(asset) = index.text.split('"').find(|part| part.starts_with("/assets/")) else { return };
    let takes = [("accept-encoding", "gzip, br")];
    let asset = chinwag.http.send("GET", &(chinwag.urls.chat() + asset), &takes, Body::Nothing).await;
    assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(asset.header("etag").is_some_and(|tag| tag.ends_with("-br\"") || tag.ends_with("-plain\"")));
}

#[tokio::test]
async fn serve_has_no_users_to_give_away() {
    let chinwag = Chinwag::start(BINARY, &[("web.chat", "true")]).await;
    get(&chinwag, &(chinwag.urls.chat() + "/dev/users")).await.is_refused(404, "NOT_FOUND");
}
