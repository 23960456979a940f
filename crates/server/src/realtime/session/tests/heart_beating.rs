//! Section "Heart-beating" of 1.2 and 1.1, with the clock in our hands.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Beats within a minute, second by second, of a client that talks all the time.
fn beats(heart_beat: &str) -> Vec<u64> {
    let mut talk = Talk::connected_with(Version::V12, heart_beat);
    let mut at = Vec::new();
    for second in 1..=60 {
        assert_eq!(talk.hears(b"\n"), []);
        match &talk.passes(SECOND)[..] {
            [] => {}
            [Did::Beat] => at.push(second),
            other => panic!("{other:?}"),
        }
    }
    at
}

/// After how long a client that says nothing is taken for gone, within five minutes.
fn patience(heart_beat: &str) -> Option<Duration> {
    let mut talk = Talk::connected_with(Version::V12, heart_beat);
    let start = talk.now;
    while talk.now < start + 300 * SECOND {
        let did = talk.passes(Duration::from_millis(10));
        if !did.is_empty() && did != [Did::Beat] {
            is_fatal(&talk, &did);
            return Some(talk.now - start);
        }
    }
    None
}

#[test]
fn heart_beating_the_sender_is_heard_at_least_every_n_milliseconds() {
    // max(ours, theirs), and before it is over: what is sent must still travel.
    assert_eq!(beats("0,1").len(), 60, "no oftener than we offer, which is every second");
    assert_eq!(beats("0,10000"), [9, 18, 27, 36, 45, 54]);
    assert_eq!(beats("0,20000"), [18, 36, 54]);
}

#[test]
fn heart_beating_nought_on_either_side_means_none() {
    assert_eq!(beats("0,0"), Vec::<u64>::new());
    assert_eq!(beats("1000,0"), Vec::<u64>::new());
    assert_eq!(patience("0,0"), None);
    assert_eq!(patience("0,1000"), None);
}

#[test]
fn heart_beating_a_missing_header_is_nought_and_nought() {
    let mut talk = Talk::new();
    talk.says(&connect().with("accept-version", "1.2"));
    talk.authenticated(Ok(ALICE));
    assert_eq!(talk.session.due(), None);
}

#[test]
fn heart_beating_a_silent_client_is_given_a_margin() {
    assert_eq!(patience("10000,0"), Some(20 * SECOND));
    assert_eq!(patience("1,0"), Some(2 * SECOND), "no oftener than we asked for");
    assert_eq!(patience("30000,0"), Some(60 * SECOND));
    assert_eq!(patience("10000,10000"), Some(20 * SECOND), "our beats are not theirs");
}

#[test]
fn heart_beating_any_new_data_is_a_sign_of_life() {
    for piece in [b"\n".as_slice(), b"\r\n", b"SEND\ndest", b"BEGIN\ntransaction:t\n\n\0"] {
        let mut talk = Talk::connected_with(Version::V12, "10000,0");
        talk.passes(19 * SECOND);
        talk.hears(piece);
        assert_eq!(talk.passes(19 * SECOND), [], "{piece:?}");
        let did = talk.passes(SECOND);
        is_fatal(&talk, &did);
    }
    // What is no part of a frame counts, too: a ping of the carrier's, or a message that is still on its way.
    let mut talk = Talk::connected_with(Version::V12, "10000,0");
    talk.passes(19 * SECOND);
    talk.session.on_heard(talk.now);
    assert_eq!(talk.passes(19 * SECOND), []);
}

#[test]
fn heart_beating_what_was_written_stands_in_for_a_beat() {
    let mut talk = Talk::connected_with(Version::V12, "0,10000");
    assert_eq!(talk.passes(8 * SECOND), []);
    talk.session.on_written(talk.now);
    assert_eq!(talk.passes(8 * SECOND), []);
    assert_eq!(talk.passes(SECOND), [Did::Beat]);
    assert_eq!(talk.session.due(), Some(talk.now + 9 * SECOND));
}

#[test]
fn heart_beating_begins_when_the_connection_does() {
    let mut talk = Talk::new();
    talk.says(&connect().with("accept-version", "1.2").with("heart-beat", "10000,10000"));
    assert_eq!(talk.passes(100 * SECOND), []);
    talk.authenticated(Ok(ALICE));
    assert_eq!(talk.session.due(), Some(talk.now + 9 * SECOND));
}

#[test]
fn heart_beating_the_header_is_two_numbers() {
    for header in ["", "10000", "a,b", "-1,0", "1,2,3", "1.5,0"] {
        let mut talk = Talk::new();
        let did = talk.says(&connect().with("accept-version", "1.2").with("heart-beat", header));
        is_fatal(&talk, &did);
    }
}

#[test]
fn heart_beating_sessions_that_began_at_different_times_beat_together() {
    let grid = Instant::now();
    let due = |after: u64| {
        let now = grid + Duration::from_millis(after);
        let session = Session::new(ALICE, BOUNDS, grid, now);
        let mut talk = Talk { session, now, version: Version::V12, ..Talk::new() };
        talk.says(&connect().with("accept-version", "1.2").with("heart-beat", "0,10000"));
        talk.authenticated(Ok(ALICE));
        talk.session.due().expect("a beat is owed") - grid
    };
    assert_eq!(due(130), Duration::from_millis(9125), "never later than after nine seconds");
    for after in 126..250 {
        assert_eq!(due(after), due(125));
    }
}
