//! The handle that everything else hangs on.

mod chats;
mod users;

use std::sync::Arc;

use crate::auth::{Auth, Tokens};
use crate::builder::Builder;
use crate::error::Error;
use crate::realtime::Realtime;

pub use users::{Account, NewUser};

/// One user of a Chinwag server, or an app's own server. Clones share everything; when the last of them and of
/// [`Realtime`] is dropped, the connection closes.
///
/// ```no_run
/// # async fn example() -> Result<(), chinwag_client::Error> {
/// use chinwag_client::Client;
///
/// let client = Client::builder("http://127.0.0.1:8080").api_key("cwk_…").build()?;
/// client.sign_in("alice", "correct horse").await?;
/// let chat = client.create_chat("Tea", &["alice", "bob"]).await?;
/// client.realtime().connect().await?;
/// let stored = client.realtime().send_message(chat.chat_id, "Tea, Bob?").await?;
/// println!("on the server's disk as {}", stored.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) auth: Arc<Auth>,
    api_key: Option<Arc<str>>,
    realtime: Realtime,
}

impl Client {
    pub(crate) fn new(auth: Arc<Auth>, api_key: Option<String>, realtime: Realtime) -> Self {
        Self { auth, api_key: api_key.map(Arc::from), realtime }
    }

    /// `base_url`: scheme, host, perhaps a port and a path, as in `https://chat.example.com`.
    ///
    /// ```
    /// let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn builder(base_url: impl Into<String>) -> Builder {
        Builder::new(base_url.into())
    }

    /// The realtime connection: events, and actions that are acknowledged.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.realtime().connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn realtime(&self) -> &Realtime {
        &self.realtime
    }

    /// Who is signed in, with the newest JWT.
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// assert!(client.auth().is_none());
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    #[must_use]
    pub fn auth(&self) -> Option<Tokens> {
        self.auth.tokens()
    }

    /// Signs in with tokens from elsewhere, or forgets them. If it is somebody else, the connection ends and
    /// another is made in their name.
    ///
    /// ```
    /// # let client = chinwag_client::Client::builder("http://127.0.0.1:8080").build()?;
    /// client.set_auth(None);
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn set_auth(&self, tokens: Option<Tokens>) {
        self.auth.set(tokens);
        self.realtime.wake();
    }

    /// Replaces the JWT now. It happens by itself when one is refused; calls at the same time share one exchange. If the
    /// session is over it fails with the status 401, and nobody is signed in any more.
    ///
    /// ```no_run
    /// # async fn example(client: chinwag_client::Client) -> Result<(), chinwag_client::Error> {
    /// client.refresh().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn refresh(&self) -> Result<(), Error> {
        self.auth.refresh().await
    }

    fn api_key(&self) -> Result<&str, Error> {
        self.api_key.as_deref().ok_or(Error::NoApiKey)
    }
}
