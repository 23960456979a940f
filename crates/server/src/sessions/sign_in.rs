//! End users: they register, sign in and out, stay signed in, and change what they are called.

use std::net::IpAddr;

use chinwag_protocol::{Email, Username};

use super::jwt::Claims;
use super::password::Password;
use super::secret::{self, Token};
use super::{Identity, SessionError, Sessions, client_address, without_scheme};
use crate::sessions::app::AppStatus;
use crate::store::{AppUser, KeyHolder, NewAppUser, NewUser, User};

/// A user to be.
#[derive(Clone, Debug)]
pub struct Registration {
    pub username: Username,
    pub email: Email,
    pub password: Password,
    pub first_name: Option<String>,
    pub sur_name: Option<String>,
}

/// What a user gets for name and password.
#[derive(Debug)]
pub struct SignedIn {
    pub user: User,
    pub jwt: String,
    pub refresh: Token,
}

impl Sessions {
    /// Makes a user of the key's app. So many per minute and key.
    pub async fn register(&self, key: &KeyHolder, new: Registration) -> Result<User, SessionError> {
        self.registrations.take(key.key, self.now(), 1)?;
        let Registration { username, email, password, first_name, sur_name } = new;
        let password_hash = self.passwords.hash(password).await?;
        let new = NewUser { app: key.app, username, email, password_hash, first_name, sur_name };
        Ok(self.store.register_user(new).await?)
    }

    /// Counts an attempt to sign in from this address. To be asked before the password is looked at.
    pub fn count_sign_in(&self, peer: IpAddr) -> Result<(), SessionError> {
        Ok(self.sign_ins.take(client_address(peer), self.now(), 1)?)
    }

    /// Opens a session for a user of the key's app. Takes as long, and says the same, when there is no such user.
    pub async fn sign_in(
        &self,
        key: &KeyHolder,
        username: String,
        password: String,
    ) -> Result<SignedIn, SessionError> {
        // What cannot be a name or password of anybody is treated as what is nobody's.
        let known = match Username::parse(username) {
            Ok(username) => self.store.user_credentials(key.app, username).await?,
            Err(_) => None,
        };
        let (user, stored) = known.unzip();
        let is_right = match Password::given(password) {
            Some(password) => self.passwords.verify(password, stored).await?,
            None => false,
        };
        let Some(user) = user.filter(|_| is_right) else { return Err(SessionError::BadSignIn) };
        let (refresh, new_refresh) = self.new_refresh();
        let session = self.store.open_session(user.id, new_refresh).await?.ok_or(SessionError::BadSignIn)?;
        let who = Identity { user: user.id, username: user.username.clone(), app: user.app, session };
        Ok(SignedIn { user, jwt: self.sign(who), refresh })
    }

    /// Makes a user for the app's own server, which may do without a password.
    pub async fn register_for_server(
        &self,
        new: NewAppUser,
        password: Option<Password>,
    ) -> Result<AppUser, SessionError> {
        let password_hash = match password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        Ok(self.store.register_app_user(NewAppUser { password_hash, ..new }).await?)
    }

    /// Opens a session for a user whom the app's own server vouches for.
    pub async fn sign_in_for_server(&self, user: User) -> Result<SignedIn, SessionError> {
        let (refresh, new_refresh) = self.new_refresh();
        let session = self.store.open_session(user.id, new_refresh).await?;
        let session = session.ok_or(SessionError::UserNotFound)?;
        let who = Identity { user: user.id, username: user.username.clone(), app: user.app, session };
        Ok(SignedIn { user, jwt: self.sign(who), refresh })
    }

    /// A new JWT for a refresh token and the JWT it once came with, however old. The refresh token stays valid.
    pub async fn refresh(&self, refresh: &str, expired_jwt: &str) -> Result<String, SessionError> {
        let claims = self.jwt.verify_ignoring_expiry(without_scheme(expired_jwt))?;
        let session = self.store.use_refresh_token(secret::hash(refresh)).await?;
        let session =
            session.filter(|session| session.id == claims.sid).ok_or(SessionError::InvalidRefreshToken)?;
        if session.app_status != AppStatus::Active {
            return Err(SessionError::AppSuspended);
        }
        Ok(self.sign(session.into()))
    }

    /// Ends the session of this refresh token, which must be the caller's, on this device or another.
    pub async fn sign_out(&self, by: &Identity, refresh: &str) -> Result<(), SessionError> {
        let refresh = secret::hash(without_scheme(refresh));
        match self.store.end_session(by.user, refresh).await? {
            true => Ok(()),
            false => Err(SessionError::InvalidRefreshToken),
        }
    }

    pub async fn sign_out_everywhere(&self, by: &Identity) -> Result<(), SessionError> {
        Ok(self.store.end_sessions(by.user).await?)
    }

    pub async fn profile(&self, by: &Identity) -> Result<User, SessionError> {
        self.store.user(by.user).await?.ok_or(SessionError::SessionEnded)
    }

    /// A JWT with the new name. Older ones stay valid: what the name is now is looked up, not read from them.
    pub async fn change_username(&self, by: Identity, name: Username) -> Result<String, SessionError> {
        let user = self.store.change_username(by.user, name).await?;
        Ok(self.sign(Identity { username: user.username, ..by }))
    }

    fn sign(&self, who: Identity) -> String {
        self.jwt.sign(&Claims::new(who, self.now(), self.tokens.jwt_seconds))
    }
}
