//! From what was given (a file, variables, flags) to settings. Pure: the caller reads the file and the environment.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Settings;
use super::catalogue::{Kind, SETTINGS, Setting};

const PREFIX: &str = "CHINWAG_";
/// The file to read, which cannot be one of the settings in it; and what the commands of users take from the environment.
const NOT_SETTINGS: [&str; 4] = ["CHINWAG_CONFIG", "CHINWAG_API_KEY", "CHINWAG_PASSWORD", "CHINWAG_SESSION"];

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    /// The variable's name.
    Variable(String),
    Flag,
}

/// Why the server cannot start with what it was given, in words for the operator. Secrets are not repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{} is not valid TOML: {why}", path.display())]
    NotToml { path: PathBuf, why: String },
    #[error("{origin}: there is no setting {name}")]
    Unknown { origin: Origin, name: String },
    #[error("{origin}: {name} must be {expected}, not {given}")]
    Refused { origin: Origin, name: &'static str, expected: String, given: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => path.display().fmt(f),
            Origin::Variable(name) => write!(f, "environment variable {name}"),
            Origin::Flag => f.write_str("command line"),
        }
    }
}

impl Settings {
    /// Merges what was given: a flag wins over a variable, a variable over the file, the file over the default.
    ///
    /// `env` is the whole environment: variables without our prefix are ignored, an empty one counts as not given,
    /// and an unknown one of ours is refused. `flags` has the shape of the file.
    pub fn resolve(
        file: Option<(&Path, &str)>,
        env: impl Iterator<Item = (String, String)>,
        flags: Table,
    ) -> Result<Self, ConfigError> {
        let mut given = Table::new();
        if let Some((path, text)) = file {
            let table = text.parse::<Table>().map_err(|e| ConfigError::NotToml {
                path: path.to_owned(),
                why: e.to_string().trim_end().to_owned(),
            })?;
            lay_table(&mut given, table, &Origin::File(path.to_owned()))?;
        }
        for (variable, text) in env {
            lay_variable(&mut given, variable, &text)?;
        }
        lay_table(&mut given, flags, &Origin::Flag)?;
        Ok(given.try_into().expect("the catalogue has every setting, and accepted each value"))
    }
}

fn lay_table(given: &mut Table, layer: Table, origin: &Origin) -> Result<(), ConfigError> {
    for (key, value) in layer {
        match value {
            Value::Table(section) if is_section(&key) => {
                for (inner, value) in section {
                    lay(given, &format!("{key}.{inner}"), value, origin)?;
                }
            }
            value => lay(given, &key, value, origin)?,
        }
    }
    Ok(())
}

fn is_section(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name.split_once('.').is_some_and(|(section, _)| section == key))
}

fn lay_variable(given: &mut Table, variable: String, text: &str) -> Result<(), ConfigError> {
    if !variable.starts_with(PREFIX) || NOT_SETTINGS.contains(&variable.as_str()) || text.trim().is_empty() {
        return Ok(());
    }
    let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == variable) else {
        let name = variable[PREFIX.len()..].to_lowercase().replace("__", ".");
        return Err(ConfigError::Unknown { origin: Origin::Variable(variable), name });
    };
    lay(given, setting.name, setting.kind.read(text), &Origin::Variable(variable))
}

/// Puts one value over whatever an earlier layer gave.
fn lay(given: &mut Table, name: &str, value: Value, origin: &Origin) -> Result<(), ConfigError> {
    let Some(setting) = Setting::named(name) else {
        return Err(ConfigError::Unknown { origin: origin.clone(), name: name.to_owned() });
    };
    let shown = match setting.kind {
        Kind::Secret => "****".to_owned(),
        _ => value.to_string(),
    };
    let Some(value) = setting.kind.accept(value) else {
        return Err(ConfigError::Refused {
            origin: origin.clone(),
            name: setting.name,
            expected: setting.kind.expected(),
            given: shown,
        });
    };
    match name.split_once('.') {
        None => given.insert(name.to_owned(), value),
        Some((section, key)) => given
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .expect("only sections are put at a section's name")
            .insert(key.to_owned(), value),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogFormat, LogLevel, Secret};

    fn from(file: &str, env: &[(&str, &str)], flags: &str) -> Result<Settings, ConfigError> {
        let env = env.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Settings::resolve(Some((Path::new("chinwag.toml"), file)), env, flags.parse().unwrap())
    }

    fn refusal(file: &str, env: &[(&str, &str)], flags: &str) -> String {
        from(file, env, flags).unwrap_err().to_string()
    }

    #[test]
    fn with_nothing_given_everything_has_its_default() {
        let settings = Settings::resolve(None, std::iter::empty(), Table::new()).unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!(from("", &[], "").unwrap(), Settings::default());
    }

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
        let file = "listen = '127.0.0.1:1'\nmanagement_listen = '127.0.0.1:1'\ndata_dir = 'file'\n[tokens]\njwt_seconds = 60";
        let env = [("CHINWAG_LISTEN", "127.0.0.1:2"), ("CHINWAG_MANAGEMENT_LISTEN", "127.0.0.1:2")];
        let settings = from(file, &env, "listen = '127.0.0.1:3'").unwrap();
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.management_listen.port(), 2);
        assert_eq!(settings.data_dir, Path::new("file"));
        assert_eq!(settings.tokens.jwt_seconds, 60);
        assert_eq!(settings.tokens.refresh_days, 30);
    }

    #[test]
    fn a_variable_has_the_type_of_its_setting() {
        let env = [
            ("CHINWAG_LIMITS__ACTIONS_PER_SECOND", "0"),
            ("CHINWAG_TOKENS__JWT_SECONDS", " 2 "),
            ("CHINWAG_HTTP__ALLOWED_ORIGINS", "https://a.example, https://b.example"),
            ("CHINWAG_LOG__LEVEL", "debug"),
            ("CHINWAG_LOG__FORMAT", "json"),
            ("CHINWAG_DATA_DIR", "12"),
            ("CHINWAG_PUBLIC_URL", "https://chat.example.com/"),
            ("CHINWAG_DATABASE_URL", "postgres://chinwag:hunter2@db/chinwag"),
            ("CHINWAG_CONFIG", "elsewhere.toml"),
            ("CHINWAG_NATS_URL", ""),
            ("PATH", "/bin"),
        ];
        let settings = from("", &env, "").unwrap();
        assert_eq!(settings.limits.actions_per_second, 0);
        assert_eq!(settings.tokens.jwt_seconds, 2);
        assert_eq!(settings.http.allowed_origins, ["https://a.example", "https://b.example"]);
        assert_eq!((settings.log.level, settings.log.format), (LogLevel::Debug, LogFormat::Json));
        assert_eq!(settings.data_dir, Path::new("12"));
        assert_eq!(settings.public_url.as_deref(), Some("https://chat.example.com"));
        assert_eq!(settings.database_url, Some(Secret::new("postgres://chinwag:hunter2@db/chinwag")));
        assert_eq!(settings.nats_url, None);
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_refusal_names_the_setting_its_origin_and_what_it_should_be() {
        assert_eq!(
            refusal("", &[("CHINWAG_TOKENS__JWT_SECONDS", "0")], ""),
            "environment variable CHINWAG_TOKENS__JWT_SECONDS: tokens.jwt_seconds must be a whole number from 1 to 86400, not 0"
        );
        assert_eq!(
            refusal("[log]\nlevel = 'loud'", &[], ""),
            r#"chinwag.toml: log.level must be one of off, error, warn, info, debug, trace, not "loud""#
        );
        assert_eq!(
            refusal("", &[], "listen = 'localhost'"),
            r#"command line: listen must be an address and port such as 127.0.0.1:8080, not "localhost""#
        );
        assert_eq!(
            refusal("[limits]\nmessage_bytes = '16k'", &[], ""),
            r#"chinwag.toml: limits.message_bytes must be a whole number from 0 to 16777216, not "16k""#
        );
        assert!(
            refusal("", &[("CHINWAG_PUBLIC_URL", "chat.example.com")], "").contains("public_url must be")
        );
        assert!(refusal("database_url = 5", &[], "").ends_with("must be text, not ****"));
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        assert_eq!(refusal("lisen = 'x'", &[], ""), "chinwag.toml: there is no setting lisen");
        assert_eq!(refusal("[limits]\nusers = 1", &[], ""), "chinwag.toml: there is no setting limits.users");
        assert_eq!(refusal("[limit]\nusers = 1", &[], ""), "chinwag.toml: there is no setting limit");
        assert_eq!(
            refusal("", &[("CHINWAG_LIMITS_MESSAGE_BYTES", "1")], ""),
            "environment variable CHINWAG_LIMITS_MESSAGE_BYTES: there is no setting limits_message_bytes"
        );
        assert!(refusal("limits = 5", &[], "").contains("there is no setting limits"));
        assert!(refusal("listen = ", &[], "").starts_with("chinwag.toml is not valid TOML: "));
    }

    #[test]
    fn the_catalogue_and_the_settings_agree() {
        for setting in SETTINGS {
            let text = match &setting.kind {
                Kind::Address => "127.0.0.1:9".to_owned(),
                Kind::Text | Kind::Secret => "x".to_owned(),
                Kind::Url => "http://x".to_owned(),
                Kind::Whole { max, .. } => max.to_string(),
                Kind::OneOf(words) => words[words.len() - 1].to_owned(),
                Kind::Switch => "true".to_owned(),
                Kind::List => "x,y".to_owned(),
                Kind::Networks => "10.0.0.0/8, ::1".to_owned(),
            };
            let settings = from("", &[(&setting.variable(), &text)], "").unwrap();
            assert_ne!(settings, Settings::default(), "{} changes nothing", setting.name);
            if let Kind::OneOf(words) = &setting.kind {
                for word in *words {
                    from("", &[(&setting.variable(), word)], "").unwrap();
                }
            }
        }
    }
}
