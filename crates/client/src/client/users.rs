//! Users, and the sessions they sign in to.

use std::fmt;

use chinwag_protocol::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Client;
use crate::auth::Tokens;
use crate::error::Error;
use crate::http::{Answer, Call, Credential};

/// Someone to register.
///
/// ```
/// use chinwag_client::NewUser;
///
/// let alice = NewUser::new("alice", "alice@example.com", "correct horse").first_name("Alice");
/// ```
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    username: String,
    email: String,
    password: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sur_name: Option<String>,
}

impl NewUser {
    /// Name and address must be free in the app; the password has 8 to 256 characters.
    ///
    /// ```
    /// let bob = chinwag_client::NewUser::new("bob", "bob@example.com", "correct horse");
    /// ```
    pub fn new(username: impl Into<String>, email: impl Into<String>, password: impl Into<String>) -> Self {
        let (username, email, password) = (username.into(), email.into(), password.into());
        Self { username, email, password, first_name: None, sur_name: None }
    }

    /// At most 64 characters.
    ///
    /// ```
    /// # use chinwag_client::NewUser;
    /// let bob = NewUser::new("bob", "bob@example.com", "correct horse").first_name("Robert");
    /// ```
    #[must_use]
    pub fn first_name(mut self, name: impl Into<String>) -> Self {
        self.first_name = Some(name.into());
        self
    }

    /// At most 64 characters.
    ///
    /// ```
    /// # use chinwag_client::NewUser;
    /// let bob = NewUser::new("bob", "bob@example.com", "correct horse").surname("Builder");
    /// ```
    #[must_use]
    pub fn surname(mut self, name: impl Into<String>) -> Self {
        self.sur_name = Some(name.into());
        self
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A user as the server knows them.
///
/// ```no_run
/// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
/// let account = client.user().await?;
/// println!("{} is {}", account.username, account.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Stays when the name changes.
    pub id: UserId,
    /// Unique in the app.
    pub username: String,
    /// Unique in the app.
    pub email: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedIn {
    #[serde(flatten)]
    account: Account,
    refresh_token: String,
}

impl Client {
    /// Takes the API key. Nobody is signed in by it.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// use chinwag_client::NewUser;
    /// client.register_user(&NewUser::new("alice", "alice@example.com", "correct horse")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn register_user(&self, user: &NewUser) -> Result<Account, Error> {
        let call = Call::post("/api/user/registerUser", json!(user));
        self.auth.http().send(&call, Credential::ApiKey(self.api_key()?)).await?.read()
    }

    /// Takes the API key. From here on this client is that user's.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// let alice = client.sign_in("alice", "correct horse").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self, username: &str, password: &str) -> Result<Account, Error> {
        let call = Call::post("/api/user/signin", json!({"username": username, "password": password}));
        let answer = self.auth.http().send(&call, Credential::ApiKey(self.api_key()?)).await?;
        let SignedIn { account, refresh_token } = answer.read()?;
        let jwt = answer.jwt.ok_or(Error::UnexpectedAnswer { status: 200, what: "the answer has no JWT" })?;
        self.set_auth(Some(Tokens { jwt, refresh_token, user_id: account.id }));
        Ok(account)
    }

    /// The signed-in user.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// assert_eq!(client.user().await?.username, "alice");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn user(&self) -> Result<Account, Error> {
        self.auth.send(&Call::get("/api/user/getUser")).await?.read()
    }

    /// The old name is free at once.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.change_username("alice2").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn change_username(&self, name: &str) -> Result<(), Error> {
        let before = self.auth.signed_in()?;
        let call = Call::post("/api/user/changeUsername", json!({"newUsername": name}));
        if let Answer { jwt: Some(jwt), .. } = self.auth.send(&call).await? {
            self.auth.replace_jwt(&before, &jwt);
        }
        Ok(())
    }

    /// Ends this session and the connection. Nobody is signed in here afterwards, even if it fails.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.logout().await?;
    /// assert!(client.auth().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn logout(&self) -> Result<(), Error> {
        let refresh_token = self.auth.signed_in()?.refresh_token;
        self.leave(Call::post("/api/auth/logout", json!({"refreshToken": refresh_token}))).await
    }

    /// Ends all sessions of the user, on all devices.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.logout_all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn logout_all(&self) -> Result<(), Error> {
        self.leave(Call::post("/api/auth/logoutAll", json!({}))).await
    }

    /// The user, their messages and their reactions are gone when this returns.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.delete_user().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_user(&self) -> Result<(), Error> {
        self.leave(Call::delete("/api/user/deleteUser")).await
    }

    async fn leave(&self, call: Call) -> Result<(), Error> {
        let outcome = self.auth.send(&call).await;
        self.realtime().disconnect().await;
        if self.auth.tokens().is_some() {
            self.auth.set(None);
        }
        outcome.map(drop)
    }
}
