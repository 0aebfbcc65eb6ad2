//! Modulkassa, played from protocol/modulkassa.md: a cloud queue in front of a shop's register.

mod accounts;
mod asked;
mod callback;
mod calls;
mod dates;
mod document;
mod document_calls;
mod errors;
mod points;
mod reading;
mod register;
mod schema;
mod seeding;
mod state;
pub mod switches;
mod worker;

use std::sync::Arc;

use axum::Router;
use parking_lot::{Mutex, RwLock};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::sync::Semaphore;

use self::accounts::Accounts;
use self::points::Point;
use self::seeding::{Access, Seed};
use self::state::{FAILURE_TYPES, StoredDocument};
use self::switches::Switches;
use crate::frame::{Frame, Refused};
use crate::switches::patched;
use crate::vendors::Vendor;

/// The vendor's name.
pub const NAME: &str = "modulkassa";

/// The path of the base URL in the printed config.
pub const BASE_PATH: &str = "/api/fn";

/// The path under which the same API is found too (protocol/modulkassa.md 1.1).
const SHORT_BASE_PATH: &str = "/fn";

/// Modulkassa with everything it knows.
pub struct Modulkassa {
    frame: Arc<Frame>,
    from_the_start: Switches,
    switches: RwLock<Arc<Switches>>,
    frozen_at: Mutex<OffsetDateTime>,
    accounts: RwLock<Accounts>,
    access: RwLock<Vec<Access>>,
    deliveries: Semaphore,
}

impl Modulkassa {
    /// Starts the vendor with these switches and the seeded accounts.
    pub fn start(frame: &Arc<Frame>, switches: &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused> {
        let switches = patched(&Switches::default(), switches)?;
        let (accounts, access) = seeding::from_the_start(frame.seed);
        let modulkassa = Arc::new(Self {
            frame: frame.clone(),
            from_the_start: switches.clone(),
            switches: RwLock::new(Arc::new(switches)),
            frozen_at: Mutex::new(frame.clock.now()),
            accounts: RwLock::new(accounts),
            access: RwLock::new(access),
            deliveries: callback::gate(),
        });
        modulkassa.employ_all();
        Ok(modulkassa)
    }

    /// The switches as they are now.
    pub fn switches(&self) -> Arc<Switches> {
        self.switches.read().clone()
    }

    fn frame(&self) -> &Arc<Frame> {
        &self.frame
    }

    fn deliveries(&self) -> &Semaphore {
        &self.deliveries
    }

    /// When the registers last reported (protocol/modulkassa.md 6.1 item 20).
    fn register_time(&self, switches: &Switches) -> OffsetDateTime {
        if switches.freeze_register_time {
            *self.frozen_at.lock()
        } else {
            points::last_poll(self.frame.clock.now(), switches.tick_ms)
        }
    }

    fn put_switches(&self, switches: Switches) {
        if switches.freeze_register_time {
            *self.frozen_at.lock() = self.frame.clock.now();
        }
        *self.switches.write() = Arc::new(switches);
        for point in self.accounts.read().points() {
            point.wake.notify_one();
        }
    }

    fn employ_all(self: &Arc<Self>) {
        for point in self.accounts.read().points() {
            self.employ(point);
        }
    }

    fn employ(self: &Arc<Self>, point: &Arc<Point>) {
        let work = worker::run(Arc::downgrade(self), point.clone());
        self.frame.runtime.spawn(work);
    }

    fn retire_all(&self) {
        for point in self.accounts.read().points() {
            point.queue.lock().retire();
            point.wake.notify_one();
        }
    }
}

impl Vendor for Modulkassa {
    fn routes(&self) -> &'static [&'static str] {
        calls::ROUTES
    }

    fn failure_types(&self) -> &'static [&'static str] {
        FAILURE_TYPES
    }

    fn router(self: Arc<Self>) -> Router {
        calls::router(self)
    }

    /// Both bases, with a slash too many or one missing behind them
    /// (protocol/modulkassa.md 6.1 item 1).
    fn routed_path(&self, path: &str) -> Option<String> {
        let rest = [BASE_PATH, SHORT_BASE_PATH].iter().find_map(|base| path.strip_prefix(base))?;
        Some(format!("{BASE_PATH}/{}", rest.trim_start_matches('/')))
    }

    fn description(&self, url: &str) -> Value {
        let access = self.access.read();
        let mut configs = access.iter().map(|access| access.config(url));
        let config = configs.next().unwrap_or_default();
        json!({ "config": config, "others": configs.collect::<Vec<_>>() })
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*Modulkassa::switches(self)).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused> {
        let switches = patched(&*Modulkassa::switches(self), patch)?;
        self.put_switches(switches);
        Ok(())
    }

    fn documents(&self) -> Value {
        let switches = Switches {
            // A listing is no answer of the vendor: amounts are exact in it.
            sum_as_string: true,
            ..(*Modulkassa::switches(self)).clone()
        };
        let points: Vec<_> = self.accounts.read().points().cloned().collect();
        let of_point = |point: Arc<Point>| {
            let state = point.register_state(&switches);
            let queue = point.queue.lock();
            let told = |document: &StoredDocument| {
                json!({
                    "retail_point_id": point.id,
                    "id": document.receipt.id,
                    "docNum": document.receipt.doc_num,
                    "document": document.told(&switches, state),
                    "history": document.history,
                    "callback_attempts": document.callback_attempts,
                    "callback_problem": document.callback_problem,
                })
            };
            queue.documents().iter().map(told).collect::<Vec<_>>()
        };
        Value::Array(points.into_iter().flat_map(of_point).collect())
    }

    fn seed(self: Arc<Self>, what: Value, url: &str) -> Result<Value, Refused> {
        let seed: Seed = serde_json::from_value(what).map_err(Refused::new)?;
        let seeded = seeding::add(&mut self.accounts.write(), seed)?;
        if let Some(point) = &seeded.new_point {
            self.employ(point);
        }
        Ok(json!({ "config": seeded.access.map(|access| access.config(url)) }))
    }

    fn reset(self: Arc<Self>) {
        self.retire_all();
        let (accounts, access) = seeding::from_the_start(self.frame.seed);
        *self.accounts.write() = accounts;
        *self.access.write() = access;
        self.put_switches(self.from_the_start.clone());
        self.employ_all();
    }

    fn stop(&self) {
        self.retire_all();
    }
}
