//! What administrators and accounts did: who, what, to whom, when and from where. Never a secret.

use std::net::IpAddr;

use chinwag_protocol::{AccountId, AppId, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Store, StoreError};

/// Entries forgotten in one commit.
pub(super) const AUDIT_STEP: u32 = 1000;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)?
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// As it is told and kept.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    )+};
}

words! {
    /// Who did it.
    Actor {
        Account = "ACCOUNT",
        /// On the command line, with access to the data.
        Operator = "OPERATOR",
        User = "USER",
        Server = "SERVER",
    }
    /// What was done.
    Act {
        AccountRegistered = "ACCOUNT_REGISTERED",
        AccountSignedIn = "ACCOUNT_SIGNED_IN",
        AccountSignInFailed = "ACCOUNT_SIGN_IN_FAILED",
        AccountSignedOut = "ACCOUNT_SIGNED_OUT",
        AppCreated = "APP_CREATED",
        AppChanged = "APP_CHANGED",
        AppDeleted = "APP_DELETED",
        KeyCreated = "KEY_CREATED",
        KeyRevoked = "KEY_REVOKED",
        KeyRotated = "KEY_ROTATED",
        UserCreated = "USER_CREATED",
        UserDeleted = "USER_DELETED",
        UserExported = "USER_EXPORTED",
        UserSignedOut = "USER_SIGNED_OUT",
        SessionEnded = "SESSION_ENDED",
        UserInspected = "USER_INSPECTED",
        ChatInspected = "CHAT_INSPECTED",
        MessageTraced = "MESSAGE_TRACED",
        RefreshTokenReused = "REFRESH_TOKEN_REUSED",
        RetentionApplied = "RETENTION_APPLIED",
        ServerStarted = "SERVER_STARTED",
    }
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Deed {
    pub actor: Actor,
    pub act: Act,
    /// Whom it concerns; if left out, the owner of the app.
    pub account: Option<AccountId>,
    pub app: Option<AppId>,
    /// The id of whom or what it was done to.
    pub subject: Option<String>,
    /// Where it came from; none on the command line.
    pub address: Option<IpAddr>,
    /// What else there is to say of it.
    pub detail: Option<String>,
}

impl Deed {
    #[must_use]
    pub fn new(actor: Actor, act: Act) -> Self {
        Self { actor, act, account: None, app: None, subject: None, address: None, detail: None }
    }

    #[must_use]
    pub fn of_account(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    #[must_use]
    pub fn in_app(self, app: AppId) -> Self {
        Self { app: Some(app), ..self }
    }

    #[must_use]
    pub fn to(self, subject: impl ToString) -> Self {
        Self { subject: Some(subject.to_string()), ..self }
    }

    #[must_use]
    pub fn from(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    #[must_use]
    pub fn saying(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// A deed as it was kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Grows with time.
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub account: Option<AccountId>,
    pub act: String,
    pub app: Option<AppId>,
    pub subject: Option<String>,
    pub address: Option<String>,
    pub detail: Option<String>,
}

/// Which entries to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditSearch {
    /// Of this account; none for all there are.
    pub account: Option<AccountId>,
    pub app: Option<AppId>,
    /// Those before this one.
    pub before: Option<i64>,
    pub size: u32,
}

impl Store {
    /// Keeps a deed.
    pub async fn note_deed(&self, deed: Deed) -> Result<(), StoreError> {
        on_engine!(self, store => store.note_deed(deed).await)
    }

    /// Newest first.
    pub async fn audit(&self, search: AuditSearch) -> Result<Vec<AuditEntry>, StoreError> {
        on_engine!(self, store => store.audit(search).await)
    }

    /// Forgets some entries that are older than that; true if there may be more.
    pub async fn forget_audit(&self, before: Timestamp) -> Result<bool, StoreError> {
        on_engine!(self, store => store.forget_audit(before).await)
    }
}
