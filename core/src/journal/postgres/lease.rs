//! Leases by the clock of the data base: a row with a holder and the time at which it ends.
//!
//! A holder who lives renews it. One who was killed or paused, or cannot reach the data base, loses it. The
//! holder counts from before the request that took or renewed the lease, by a clock that never goes back, so
//! for the holder the lease always ends before it ends in the data base.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::pool::jittered;
use super::server::{Access, Server};
use crate::error::Result;
use crate::journal::entry::busy;
use crate::journal::lease::{self, Lease};

/// The shortest lease.
const SHORTEST: Duration = Duration::from_secs(15);
/// A lease lasts at least so much longer than the time for which its holder must be sure of it.
const MARGIN: Duration = Duration::from_secs(5);
/// How long an answer waits until its lease is given back. After that others have it a little later.
const GIVING_BACK: Duration = Duration::from_secs(2);
/// Pauses between two tries for a lease.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

const TAKE: &str = "
INSERT INTO kassa_leases AS held (name, holder, token, expires_at)
VALUES ($1, $2, 1, now() + $3 * INTERVAL '1 millisecond')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = held.token + 1, expires_at = excluded.expires_at
WHERE held.expires_at < now() RETURNING token";
const RENEW: &str = "UPDATE kassa_leases SET expires_at = now() + $3 * INTERVAL '1 millisecond' \
                     WHERE name = $1 AND holder = $2 RETURNING token";
const RELEASE: &str = "DELETE FROM kassa_leases WHERE name = $1 AND holder = $2";
/// The row stays and ends by the clock: the pace of a cash register holds though this process is gone. Without
/// its holder nobody renews it.
const RELEASE_LATER: &str = "UPDATE kassa_leases SET expires_at = now() + $3 * INTERVAL '1 millisecond', holder = '' \
                             WHERE name = $1 AND holder = $2";

/// A name that no other holder has, so that nobody renews or gives back the lease of another.
fn holder() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{}-{count}-{:016x}", std::process::id(), RandomState::new().hash_one(count))
}

struct Terms {
    server: Arc<Server>,
    name: String,
    holder: String,
    lasts: Duration,
}

impl Terms {
    /// Takes or renews the lease; gives back until when it surely holds.
    async fn ask(&self, access: Access, sql: &str) -> Result<Option<Instant>> {
        let asked = Instant::now();
        let lasts = self.lasts.as_secs_f64() * 1_000.0;
        let rows = self.server.query(access, sql, &[&self.name, &self.holder, &lasts]).await?;
        Ok(rows.first().map(|_| asked + self.lasts))
    }

    /// Gives the lease back; nobody gets it for `pause` from then.
    async fn release(&self, pause: Duration) -> Result<()> {
        let access = Access::Write("postgres_lease_release");
        let pause = pause.as_secs_f64() * 1_000.0;
        let done = match pause > 0.0 {
            true => self.server.query(access, RELEASE_LATER, &[&self.name, &self.holder, &pause]).await,
            false => self.server.query(access, RELEASE, &[&self.name, &self.holder]).await,
        };
        done.map(drop)
    }
}

/// Waits for a lease until `deadline`. Its holder can be sure of it for `time` ahead.
pub(super) async fn take(
    server: &Arc<Server>,
    name: &str,
    deadline: Instant,
    time: Duration,
) -> Result<Lease> {
    let lasts = SHORTEST.max(time + MARGIN);
    let terms = Terms { server: server.clone(), name: name.into(), holder: holder(), lasts };
    let mut pause = PAUSE.0;
    loop {
        let taken = match terms.ask(Access::Write("postgres_lease_take"), TAKE).await {
            Ok(taken) => taken,
            Err(error) => {
                // The lease may be taken and only the answer lost. Others should not have to wait until it
                // ends.
                give_back_later(Arc::new(terms), Duration::ZERO);
                return Err(error);
            }
        };
        if let Some(until) = taken {
            let (renewed, until) = watch::channel(until);
            let every = (lasts - time) / 4;
            let terms = Arc::new(terms);
            let renewal = tokio::spawn(renew(terms.clone(), renewed, every));
            return Ok(Lease::expiring(until, Held { terms: Some(terms), renewal }));
        }
        if Instant::now() + pause >= deadline {
            return Err(busy(name));
        }
        sleep(jittered(pause)).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Renews the lease while it is held. One that is lost is not taken again.
async fn renew(terms: Arc<Terms>, until: watch::Sender<Instant>, every: Duration) {
    let mut next = Instant::now() + every;
    loop {
        sleep_until(next).await;
        next = Instant::now() + every;
        match terms.ask(Access::Write("postgres_lease_renew"), RENEW).await {
            Ok(renewed) => {
                until.send_replace(renewed.unwrap_or_else(Instant::now));
                if renewed.is_none() {
                    return;
                }
            }
            // The server was not reached. The lease still holds for the time that it had, and the next try
            // comes.
            Err(error) => tracing::warn!(target: "kassa::journal", "a lease could not be renewed: {error}"),
        }
    }
}

struct Held {
    /// Absent once it was given back.
    terms: Option<Arc<Terms>>,
    renewal: JoinHandle<()>,
}

#[async_trait]
impl lease::Held for Held {
    async fn give_back(mut self: Box<Self>, pause: Duration) {
        self.renewal.abort();
        let Some(terms) = self.terms.take() else { return };
        let until = Instant::now() + pause;
        if !matches!(timeout(GIVING_BACK, terms.release(pause)).await, Ok(Ok(()))) {
            give_back_later(terms, until.saturating_duration_since(Instant::now()));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
        if let Some(terms) = self.terms.take() {
            give_back_later(terms, Duration::ZERO);
        }
    }
}

/// Gives a lease back; nobody waits for it. It is tried until the lease has ended by itself.
fn give_back_later(terms: Arc<Terms>, pause: Duration) {
    // Where the runtime is gone the lease ends by the clock.
    let Ok(runtime) = Handle::try_current() else { return };
    runtime.spawn(async move {
        let end = Instant::now() + terms.lasts;
        let mut before_next = PAUSE.1;
        while let Err(error) = terms.release(pause).await {
            if Instant::now() + before_next >= end {
                return tracing::debug!(target: "kassa::journal", "a lease ends by its time: {error}");
            }
            sleep(jittered(before_next)).await;
            before_next *= 2;
        }
    });
}
