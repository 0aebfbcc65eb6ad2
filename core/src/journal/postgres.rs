//! The journal in PostgreSQL, or in any engine that speaks its protocol: for many hosts.
//!
//! Every call is a single statement that commits by itself (the migrations apart), so that the engine needs
//! no more than READ COMMITTED. A statement is prepared once in each connection and then takes one round
//! trip. docs/journal.md says what the engine must know.

mod audit;
mod connection;
mod documents;
mod lease;
mod migration;
mod place;
mod plain;
mod pool;
mod seal;
mod server;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use connection::Param;
pub use place::Place;
use seal::Sealer;
use server::{Access, Server};

use super::engine::Secrets;
use super::lease::Lease;
use super::rows::Row as _;
use crate::error::Result;

/// The engine `postgres://...`.
pub struct Postgres {
    server: Arc<Server>,
    sealer: Arc<Sealer>,
}

impl Postgres {
    /// The journal at `place`; no connection is made before it is used.
    pub fn open(place: &Place, ca_file: Option<&str>) -> Result<Self> {
        let server = Arc::new(Server::new(place, ca_file)?);
        Ok(Self { sealer: Sealer::new(server.clone()), server })
    }
}

#[async_trait]
impl Secrets for Postgres {
    async fn secret(&self, register: &str, name: &str) -> Result<Option<SecretString>> {
        let sql = "SELECT value FROM kassa_secrets WHERE register = $1 AND name = $2";
        let rows = self.server.query(Access::Read("postgres_secret"), sql, &[&register, &name]).await?;
        rows.first().map(|row| row.value::<String>(0).map(SecretString::from)).transpose()
    }

    async fn keep_secret(&self, register: &str, name: &str, value: Option<SecretString>) -> Result<()> {
        let keep = "INSERT INTO kassa_secrets (register, name, value) VALUES ($1, $2, $3) \
                    ON CONFLICT (register, name) DO UPDATE SET value = excluded.value";
        let forget = "DELETE FROM kassa_secrets WHERE register = $1 AND name = $2";
        let value = value.as_ref().map(ExposeSecret::expose_secret);
        let (access, sql, params): (_, _, &[Param<'_>]) = match &value {
            Some(value) => (Access::Write("postgres_keep_secret"), keep, &[&register, &name, value]),
            None => (Access::Write("postgres_forget_secret"), forget, &[&register, &name]),
        };
        self.server.query(access, sql, params).await.map(drop)
    }

    async fn change_secret(
        &self,
        register: &str,
        name: &str,
        kept: &SecretString,
        new: SecretString,
    ) -> Result<()> {
        let sql = "UPDATE kassa_secrets SET value = $4 WHERE register = $1 AND name = $2 AND value = $3";
        let params: &[Param<'_>] = &[&register, &name, &kept.expose_secret(), &new.expose_secret()];
        self.server.query(Access::Write("postgres_change_secret"), sql, params).await.map(drop)
    }

    async fn lease_for(&self, name: &str, deadline: Instant, time: Duration) -> Result<Lease> {
        lease::take(&self.server, name, deadline, time).await
    }
}
