//! What every store keeps of its promises, told once and run on both engines: by the embedded database, and by a
//! PostgreSQL server that this test starts for itself.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod acts;
mod applications;
mod chats;
mod faults;
mod nodes;
mod proxy;
mod world;

/// Each story on each engine.
macro_rules! on_both_engines {
    ($($theme:ident :: $story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $story() {
                crate::$theme::$story(crate::world::World::sqlite()).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                crate::$theme::$story(crate::world::World::postgres().await).await;
            })+
        }
    };
}

on_both_engines![
    acts::seqs_and_positions_have_no_hole,
    acts::listeners_hear_all_that_comes_after,
    acts::a_nonce_does_once_whatever_waits_beside_it,
    acts::all_or_none,
    acts::one_after_the_other_in_one_breath,
    acts::of_two_edits_of_the_same_state_one_is_done,
    acts::unread_counts_in_a_crowd,
    acts::a_deletion_takes_the_reactions_along,
    acts::any_character_is_kept,
    chats::who_is_in_and_who_inherits,
    chats::paging_goes_on_where_a_message_was,
    chats::what_was_missed_is_told_from_anywhere,
    chats::who_came_and_went_twice_starts_at_their_last_joining,
    chats::an_erased_user_leaves_nothing_but_that,
    chats::a_deleted_chat_is_told_of_and_erased,
    chats::endings_are_read_once_in_order,
    chats::old_nonces_are_forgotten,
    applications::the_feed_tells_all_in_order_in_parts_of_any_size,
    applications::the_feed_of_one_app_and_of_one_chat,
    applications::history_is_imported_densely_and_once,
    applications::the_apps_own_user_acts_where_it_is_no_member,
    applications::users_are_known_by_what_their_application_calls_them,
    applications::an_endpoint_is_kept_with_its_progress,
    applications::a_moment_is_found_again,
];
