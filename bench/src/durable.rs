//! Sends as fast as they are kept, against what the disk and the database could do at best; and one at a time,
//! against the disk alone.

use std::time::Duration;

use crate::cast::Cast;
use crate::dialect::{Beats, Kind};
use crate::disk;
use crate::engine::Crowd;
use crate::failure::{Failure, Fallible, While};
use crate::process::Watch;
use crate::results::Record;
use crate::seed::Template;
use crate::servers::{Ground, Server};
use crate::stage::{Stage, record};
use crate::talk::{Pace, Play, Talk};

/// People who send to themselves, so that storing is what there is to do.
const SENDERS: usize = 50;
const IN_FLIGHT: usize = 20;

/// Many in flight, and then the reference with batches as large as the server's were.
pub(crate) async fn many(ground: &Ground, template: &Template, measured: Duration) -> Fallible<Vec<Record>> {
    let talk = Talk {
        workload: "durable many",
        chats: SENDERS,
        members: 1,
        pace: Pace::InFlight(IN_FLIGHT),
        warm_up: Duration::from_secs(1),
        measured,
    };
    let stage = Stage::set(ground, template, Kind::Chinwag, Cast::new(SENDERS, 1)).await?;
    let openings = stage.open(0..SENDERS, Beats::Server).await?;
    let before = commits(&stage.server).await?;
    let server = Play::new(&stage, talk, Crowd::of(openings)?).all()?;
    let after = commits(&stage.server).await?;
    let batch = (after.0 - before.0) / (after.1 - before.1).max(1.0);
    drop(stage);
    let watch = Watch::start(crate::process::Tree::of_this_process());
    let directory = template.with(ground, &mut Cast::new(SENDERS, 1))?;
    let path = directory.path().to_owned();
    let rounded = batch.round().max(1.0) as usize;
    let inserted = tokio::task::spawn_blocking(move || disk::insert(&path, SENDERS, rounded, measured));
    let inserted = inserted.await.during("the reference")??;
    let reference = record(Kind::Bare, "durable many", &watch).with("acknowledged_per_second", inserted);
    Ok(vec![
        server.with("batch", batch),
        Record { server: "reference".to_owned(), ..reference }.with("batch", batch),
    ])
}

/// One in flight, while the disk is looked at now and then.
pub(crate) async fn one(
    ground: &Ground,
    template: &Template,
    kind: Kind,
    measured: Duration,
) -> Fallible<Record> {
    let talk = Talk {
        workload: "durable one",
        chats: 1,
        members: 1,
        pace: Pace::InFlight(1),
        warm_up: Duration::from_millis(500),
        measured,
    };
    let syncs = disk::Syncs::start(&ground.disk)?;
    let record = talk.run(ground, template, kind).await;
    let sync = syncs.end()?;
    Ok(record?.with("sync_p50", sync.p50).with("sync_p99", sync.p99))
}

/// Jobs that were committed, and commits.
async fn commits(server: &Server) -> Fallible<(f64, f64)> {
    let management = server.management.ok_or_else(|| Failure::new("it has no metrics"))?;
    let http = crate::http::Http::new(management);
    let page = http.get("/metrics", "").await.and_then(|answer| answer.succeeded()).during("metrics")?;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let of = |name: &str| {
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.trim().parse::<f64>().ok()).unwrap_or_default()
    };
    Ok((of("chinwag_commit_jobs_total"), of("chinwag_commit_seconds_count")))
}
