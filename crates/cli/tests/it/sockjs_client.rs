//! The same conversation over every transport of SockJS, by clients that are not ours: `sockjs-client` with
//! `@stomp/stompjs`, under Node and in a browser.

use crate::node::{package, plays};
use crate::scene::{chinwag, chinwag_with};

/// The browser test's page takes requests for this address itself.
const CLIENT_URL: &str = "http://sockjs-client.example/sockjs.min.js";
const LAST_WORDS: &str = "the scenario is complete";

#[tokio::test]
async fn every_transport_under_node() {
    let chinwag = chinwag().await;
    let (url, key) = (chinwag.urls.chat(), chinwag.app().await.key);
    let place = [("CHAT_URL", url.as_str()), ("API_KEY", key.as_str())];
    plays(package("sockjs"), "in-node.mjs", &place, LAST_WORDS).await;
}

/// Needs Chromium: `./test` sees to it and sets `TEST_BROWSER`. Without the variable, or with 0, it is left out.
#[tokio::test]
async fn every_transport_in_a_browser() {
    if std::env::var("TEST_BROWSER").map_or(true, |wanted| wanted == "0") {
        return;
    }
    let chinwag = chinwag_with(&[("http.sockjs_client_url", CLIENT_URL)]).await;
    let (url, key) = (chinwag.urls.chat(), chinwag.app().await.key);
    let place = [("CHAT_URL", url.as_str()), ("API_KEY", key.as_str()), ("CLIENT_URL", CLIENT_URL)];
    plays(package("sockjs"), "in-browser.mjs", &place, LAST_WORDS).await;
}
