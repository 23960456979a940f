//! A fresh server with everybody connected, and the record of what is measured there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::cast::{Cast, Person};
use crate::dialect::{Beats, Heard, Kind};
use crate::failure::{Failure, Fallible, While};
use crate::process::{Watch, load_average};
use crate::results::Record;
use crate::seed::Template;
use crate::servers::{Ground, Server};
use crate::socket::Opening;

/// Connections that are being opened at once.
const OPENING_MAX: usize = 32;

pub(crate) struct Stage {
    pub(crate) server: Arc<Server>,
    pub(crate) cast: Arc<Cast>,
}

impl Stage {
    /// Starts the server with its people known, if it wants to know them.
    pub(crate) async fn set(
        ground: &Ground,
        template: &Template,
        kind: Kind,
        mut cast: Cast,
    ) -> Fallible<Self> {
        let directory =
            if kind == Kind::Chinwag { template.with(ground, &mut cast)? } else { ground.directory()? };
        let server = ground.start(kind, directory)?;
        kind.prepare(&server.address, &cast).await.during(format!("unable to prepare {}", kind.name()))?;
        Ok(Self { server: Arc::new(server), cast: Arc::new(cast) })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.server.kind
    }

    /// Connects the people with these numbers, in this order.
    pub(crate) async fn open(&self, people: std::ops::Range<usize>, beats: Beats) -> Fallible<Vec<Opening>> {
        let next = Arc::new(AtomicUsize::new(people.start));
        let mut opening = JoinSet::new();
        for _ in 0..OPENING_MAX {
            let (server, cast, next) = (Arc::clone(&self.server), Arc::clone(&self.cast), Arc::clone(&next));
            opening.spawn(async move {
                let mut opened = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(person) = cast.people.get(at).filter(|_| at < people.end) else {
                        return Ok::<_, std::io::Error>(opened);
                    };
                    opened.push((at, server.kind.open(&server.address, person, &cast, beats).await?));
                }
            });
        }
        let mut opened = Vec::new();
        while let Some(some) = opening.join_next().await {
            let some = some.during("opening")?;
            opened.extend(some.during(format!("unable to connect to {}", self.kind().name()))?);
        }
        opened.sort_by_key(|(at, _)| *at);
        Ok(opened.into_iter().map(|(_, opening)| opening).collect())
    }

    pub(crate) fn person(&self, at: usize) -> &Person {
        &self.cast.people[at]
    }

    /// A record of this server, dated by what else the machine does.
    pub(crate) fn record(&self, workload: &str, watch: &Watch) -> Record {
        record(self.kind(), workload, watch)
    }

    /// What `payload` says.
    pub(crate) fn heard<'a>(&self, payload: &'a [u8]) -> Heard<'a> {
        self.kind().heard(payload)
    }
}

pub(crate) fn record(kind: Kind, workload: &str, watch: &Watch) -> Record {
    Record {
        workload: workload.to_owned(),
        server: kind.name().to_owned(),
        load_average: load_average(),
        others: watch.others().max(0.0),
        ..Record::default()
    }
}

/// Fails if the server ended connections.
pub(crate) fn none_ended(kind: Kind, ended: &[(usize, String)]) -> Fallible<()> {
    match ended.first() {
        None => Ok(()),
        Some((_, why)) => {
            let text = format!("{} ended {} connections, the first with: {why}", kind.name(), ended.len());
            Err(Failure::new(text))
        }
    }
}
