//! Bounds of the wire format. What an operator may change is in the server's configuration instead.

/// Bytes of UTF-8 in a message unless configured otherwise.
pub const MESSAGE_BYTES_DEFAULT: usize = 16 * 1024;
/// Bytes of UTF-8 in a reaction's one emoji.
pub const EMOJI_BYTES_MAX: usize = 64;
/// Different emoji of one member on one message.
pub const REACTIONS_PER_MEMBER_MAX: u64 = 50;
/// Characters in a nonce.
pub const NONCE_CHARS_MAX: usize = 64;
/// Characters in a username.
pub const USERNAME_CHARS_MAX: usize = 64;
/// Characters in an e-mail address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const EMAIL_CHARS_MAX: usize = 254;
/// Characters in a chat's name.
pub const CHAT_NAME_CHARS_MAX: usize = 200;
/// Characters in a password: enough for any passphrase, little enough to hash.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// Characters in a password, at least (OWASP ASVS 5, 6.2.1).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Users named when a chat is created, the creator included.
pub const CHAT_CREATION_USERS_MAX: usize = 1000;
/// Rows in one page of chats or messages.
pub const PAGE_SIZE_MAX: u32 = 100;

const _: () = assert!(EMOJI_BYTES_MAX < MESSAGE_BYTES_DEFAULT);
