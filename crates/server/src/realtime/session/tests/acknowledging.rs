//! Sections "ACK" and "NACK". Nothing is sent again here, so they change nothing; their form is checked all the same.

use super::*;

const BOTH: [Command; 2] = [Command::Ack, Command::Nack];

#[test]
fn ack_names_the_message_in_the_way_of_the_version() {
    let named =
        |names: &[&str]| names.iter().fold(Frame::new(Command::Ack), |frame, name| frame.with(name, "1"));
    for (version, names) in [
        (Version::V12, &["id"][..]),
        (Version::V11, &["message-id", "subscription"]),
        (Version::V10, &["message-id"]),
    ] {
        for command in BOTH {
            let mut talk = Talk::listening(version);
            let frame = Frame { command, ..named(names) };
            assert_eq!(talk.says(&frame.clone().with("receipt", "r")), [receipt("r")]);
            assert_eq!(talk.says(&frame), []);
            for missing in names {
                let mut talk = Talk::listening(version);
                let rest: Vec<&str> = names.iter().copied().filter(|name| name != missing).collect();
                let did = talk.says(&Frame { command, ..named(&rest) });
                is_fatal(&talk, &did);
            }
        }
    }
}

#[test]
fn ack_may_be_part_of_a_transaction() {
    for command in BOTH {
        let mut talk = Talk::listening(Version::V12);
        let ack = Frame::new(command).with("id", "1").with("transaction", "t");
        talk.says(&Frame::new(Command::Begin).with("transaction", "t"));
        assert_eq!(talk.says(&ack.clone().with("receipt", "r")), [receipt("r")]);
        assert_eq!(talk.says(&Frame::new(Command::Commit).with("transaction", "t")), []);
        let did = talk.says(&ack);
        is_fatal(&talk, &did);
    }
}

#[test]
fn ack_individual_or_cumulative_no_message_is_lost_by_it() {
    for mode in ["client", "client-individual"] {
        let mut talk = Talk::connected(Version::V12);
        talk.says(&subscribe("s").with("ack", mode));
        talk.listens(0);
        assert_eq!(talk.says(&Frame::new(Command::Nack).with("id", "7")), []);
        assert!(talk.session.takes_input());
    }
}
