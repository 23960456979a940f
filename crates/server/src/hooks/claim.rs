//! Which endpoints this process serves: a task for each, begun anew when its owner changes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chinwag_protocol::HookId;
use tokio::task::JoinHandle;

use super::{note_moments, worker};
use crate::app::App;
use crate::store::Hook;

/// How often it is asked which endpoints there are, which is also how often leases are renewed.
const CLAIM_INTERVAL: Duration = Duration::from_secs(2);

struct Serving {
    version: i64,
    task: JoinHandle<()>,
}

/// Serves endpoints until the server stops.
pub async fn serve(app: Arc<App>) {
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = app.hooks.follow(&app.store) => {}
        () = note_moments(&app.store) => {}
        () = claim(&app) => {}
    }
    if let Err(error) = app.store.release_hooks(app.hooks.owner).await {
        tracing::warn!(%error, "unable to let other nodes have the webhooks; they take them in a while");
    }
}

async fn claim(app: &Arc<App>) {
    let mut serving = Tasks(HashMap::new());
    loop {
        match app.store.claim_hooks(app.hooks.owner).await {
            Ok(hooks) => serving.become_those(app, hooks).await,
            Err(error) => tracing::warn!(%error, "unable to read which webhooks there are"),
        }
        tokio::select! {
            () = app.hooks.wake.notified() => {}
            () = tokio::time::sleep(CLAIM_INTERVAL) => {}
        }
    }
}

/// Stopped when dropped.
struct Tasks(HashMap<HookId, Serving>);

impl Tasks {
    async fn become_those(&mut self, app: &Arc<App>, hooks: Vec<Hook>) {
        let wanted: HashMap<HookId, i64> = hooks.iter().map(|hook| (hook.id, hook.version)).collect();
        let over: Vec<HookId> = self
            .0
            .iter()
            .filter(|(id, serving)| wanted.get(id) != Some(&serving.version) || serving.task.is_finished())
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            if let Some(serving) = self.0.remove(&id) {
                serving.task.abort();
                // Whoever comes next must not overtake it.
                let _ = serving.task.await;
            }
        }
        for hook in hooks {
            self.0.entry(hook.id).or_insert_with(|| Serving {
                version: hook.version,
                task: tokio::spawn(worker::serve(Arc::clone(app), hook)),
            });
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        for serving in self.0.values() {
            serving.task.abort();
        }
    }
}
