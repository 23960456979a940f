//! What `dev` must remember to tell it again: the store keeps only hashes of keys and passwords.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chinwag_protocol::{AppId, ChatId};
use serde::{Deserialize, Serialize};

use crate::commands::Failure;

const FILE: &str = "dev.toml";
const DRAFT: &str = "dev.toml.draft";
const OWNER_ONLY: u32 = 0o600;

/// `dev.toml` in the data directory. No Debug: it is all secrets.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) app: AppId,
    pub(super) key: String,
    pub(super) chat: Option<ChatId>,
    /// Whose app it is.
    #[serde(default)]
    pub(super) account: Option<Account>,
    /// By username.
    pub(super) passwords: BTreeMap<String, String>,
}

/// Signs in to the console.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) email: String,
    pub(super) password: String,
}

impl Secrets {
    /// `None` if there is no such file.
    pub(super) fn read(data_dir: &Path) -> Result<Option<Self>, Failure> {
        let path = data_dir.join(FILE);
        let unreadable = |why: String| {
            let hint = "without it, dev makes a new app";
            Failure::new(format!("unable to read {}; {why}: mend it or remove it ({hint})", path.display()))
        };
        match fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).map(Some).map_err(|error| unreadable(error.message().to_owned()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }

    /// Replaces the file as a whole: a crash leaves the old one or the new one.
    pub(super) fn write(&self, data_dir: &Path) -> Result<(), Failure> {
        let text =
            format!("# The secrets of `chinwag dev`, which prints them.\n\n{}", toml::to_string(self)?);
        let draft = data_dir.join(DRAFT);
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, data_dir.join(FILE))?;
        Ok(File::open(data_dir)?.sync_all()?)
    }
}
