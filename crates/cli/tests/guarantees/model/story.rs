//! What may happen in a story. Numbers choose among what there is at that moment, so that a story that lost a step is
//! still a story.

use proptest::collection::vec;
use proptest::prelude::*;

/// Who there is.
pub(crate) const PEOPLE: usize = 4;
/// Devices of each.
pub(crate) const DEVICES: usize = 2;

/// One thing that somebody does in a chat, or to it.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Create {
        with: u8,
    },
    Add {
        whom: usize,
    },
    Remove {
        whom: usize,
    },
    Leave,
    Rename,
    DeleteChat,
    Say {
        long: bool,
    },
    Reply,
    Edit {
        seen: bool,
    },
    EditBlindly,
    Delete {
        seen: bool,
    },
    React {
        emoji: usize,
    },
    Unreact,
    Read,
    /// Opens the newest page of history, which reads it.
    Open,
}

/// By which door a deed goes, and what becomes of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Post,
    /// Over a device's connection, made if there is none.
    Device(usize),
    /// By post, and again by the other door.
    Twice(usize),
    /// Sent over a device, and the server is killed at once. Then it is sent again.
    Killed(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Does {
        who: usize,
        chat: usize,
        what: usize,
        deed: Deed,
        way: Way,
    },
    /// Several say something in the same chat at the same time.
    AllTalk {
        chat: usize,
        each: usize,
    },
    Connects {
        who: usize,
        device: usize,
    },
    Vanishes {
        who: usize,
        device: usize,
    },
    /// A device reads some of what came.
    Hears {
        who: usize,
        device: usize,
        events: usize,
    },
    /// Much is said, so that who does not read is too slow.
    Flood {
        chat: usize,
    },
    Restarts {
        kill: bool,
    },
    /// All catch up, and are compared with the model.
    Compares,
}

/// How much more often people come and go in some stories.
const RESTLESS: u32 = 10;

/// `coming` is how much more often than usual people come and go.
fn deed(coming: u32) -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => any::<u8>().prop_map(|with| Deed::Create { with }),
        2 * coming => (0..PEOPLE).prop_map(|whom| Deed::Add { whom }),
        coming => (0..PEOPLE).prop_map(|whom| Deed::Remove { whom }),
        coming => Just(Deed::Leave),
        1 => Just(Deed::Rename),
        1 => prop_oneof![4 => Just(Deed::Rename), 1 => Just(Deed::DeleteChat)],
        10 => any::<bool>().prop_map(|long| Deed::Say { long }),
        4 => Just(Deed::Reply),
        4 => any::<bool>().prop_map(|seen| Deed::Edit { seen }),
        1 => Just(Deed::EditBlindly),
        3 => any::<bool>().prop_map(|seen| Deed::Delete { seen }),
        5 => (0..3_usize).prop_map(|emoji| Deed::React { emoji }),
        3 => Just(Deed::Unreact),
        5 => Just(Deed::Read),
        1 => Just(Deed::Open),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        8 => Just(Way::Post),
        8 => (0..DEVICES).prop_map(Way::Device),
        3 => (0..DEVICES).prop_map(Way::Twice),
        1 => prop_oneof![5 => Just(Way::Post), 1 => (0..DEVICES).prop_map(Way::Killed)],
    ]
}

fn step(coming: u32) -> impl Strategy<Value = Step> {
    let (who, device) = (0..PEOPLE, 0..DEVICES);
    prop_oneof![
        60 => (who.clone(), 0..64_usize, any::<usize>(), deed(coming), way())
            .prop_map(|(who, chat, what, deed, way)| Step::Does { who, chat, what, deed, way }),
        3 => (0..8_usize, 1..4_usize).prop_map(|(chat, each)| Step::AllTalk { chat, each }),
        8 => (who.clone(), device.clone()).prop_map(|(who, device)| Step::Connects { who, device }),
        5 => (who.clone(), device.clone()).prop_map(|(who, device)| Step::Vanishes { who, device }),
        12 => (who, device, 1..12_usize).prop_map(|(who, device, events)| Step::Hears { who, device, events }),
        1 => prop_oneof![
            6 => Just(Step::Compares),
            1 => (0..8_usize).prop_map(|chat| Step::Flood { chat }),
            2 => any::<bool>().prop_map(|kill| Step::Restarts { kill }),
        ],
    ]
}

pub(crate) fn stories() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![3 => vec(step(1), 1..400), 1 => vec(step(RESTLESS), 1..400)]
}
