//! The tour by a client that is not ours: `@stomp/stompjs` under Node, as an existing application would use it.

use crate::node::{package, plays};
use crate::scene::chinwag;

#[tokio::test]
async fn the_whole_tour_with_stompjs() {
    let chinwag = chinwag().await;
    let app = chinwag.app().await;
    let place = [("CHAT_URL", chinwag.urls.chat()), ("API_KEY", app.key)];
    let place = place.each_ref().map(|(name, value)| (*name, value.as_str()));
    plays(package("stompjs"), "tour.mjs", &place, "the tour is complete").await;
}
