//! Accounts and their sessions on the management side.

use chinwag_protocol::{AccountId, Email, SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Sqlite, Tx};
use crate::sessions::secret::TokenHash;
use crate::store::{Account, AccountSession, NewAccount, NewRefresh, RegisterAccountError, StoreError};

impl Sqlite {
    pub(in crate::store) async fn register_account(
        &self,
        new: NewAccount,
        refresh: NewRefresh,
    ) -> Result<AccountSession, RegisterAccountError> {
        self.write(move |tx| {
            if credentials(tx, &new.email)?.is_some() {
                return Err(RegisterAccountError::EmailTaken);
            }
            let account = Account {
                id: tx.ids().next(),
                company_name: new.company_name.clone(),
                email: new.email.as_str().to_owned(),
                created_at: tx.now(),
            };
            tx.prepare_cached(
                "INSERT INTO accounts (id, company_name, email, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                account.id.0,
                account.company_name,
                account.email,
                new.password_hash,
                account.created_at.0
            ])?;
            Ok(AccountSession { session: open(tx, account.id, refresh)?, account })
        })
        .await
    }

    pub(in crate::store) async fn account_credentials(
        &self,
        email: Email,
    ) -> Result<Option<(AccountId, String)>, StoreError> {
        self.read(move |connection| credentials(connection, &email)).await
    }

    pub(in crate::store) async fn open_account_session(
        &self,
        account: AccountId,
        refresh: NewRefresh,
    ) -> Result<AccountSession, StoreError> {
        self.write(move |tx| {
            let account = tx
                .prepare_cached("SELECT id, company_name, email, created_at FROM accounts WHERE id = ?1")?
                .query_row([account.0], |row| account_of(row, 0))?;
            Ok(AccountSession { session: open(tx, account.id, refresh)?, account })
        })
        .await
    }

    pub(in crate::store) async fn rotate_account_session(
        &self,
        spent: TokenHash,
        refresh: NewRefresh,
    ) -> Result<Option<AccountSession>, StoreError> {
        self.write(move |tx| {
            let session: Option<SessionId> = tx
                .prepare_cached(
                    "UPDATE account_sessions SET refresh_hash = ?2, expires_at = ?3
                     WHERE refresh_hash = ?1 AND expires_at > ?4 RETURNING id",
                )?
                .query_row(params![spent, refresh.hash, refresh.expires_at(tx.now()).0, tx.now().0], |row| {
                    row.get(0).map(SessionId)
                })
                .optional()?;
            session.map_or(Ok(None), |session| live(tx, session, tx.now()))
        })
        .await
    }

    pub(in crate::store) async fn account_session(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<AccountSession>, StoreError> {
        self.read(move |connection| live(connection, session, now)).await
    }

    pub(in crate::store) async fn end_account_session(&self, session: SessionId) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.prepare_cached("DELETE FROM account_sessions WHERE id = ?1")?.execute([session.0])?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn end_account_session_of(
        &self,
        refresh: TokenHash,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let ended = tx
                .prepare_cached("DELETE FROM account_sessions WHERE refresh_hash = ?1")?
                .execute([refresh])?;
            Ok(ended > 0)
        })
        .await
    }

    pub(in crate::store) async fn rename_account(
        &self,
        account: AccountId,
        company_name: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.prepare_cached("UPDATE accounts SET company_name = ?2 WHERE id = ?1")?
                .execute(params![account.0, company_name])?;
            Ok(())
        })
        .await
    }
}

fn account_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(first)?),
        company_name: row.get(first + 1)?,
        email: row.get(first + 2)?,
        created_at: Timestamp(row.get(first + 3)?),
    })
}

fn credentials(connection: &Connection, email: &Email) -> Result<Option<(AccountId, String)>, StoreError> {
    let found = connection
        .prepare_cached("SELECT id, password_hash FROM accounts WHERE email = ?1")?
        .query_row([email.as_str()], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(found)
}

fn open(tx: &Tx<'_>, account: AccountId, refresh: NewRefresh) -> Result<SessionId, StoreError> {
    let session: SessionId = tx.ids().next();
    tx.prepare_cached(
        "INSERT INTO account_sessions (id, account, refresh_hash, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        session.0,
        account.0,
        refresh.hash,
        tx.now().0,
        refresh.expires_at(tx.now()).0
    ])?;
    Ok(session)
}

fn live(
    connection: &Connection,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<AccountSession>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT a.id, a.company_name, a.email, a.created_at FROM account_sessions s
             JOIN accounts a ON a.id = s.account WHERE s.id = ?1 AND s.expires_at > ?2",
        )?
        .query_row(params![session.0, now.0], |row| {
            Ok(AccountSession { session, account: account_of(row, 0)? })
        })
        .optional()?;
    Ok(found)
}
