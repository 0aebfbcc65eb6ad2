//! The sample, played from protocol/sample.md: the smallest vendor there can be, to be copied.

mod calls;
mod document;

use std::sync::Arc;

use axum::Router;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::document::{Document, Fate, Stored, recorded};
use crate::clock::rfc3339;
use crate::faults::{Action, Call, SUBMIT_ROUTE, Stage};
use crate::frame::{Frame, Refused};
use crate::switches::patched;
use crate::vendors::Vendor;

/// The vendor's name.
pub const NAME: &str = "sample";
/// The path of the base URL in the printed config.
const BASE_PATH: &str = "/sample";
/// Whose cash register it is; it stands for the register in the ledger too.
const USER: &str = "till-1";

const ACTIONS: &[Action] =
    &[Action::Drop, Action::Delay, Action::Status, Action::Garbage, Action::Cut, Action::Empty, Action::Fail];

/// What the sheet leaves open.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switches {
    /// How many answers about a document say `queued`, although the cash register is done with it.
    queued_answers: u32,
}

/// The sample with everything it knows.
pub struct Sample {
    frame: Arc<Frame>,
    from_the_start: Switches,
    switches: Mutex<Switches>,
    taken: Mutex<Vec<Stored>>,
}

impl Sample {
    /// Starts the vendor with these switches.
    pub fn start(frame: &Arc<Frame>, switches: &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused> {
        let switches = patched(&Switches { queued_answers: 1 }, switches)?;
        let (from_the_start, switches) = (switches.clone(), Mutex::new(switches));
        Ok(Arc::new(Self { frame: frame.clone(), from_the_start, switches, taken: Mutex::default() }))
    }

    fn password(&self) -> String {
        format!("secret-{}", self.frame.seed)
    }

    /// Takes a document, once an id, and tells its status.
    fn take(&self, document: &Document) -> Value {
        let mut taken = self.taken.lock();
        let known = taken.iter().position(|stored| stored.document.id == document.id);
        let place = known.unwrap_or_else(|| {
            let fate = self.fate(document, taken.len());
            taken.push(Stored { document: document.clone(), fate, asked: 0 });
            taken.len() - 1
        });
        self.told(&mut taken[place])
    }

    /// What the cash register makes of a document; `earlier` were taken before it.
    fn fate(&self, document: &Document, earlier: usize) -> Fate {
        let call = Call { vendor: NAME, route: SUBMIT_ROUTE, keys: vec![document.id.to_string()] };
        if let Some(fault) = self.frame.faults.take(&call, Stage::Register).into_iter().next() {
            let message = fault.failure_message.unwrap_or_else(|| "the storage is full".to_owned());
            return Fate::Failed("register_failed".to_owned(), message);
        }
        let mut random = StdRng::seed_from_u64(self.frame.seed.wrapping_add(earlier as u64));
        let sign = random.random_range(1..u64::from(u32::MAX));
        let entry = recorded(document, USER, earlier + 1, sign, rfc3339(self.frame.clock.now()));
        self.frame.ledger.record(entry.clone());
        Fate::Recorded(Box::new(entry))
    }

    /// The status of the document with this id, as a call is told.
    fn find(&self, id: &str) -> Option<Value> {
        let mut taken = self.taken.lock();
        let stored = taken.iter_mut().find(|stored| stored.document.id.to_string() == id)?;
        Some(self.told(stored))
    }

    fn told(&self, stored: &mut Stored) -> Value {
        stored.asked += 1;
        stored.told(stored.asked <= self.switches.lock().queued_answers)
    }
}

impl Vendor for Sample {
    fn routes(&self) -> &'static [&'static str] {
        calls::ROUTES
    }

    fn actions(&self) -> &'static [Action] {
        ACTIONS
    }

    fn router(self: Arc<Self>) -> Router {
        calls::router(self)
    }

    fn description(&self, url: &str) -> Value {
        let credentials = json!({ "user_name": USER, "password": self.password() });
        json!({
            "config": { "vendor": NAME, "base_url": format!("{url}{BASE_PATH}"), "credentials": credentials },
            "others": [],
        })
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*self.switches.lock()).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused> {
        let mut switches = self.switches.lock();
        *switches = patched(&*switches, patch)?;
        Ok(())
    }

    fn documents(&self) -> Value {
        self.taken.lock().iter().map(|stored| stored.told(false)).collect()
    }

    fn reset(self: Arc<Self>) {
        *self.switches.lock() = self.from_the_start.clone();
        self.taken.lock().clear();
    }
}
