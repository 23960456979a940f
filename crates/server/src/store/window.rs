//! What a user may see of one chat when catching up: a rule, the same for both engines.

/// A membership as it is now, and what is known of it at the position from which the user catches up.
pub(super) struct Membership {
    pub(super) joined: u64,
    /// 0: they never left.
    pub(super) left: u64,
    pub(super) is_chat_deleted: bool,
    /// The position of the chat's newest event.
    pub(super) head: u64,
    /// They have left after that position and are back, and they were in the chat at it: a row of `stays` says so.
    pub(super) was_in: bool,
}

/// What is told: every change after `since`; or only the one at a position, their leaving or the chat's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Window {
    After(u64),
    Only(u64),
}

impl Membership {
    pub(super) fn window(&self, since: u64) -> Option<Window> {
        let is_in = self.left < self.joined;
        let joined_since = since < self.joined;
        match (is_in, self.is_chat_deleted) {
            (false, _) => (self.left > since).then_some(Window::Only(self.left)),
            (true, true) => Some(Window::Only(self.head)),
            // Who left in between and is back starts where they were; who was out then, at their joining, however often
            // they came and went before it: what was folded away cannot bring them in earlier.
            (true, false) if joined_since && !self.was_in => Some(Window::After(self.joined - 1)),
            (true, false) => Some(Window::After(since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn membership(joined: u64, left: u64, was_in: bool) -> Membership {
        Membership { joined, left, is_chat_deleted: false, head: 90, was_in }
    }

    #[test]
    fn who_stayed_is_told_all_that_came_after() {
        assert_eq!(membership(10, 0, false).window(50), Some(Window::After(50)));
    }

    #[test]
    fn who_came_since_is_told_from_their_joining_on() {
        assert_eq!(membership(60, 0, false).window(50), Some(Window::After(59)));
        assert_eq!(membership(60, 40, false).window(50), Some(Window::After(59)));
    }

    #[test]
    fn who_left_and_came_back_goes_on_where_they_were() {
        assert_eq!(membership(60, 55, true).window(50), Some(Window::After(50)));
    }

    #[test]
    fn who_was_out_starts_at_their_last_joining_also_if_they_came_twice() {
        assert_eq!(membership(60, 55, false).window(50), Some(Window::After(59)));
    }

    #[test]
    fn who_is_out_is_told_that_once() {
        assert_eq!(membership(10, 55, false).window(50), Some(Window::Only(55)));
        assert_eq!(membership(10, 55, false).window(55), None);
    }

    #[test]
    fn of_a_deleted_chat_only_the_end_is_told() {
        let ended = Membership { is_chat_deleted: true, ..membership(60, 55, false) };
        assert_eq!(ended.window(50), Some(Window::Only(90)));
    }
}
