//! Apps, as their account or an administrator sees them. A deleted app is seen by nobody; its rows stay.

use std::num::NonZeroU32;

use chinwag_protocol::{AccountId, AppId, Timestamp};
use uuid::Uuid;

use super::{Engine, Store, StoreError};
use crate::sessions::app::{AppStatus, Tier};

/// Demo apps that an account may have at once (protocol, section 6).
pub const DEMO_APPS_MAX: u32 = 5;
/// Rows in one answer to an administrator.
pub(super) const APPS_LISTED_MAX: u32 = 10_000;

/// One product of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct App {
    pub id: AppId,
    /// None if an administrator made it.
    pub account: Option<AccountId>,
    pub name: String,
    pub status: AppStatus,
    pub tier: Tier,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Messages older than so many days are removed; none are without.
    pub retention_days: Option<NonZeroU32>,
}

/// Whose apps the caller may see and change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    Account(AccountId),
    /// An administrator of the server.
    All,
}

impl Reach {
    /// For `(?n IS NULL OR account = ?n)`.
    pub(super) fn account(self) -> Option<Uuid> {
        match self {
            Self::Account(account) => Some(account.0),
            Self::All => None,
        }
    }
}

/// What to change of an app; `None` leaves it.
#[derive(Clone, Default, Debug)]
pub struct AppChanges {
    pub name: Option<String>,
    pub status: Option<AppStatus>,
    /// `Some(None)`: from now on messages stay without end.
    pub retention_days: Option<Option<NonZeroU32>>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CreateAppError {
    #[error("an account may have {DEMO_APPS_MAX} demo apps")]
    LimitReached,
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for CreateAppError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// Makes an app of the account, or of nobody. An account has at most [`DEMO_APPS_MAX`] demo apps.
    pub async fn create_app(&self, owner: Reach, name: String, tier: Tier) -> Result<App, CreateAppError> {
        on_engine!(self, store => store.create_app(owner, name, tier).await)
    }

    /// Oldest first.
    pub async fn apps(&self, reach: Reach) -> Result<Vec<App>, StoreError> {
        on_engine!(self, store => store.apps(reach).await)
    }

    /// Apps of exactly this name, oldest first: names are not unique.
    pub async fn apps_named(&self, reach: Reach, name: String) -> Result<Vec<App>, StoreError> {
        on_engine!(self, store => store.apps_named(reach, name).await)
    }

    /// `None` also for an app out of reach: the two must look alike.
    pub async fn app(&self, reach: Reach, app: AppId) -> Result<Option<App>, StoreError> {
        on_engine!(self, store => store.app(reach, app).await)
    }

    /// The app as it is then. Suspending it ends the connections of its users; their sessions stay.
    pub async fn change_app(
        &self,
        reach: Reach,
        app: AppId,
        changes: AppChanges,
    ) -> Result<Option<App>, StoreError> {
        on_engine!(self, store => store.change_app(reach, app, changes).await)
    }

    /// Deletes the app, revokes its keys and ends the connections of its users. Whether it was there.
    pub async fn delete_app(&self, reach: Reach, app: AppId) -> Result<bool, StoreError> {
        on_engine!(self, store => store.delete_app(reach, app).await)
    }

    /// Names this deployment to its accounts; made once for each database.
    pub async fn cluster_id(&self) -> Result<Uuid, StoreError> {
        on_engine!(self, store => store.cluster_id().await)
    }

    /// The text of the key that signs the tokens of every node: `made`, or what was kept before. `None` of the embedded
    /// database: its one process keeps the key in a file.
    pub async fn shared_signing_key(&self, made: String) -> Result<Option<String>, StoreError> {
        match &self.0 {
            Engine::Sqlite(_) => Ok(None),
            Engine::Postgres(store) => store.kept_forever("signing_key", made).await.map(Some),
        }
    }
}
