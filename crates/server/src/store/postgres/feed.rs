//! What happens in an app: what changed in its chats since a position, as for catching up, but of all its chats.

use std::collections::HashMap;

use chinwag_protocol::{Timestamp, UserId};
use uuid::Uuid;

use super::line::Line;
use super::sync::{Place, SNAPSHOT, Windows, events};
use super::{Postgres, big, natural};
use crate::store::chats::PART_BYTES;
use crate::store::{Fed, FedEvent, StoreError, Stretch};

impl Postgres {
    pub(in crate::store) async fn feed(&self, stretch: Stretch) -> Result<Fed, StoreError> {
        let mut line = self.lines.lend().await?;
        line.begin(SNAPSHOT).await?;
        let found = feed(&line, stretch).await;
        line.roll_back().await?;
        found
    }

    pub(in crate::store) async fn feed_head(&self) -> Result<u64, StoreError> {
        let line = self.lines.lend().await?;
        Ok(line.row("SELECT position FROM head", &[]).await?.map_or(0, |row| natural(row.get(0))))
    }

    pub(in crate::store) async fn note_moment(&self) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql =
                "INSERT INTO moments (at, position) SELECT $1, position FROM head ON CONFLICT DO NOTHING";
            line.execute(sql, &[&store.now().0]).await?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn position_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT position FROM moments WHERE at < $1 ORDER BY at DESC LIMIT 1";
        Ok(line.row(sql, &[&at.0]).await?.map_or(0, |row| natural(row.get(0))))
    }
}

const CHATS: &str = "SELECT h.position, c.id, CASE WHEN c.deleted_at IS NOT NULL THEN c.head_position END,
           CASE WHEN c.importing THEN h.position + 1 ELSE coalesce(c.imported_to, 0) END
    FROM head h LEFT JOIN chats c ON c.app = $1 AND c.head_position > $2 AND ($3::uuid IS NULL OR c.id = $3)";

async fn feed(line: &Line, stretch: Stretch) -> Result<Fed, StoreError> {
    let since = big(stretch.since);
    let mut windows = Windows::default();
    let mut imported_to: HashMap<Uuid, i64> = HashMap::new();
    let mut head = 0;
    for row in line.query(CHATS, &[&stretch.app.0, &since, &stretch.chat.map(|chat| chat.0)]).await? {
        head = natural(row.get(0));
        if let Some(chat) = row.get::<_, Option<Uuid>>(1) {
            windows.chats.push(chat);
            windows.since.push(since);
            // A deleted chat has only its end.
            windows.only.push(row.get(2));
            imported_to.insert(chat, row.get(3));
        }
    }
    let end = stretch.to.unwrap_or(head).min(head);
    let mut places: Vec<Place> = windows.places(line, stretch.size + 1).await?;
    let mut is_cut = places.len() > stretch.size;
    places.truncate(stretch.size);
    if let Some(beyond) = places.iter().position(|place| natural(place.position) > end) {
        places.truncate(beyond);
        is_cut = false;
    }
    let mut found = events(line, UserId(Uuid::nil()), &places).await?;
    let mut fed = Fed { events: Vec::with_capacity(places.len()), position: stretch.since, more: false };
    let mut bytes = 0;
    for (index, place) in places.iter().enumerate() {
        fed.position = natural(place.position);
        let Some((event, text_bytes, at)) = found.remove(&place.position) else { continue };
        let imported = imported_to.get(&place.chat).is_some_and(|to| place.position < *to);
        fed.events.push(FedEvent { event, at, imported });
        bytes += text_bytes;
        if bytes > PART_BYTES && index + 1 < places.len() {
            is_cut = true;
            break;
        }
    }
    if !is_cut {
        fed.position = end.max(stretch.since);
    }
    fed.more = is_cut;
    Ok(fed)
}
