//! HTTP requests: counted and timed by the template of their path, and named, so that one can be found in the logs.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::measure::{Histogram, Spread};
use crate::app::App;
use crate::sessions::secret::random_bytes;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Of a name that a caller or a proxy gave a request.
const REQUEST_ID_MAX: usize = 64;
/// What no route matched.
const NO_ROUTE: &str = "none";

/// Which listener.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Door {
    Chat,
    Management,
}

impl Door {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Management => "management",
        }
    }
}

/// Routes and methods are few and fixed, so this has a bound.
pub struct Requests {
    routes: Mutex<HashMap<(Door, &'static str), Routes>>,
    /// With the process's own beginning, names that no other process gives.
    prefix: u32,
    next: AtomicU64,
}

/// By the template of their path.
type Routes = HashMap<Box<str>, Route>;

#[derive(Default)]
struct Route {
    time: Histogram,
    statuses: BTreeMap<u16, u64>,
}

/// What is told of one route.
pub(super) struct Told {
    pub(super) door: Door,
    pub(super) method: &'static str,
    pub(super) route: Box<str>,
    pub(super) time: Spread,
    pub(super) statuses: Vec<(u16, u64)>,
}

impl Told {
    pub(super) fn labels(&self) -> [(&str, &str); 3] {
        [("listener", self.door.as_str()), ("method", self.method), ("route", &self.route)]
    }
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            routes: Mutex::default(),
            prefix: u32::from_ne_bytes(random_bytes()),
            next: AtomicU64::default(),
        }
    }
}

impl Requests {
    fn answered(&self, door: Door, method: &Method, route: &str, status: u16, began: Instant) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let of_method = routes.entry((door, known(method))).or_default();
        if !of_method.contains_key(route) {
            of_method.insert(route.into(), Route::default());
        }
        let Some(route) = of_method.get_mut(route) else { return };
        route.time.observe(began.elapsed());
        *route.statuses.entry(status).or_default() += 1;
    }

    /// Sorted, so that the page does not change its order.
    pub(super) fn told(&self) -> Vec<Told> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<Told> = routes
            .iter()
            .flat_map(|(&(door, method), of_method)| {
                of_method.iter().map(move |(path, route)| Told {
                    door,
                    method,
                    route: path.clone(),
                    time: route.time.spread(),
                    statuses: route.statuses.iter().map(|(status, count)| (*status, *count)).collect(),
                })
            })
            .collect();
        told.sort_by(|a, b| (a.door, &a.route, a.method).cmp(&(b.door, &b.route, b.method)));
        told
    }

    /// The name that the request came with, if it is fit to be logged, or a new one.
    fn name(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(given) = headers.get(REQUEST_ID).filter(|given| is_fit(given.as_bytes())) {
            return given.clone();
        }
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        HeaderValue::try_from(format!("{:08x}-{n:x}", self.prefix)).expect("digits and a hyphen")
    }
}

fn is_fit(name: &[u8]) -> bool {
    let fit = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    (1..=REQUEST_ID_MAX).contains(&name.len()) && name.iter().all(fit)
}

/// Methods are anybody's to invent.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

/// Around every request: its name goes into what is logged for it and into the answer, `X-Request-Id`. Of answers that
/// go on, their beginning is timed.
pub async fn observe(State((app, door)): State<(Arc<App>, Door)>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let requests = &app.telemetry.requests;
    let name = requests.name(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    // At the level of errors: what is logged within is to carry it, whatever else is logged.
    let span = tracing::error_span!("request", id = name.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span).await;
    let status = response.status().as_u16();
    tracing::info!(
        target: "request",
        id = name.to_str().unwrap_or_default(), door = door.as_str(), %method, route, status,
        ms = began.elapsed().as_secs_f64() * 1000.0,
        "answered"
    );
    requests.answered(door, &method, route, status, began);
    response.headers_mut().insert(REQUEST_ID, name);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_is_kept_if_it_can_be_logged() {
        let requests = Requests::default();
        let named = |given: &str| {
            let value = HeaderValue::from_str(given).unwrap();
            requests.name(&HeaderMap::from_iter([(REQUEST_ID, value)])).to_str().unwrap().to_owned()
        };
        assert_eq!(named("trace-7.a"), "trace-7.a");
        let long = "x".repeat(REQUEST_ID_MAX + 1);
        let made: Vec<String> = ["", "two words", "\"quoted\"", &long].map(named).into();
        assert!(made.windows(2).all(|two| two[0] != two[1]), "{made:?}");
        assert!(made.iter().all(|name| name.starts_with(&format!("{:08x}-", requests.prefix))), "{made:?}");
    }

    #[test]
    fn an_invented_method_makes_no_new_row() {
        let requests = Requests::default();
        for method in ["BREW", "SIP"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            requests.answered(Door::Chat, &method, NO_ROUTE, 405, Instant::now());
        }
        let told = requests.told();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].method, told[0].statuses.as_slice()), ("OTHER", &[(405, 2)][..]));
    }
}
