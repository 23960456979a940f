use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use super::*;
use crate::realtime::carrier::{Carrier, Ending};
use crate::realtime::sockjs::HttpCarrier;

const AN_HOUR: Duration = Duration::from_secs(3600);

fn context() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn session() -> Arc<HttpSession> {
    let bounds = Bounds {
        sessions: 1,
        disconnect_after: AN_HOUR,
        heartbeat_every: AN_HOUR,
        response_bytes: 4096,
        payload_bytes: 4096,
    };
    let owner = Owner { address: Ipv4Addr::LOCALHOST.into(), pass: Pass::Ticket([0; 32]) };
    HttpSession::new(owner, bounds)
}

fn says(carrier: &mut HttpCarrier, text: &str) {
    carrier.send(text.len(), |out| out.extend_from_slice(text.as_bytes()));
}

fn hears(receiver: &mut Receiver) -> Option<String> {
    match receiver.poll_give(&mut context()) {
        Poll::Ready(Given::Frame(frame) | Given::Last(frame)) => Some(String::from_utf8(frame).unwrap()),
        Poll::Pending => None,
    }
}

/// A response that its client takes too slowly ends with its connection.
#[tokio::test]
async fn who_has_not_taken_the_end_in_time_is_cut_off() {
    for (leaves, cut) in [(true, false), (false, true)] {
        let (session, line) = (session(), Line::default());
        let mut receiver = session.attach(line.clone()).ok().unwrap();
        session.end(Ended { code: Ending::NORMAL, reason: "" });
        if leaves {
            receiver.leave();
        }
        session.dismissed(Duration::ZERO).await;
        assert_eq!(line.is_cut(), cut);
    }
}

#[tokio::test]
async fn what_nobody_takes_waits_and_is_counted() {
    let session = session();
    let mut carrier = HttpCarrier::new(Arc::clone(&session));
    let begun = Instant::now();
    says(&mut carrier, "one");
    says(&mut carrier, "two");
    assert!(carrier.poll_send(&mut context(), begun).is_pending());
    assert_eq!((carrier.waiting(), carrier.stalled_since()), (r#""one","two""#.len(), Some(begun)));

    let mut receiver = session.attach(Line::default()).ok().unwrap();
    assert_eq!(hears(&mut receiver).as_deref(), Some("o"));
    assert!(carrier.poll_send(&mut context(), Instant::now()).is_pending());
    assert_eq!(hears(&mut receiver).as_deref(), Some(r#"a["one","two"]"#));
    assert_eq!((carrier.waiting(), carrier.stalled_since()), (0, None));
    assert!(matches!(carrier.poll_send(&mut context(), Instant::now()), Poll::Ready(Ok(()))));
    assert_eq!(hears(&mut receiver), None);
}

#[tokio::test]
async fn a_client_that_says_more_than_is_done_waits() {
    for message in ["", &"x".repeat(1000)] {
        let session = session();
        let mut carrier = HttpCarrier::new(Arc::clone(&session));
        let some = INBOX_BYTES_MAX / weight(message);
        session.take(vec![message.to_owned(); some]).await.unwrap();
        let mut more = pin!(session.take(vec![message.to_owned(); 2]));
        assert!(more.as_mut().poll(&mut context()).is_pending());
        for _ in 0..2 {
            assert!(
                carrier
                    .poll_receive(&mut context(), &mut |text| assert_eq!(text, message.as_bytes()))
                    .is_ready()
            );
        }
        assert_eq!(more.await, Ok(()));
        assert!(session.lock().inbox_bytes <= INBOX_BYTES_MAX);
    }
}

#[tokio::test]
async fn what_was_accepted_before_the_break_is_done() {
    let session = session();
    let mut carrier = HttpCarrier::new(Arc::clone(&session));
    let receiver = session.attach(Line::default()).ok().unwrap();
    session.take(vec!["last words".to_owned()]).await.unwrap();
    says(&mut carrier, "never heard");
    assert!(carrier.poll_send(&mut context(), Instant::now()).is_pending());
    drop(receiver);
    assert_eq!(carrier.waiting(), 0);
    assert_eq!(session.take(vec![String::new()]).await, Err(NotTaken::Over));
    let mut heard = Vec::new();
    let mut receive = || carrier.poll_receive(&mut context(), &mut |text| heard.extend_from_slice(text));
    assert_eq!(receive(), Poll::Ready(Ok(())));
    assert_eq!(receive(), Poll::Ready(Err(Ending::Gone)));
    assert_eq!(heard, b"last words");
    assert_eq!(hears(&mut session.attach(Line::default()).ok().unwrap()).as_deref(), Some("o"));
}

#[tokio::test]
async fn who_waits_for_a_connection_that_is_gone_is_told() {
    let session = session();
    let carrier = HttpCarrier::new(Arc::clone(&session));
    let mut receiver = session.attach(Line::default()).ok().unwrap();
    assert_eq!(hears(&mut receiver).as_deref(), Some("o"));
    assert_eq!(hears(&mut receiver), None);
    drop(carrier);
    assert_eq!(hears(&mut receiver).as_deref(), Some(r#"c[1000,""]"#));
}

#[tokio::test]
async fn the_end_comes_behind_what_was_said_before_it() {
    let session = session();
    let mut carrier = HttpCarrier::new(Arc::clone(&session));
    says(&mut carrier, "goodbye");
    carrier.close(Ending::Close { code: Ending::GOING_AWAY, reason: "the server is shutting down" }).await;
    let mut receiver = session.attach(Line::default()).ok().unwrap();
    let said = ["o", r#"a["goodbye"]"#, r#"c[1001,"the server is shutting down"]"#];
    assert_eq!([(); 3].map(|()| hears(&mut receiver).unwrap()), said);
}
