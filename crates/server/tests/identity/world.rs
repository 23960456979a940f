//! A server's store without its doors, in a directory of its own, at a time that the test decides.

use std::sync::Arc;

use chinwag_protocol::{AppId, Email, Timestamp, UserId, Username};
use chinwag_server::clock::{Clock, Ids, ManualClock};
use chinwag_server::config::Settings;
use chinwag_server::hub::Hub;
use chinwag_server::sessions::Sessions;
use chinwag_server::sessions::app::{Audience, Tier};
use chinwag_server::sessions::jwt::{Jwt, SigningKeyFile};
use chinwag_server::sessions::secret::{Token, TokenKind};
use chinwag_server::store::{NewKey, NewRefresh, NewUser, Occupancy, Reach, Store, User};
use chinwag_testkit::Postgres;

pub(crate) const START: Timestamp = Timestamp(1_795_362_000_000);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) directory: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let shared: Arc<dyn Clock> = clock.clone();
        // Nobody listens: the fan-out is dropped, and announcements go nowhere.
        let (hub, _) = Hub::new(shared.clone());
        let ids = Arc::new(Ids::new(shared.clone()));
        let announcements = hub.announcements();
        let (store, _) = if Postgres::is_wanted() {
            let url = Postgres::shared().new_database();
            Store::connect(&url, Occupancy::Alone, shared, ids, announcements).await.unwrap()
        } else {
            Store::open(directory.path(), shared, ids, announcements).unwrap()
        };
        Self { store, clock, directory }
    }

    pub(crate) fn sessions(&self, settings: &Settings) -> Sessions {
        let jwt = Jwt::new(&SigningKeyFile::open(self.directory.path()).unwrap()).unwrap();
        Sessions::new(settings, self.store.clone(), self.clock.clone(), jwt, 2)
    }

    pub(crate) async fn app(&self) -> AppId {
        self.store.create_app(Reach::All, "Acme".to_owned(), Tier::Demo).await.unwrap().id
    }

    pub(crate) async fn key(&self, app: AppId) -> Token {
        let (token, new) = new_key();
        self.store.create_key(Reach::All, app, new).await.unwrap();
        token
    }

    /// A user whose password nobody knows.
    pub(crate) async fn user(&self, app: AppId, name: &str) -> User {
        self.store.register_user(new_user(app, name, &format!("{name}@example.com"))).await.unwrap()
    }

    /// A session of the user, and what its refresh token hashes to.
    pub(crate) async fn session(&self, user: UserId) -> (chinwag_protocol::SessionId, NewRefresh) {
        let refresh = new_refresh();
        (self.store.open_session(user, refresh).await.unwrap().unwrap(), refresh)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(crate) fn username(text: &str) -> Username {
    Username::parse(text.to_owned()).unwrap()
}

pub(crate) fn email(text: &str) -> Email {
    Email::parse(text.to_owned()).unwrap()
}

pub(crate) fn new_user(app: AppId, name: &str, address: &str) -> NewUser {
    NewUser {
        app,
        username: username(name),
        email: email(address),
        password_hash: "hash".to_owned(),
        first_name: None,
        sur_name: None,
    }
}

pub(crate) fn new_key() -> (Token, NewKey) {
    let token = Token::generate(TokenKind::ApiKey);
    let audience = Audience::Chat;
    let new = NewKey { hash: token.hash(), prefix: token.prefix().to_owned(), audience };
    (token, new)
}

pub(crate) fn new_refresh() -> NewRefresh {
    NewRefresh { hash: Token::generate(TokenKind::Refresh).hash(), life_days: 30 }
}
