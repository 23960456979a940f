//! The types of the wire that callers meet, under this crate's roof.

/// What one member is told of something that happened in a chat.
///
/// ```
/// use chinwag_client::{ChatEvent, EventKind};
///
/// fn line(event: &ChatEvent) -> Option<String> {
///     match &event.kind {
///         EventKind::MessageSent { message, .. } => Some(format!("{}: {message}", event.sender_id)),
///         _ => None,
///     }
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::Event as ChatEvent;

/// What happened, with what belongs to it.
///
/// ```
/// # use chinwag_client::EventKind;
/// fn is_about_members(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::UserJoined { .. } | EventKind::UserLeft { .. })
/// }
/// assert!(!is_about_members(&EventKind::Typing));
/// ```
#[doc(inline)]
pub use chinwag_protocol::EventKind;

/// One of the eight actions, as the outbox shows it.
///
/// ```
/// # use chinwag_client::Action;
/// fn text(action: &Action) -> Option<&str> {
///     match action {
///         Action::Send { message, .. } | Action::Reply { message, .. } => Some(message.as_str()),
///         _ => None,
///     }
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::Action;

/// The server's codes: stable, so match on them.
///
/// ```
/// use chinwag_client::ErrorCode;
/// assert_eq!(ErrorCode::Conflict.as_str(), "CONFLICT");
/// ```
#[doc(inline)]
pub use chinwag_protocol::ErrorCode;

/// A user of the app.
///
/// ```
/// let id: chinwag_client::UserId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(inline)]
pub use chinwag_protocol::UserId;

/// A chat.
///
/// ```
/// let id: chinwag_client::ChatId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// assert_eq!(id.to_string(), "01890a5d-ac96-774b-bcce-b302099a8057");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(inline)]
pub use chinwag_protocol::ChatId;

/// A message.
///
/// ```
/// let id: chinwag_client::MessageId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(inline)]
pub use chinwag_protocol::MessageId;

/// A reaction.
///
/// ```
/// let id: chinwag_client::ReactionId = "01890a5d-ac96-774b-bcce-b302099a8057".parse()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(inline)]
pub use chinwag_protocol::ReactionId;

/// Milliseconds since 1970 in UTC; as text, RFC 3339.
///
/// ```
/// use chinwag_client::Timestamp;
/// assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
/// ```
#[doc(inline)]
pub use chinwag_protocol::Timestamp;

/// A chat as the signed-in user sees it.
///
/// ```
/// # use chinwag_client::ChatDetails;
/// fn line(chat: &ChatDetails) -> String {
///     format!("{} ({} unread)", chat.chat_name, chat.unread_count)
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::model::ChatDetails;

/// A member of a chat.
///
/// ```
/// # use chinwag_client::ChatUserInfo;
/// fn has_read_something(member: &ChatUserInfo) -> bool {
///     member.last_seen_message.is_some()
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::model::ChatUserInfo;

/// A message in history, with its reactions and what it replies to.
///
/// ```
/// # use chinwag_client::Message;
/// fn is_popular(message: &Message) -> bool {
///     message.reactions.len() > 9
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::model::Message;

/// A message without what hangs on it.
///
/// ```
/// # use chinwag_client::MessageContent;
/// fn quote(original: &MessageContent) -> String {
///     format!("> {}", original.content)
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::model::MessageContent;

/// One user's emoji on a message.
///
/// ```
/// # use chinwag_client::Reaction;
/// fn is_a_thumb(reaction: &Reaction) -> bool {
///     reaction.reaction.as_str() == "👍"
/// }
/// ```
#[doc(inline)]
pub use chinwag_protocol::model::Reaction;

/// Why a text was refused before it was sent.
///
/// ```
/// use chinwag_client::InvalidText;
/// assert_eq!(InvalidText::NotOneEmoji.to_string(), "reaction must be exactly one emoji");
/// ```
#[doc(inline)]
pub use chinwag_protocol::InvalidText;
