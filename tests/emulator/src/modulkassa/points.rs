//! Retail points: what a shop's back office knows, with the register and the queue behind it.

use parking_lot::Mutex;
use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset};
use tokio::sync::Notify;
use uuid::Uuid;

use super::register::Register;
use super::switches::{RegisterState, Switches};
use super::worker::Queue;

/// One retail point.
#[derive(Debug)]
pub struct Point {
    /// Its id.
    pub id: Uuid,
    /// The data that may be seeded anew.
    pub data: PointData,
    /// The state of its own, if it does not follow the switch.
    pub own_state: Mutex<Option<RegisterState>>,
    /// Register, documents and queue.
    pub queue: Mutex<Queue>,
    /// Wakes the worker of this point.
    pub wake: Notify,
}

/// What the management calls tell about a point (protocol/modulkassa.md 6.2).
#[derive(Debug, Clone)]
pub struct PointData {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The tax number of its owner.
    pub inn: String,
    /// The name of its time zone.
    pub time_zone_id: String,
    /// The offset of that zone.
    pub offset: UtcOffset,
    /// The address of the shop's site.
    pub payments_address: String,
}

impl Point {
    /// A point with a register that has recorded nothing.
    pub fn new(id: Uuid, data: PointData, seed: u64) -> Self {
        let register = Register::new(seed, data.offset);
        Self {
            id,
            data,
            own_state: Mutex::default(),
            queue: Mutex::new(Queue::new(register)),
            wake: Notify::new(),
        }
    }

    /// The state of the register.
    pub fn register_state(&self, switches: &Switches) -> RegisterState {
        self.own_state.lock().unwrap_or(switches.register_state)
    }

    /// Whether the register works on documents.
    pub fn works(&self, switches: &Switches) -> bool {
        self.register_state(switches) == RegisterState::Ready && !switches.freeze_register_time
    }

    /// The point as the management calls tell it.
    pub fn told(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.data.name,
            "address": self.data.address,
            "inn": self.data.inn,
            "timeZoneId": self.data.time_zone_id,
            "kkmInfo": { "paymentsAddress": self.data.payments_address },
        })
    }
}

/// When a register last polled, given the present moment and the length of a poll.
pub fn last_poll(now: OffsetDateTime, tick_ms: u64) -> OffsetDateTime {
    let tick_ns = i128::from(tick_ms.max(1)) * 1_000_000;
    let nanos = now.unix_timestamp_nanos();
    let floored = nanos - nanos.rem_euclid(tick_ns);
    OffsetDateTime::from_unix_timestamp_nanos(floored).unwrap_or(now)
}
