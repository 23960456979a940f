//! Who may do what: `Member` is a value that proves a right.

use chinwag_protocol::{ChatId, UserId};

use super::Refusal;

/// What is known of one user's place in one chat, as it was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Membership {
    pub chat: ChatId,
    pub user: UserId,
    pub creator: UserId,
    /// Position of the newest message this member has read, or 0.
    pub read_position: u64,
    /// That message's number among all ever sent in the chat.
    pub read_nth: u64,
}

/// Proof that a user is in a chat now. Rules that need it take it as an argument, so none can forget to ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member(Membership);

impl Member {
    /// The only way to the proof. `None` means that there is no such chat or that the user is not in it.
    pub fn of(found: Option<Membership>) -> Result<Self, Refusal> {
        found.map(Self).ok_or(Refusal::ChatNotFound)
    }

    #[must_use]
    pub fn chat(&self) -> ChatId {
        self.0.chat
    }

    #[must_use]
    pub fn user(&self) -> UserId {
        self.0.user
    }

    #[must_use]
    pub fn read_position(&self) -> u64 {
        self.0.read_position
    }

    #[must_use]
    pub fn read_nth(&self) -> u64 {
        self.0.read_nth
    }

    #[must_use]
    pub fn is_creator(&self) -> bool {
        self.0.creator == self.0.user
    }
}

/// Any member brings in others, once each.
pub fn add(_by: &Member, username: &str, already_in: bool) -> Result<(), Refusal> {
    if already_in { Err(Refusal::AlreadyMember(username.to_owned())) } else { Ok(()) }
}

/// The creator removes anyone, everyone removes themselves.
pub fn remove(by: &Member, whom: UserId, is_in: bool) -> Result<(), Refusal> {
    if whom != by.user() && !by.is_creator() {
        return Err(Refusal::NotCreator);
    }
    if is_in { Ok(()) } else { Err(Refusal::MemberNotFound) }
}

/// What becomes of a chat when somebody leaves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Succession {
    Unchanged,
    /// The longest-standing member takes over; of those who came together, the one with the lowest id.
    NewCreator(UserId),
    /// Nobody is left: the chat is gone.
    Gone,
}

/// `remaining`: who stays, with the position at which they joined.
#[must_use]
pub fn succession(creator: UserId, leaver: UserId, remaining: &[(UserId, u64)]) -> Succession {
    match remaining.iter().min_by_key(|(user, joined)| (*joined, user.0)) {
        None => Succession::Gone,
        Some((heir, _)) if creator == leaver => Succession::NewCreator(*heir),
        Some(_) => Succession::Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        Uuid::from_u128(n).into()
    }

    fn member(n: u128, creator: u128) -> Member {
        let chat = Uuid::nil().into();
        Member(Membership { chat, user: user(n), creator: user(creator), read_position: 0, read_nth: 0 })
    }

    #[test]
    fn only_the_creator_removes_others_and_all_may_leave() {
        assert_eq!(remove(&member(1, 1), user(2), true), Ok(()));
        assert_eq!(remove(&member(2, 1), user(2), true), Ok(()));
        assert_eq!(remove(&member(2, 1), user(3), true), Err(Refusal::NotCreator));
        assert_eq!(remove(&member(2, 1), user(9), false), Err(Refusal::NotCreator));
        assert_eq!(remove(&member(1, 1), user(9), false), Err(Refusal::MemberNotFound));
    }

    #[test]
    fn the_longest_standing_member_inherits() {
        let rest = [(user(3), 7), (user(2), 5)];
        assert_eq!(succession(user(1), user(1), &rest), Succession::NewCreator(user(2)));
        assert_eq!(succession(user(1), user(4), &rest), Succession::Unchanged);
        let together = [(user(3), 5), (user(2), 5)];
        assert_eq!(succession(user(1), user(1), &together), Succession::NewCreator(user(2)));
        assert_eq!(succession(user(1), user(1), &[]), Succession::Gone);
    }
}
