//! What an app is to those who call for it: whether it is served, and on which terms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// As on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    /// Whether an app is served.
    AppStatus {
        Active = "ACTIVE",
        /// Its users are shut out until it is active again; nothing is lost.
        Suspended = "SUSPENDED",
        /// For good; no API shows it.
        Deleted = "DELETED",
    }
    /// What a key opens.
    Audience {
        /// The doors that people come in by: registering and signing in.
        Chat = "chat",
        /// The doors of the app's own server, which may do anything in the app. A secret.
        Server = "server",
    }
    /// An app's terms.
    Tier {
        /// With a cap on concurrent users; an account may have few of them.
        Demo = "DEMO",
        MultiTenant = "MULTI_TENANT",
        Dedicated = "DEDICATED",
    }
}
