//! Accounts and their sessions on the management side.

use chinwag_protocol::{AccountId, Email, SessionId, Timestamp};
use tokio_postgres::Row;

use super::Postgres;
use super::flush::BEGIN;
use super::line::violated;
use super::lines::Lent;
use crate::sessions::secret::TokenHash;
use crate::store::{Account, AccountSession, NewAccount, NewRefresh, RegisterAccountError, StoreError};

impl Postgres {
    pub(in crate::store) async fn register_account(
        &self,
        new: NewAccount,
        refresh: NewRefresh,
    ) -> Result<AccountSession, RegisterAccountError> {
        let store = self.clone();
        self.detached(async move {
            let mut line = store.lines.lend().await?;
            line.begin(BEGIN).await?;
            let account = Account {
                id: store.ids.next(),
                company_name: new.company_name,
                email: new.email.as_str().to_owned(),
                created_at: store.now(),
            };
            let sql = "INSERT INTO accounts (id, company_name, email, password_hash, created_at)
                       VALUES ($1, $2, $3, $4, $5)";
            let (id, at) = (account.id.0, account.created_at.0);
            let inserted = line
                .execute(sql, &[&id, &account.company_name, &account.email, &new.password_hash, &at])
                .await;
            if inserted.as_ref().is_err_and(|error| violated(error) == Some("accounts_by_email")) {
                line.roll_back().await?;
                return Err(RegisterAccountError::EmailTaken);
            }
            inserted?;
            let session = store.open_in(&line, account.id, refresh).await?;
            line.commit().await?;
            Ok(AccountSession { session, account })
        })
        .await
    }

    async fn open_in(
        &self,
        line: &Lent,
        account: AccountId,
        refresh: NewRefresh,
    ) -> Result<SessionId, StoreError> {
        let (session, now): (SessionId, Timestamp) = (self.ids.next(), self.now());
        let sql = "INSERT INTO account_sessions (id, account, refresh_hash, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5)";
        let hash = refresh.hash.as_slice();
        line.execute(sql, &[&session.0, &account.0, &hash, &now.0, &refresh.expires_at(now).0]).await?;
        Ok(session)
    }

    pub(in crate::store) async fn account_credentials(
        &self,
        email: Email,
    ) -> Result<Option<(AccountId, String)>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT id, password_hash FROM accounts WHERE lower(email) = lower($1 COLLATE \"C\")";
        let row = line.row(sql, &[&email.as_str()]).await?;
        Ok(row.map(|row| (AccountId(row.get(0)), row.get(1))))
    }

    pub(in crate::store) async fn open_account_session(
        &self,
        account: AccountId,
        refresh: NewRefresh,
    ) -> Result<AccountSession, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = "SELECT id, company_name, email, created_at FROM accounts WHERE id = $1";
            let row = line.row(sql, &[&account.0]).await?;
            let row = row.ok_or_else(|| StoreError::Unavailable("there is no such account".to_owned()))?;
            let session = store.open_in(&line, account, refresh).await?;
            Ok(AccountSession { session, account: account_of(&row) })
        })
        .await
    }

    pub(in crate::store) async fn rotate_account_session(
        &self,
        spent: TokenHash,
        refresh: NewRefresh,
    ) -> Result<Option<AccountSession>, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let (line, now) = (store.lines.lend().await?, store.now());
            let sql = "UPDATE account_sessions s SET refresh_hash = $2, expires_at = $3 FROM accounts a
                       WHERE s.refresh_hash = $1 AND s.expires_at > $4 AND a.id = s.account
                       RETURNING a.id, a.company_name, a.email, a.created_at, s.id";
            let (spent, hash) = (spent.as_slice(), refresh.hash.as_slice());
            let row = line.row(sql, &[&spent, &hash, &refresh.expires_at(now).0, &now.0]).await?;
            Ok(row.map(|row| AccountSession { session: SessionId(row.get(4)), account: account_of(&row) }))
        })
        .await
    }

    pub(in crate::store) async fn account_session(
        &self,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Option<AccountSession>, StoreError> {
        let line = self.lines.lend().await?;
        let sql = "SELECT a.id, a.company_name, a.email, a.created_at FROM account_sessions s
                   JOIN accounts a ON a.id = s.account WHERE s.id = $1 AND s.expires_at > $2";
        let row = line.row(sql, &[&session.0, &now.0]).await?;
        Ok(row.map(|row| AccountSession { session, account: account_of(&row) }))
    }

    pub(in crate::store) async fn end_account_session(&self, session: SessionId) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            line.execute("DELETE FROM account_sessions WHERE id = $1", &[&session.0]).await?;
            Ok(())
        })
        .await
    }

    pub(in crate::store) async fn end_account_session_of(
        &self,
        refresh: TokenHash,
    ) -> Result<bool, StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = "DELETE FROM account_sessions WHERE refresh_hash = $1";
            Ok(line.execute(sql, &[&refresh.as_slice()]).await? > 0)
        })
        .await
    }

    pub(in crate::store) async fn rename_account(
        &self,
        account: AccountId,
        company_name: String,
    ) -> Result<(), StoreError> {
        let store = self.clone();
        self.detached(async move {
            let line = store.lines.lend().await?;
            let sql = "UPDATE accounts SET company_name = $2 WHERE id = $1";
            line.execute(sql, &[&account.0, &company_name]).await?;
            Ok(())
        })
        .await
    }
}

fn account_of(row: &Row) -> Account {
    Account {
        id: AccountId(row.get(0)),
        company_name: row.get(1),
        email: row.get(2),
        created_at: Timestamp(row.get(3)),
    }
}
