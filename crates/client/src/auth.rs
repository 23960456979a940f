//! Who is signed in, and the one place where a JWT is replaced.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_protocol::UserId;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::json;

use crate::error::Error;
use crate::http::{Answer, Call, Credential, Http, without_scheme};

/// What signing in gives: keep it to go on later without a password. Debugging it shows no token.
///
/// ```
/// use chinwag_client::{Client, Tokens};
///
/// # let kept = [("jwt", "e.y.j"), ("refresh", "cwr_1")];
/// # let user = "01890a5d-ac96-774b-bcce-b302099a8057";
/// let tokens = Tokens { jwt: kept[0].1.into(), refresh_token: kept[1].1.into(), user_id: user.parse()? };
/// assert!(!format!("{tokens:?}").contains("cwr_1"));
/// let client = Client::builder("https://chat.example.com").tokens(tokens).build()?;
/// assert!(client.auth().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Lives for minutes, and is replaced by itself.
    pub jwt: String,
    /// Lives for as long as the session. May be empty: then the JWT is not replaced.
    pub refresh_token: String,
    /// Whose they are.
    pub user_id: UserId,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Told of every change of the tokens, none being the end of the session.
pub(crate) type OnAuthChange = Box<dyn Fn(Option<&Tokens>) + Send + Sync>;

type Refresh = Shared<BoxFuture<'static, Result<(), Error>>>;

pub(crate) struct Auth {
    http: Http,
    tokens: Mutex<Option<Tokens>>,
    /// The refresh under way, so that any number of requests that find an expired JWT cause one. Whoever waits for it
    /// moves it on, so it does not matter who gives up.
    refreshing: Mutex<Option<Refresh>>,
    changed: Option<OnAuthChange>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Auth {
    pub(crate) fn new(http: Http, tokens: Option<Tokens>, changed: Option<OnAuthChange>) -> Arc<Self> {
        let tokens = Mutex::new(tokens.map(plain));
        Arc::new(Self { http, tokens, refreshing: Mutex::default(), changed })
    }

    pub(crate) fn http(&self) -> &Http {
        &self.http
    }

    pub(crate) fn tokens(&self) -> Option<Tokens> {
        lock(&self.tokens).clone()
    }

    pub(crate) fn signed_in(&self) -> Result<Tokens, Error> {
        self.tokens().ok_or(Error::NotSignedIn)
    }

    pub(crate) fn set(&self, tokens: Option<Tokens>) {
        let tokens = tokens.map(plain);
        lock(&self.tokens).clone_from(&tokens);
        self.tell(tokens.as_ref());
    }

    fn tell(&self, tokens: Option<&Tokens>) {
        if let Some(changed) = &self.changed {
            changed(tokens);
        }
    }

    /// Another JWT for the same session, unless somebody else signed in meanwhile.
    pub(crate) fn replace_jwt(&self, before: &Tokens, jwt: &str) {
        let replaced = {
            let mut tokens = lock(&self.tokens);
            let Some(tokens) = tokens.as_mut().filter(|now| now.refresh_token == before.refresh_token) else {
                return;
            };
            without_scheme(jwt).clone_into(&mut tokens.jwt);
            tokens.clone()
        };
        self.tell(Some(&replaced));
    }

    /// One request with the JWT. A JWT that is refused is replaced once, and the request repeated.
    pub(crate) async fn send(self: &Arc<Self>, call: &Call) -> Result<Answer, Error> {
        let before = self.signed_in()?;
        match self.http.send(call, Credential::Bearer(&before.jwt)).await {
            Err(error) if error.is_unauthorized() && !before.refresh_token.is_empty() => {
                self.refresh_from(&before).await?;
                let tokens = self.signed_in()?;
                self.http.send(call, Credential::Bearer(&tokens.jwt)).await
            }
            answer => answer,
        }
    }

    /// Replaces the JWT, unless somebody has done so since `before`.
    async fn refresh_from(self: &Arc<Self>, before: &Tokens) -> Result<(), Error> {
        let refresh = {
            let mut refreshing = lock(&self.refreshing);
            // Looked at under the lock that an exchange takes when it is done: none is missed, none is made in vain.
            if lock(&self.tokens).as_ref().is_some_and(|now| now.jwt != before.jwt) {
                return Ok(());
            }
            refreshing.get_or_insert_with(|| Arc::clone(self).exchange().boxed().shared()).clone()
        };
        refresh.await
    }

    /// Callers at the same time share one exchange. If the session is over, nobody is signed in any more.
    pub(crate) async fn refresh(self: &Arc<Self>) -> Result<(), Error> {
        self.refresh_from(&self.signed_in()?).await
    }

    async fn exchange(self: Arc<Self>) -> Result<(), Error> {
        let outcome = self.replaced().await;
        // From here on a refusal of the new JWT is a reason for another exchange.
        *lock(&self.refreshing) = None;
        outcome
    }

    async fn replaced(&self) -> Result<(), Error> {
        let before = self.signed_in()?;
        let call = Call::post("/api/auth/refresh", json!({"expiredJwt": before.jwt}));
        match self.http.send(&call, Credential::Bearer(&before.refresh_token)).await {
            Ok(Answer { jwt: Some(jwt), .. }) => {
                self.replace_jwt(&before, &jwt);
                Ok(())
            }
            Ok(_) => Err(Error::UnexpectedAnswer { status: 200, what: "the answer has no JWT" }),
            Err(error) => {
                if error.is_refused_with_401() {
                    self.end(&before);
                }
                Err(error)
            }
        }
    }

    /// Whoever signed in meanwhile stays.
    fn end(&self, before: &Tokens) {
        let ended = {
            let mut tokens = lock(&self.tokens);
            let same = tokens.as_ref().is_some_and(|now| now.refresh_token == before.refresh_token);
            if same { tokens.take() } else { None }
        };
        if ended.is_some() {
            self.tell(None);
        }
    }
}

fn plain(tokens: Tokens) -> Tokens {
    let jwt = without_scheme(&tokens.jwt).to_owned();
    let refresh_token = without_scheme(&tokens.refresh_token).to_owned();
    Tokens { jwt, refresh_token, user_id: tokens.user_id }
}
