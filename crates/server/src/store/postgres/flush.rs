//! The end of a transaction: the head is moved, all rows are written and it is committed, in one round trip.

use chinwag_protocol::Timestamp;
use tokio_postgres::Error;
use uuid::Uuid;

use super::line::{Ask, Line, ask};
use super::{big, natural};
use crate::chat::Published;

pub(super) const BEGIN: &str = "BEGIN";
pub(super) const MOVE_HEAD: &str = "UPDATE head SET position = position + $1";
const SIGN: &str =
    "INSERT INTO writers (id, flush, position, at) SELECT $1::uuid, $2::uuid, position, $3::int8 FROM head
    ON CONFLICT (id) DO UPDATE SET flush = excluded.flush, position = excluded.position, at = excluded.at
    RETURNING position";
const COMMIT: &str = "COMMIT";

/// What a transaction has still to write, and what is to be announced when it is committed.
pub(super) struct Ready {
    /// Positions that `asks` take.
    pub(super) moved: u64,
    /// Positions that the transaction takes in all.
    pub(super) count: u64,
    pub(super) asks: Vec<Ask>,
    /// Whether rows were written before `asks`.
    pub(super) is_begun: bool,
    /// Positions in it are counted from the newest before this transaction.
    pub(super) published: Vec<Published>,
}

impl Ready {
    /// A transaction that is not to be committed.
    pub(super) fn nothing() -> Self {
        Self { moved: 0, count: 0, asks: Vec::new(), is_begun: false, published: Vec::new() }
    }

    /// One event, which takes one position.
    pub(super) fn one(asks: Vec<Ask>, mut published: Published) -> Self {
        published.event.position = 1;
        Self { moved: 1, count: 1, asks, is_begun: false, published: vec![published] }
    }
}

/// By what a writer will recognise that a transaction of its own was committed.
#[derive(Clone, Copy)]
pub(super) struct Signature {
    pub(super) writer: Uuid,
    pub(super) flush: Uuid,
    pub(super) at: Timestamp,
}

/// Writes `asks` and commits. Returns the head, which is the position of the transaction's last event if it has any.
/// After an error that is not the connection's, nothing has happened.
pub(super) async fn flush(
    line: &Line,
    moved: u64,
    asks: Vec<Ask>,
    signature: Signature,
) -> Result<u64, Error> {
    let mut all = Vec::with_capacity(asks.len() + 3);
    if moved > 0 {
        all.push(ask!(MOVE_HEAD, big(moved)));
    }
    all.extend(asks);
    let signed = all.len();
    all.push(ask!(SIGN, signature.writer, signature.flush, signature.at.0));
    all.push(Ask::plain(COMMIT));
    let rows = line.pipeline(&all).await?;
    Ok(rows[signed].first().map_or(0, |row| natural(row.get(0))))
}
