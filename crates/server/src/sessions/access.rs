//! What a token or ticket lets its bearer do.

use chinwag_protocol::{SessionId, Timestamp};

use super::secret::{self, Token};
use super::tickets::Connected;
use super::{Identity, SessionError, Sessions};
use crate::sessions::app::{AppStatus, Audience, Tier};
use crate::store::{KeyHolder, Session};

impl Sessions {
    /// The session of a JWT: ours, not expired, not ended, its user not deleted and its app active. The name is the
    /// user's present one, whatever the token says.
    pub async fn authenticate(&self, jwt: &str) -> Result<Session, SessionError> {
        let now = self.now();
        let hash = secret::hash(jwt);
        let claims = match self.verified.find(&hash) {
            Some(claims) => claims.not_expired(now)?,
            None => {
                let claims = self.jwt.verify(jwt, now)?;
                self.verified.keep(hash, claims.clone());
                claims
            }
        };
        self.live_session(claims.sid, now).await
    }

    /// For whom an API key speaks, if its app is active.
    pub async fn authorize_key(&self, key: &str) -> Result<KeyHolder, SessionError> {
        let holder = self.holder(key).await?;
        match holder.audience {
            Audience::Chat => Ok(holder),
            Audience::Server => Err(SessionError::NotChatKey),
        }
    }

    /// For which app a server key speaks, if that is active. So many calls per second and key.
    pub async fn authorize_server_key(&self, key: &str) -> Result<KeyHolder, SessionError> {
        let holder = self.holder(key).await?;
        if holder.audience != Audience::Server {
            return Err(SessionError::NotServerKey);
        }
        self.server_calls.take(holder.key, self.now(), 1)?;
        Ok(holder)
    }

    async fn holder(&self, key: &str) -> Result<KeyHolder, SessionError> {
        let holder =
            self.store.key_holder(secret::hash(key.trim())).await?.ok_or(SessionError::InvalidKey)?;
        match holder.status {
            AppStatus::Active => Ok(holder),
            AppStatus::Suspended => Err(SessionError::AppSuspended),
            AppStatus::Deleted => Err(SessionError::InvalidKey),
        }
    }

    /// A ticket for one connection of the session's user. A demo app has a cap on users: those connected, and those
    /// who hold a ticket.
    pub fn issue_ticket(&self, session: Session, connected: Connected<'_>) -> Result<Token, SessionError> {
        let users_max = if session.tier == Tier::Demo { self.demo_users_max } else { 0 };
        Ok(self.tickets.issue(session.into(), users_max, connected, self.now())?)
    }

    /// Spends a ticket: whose connection it opens. Its session may have ended since it was issued, which is an error.
    pub async fn spend_ticket(&self, ticket: &str) -> Result<Identity, SessionError> {
        let now = self.now();
        let holder = self.tickets.spend(ticket, now).ok_or(SessionError::InvalidTicket)?;
        match self.live_session(holder.session, now).await {
            Ok(session) => Ok(session.into()),
            Err(SessionError::SessionEnded) => Err(SessionError::InvalidTicket),
            Err(error) => Err(error),
        }
    }

    async fn live_session(&self, id: SessionId, now: Timestamp) -> Result<Session, SessionError> {
        let session = self.store.session(id, now).await?.ok_or(SessionError::SessionEnded)?;
        match session.app_status {
            AppStatus::Active => Ok(session),
            AppStatus::Suspended => Err(SessionError::AppSuspended),
            AppStatus::Deleted => Err(SessionError::SessionEnded),
        }
    }
}
