//! How a client comes to be.

use std::path::PathBuf;
use std::time::Duration;

use crate::auth::{Auth, OnAuthChange, Tokens};
use crate::client::Client;
use crate::error::Error;
use crate::http::{BaseUrl, Http};
use crate::realtime::Realtime;
use crate::realtime::backoff::Backoff;
use crate::realtime::keeping::OutboxFile;

/// A [`Client`] in the making; see [`Client::builder`].
///
/// ```
/// use chinwag_client::Client;
///
/// let client = Client::builder("https://chat.example.com").api_key("cwk_…").build()?;
/// # Ok::<(), chinwag_client::Error>(())
/// ```
#[must_use = "it does nothing until built"]
pub struct Builder {
    base_url: String,
    api_key: Option<String>,
    tokens: Option<Tokens>,
    on_auth_change: Option<OnAuthChange>,
    outbox_file: Option<PathBuf>,
    since: Option<String>,
    backoff: Backoff,
}

impl Builder {
    pub(crate) fn new(base_url: String) -> Self {
        let (api_key, tokens, on_auth_change, outbox_file, since) = (None, None, None, None, None);
        Self { base_url, api_key, tokens, on_auth_change, outbox_file, since, backoff: Backoff::default() }
    }

    /// The secret of the app, for [`Client::register_user`] and [`Client::sign_in`]. It belongs on your servers, never on
    /// the devices of your users: those get [`Tokens`].
    ///
    /// ```
    /// # use chinwag_client::Client;
    /// let client = Client::builder("https://chat.example.com").api_key("cwk_…").build()?;
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Goes on with a session that was begun before, or elsewhere.
    ///
    /// ```
    /// # use chinwag_client::{Client, Tokens};
    /// # fn kept() -> Tokens { Tokens { jwt: "".into(), refresh_token: "".into(), user_id: uuid::Uuid::nil().into() } }
    /// let client = Client::builder("https://chat.example.com").tokens(kept()).build()?;
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Called with the tokens whenever they change, so that they can be kept; with none when the session is over. It is
    /// called where the change is made, so it must be quick.
    ///
    /// ```
    /// # use chinwag_client::Client;
    /// # fn keep(_: &chinwag_client::Tokens) {}
    /// let builder = Client::builder("https://chat.example.com").on_auth_change(|tokens| match tokens {
    ///     Some(tokens) => keep(tokens),
    ///     None => eprintln!("sign in again"),
    /// });
    /// ```
    pub fn on_auth_change(mut self, changed: impl Fn(Option<&Tokens>) + Send + Sync + 'static) -> Self {
        self.on_auth_change = Some(Box::new(changed));
        self
    }

    /// Keeps what waits to be sent in this file, so that it survives the end of the process. The file is made for its owner
    /// only, and is one process's at a time: `build` fails while another has it. `.lock` is appended for a second file that
    /// says so.
    ///
    /// ```
    /// # use chinwag_client::Client;
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("outbox");
    /// let client = Client::builder("https://chat.example.com").outbox_file(&path).build()?;
    /// let another = Client::builder("https://chat.example.com").outbox_file(&path).build();
    /// assert!(another.is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn outbox_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.outbox_file = Some(path.into());
        self
    }

    /// Where the events begin: a cursor from [`Events::cursor`](crate::Events::cursor), of this process or an earlier one.
    /// Without it they begin when the connection does.
    ///
    /// ```
    /// # use chinwag_client::Client;
    /// # let cursor = String::new();
    /// let client = Client::builder("https://chat.example.com").since(cursor).build()?;
    /// # Ok::<(), chinwag_client::Error>(())
    /// ```
    pub fn since(mut self, cursor: impl Into<String>) -> Self {
        self.since = Some(cursor.into());
        self
    }

    /// How long to wait before a connection is tried again, or an action that was refused for now: from `min` to a ceiling that
    /// doubles up to `max`, at random. One second and thirty unless said otherwise; shorter waits are for tests.
    ///
    /// ```
    /// # use chinwag_client::Client;
    /// use std::time::Duration;
    /// let patient = Client::builder("https://chat.example.com").backoff(Duration::from_secs(5), Duration::from_secs(300));
    /// ```
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.backoff = Backoff { min, max: max.max(min) };
        self
    }

    /// Connects to nothing yet. Fails if the base URL is none, or the outbox's file cannot be used.
    ///
    /// ```
    /// # use chinwag_client::{Client, Error};
    /// let nowhere = Client::builder("chat.example.com").build();
    /// assert!(matches!(nowhere, Err(Error::InvalidBaseUrl { .. })));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let http = Http::new(BaseUrl::parse(&self.base_url)?);
        let kept = self.outbox_file.map(OutboxFile::open).transpose()?;
        let auth = Auth::new(http, self.tokens, self.on_auth_change);
        let realtime = Realtime::new(auth.clone(), kept, self.since, self.backoff);
        Ok(Client::new(auth, self.api_key, realtime))
    }
}
