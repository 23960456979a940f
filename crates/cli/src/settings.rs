//! Flags, and how they, the environment and the configuration file become settings.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use chinwag_server::config::Settings;
use clap::Args;

use crate::commands::Failure;

/// Every other setting goes into the file, or into a variable CHINWAG_<SECTION>__<KEY>.
#[derive(Args, Clone, Default)]
pub(crate) struct ServeFlags {
    /// Where the chat API listens [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the management API listens [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) management_listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) place: PlaceFlags,
    /// A NATS server that connects several nodes
    #[arg(long, value_name = "URL")]
    pub(crate) nats_url: Option<String>,
}

/// Which data directory, and which configuration.
#[derive(Args, Clone, Default)]
pub(crate) struct PlaceFlags {
    /// Holds the database and the signing key [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded one: postgres://user:password@host/database
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) database_url: Option<String>,
    /// Settings as TOML
    #[arg(long, value_name = "FILE", env = "CHINWAG_CONFIG", global = true)]
    pub(crate) config: Option<PathBuf>,
}

impl ServeFlags {
    /// Flags over environment over file over defaults.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let given = [
            ("listen", self.listen.map(|address| address.to_string())),
            ("management_listen", self.management_listen.map(|address| address.to_string())),
            ("nats_url", self.nats_url.clone()),
        ];
        self.place.settings_with(given)
    }
}

impl PlaceFlags {
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.settings_with([])
    }

    fn settings_with<const N: usize>(&self, given: [(&str, Option<String>); N]) -> Result<Settings, Failure> {
        let data_dir = self.data_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
        let given =
            given.into_iter().chain([("data_dir", data_dir), ("database_url", self.database_url.clone())]);
        let flags = given
            .filter_map(|(name, value)| Some((name.to_owned(), toml::Value::String(value?))))
            .collect::<toml::Table>();
        let file = match &self.config {
            None => None,
            Some(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|error| Failure::new(format!("unable to read {}; {error}", path.display())))?;
                Some((path.clone(), text))
            }
        };
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        // Variables that are not text cannot be ours.
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Settings::resolve(file, env, flags).map_err(|error| Failure::new(error.to_string()))
    }
}
