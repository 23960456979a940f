//! `chinwag login` and `chinwag logout`: a session for `send`, `tail` and `chat`.

use clap::Args;
use serde_json::json;

use super::{Failure, serve};
use crate::output;
use crate::signed_in::SessionFlags;

#[derive(Args)]
pub(crate) struct Login {
    /// The server, as in http://127.0.0.1:8080
    url: String,
    /// The app's API key
    #[arg(long, env = "CHINWAG_API_KEY", hide_env_values = true)]
    key: String,
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Read the password from the first line of standard input, instead of CHINWAG_PASSWORD or the terminal
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    session: SessionFlags,
    /// Answer with JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Logout {
    #[command(flatten)]
    session: SessionFlags,
}

pub(crate) fn login(login: &Login) -> Result<(), Failure> {
    let password = match std::env::var("CHINWAG_PASSWORD") {
        Ok(password) if !login.password_stdin => password,
        _ if login.password_stdin => super::user::first_line()?,
        _ => super::chat::terminal::hidden_line("password: ")?,
    };
    serve::runtime()?.block_on(async {
        let client = login.session.builder(&login.url, &login.user)?.api_key(&login.key).build()?;
        let account = client.sign_in(&login.user, &password).await?;
        if login.json {
            return output::json(&json!({"id": account.id, "username": account.username, "url": login.url}));
        }
        output::text(&format!("signed in  {}  {}", account.id, account.username))
    })
}

pub(crate) fn logout(logout: &Logout) -> Result<(), Failure> {
    let (signed_in, client) = logout.session.client()?;
    serve::runtime()?.block_on(client.logout())?;
    output::text(&format!("signed out  {}  {}", signed_in.user_id, signed_in.username))
}
