//! However the bytes are cut and joined, the same happens.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

fn any_frame() -> impl Strategy<Value = Frame> {
    let name = || select(vec!["a", "b", "c:\\\n"]);
    let in_transaction = |command| name().prop_map(move |name| Frame::new(command).with("transaction", name));
    let frame = prop_oneof![
        4 => name().prop_map(say),
        1 => Just(say_nothing()),
        2 => name().prop_map(subscribe),
        1 => name().prop_map(|id| Frame::new(Command::Unsubscribe).with("id", id)),
        1 => name().prop_map(|id| Frame::new(Command::Ack).with("id", id)),
        3 => in_transaction(Command::Begin),
        1 => in_transaction(Command::Commit),
        1 => in_transaction(Command::Abort),
        1 => Just(Frame::new(Command::Disconnect)),
        1 => Just(connect()),
    ];
    (frame, proptest::option::of(name()), proptest::option::weighted(0.2, name())).prop_map(
        |(frame, receipt, transaction)| {
            let frame = receipt.into_iter().fold(frame, |frame, id| frame.with("receipt", id));
            match frame.command {
                Command::Send => {
                    transaction.into_iter().fold(frame, |frame, name| frame.with("transaction", name))
                }
                _ => frame,
            }
        },
    )
}

/// What happens when these bytes come in pieces that end there. The token is good.
fn plays(bytes: &[u8], ends: &[usize]) -> Vec<Did> {
    let mut talk = Talk::new();
    let (mut did, mut start) = (Vec::new(), 0);
    for end in ends.iter().copied().chain([bytes.len()]) {
        if talk.session.takes_input() {
            did.extend(talk.hears(&bytes[start..end]));
        }
        start = end;
        if matches!(did.last(), Some(Did::Authenticate(_))) {
            did.extend(talk.authenticated(Ok(ALICE)));
        }
    }
    did
}

proptest! {
    #[test]
    fn where_the_bytes_are_cut_makes_no_difference(
        version in select(Version::ALL.to_vec()),
        frames in vec(any_frame(), 0..12),
        line_ends in vec(0..3_usize, 12),
        cuts in vec(any::<Index>(), 0..24),
    ) {
        let mut bytes = encode(&connect().with("accept-version", version), version);
        for (frame, line_ends) in frames.iter().zip(line_ends) {
            bytes.extend(encode(frame, version));
            bytes.extend(std::iter::repeat_n(b'\n', line_ends));
        }
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        ends.sort_unstable();
        let whole = plays(&bytes, &[]);
        prop_assert_eq!(plays(&bytes, &ends), whole.clone());
        let every_byte: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(plays(&bytes, &every_byte), whole);
    }
}
