//! What the administrators' commands share: the store, open beside a server if one runs, and how things are named.

use std::sync::Arc;

use chinwag_protocol::{AppId, KeyId, UserId, Username};
use chinwag_server::clock::{Clock, Ids, SystemClock};
use chinwag_server::hub::Announcements;
use chinwag_server::management::Name;
use chinwag_server::sessions::app::Tier;
use chinwag_server::store::{Act, Actor, App, Deed, KeyHolder, Occupancy, Reach, Store, User};
use clap::Args;

use crate::commands::{Failure, serve};
use crate::settings::PlaceFlags;

/// Where to work, and how to answer: the same for every administrators' command.
#[derive(Args, Clone)]
pub(crate) struct Desk {
    #[command(flatten)]
    pub(crate) place: PlaceFlags,
    /// Answer in JSON, with the names of the management API
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What is done if the data directory holds no data yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Make,
    Refuse,
}

/// The open store of a data directory, or of the database that is configured.
pub(crate) struct Administration {
    pub(crate) store: Store,
    pub(crate) occupancy: Occupancy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) json: bool,
}

impl Desk {
    /// Does `work` with the store. What it was told is done is on the disk.
    pub(crate) fn open<T>(
        &self,
        missing: Missing,
        work: impl AsyncFnOnce(Administration) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let settings = self.place.settings()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        if let Some(url) = &settings.database_url {
            return serve::runtime()?.block_on(async {
                let ids = Arc::new(Ids::new(Arc::clone(&clock)));
                let unheard = Announcements::unheard();
                let (occupancy, at) = (Occupancy::Shared, Arc::clone(&clock));
                let (store, _) = Store::connect(url.reveal(), occupancy, at, ids, unheard).await?;
                work(Administration { store, occupancy, clock, json: self.json }).await
            });
        }
        let data_dir = &settings.data_dir;
        if missing == Missing::Refuse && !Store::is_in(data_dir) {
            let there = data_dir.display();
            return Err(Failure::new(format!(
                "there is no data in {there}: name the server's data directory with --data-dir"
            )));
        }
        serve::runtime()?.block_on(async {
            let (store, occupancy) = Store::open_beside(data_dir, Arc::clone(&clock))?;
            work(Administration { store, occupancy, clock, json: self.json }).await
        })
    }
}

/// Something done on the command line.
pub(crate) fn operator(act: Act) -> Deed {
    Deed::new(Actor::Operator, act)
}

impl Administration {
    /// Something that an administrator did here, for the log of it. To be kept or told: the deed is done by then.
    pub(crate) async fn note(&self, deed: Deed) {
        if let Err(error) = self.store.note_deed(deed).await {
            eprintln!("chinwag: this is missing in the audit log: {error}");
        }
    }

    /// The app of this id or name.
    pub(crate) async fn app(&self, known_as: &str) -> Result<App, Failure> {
        match self.app_if_any(known_as).await? {
            Some(app) => Ok(app),
            None => Err(Failure::new(format!("there is no app {known_as}: see chinwag app list"))),
        }
    }

    /// The app of this id or name, made if it is a name that no app has.
    pub(crate) async fn app_or_new(&self, known_as: &str) -> Result<App, Failure> {
        if let Some(app) = self.app_if_any(known_as).await? {
            return Ok(app);
        }
        if known_as.parse::<AppId>().is_ok() {
            return Err(Failure::new(format!("there is no app {known_as}: see chinwag app list")));
        }
        let name = known_as.parse::<Name>()?.into_string();
        let app = self.store.create_app(Reach::All, name, Tier::MultiTenant).await?;
        self.note(operator(Act::AppCreated).in_app(app.id).saying(&app.name)).await;
        eprintln!("made the app {}, id {}", app.name, app.id);
        Ok(app)
    }

    async fn app_if_any(&self, known_as: &str) -> Result<Option<App>, Failure> {
        if let Ok(id) = known_as.parse::<AppId>()
            && let Some(app) = self.store.app(Reach::All, id).await?
        {
            return Ok(Some(app));
        }
        let mut found = self.store.apps_named(Reach::All, known_as.trim().to_owned()).await?;
        if found.len() > 1 {
            let ids: Vec<String> = found.iter().map(|app| app.id.to_string()).collect();
            let ids = ids.join(", ");
            return Err(Failure::new(format!("several apps are named {known_as}: give an id, {ids}")));
        }
        Ok(found.pop())
    }

    /// The key of this id, or of this prefix as lists show it.
    pub(crate) async fn key(&self, known_as: &str) -> Result<KeyHolder, Failure> {
        let known_as = known_as.trim();
        let id = known_as.parse::<KeyId>().ok();
        let mut found = self.store.keys_known_as(id, known_as.to_owned()).await?;
        if found.len() > 1 {
            return Err(Failure::new(format!("several keys begin with {known_as}: give an id")));
        }
        found.pop().ok_or_else(|| {
            Failure::new(format!("there is no key {known_as} that works: see chinwag key list --app APP"))
        })
    }

    /// The user of this id; with an app, of this id or name in it.
    pub(crate) async fn user(&self, known_as: &str, app: Option<&str>) -> Result<User, Failure> {
        let app = match app {
            Some(app) => Some(self.app(app).await?),
            None => None,
        };
        if let Ok(id) = known_as.parse::<UserId>()
            && let Some(user) = self.store.user(id).await?
            && app.as_ref().is_none_or(|app| app.id == user.app)
        {
            return Ok(user);
        }
        let Some(app) = app else {
            let hint = "give an id, or a name and --app";
            return Err(Failure::new(format!("there is no user with the id {known_as}: {hint}")));
        };
        let found = match Username::parse(known_as.to_owned()) {
            Ok(username) => self.store.user_named(app.id, username).await?,
            Err(_) => None,
        };
        found.ok_or_else(|| Failure::new(format!("there is no user {known_as} in the app {}", app.name)))
    }
}
