//! Every way a request can be refused: one stable code, its HTTP status, and the one body that carries it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, $status:literal, $title:literal;)+) => {
        /// A stable code. Clients may match on it; texts may change.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $wire)] $name,)+
        }

        impl ErrorCode {
            /// All codes, for documents and tests.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)+];

            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $wire,)+ }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(ErrorCode::$name => $status,)+ }
            }

            /// The RFC 9457 `title`: the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(ErrorCode::$name => $title,)+ }
            }
        }
    };
}

codes! {
    BadRequest = "BAD_REQUEST", 400, "Bad request";
    /// A field is missing or not of its form.
    ValidationFailed = "VALIDATION_FAILED", 400, "Validation failed";
    /// The body is not JSON, or not a JSON object.
    MalformedJson = "MALFORMED_JSON", 400, "Malformed JSON";
    /// `type` names no action.
    UnknownAction = "UNKNOWN_ACTION", 400, "Unknown action";
    MessageTooLong = "MESSAGE_TOO_LONG", 400, "Message too long";
    InvalidReaction = "INVALID_REACTION", 400, "Invalid reaction";
    /// One member may react to one message with so many different emoji.
    TooManyReactions = "TOO_MANY_REACTIONS", 400, "Too many reactions";
    UsernameTaken = "USERNAME_TAKEN", 400, "Username taken";
    EmailTaken = "EMAIL_TAKEN", 400, "E-mail address taken";
    /// Another user of the app has this external id.
    ExternalIdTaken = "EXTERNAL_ID_TAKEN", 400, "External id taken";
    AlreadyMember = "ALREADY_MEMBER", 400, "Already a member";
    /// `userNames` does not include the caller's own name.
    CreatorNotIncluded = "CREATOR_NOT_INCLUDED", 400, "Creator not included";
    AppLimitReached = "APP_LIMIT_REACHED", 400, "App limit reached";
    HookLimitReached = "HOOK_LIMIT_REACHED", 400, "Webhook limit reached";
    KeyLimitReached = "KEY_LIMIT_REACHED", 400, "API key limit reached";
    MissingCredentials = "AUTH_MISSING_CREDENTIALS", 401, "Credentials missing";
    InvalidApiKey = "AUTH_INVALID_API_KEY", 401, "Invalid API key";
    InvalidToken = "AUTH_INVALID_TOKEN", 401, "Invalid token";
    ExpiredToken = "AUTH_EXPIRED_TOKEN", 401, "Expired token";
    /// The session was signed out, or its user deleted.
    SessionEnded = "AUTH_SESSION_ENDED", 401, "Session ended";
    InvalidRefreshToken = "AUTH_INVALID_REFRESH_TOKEN", 401, "Invalid refresh token";
    InvalidTicket = "AUTH_INVALID_TICKET", 401, "Invalid ticket";
    BadSignIn = "AUTH_BAD_CREDENTIALS", 401, "Wrong name or password";
    AppSuspended = "APP_SUSPENDED", 403, "App suspended";
    /// `senderId` is not the caller.
    SenderMismatch = "SENDER_MISMATCH", 403, "Sender mismatch";
    /// Only the message's sender may do this.
    NotSender = "NOT_MESSAGE_SENDER", 403, "Not the sender";
    /// Only the chat's creator may do this.
    NotCreator = "NOT_CHAT_CREATOR", 403, "Not the creator";
    /// Only the one who reacted may take the reaction back.
    NotReactor = "NOT_REACTION_SENDER", 403, "Not the reactor";
    ConcurrentUsersExceeded = "CONCURRENT_USERS_EXCEEDED", 403, "Too many concurrent users";
    OriginNotAllowed = "ORIGIN_NOT_ALLOWED", 403, "Origin not allowed";
    NotFound = "NOT_FOUND", 404, "Not found";
    /// No such chat, or the caller is not a member: the two look alike.
    ChatNotFound = "CHAT_NOT_FOUND", 404, "Chat not found";
    MessageNotFound = "MESSAGE_NOT_FOUND", 404, "Message not found";
    ReactionNotFound = "REACTION_NOT_FOUND", 404, "Reaction not found";
    UserNotFound = "USER_NOT_FOUND", 404, "User not found";
    AppNotFound = "APP_NOT_FOUND", 404, "App not found";
    KeyNotFound = "KEY_NOT_FOUND", 404, "API key not found";
    HookNotFound = "HOOK_NOT_FOUND", 404, "Webhook not found";
    SessionNotFound = "SESSION_NOT_FOUND", 404, "Session not found";
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "Method not allowed";
    /// An account with this e-mail address exists.
    AccountExists = "ACCOUNT_EXISTS", 409, "Account exists";
    /// The same nonce came with another action.
    NonceReused = "NONCE_REUSED", 409, "Nonce reused";
    /// The message changed since the `ifSeq` the client gave.
    Conflict = "CONFLICT", 409, "Conflict";
    /// The chat was opened: history is imported into chats that nobody is in yet.
    ImportClosed = "IMPORT_CLOSED", 409, "Import closed";
    /// The cursor is of another database, or of a later state of this one than a backup brought back.
    CursorGone = "CURSOR_GONE", 410, "Cursor gone";
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413, "Payload too large";
    UriTooLong = "URI_TOO_LONG", 414, "Address too long";
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, "Unsupported media type";
    UpgradeRequired = "UPGRADE_REQUIRED", 426, "Upgrade required";
    /// One user's connections are as many as they may have.
    TooManyConnections = "TOO_MANY_CONNECTIONS", 429, "Too many connections";
    RateLimited = "RATE_LIMITED", 429, "Too many requests";
    HeadersTooLarge = "HEADERS_TOO_LARGE", 431, "Headers too large";
    /// A bound of the server was reached: connections, queues, work in progress.
    Overloaded = "OVERLOADED", 503, "Overloaded";
    ShuttingDown = "SHUTTING_DOWN", 503, "Shutting down";
    /// The disk is full: nothing is stored, reading goes on.
    StorageFull = "STORAGE_FULL", 503, "Storage full";
    StorageUnavailable = "STORAGE_UNAVAILABLE", 503, "Storage unavailable";
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The body of every error answer: RFC 9457 problem details, and `code` and `message` (protocol, section 1).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    /// The HTTP status as text, as the published API has it.
    pub status: String,
    pub detail: String,
    /// The path of the request.
    pub instance: String,
    pub code: ErrorCode,
    /// The same text as `detail`, for people.
    pub message: String,
    /// With `CONFLICT`: the message as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<crate::model::Message>>,
}

impl ErrorBody {
    #[must_use]
    pub fn new(code: ErrorCode, detail: impl Into<String>, instance: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: format!("urn:chinwag:error:{code}"),
            title: code.title().to_owned(),
            status: code.status().to_string(),
            message: detail.clone(),
            detail,
            instance: instance.into(),
            code,
            current: None,
        }
    }
}
