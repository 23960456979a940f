//! Wiring: what the doors share, how it starts, and how it stops in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::{Router, middleware};
use chinwag_protocol::{ErrorCode, UserId};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Documents;
use crate::chat::Chat;
use crate::clock::{Clock, Ids};
use crate::config::Settings;
use crate::hooks::Hooks;
use crate::http::Outfit;
use crate::hub::{Budget, Hub};
use crate::listener::{self, Bounds, Line};
use crate::management::Cluster;
use crate::problem::Problem;
pub use crate::realtime::events::Inspected;
use crate::realtime::events::{EventStream, Overdue};
use crate::realtime::presence::{Presence, Seat, TooManyConnections};
use crate::realtime::sockjs::HttpSessions;
use crate::sessions::jwt::{Jwt, KeyError, SigningKeyFile};
use crate::sessions::secret::Token;
use crate::sessions::tickets::Connected;
use crate::sessions::{Identity, Sessions};
use crate::store::{Erasure, Occupancy, OpenError, Session, Store, StoreError, WriterThread};
use crate::telemetry::{self, Collector, Delivered, Door, Telemetry, Tracer};
use crate::upkeep::{self, Upkeep};
use crate::web::{DevUsers, Pages};
use crate::{hooks, http, management};

/// For HTTP requests in progress to finish when the server stops.
const REQUESTS_DRAIN: Duration = Duration::from_secs(3);
/// For connections to be told, and to close. With the above and the last commits it stays within ten seconds.
const CONNECTIONS_DRAIN: Duration = Duration::from_secs(3);

/// Streams of figures and of inspected events that are open at once, over all accounts.
const WATCHERS_MAX: usize = 256;

/// What the doors share.
pub struct App {
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    /// How clients reach the chat API from outside.
    pub public_url: String,
    pub store: Store,
    pub sessions: Sessions,
    pub chat: Chat,
    pub hub: Hub,
    pub presence: Arc<Presence>,
    pub sockjs: Arc<HttpSessions>,
    pub budget: Arc<Budget>,
    pub upkeep: Upkeep,
    pub hooks: Hooks,
    pub documents: Documents,
    pub telemetry: Arc<Telemetry>,
    /// Room for those who watch figures or events of their apps.
    pub watchers: Arc<Semaphore>,
    /// Connections and upkeep: what is to end before the process does.
    pub tasks: TaskTracker,
    /// Cancelled when the server is to stop.
    pub stop: CancellationToken,
    /// The heart-beats of all connections are aligned to it, so that many are sent in one wake-up.
    pub began: Instant,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("unable to use the signing key; {0}")]
    Key(#[from] KeyError),
    /// `setting` is the one that names the address.
    #[error("unable to listen on {address} ({setting}); {error}")]
    Listen { setting: &'static str, address: SocketAddr, error: std::io::Error },
    #[error("unable to start; {0}")]
    Thread(std::io::Error),
    #[error("unable to read the store; {0}")]
    Store(#[from] crate::store::StoreError),
    #[error("{0} is set, but this version runs one node on a database: leave it out")]
    NotAvailable(&'static str),
    #[error(
        "traces.otlp_url must be http://host:port of a collector; one on this machine can pass them on with TLS"
    )]
    Collector,
}

/// A server that is listening.
pub struct Server {
    app: Arc<App>,
    pub chat_address: SocketAddr,
    pub management_address: SocketAddr,
    listeners: [TcpListener; 2],
    cluster: Cluster,
    outfit: Outfit,
    traces: Option<Traces>,
    writer: WriterThread,
    fanout: JoinHandle<()>,
}

impl Server {
    /// Opens the data directory, or the database that is configured, and both listeners. Nothing is served until [`Server::run`].
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        if settings.nats_url.is_some() {
            return Err(StartError::NotAvailable("nats_url"));
        }
        let ids = Arc::new(Ids::new(Arc::clone(&clock)));
        let (hub, fanout) = Hub::new(Arc::clone(&clock));
        let (store, writer) = match &settings.database_url {
            Some(url) => {
                let (clock, announcements) = (Arc::clone(&clock), hub.announcements());
                Store::connect(url.reveal(), Occupancy::Alone, clock, ids, announcements).await?
            }
            None => Store::open(&settings.data_dir, Arc::clone(&clock), ids, hub.announcements())?,
        };
        let fanout = fanout.run(&hub, store.epoch().into(), store.head()).map_err(StartError::Thread)?;
        let key = match store.shared_signing_key(SigningKeyFile::made()).await? {
            Some(text) => SigningKeyFile::parse(&text)?,
            None => SigningKeyFile::open(&settings.data_dir)?,
        };
        let jwt = Jwt::new(&key)?;
        let chat_listener = listen("listen", settings.listen)?;
        let management_listener = listen("management_listen", settings.management_listen)?;
        let chat_address = chat_listener.local_addr().map_err(StartError::Thread)?;
        let management_address = management_listener.local_addr().map_err(StartError::Thread)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let limits = &settings.limits;
        let cluster = Cluster { id: store.cluster_id().await?, endpoint: settings.public_url(chat_address) };
        let (tracer, traces) = traces(&settings, &store, &clock)?;
        let telemetry = Arc::new(Telemetry::new(tracer));
        let app = Arc::new(App {
            public_url: settings.public_url(chat_address),
            sessions: Sessions::new(&settings, store.clone(), Arc::clone(&clock), jwt, cores),
            chat: Chat::new(
                store.clone(),
                Arc::clone(&clock),
                limits.actions_per_second,
                Arc::clone(&telemetry),
            ),
            presence: Arc::new(Presence::new(limits.connections_per_user)),
            sockjs: Arc::new(HttpSessions::new(limits.into())),
            budget: Budget::new(limits.queue_bytes_total, limits.queue_bytes),
            upkeep: Upkeep::default(),
            hooks: Hooks::default(),
            documents: Documents::default(),
            telemetry,
            watchers: Arc::new(Semaphore::new(WATCHERS_MAX)),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            began: Instant::now(),
            settings,
            clock,
            store,
            hub,
        });
        let listeners = [chat_listener, management_listener];
        let outfit = Outfit { pages: Pages::NONE, dev_users: None };
        Ok(Self { app, chat_address, management_address, listeners, cluster, outfit, traces, writer, fanout })
    }

    /// What the doors share, for whoever is in this process.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// With these web pages.
    #[must_use]
    pub fn with_pages(mut self, pages: Pages) -> Self {
        self.outfit.pages = pages;
        self
    }

    /// Of a program that was built from this commit, for those who watch.
    #[must_use]
    pub fn built_from(self, commit: &'static str) -> Self {
        let _ = self.app.telemetry.commit.set(commit);
        self
    }

    /// With the chat page, on which everyone on this machine may be one of `users`.
    #[must_use]
    pub fn for_trying(mut self, users: DevUsers) -> Self {
        self.outfit.dev_users = Some(Arc::new(users));
        self
    }

    /// Serves until `stop` is cancelled, then stops in order: no new connections, requests finish, sockets are told,
    /// the last commit reaches the disk.
    pub async fn run(self, stop: CancellationToken) -> Result<(), StartError> {
        let Self { app, listeners, cluster, outfit, traces, writer, fanout, .. } = self;
        let routers = [
            observed(http::router(Arc::clone(&app), &outfit), &app, Door::Chat),
            observed(management::router(Arc::clone(&app), cluster, outfit.pages), &app, Door::Management),
        ];
        let bounds = Bounds {
            connections: listener::connections_allowed(&app.settings),
            connections_per_address: app.settings.limits.connections_per_address,
            head_bytes: app.settings.limits.header_bytes,
            head_timeout: app.settings.limits.request_timeout(),
            stall: app.settings.limits.stall(),
            drain: REQUESTS_DRAIN,
        };
        let last_ending = app.store.last_ending().await?;
        app.tasks.spawn(upkeep::watch_endings(Arc::clone(&app), last_ending));
        app.tasks.spawn(upkeep::erase_deleted(Arc::clone(&app)));
        app.tasks.spawn(upkeep::forget_old(Arc::clone(&app)));
        app.tasks.spawn(upkeep::sample_figures(Arc::clone(&app)));
        if let Some((spans, collector)) = traces
            && let Some(tracer) = &app.telemetry.tracer
        {
            app.tasks.spawn(telemetry::export(Arc::clone(tracer), spans, collector, app.stop.clone()));
        }
        app.tasks.spawn(hooks::serve(Arc::clone(&app)));
        let [chat, management] = listeners;
        let [chat_router, management_router] = routers;
        let chat = tokio::spawn(listener::serve(chat, chat_router, bounds, app.stop.clone()));
        let management =
            tokio::spawn(listener::serve(management, management_router, bounds, app.stop.clone()));
        stop.cancelled().await;
        app.stop.cancel();
        app.presence.end_all();
        let _ = tokio::join!(chat, management);
        app.tasks.close();
        if tokio::time::timeout(CONNECTIONS_DRAIN, app.tasks.wait()).await.is_err() {
            tracing::warn!(connections = app.presence.connections(), "connections did not close in time");
        }
        // The threads end when the last handle to the store is gone; a connection that hangs may hold one.
        drop(app);
        let threads = tokio::task::spawn_blocking(move || {
            writer.join();
            let _ = fanout.join();
        });
        let _ = tokio::time::timeout(CONNECTIONS_DRAIN, threads).await;
        Ok(())
    }
}

type Traces = (telemetry::Spans, Collector);

/// What traces events, and where they go, if the settings say so.
fn traces(
    settings: &Settings,
    store: &Store,
    clock: &Arc<dyn Clock>,
) -> Result<(Option<Arc<Tracer>>, Option<Traces>), StartError> {
    let Some(url) = &settings.traces.otlp_url else { return Ok((None, None)) };
    let collector = Collector::parse(url).ok_or(StartError::Collector)?;
    let (tracer, spans) = Tracer::new(settings.traces.one_in.into(), store.epoch(), Arc::clone(clock));
    Ok((Some(tracer), Some((spans, collector))))
}

/// Each request counted, timed and named.
fn observed(router: Router, app: &Arc<App>, door: Door) -> Router {
    router.layer(middleware::from_fn_with_state((Arc::clone(app), door), telemetry::observe))
}

fn listen(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    listener::listen(address).map_err(|error| StartError::Listen { setting, address, error })
}

impl App {
    /// For what is counted of a delivery to this user.
    #[must_use]
    pub fn delivered_to(&self, user: UserId) -> Delivered<'_> {
        let tracer = self.telemetry.tracer.as_deref();
        Delivered { user, clock: self.clock.as_ref(), tracer }
    }

    /// Whose token this is, if its session goes on.
    pub async fn authenticate(&self, token: &str) -> Result<Identity, Problem> {
        Ok(self.sessions.authenticate(token).await?.into())
    }

    /// A ticket for one connection, if the app has room for one more user.
    pub fn issue_ticket(&self, session: Session) -> Result<Token, Problem> {
        let app = session.app;
        let includes = |user| self.presence.is_here(app, user);
        let connected = Connected { users: self.presence.users(app), includes: &includes };
        Ok(self.sessions.issue_ticket(session, connected)?)
    }

    /// A place for one more connection of theirs, if they may have it.
    pub fn seat(&self, who: Identity) -> Result<Seat, Problem> {
        self.presence.enter(who).map_err(|TooManyConnections { max }| Problem {
            retry_after_seconds: Some(u64::from(self.settings.limits.stall_seconds)),
            ..Problem::new(
                ErrorCode::TooManyConnections,
                format!("you have {max} connections open, which is as many as one user may have"),
            )
        })
    }

    /// Lets a connection be opened by JWT in the place of a ticket, under the same cap.
    pub async fn admit(&self, token: &str) -> Result<Identity, Problem> {
        let session = self.sessions.authenticate(token).await?;
        let ticket = self.issue_ticket(session)?;
        Ok(self.sessions.spend_ticket(ticket.reveal()).await?)
    }

    /// What happens to somebody, or in a chat, as one sees it who is no member, until `ended` is cancelled.
    pub async fn inspect(
        self: &Arc<Self>,
        whom: Inspected,
        ended: CancellationToken,
        line: Line,
    ) -> EventStream {
        let (stream, overdue) = EventStream::inspecting(self, whom, ended).await;
        self.cut_when_overdue(overdue, line);
        stream
    }

    /// Cuts the connection of a stream whose client does not take its end.
    pub fn cut_when_overdue(&self, overdue: Overdue, line: Line) {
        self.tasks.spawn(async move {
            if overdue.comes().await {
                tracing::debug!("an event stream is cut: its client does not take it");
                line.cut();
            }
        });
    }

    /// Erases a user and what they wrote. Returns when all of it is gone.
    pub async fn delete_user(&self, user: UserId) -> Result<(), StoreError> {
        self.store.delete_user(user).await?;
        // What they wrote goes on being erased if the client hangs up, and after a restart.
        let store = self.store.clone();
        let erased = tokio::spawn(async move { store.erase(Erasure::User(user)).await });
        erased.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}
