//! One connection to PostgreSQL, with its prepared statements.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

use super::open::SESSION;
use crate::store::StoreError;

/// Statements of a line: all of ours are static text, so there are no more than we wrote.
pub(super) struct Line {
    client: Client,
    statements: Mutex<HashMap<&'static str, Statement>>,
}

/// A statement and its parameters, to be sent with others.
pub(super) struct Ask {
    pub(super) sql: &'static str,
    pub(super) parameters: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Ask {
    /// A statement without parameters.
    pub(super) fn plain(sql: &'static str) -> Self {
        Self { sql, parameters: Vec::new() }
    }
}

/// An [`Ask`] of these parameters.
macro_rules! ask {
    ($sql:expr $(, $parameter:expr)* $(,)?) => {
        $crate::store::postgres::line::Ask { sql: $sql, parameters: vec![$(Box::new($parameter)),*] }
    };
}
pub(super) use ask;

impl Line {
    /// Connects, and drives the connection on this run time until it is dropped or lost.
    pub(super) async fn connect(config: &Config) -> Result<Self, Error> {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %words(&error), "a connection to PostgreSQL ended");
            }
        });
        client.batch_execute(SESSION).await?;
        Ok(Self { client, statements: Mutex::default() })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn statement(&self, sql: &'static str) -> Result<Statement, Error> {
        let known = self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) async fn query(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.statement(sql).await?;
        self.client.query(&statement, parameters).await
    }

    /// At most one row.
    pub(super) async fn row(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        let statement = self.statement(sql).await?;
        self.client.query_opt(&statement, parameters).await
    }

    /// Returns how many rows were concerned.
    pub(super) async fn execute(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Error> {
        let statement = self.statement(sql).await?;
        self.client.execute(&statement, parameters).await
    }

    /// Statements without parameters, several if need be, that are not kept prepared.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).await
    }

    /// Sends all at once, in this order, and returns the rows of each; or the first error, as the server met them.
    pub(super) async fn pipeline(&self, asks: &[Ask]) -> Result<Vec<Vec<Row>>, Error> {
        let mut statements = Vec::with_capacity(asks.len());
        for ask in asks {
            // Before any of them is sent: one that waited for this would be overtaken by those behind it.
            statements.push(self.statement(ask.sql).await?);
        }
        let sent = asks.iter().zip(&statements).map(|(ask, statement)| {
            let parameters: Vec<&(dyn ToSql + Sync)> =
                ask.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect();
            async move { self.client.query(statement, &parameters).await }
        });
        join_all(sent).await.into_iter().collect()
    }
}

/// Whether the connection is of no more use, and with it what it had under way is open.
pub(super) fn is_lost(error: &Error) -> bool {
    error.as_db_error().is_none_or(|error| {
        matches!(error.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
            || *error.code() == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    })
}

/// Whether the same may succeed when it is tried again.
pub(super) fn is_collision(error: &Error) -> bool {
    let collisions =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| collisions.contains(code))
}

/// Whether it waited too long, for a lock that another node holds or for the server.
pub(super) fn is_stall(error: &Error) -> bool {
    let stalls = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED];
    error.code().is_some_and(|code| stalls.contains(code))
}

/// The violated constraint, if that is what it is about.
pub(super) fn violated(error: &Error) -> Option<&str> {
    error.as_db_error().filter(|error| *error.code() == SqlState::UNIQUE_VIOLATION)?.constraint()
}

/// What happened, for the log. Says nothing of what the statement was about.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("PostgreSQL: {} ({})", said.message(), said.code().code()),
        None => std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => StoreError::Full,
            _ => StoreError::Unavailable(words(&error)),
        }
    }
}
