//! What happens outside a laboratory, a kind and a file each: late bytes, gateways, mixed-up answers, other
//! programs, moved cash registers, clocks, forks, damaged files. The table names them.
//!
//! Each number in a run's last line is counted where the thing is done, never where it was planned.

pub mod calls;
pub mod cell;
mod clock;
mod copies;
mod damaged_journal;
mod doubled_request;
mod fork;
mod gateway;
mod key_taken;
mod late_bytes;
mod mixed;
pub mod plan;
mod register_changed;
mod requeue;
pub mod scene;
mod short_budget;
pub mod table;
mod two_copies;
mod unreadable;
mod verdict;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::Result;
use crate::campaign::engine::Engine;
use crate::vendors::Vendor;
use crate::world::scene::Scene;

/// A kind of thing that happens.
pub struct Kind {
    /// Its name in the last line, in the table and for `--world`.
    pub name: &'static str,
    /// What is done, and what the judge asks where that is not plain.
    pub what: &'static str,
    /// The vendors at which it can happen; empty for all.
    pub vendors: &'static [&'static str],
    /// The engines whose journals it can happen to.
    pub engines: &'static [Engine],
    /// What it changes in a vendor's configuration.
    pub config: fn(&str) -> Value,
    /// Whether a receipt may stay in doubt where the vendor alone could have settled it.
    pub may_doubt: bool,
    /// One episode: a receipt or two, and what happens to them.
    pub act: for<'a> fn(&'a mut Scene) -> BoxFuture<'a, Result<()>>,
}

/// All of them, in the order of the last line.
pub const ALL: [&Kind; 13] = [
    &late_bytes::KIND,
    &gateway::KIND,
    &mixed::KIND,
    &doubled_request::KIND,
    &key_taken::KIND,
    &register_changed::KIND,
    &clock::KIND,
    &short_budget::KIND,
    &two_copies::KIND,
    &fork::KIND,
    &requeue::KIND,
    &unreadable::KIND,
    &damaged_journal::KIND,
];

impl Kind {
    /// The kind with this name.
    pub fn named(name: &str) -> Result<&'static Self> {
        let found = ALL.into_iter().find(|kind| kind.name == name);
        found.ok_or_else(|| format!("{name} is nothing that happens in the world").into())
    }

    /// Whether it can happen at this vendor with this engine.
    pub fn is_for(&self, vendor: &Vendor, engine: Engine) -> bool {
        (self.vendors.is_empty() || self.vendors.contains(&vendor.name)) && self.engines.contains(&engine)
    }
}

/// The vendor's own configuration of a campaign.
fn as_ever(_: &str) -> Value {
    Value::Null
}
