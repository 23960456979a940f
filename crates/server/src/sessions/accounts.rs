//! Accounts: they sign in to the management side, where access tokens are short-lived and refresh tokens rotate.

use std::net::IpAddr;

use chinwag_protocol::{AccountId, Email, SessionId};

use super::guesses::Guess;
use super::jwt::{AccountClaims, AccountRole};
use super::password::Password;
use super::secret::{self, Token};
use super::{SessionError, Sessions, client_address};
use crate::store::{Account, AccountSession, NewAccount};

/// Seconds that an access token lives (protocol, section 6).
pub const ACCESS_SECONDS: u32 = 900;

/// What an account gets for signing in, or for its last refresh token.
#[derive(Debug)]
pub struct AccountSignedIn {
    pub account: Account,
    pub access_token: String,
    pub refresh: Token,
}

impl Sessions {
    /// Counts an attempt to register or sign in from this address.
    pub fn count_account_sign_in(&self, peer: IpAddr) -> Result<(), SessionError> {
        Ok(self.account_sign_ins.take(client_address(peer), self.now(), 1)?)
    }

    pub async fn register_account(
        &self,
        company_name: String,
        email: Email,
        password: Password,
    ) -> Result<AccountSignedIn, SessionError> {
        let password_hash = self.passwords.hash(password).await?;
        let (refresh, new_refresh) = self.new_refresh();
        let new = NewAccount { company_name, email, password_hash };
        Ok(self.account_signed_in(self.store.register_account(new, new_refresh).await?, refresh))
    }

    /// Takes as long, and says the same, when there is no such account.
    pub async fn sign_in_account(
        &self,
        email: String,
        password: String,
        from: IpAddr,
    ) -> Result<AccountSignedIn, SessionError> {
        let guess = Guess::at(b"accounts", &email.to_ascii_lowercase(), from);
        let guess = self.guesses.begin(guess, self.now()).await?;
        let known = match Email::parse(email) {
            Ok(email) => self.store.account_credentials(email).await?,
            Err(_) => None,
        };
        let (account, stored): (Option<AccountId>, _) = known.unzip();
        let is_right = match Password::given(password) {
            Some(password) => self.passwords.verify(password, stored).await?,
            None => false,
        };
        let account = match account {
            Some(account) if is_right => account,
            known => return Err(known.map_or(SessionError::BadSignIn, SessionError::BadAccountSignIn)),
        };
        guess.right();
        let (refresh, new_refresh) = self.new_refresh();
        Ok(self.account_signed_in(self.store.open_account_session(account, new_refresh).await?, refresh))
    }

    /// A new access token and a new refresh token for an old one, which works no more.
    pub async fn refresh_account(&self, spent: &str) -> Result<AccountSignedIn, SessionError> {
        let (refresh, new_refresh) = self.new_refresh();
        let session = self.store.rotate_account_session(secret::hash(spent), new_refresh).await?;
        Ok(self.account_signed_in(session.ok_or(SessionError::InvalidRefreshToken)?, refresh))
    }

    /// The session of an access token: ours, not expired, not ended.
    pub async fn authenticate_account(&self, access_token: &str) -> Result<AccountSession, SessionError> {
        let now = self.now();
        let claims = self.jwt.verify_account(access_token, now)?;
        let session = self.store.account_session(claims.sid, now).await?.ok_or(SessionError::SessionEnded)?;
        self.account_requests.take(session.account.id, now, 1)?;
        Ok(session)
    }

    pub async fn sign_out_account(&self, session: SessionId) -> Result<(), SessionError> {
        Ok(self.store.end_account_session(session).await?)
    }

    /// The same for those who hold only the refresh token. That it is worth nothing already is no error.
    pub async fn sign_out_account_of(&self, refresh: &str) -> Result<(), SessionError> {
        self.store.end_account_session_of(secret::hash(refresh)).await?;
        Ok(())
    }

    fn account_signed_in(&self, session: AccountSession, refresh: Token) -> AccountSignedIn {
        let iat = self.now().seconds();
        let claims = AccountClaims {
            sub: session.account.id,
            role: AccountRole::Client,
            sid: session.session,
            iat,
            exp: iat.saturating_add(i64::from(ACCESS_SECONDS)),
        };
        let access_token = self.jwt.sign_account(&claims);
        AccountSignedIn { account: session.account, access_token, refresh }
    }
}
