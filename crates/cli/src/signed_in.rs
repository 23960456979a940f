//! Who is signed in on this machine: a file for its owner only, and the client it stands for.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chinwag_client::{Builder, Client, Tokens, UserId};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::commands::Failure;

/// Which file.
#[derive(Args, Clone)]
pub(crate) struct SessionFlags {
    /// Where `chinwag login` keeps the session [default: chinwag/session.json in $XDG_CONFIG_HOME or ~/.config]
    #[arg(long, value_name = "FILE", env = "CHINWAG_SESSION")]
    session: Option<PathBuf>,
}

/// What is in it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedIn {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) user_id: UserId,
    jwt: String,
    refresh_token: String,
}

impl SessionFlags {
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.session {
            return Ok(path.clone());
        }
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // A relative path there is to be ignored (XDG Base Directory Specification).
        let config = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let config = config.or_else(|| Some(set("HOME")?.join(".config")));
        let config =
            config.ok_or_else(|| Failure::new("there is no home directory: say where with --session"))?;
        Ok(config.join("chinwag/session.json"))
    }

    /// None if nobody is signed in.
    pub(crate) fn read(&self) -> Result<Option<SignedIn>, Failure> {
        let path = self.path()?;
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::new(format!("unable to read {}; {error}", path.display()))),
        };
        let signed_in = serde_json::from_slice(&text);
        let broken =
            |_| Failure::new(format!("{} is no session: sign in again with chinwag login", path.display()));
        signed_in.map(Some).map_err(broken)
    }

    /// The client of who is signed in. What is said with it is kept up to date in the file.
    pub(crate) fn client(&self) -> Result<(SignedIn, Client), Failure> {
        let signed_in = self.read()?;
        let signed_in = signed_in
            .ok_or_else(|| Failure::new("nobody is signed in: chinwag login URL --key KEY --user NAME"))?;
        let client = self.builder(&signed_in.url, &signed_in.username)?.tokens(signed_in.tokens()).build()?;
        Ok((signed_in, client))
    }

    /// A client whose tokens are kept here under that name.
    pub(crate) fn builder(&self, url: &str, username: &str) -> Result<Builder, Failure> {
        let path = self.path()?;
        let (url, username) = (url.to_owned(), username.to_owned());
        Ok(Client::builder(&url).on_auth_change(move |tokens| {
            let kept = match tokens {
                Some(tokens) => write(&path, &SignedIn::of(&url, &username, tokens)),
                None => forget(&path),
            };
            if let Err(error) = kept {
                eprintln!("chinwag: unable to keep the session in {}; {error}", path.display());
            }
        }))
    }
}

impl SignedIn {
    fn of(url: &str, username: &str, tokens: &Tokens) -> Self {
        let Tokens { jwt, refresh_token, user_id } = tokens.clone();
        Self { url: url.to_owned(), username: username.to_owned(), user_id, jwt, refresh_token }
    }

    pub(crate) fn tokens(&self) -> Tokens {
        let (jwt, refresh_token) = (self.jwt.clone(), self.refresh_token.clone());
        Tokens { jwt, refresh_token, user_id: self.user_id }
    }
}

/// Replaces the file as a whole, so that a crash leaves the old one or the new one.
fn write(path: &Path, signed_in: &SignedIn) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(&serde_json::to_vec(signed_in)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

fn forget(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
