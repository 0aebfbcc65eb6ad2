//! The journal in a SQLite file: durable, for many processes on one host.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::engine::Secrets;
use super::lease::Lease;
use crate::error::Result;
use crate::faults::may_fail;

mod audit;
mod chain;
mod copies;
mod documents;
mod files;
mod forks;
mod lease;
mod opened;
pub(crate) mod place;
mod register;
mod rights;
mod schema;
mod store;
mod witness;

use store::{Extent, Store};

/// The engine `sqlite:PATH`.
pub struct Sqlite {
    store: Arc<Store>,
}

impl Sqlite {
    /// Which file `path` means, through every link. Creates the folders above it.
    pub fn path_of(path: &Path) -> Result<PathBuf> {
        place::resolve(path).map_err(|error| place::unusable(path, error))
    }

    /// Opens or creates the journal at `path`, which `path_of` gave, for its owner only.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self { store: Store::open(path)? })
    }

    /// Reads something of a register. One that was never written to gives an empty value.
    async fn query_of<T: Default + Send + 'static>(
        &self,
        register: &str,
        work: impl FnOnce(&Connection, i64) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let name = register.to_owned();
        self.store
            .read(move |connection| match register::number(connection, &name)? {
                Some(register) => work(connection, register),
                None => Ok(T::default()),
            })
            .await
    }
}

fn keep_secret(connection: &Connection, register: &str, name: &str, value: &str) -> rusqlite::Result<()> {
    may_fail("sqlite_keep_secret")?;
    let sql = "INSERT INTO secrets (register, name, value) VALUES (?1, ?2, ?3)
               ON CONFLICT (register, name) DO UPDATE SET value = ?3";
    connection.prepare_cached(sql)?.execute([register, name, value]).map(drop)
}

fn forget_secret(connection: &Connection, register: &str, name: &str) -> rusqlite::Result<()> {
    may_fail("sqlite_forget_secret")?;
    let sql = "DELETE FROM secrets WHERE register = ?1 AND name = ?2";
    connection.prepare_cached(sql)?.execute([register, name]).map(drop)
}

#[async_trait]
impl Secrets for Sqlite {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let key = [register.to_owned(), name.to_owned()];
        self.store
            .read(move |connection| {
                let sql = "SELECT value FROM secrets WHERE register = ?1 AND name = ?2";
                let value: Option<String> = connection.query_row(sql, key, |row| row.get(0)).optional()?;
                Ok(value.map(SecretString::from))
            })
            .await
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let (register, name) = (register.to_owned(), name.to_owned());
        self.store
            .write(Extent::Small, move |connection| match value {
                Some(value) => keep_secret(connection, &register, &name, value.expose_secret()),
                None => forget_secret(connection, &register, &name),
            })
            .await
    }

    async fn change_secret(
        &self,
        register: &str,
        name: &str,
        kept: &SecretString,
        new: SecretString,
    ) -> Result<()> {
        let (register, name, kept) = (register.to_owned(), name.to_owned(), kept.clone());
        let changed = self
            .store
            .write(Extent::Small, move |connection| {
                may_fail("sqlite_change_secret")?;
                let sql = "UPDATE secrets SET value = ?4 WHERE register = ?1 AND name = ?2 AND value = ?3";
                let values = [&*register, &*name, kept.expose_secret(), new.expose_secret()];
                connection.prepare_cached(sql)?.execute(values)
            })
            .await?;
        // What stood in clear is not to stand in the `-wal` either.
        if changed > 0 { self.store.empty_log().await } else { Ok(()) }
    }

    async fn lease_for(&self, name: &str, deadline: Instant, _: Duration) -> Result<Lease> {
        lease::take(&self.store, name, deadline).await
    }
}
