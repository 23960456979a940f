//! Accounts: registered, signed in and out, and what they are called.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use chinwag_protocol::ErrorCode::{
    AccountExists, BadSignIn, InvalidRefreshToken, Overloaded, RateLimited, SessionEnded,
};
use chinwag_protocol::{AccountId, Email, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::name::Name;
use super::{Client, Cluster};
use crate::api::{Answers, Created, Credential, Routes, Sketch, get, post, put};
use crate::app::App;
use crate::http::extract::{Json, bearer_token};
use crate::http::{ApiError, Empty, NOTHING};
use crate::listener::PeerAddress;
use crate::sessions::SessionError;
use crate::sessions::accounts::{ACCESS_SECONDS, AccountSignedIn};
use crate::sessions::jwt::AccountRole;
use crate::sessions::password::Password;
use crate::store::{Account, Act, Actor, Deed};

/// The cookie that carries the refresh token, to the paths that need it only.
const COOKIE: &str = "chinwag_refresh";
const COOKIE_PATH: &str = "/api/auth";

pub(super) fn routes() -> Routes {
    Routes::about("Accounts")
        .with(
            post("/api/auth/register", register)
                .named("register", "Register an account and sign it in")
                .refusing(&[AccountExists, RateLimited, Overloaded]),
        )
        .with(post("/api/auth/login", sign_in).named("login", "Sign an account in").refusing(&[
            BadSignIn,
            RateLimited,
            Overloaded,
        ]))
        .with(
            post("/api/auth/refresh", refresh)
                .named("refresh", "Get a new access token; the cookie is replaced")
                .opened_by(&[Credential::RefreshCookie])
                .refusing(&[SessionEnded]),
        )
        .with(
            post("/api/auth/logout", sign_out)
                .named("logout", "End the session of the cookie, or of the access token")
                .opened_by(&[Credential::RefreshCookie, Credential::AccessToken])
                .refusing(&[InvalidRefreshToken]),
        )
        .with(get("/api/client/profile", profile).named("getProfile", "The account that calls"))
        .with(put("/api/client/profile", change_profile).named("changeProfile", "Rename the company"))
}

/// An answer that also sets the refresh cookie, or takes it away.
struct WithCookie<A> {
    cookie: String,
    answer: A,
}

impl<A: IntoResponse> IntoResponse for WithCookie<A> {
    fn into_response(self) -> Response {
        ([(header::SET_COOKIE, self.cookie)], self.answer).into_response()
    }
}

impl<A: Answers> Answers for WithCookie<A> {
    fn describe(sketch: &mut Sketch<'_>) {
        A::describe(sketch);
        sketch.answer_header("Set-Cookie", "`chinwag_refresh`: HttpOnly, SameSite=Strict");
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewAccount {
    company_name: Name,
    email: Email,
    password: Password,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Access {
    access_token: String,
    email: String,
    role: AccountRole,
    expires_in: u32,
}

async fn register(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    Extension(cluster): Extension<Cluster>,
    Json(new): Json<NewAccount>,
) -> Result<WithCookie<Created<Access>>, ApiError> {
    app.sessions.count_account_sign_in(peer.ip())?;
    let signed_in = app.sessions.register_account(new.company_name.0, new.email, new.password).await?;
    app.note(deed(Act::AccountRegistered, signed_in.account.id, peer.ip())).await;
    let (cookie, access) = access(&app, &headers, &cluster, signed_in);
    Ok(WithCookie { cookie, answer: Created(access) })
}

#[derive(Deserialize, JsonSchema)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SignedIn {
    mfa_required: bool,
    #[serde(flatten)]
    access: Access,
}

async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    Extension(cluster): Extension<Cluster>,
    Json(Credentials { email, password }): Json<Credentials>,
) -> Result<WithCookie<Answer<SignedIn>>, ApiError> {
    app.sessions.count_account_sign_in(peer.ip())?;
    let signed_in = match app.sessions.sign_in_account(email, password, peer.ip()).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            if let SessionError::BadAccountSignIn(account) = error {
                app.note(deed(Act::AccountSignInFailed, account, peer.ip())).await;
            }
            return Err(error.into());
        }
    };
    app.note(deed(Act::AccountSignedIn, signed_in.account.id, peer.ip())).await;
    let (cookie, access) = access(&app, &headers, &cluster, signed_in);
    Ok(WithCookie { cookie, answer: Answer(SignedIn { mfa_required: false, access }) })
}

async fn refresh(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Extension(cluster): Extension<Cluster>,
) -> Result<WithCookie<Answer<Access>>, ApiError> {
    let spent = refresh_token(&headers).ok_or(SessionError::MissingCredentials)?;
    let signed_in = app.sessions.refresh_account(spent).await?;
    let (cookie, access) = access(&app, &headers, &cluster, signed_in);
    Ok(WithCookie { cookie, answer: Answer(access) })
}

/// By cookie or access token, whichever there is: one who has only an expired access token must be able to leave too.
async fn sign_out(
    State(app): State<Arc<App>>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    Extension(cluster): Extension<Cluster>,
) -> Result<WithCookie<Answer<Empty>>, ApiError> {
    match refresh_token(&headers) {
        Some(refresh) => app.sessions.sign_out_account_of(refresh).await?,
        None => {
            let session = app.sessions.authenticate_account(bearer_token(&headers)?).await?;
            app.sessions.sign_out_account(session.session).await?;
            app.note(deed(Act::AccountSignedOut, session.account.id, peer.ip())).await;
        }
    }
    Ok(WithCookie { cookie: cookie("", 0, is_over_tls(&app, &headers, &cluster)), answer: NOTHING })
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Profile {
    id: AccountId,
    company_name: String,
    email: String,
    role: AccountRole,
    created_at: Timestamp,
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            company_name: account.company_name,
            email: account.email,
            role: AccountRole::Client,
            created_at: account.created_at,
        }
    }
}

fn deed(act: Act, account: AccountId, peer: IpAddr) -> Deed {
    Deed::new(Actor::Account, act).of_account(account).from(peer)
}

async fn profile(Client(by, _): Client) -> Answer<Profile> {
    Answer(by.account.into())
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ProfileChanges {
    company_name: Option<Name>,
}

async fn change_profile(
    State(app): State<Arc<App>>,
    Client(by, _): Client,
    Json(changes): Json<ProfileChanges>,
) -> Result<Answer<Profile>, ApiError> {
    let mut account = by.account;
    if let Some(Name(company_name)) = changes.company_name {
        app.store.rename_account(account.id, company_name.clone()).await?;
        account.company_name = company_name;
    }
    Ok(Answer(account.into()))
}

fn access(app: &App, headers: &HeaderMap, cluster: &Cluster, signed_in: AccountSignedIn) -> (String, Access) {
    let refresh = signed_in.refresh.reveal();
    let cookie = cookie(refresh, app.sessions.refresh_seconds(), is_over_tls(app, headers, cluster));
    let access = Access {
        access_token: signed_in.access_token,
        email: signed_in.account.email,
        role: AccountRole::Client,
        expires_in: ACCESS_SECONDS,
    };
    (cookie, access)
}

/// Scripts cannot read it and other sites cannot send it (RFC 6265bis, section 4.1.2).
fn cookie(value: &str, max_age_seconds: u64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{COOKIE}={value}; Path={COOKIE_PATH}; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}"
    )
}

/// Whether the browser came by TLS, as far as the proxy that ends it or the operator says. A client that lies about it
/// only loses its own cookie.
fn is_over_tls(app: &App, headers: &HeaderMap, cluster: &Cluster) -> bool {
    let forwarded = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let tls = &app.settings.tls;
    // The chat listener's own TLS says nothing about this listener.
    let ends_before_us = tls.certificate.is_none() && cluster.endpoint.starts_with("https://");
    forwarded || tls.management || ends_before_us
}

fn refresh_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresh_token_is_found_among_other_cookies() {
        let headers = |line: &'static str| {
            HeaderMap::from_iter([(header::COOKIE, axum::http::HeaderValue::from_static(line))])
        };
        assert_eq!(refresh_token(&headers("a=b; chinwag_refresh=cwr_x; c=d")), Some("cwr_x"));
        assert_eq!(refresh_token(&headers("chinwag_refresh=; xchinwag_refresh=y")), None);
        assert_eq!(refresh_token(&HeaderMap::new()), None);
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let plain = cookie("cwr_x", 60, false);
        assert_eq!(plain, "chinwag_refresh=cwr_x; Path=/api/auth; Max-Age=60; HttpOnly; SameSite=Strict");
        let secure = cookie("", 0, true);
        assert!(secure.starts_with("chinwag_refresh=; ") && secure.ends_with("; Secure"), "{secure}");
    }
}
