//! ATOL Online, played from protocol/atol.md: groups of registers in the vendor's data centre behind
//! a queue, and a second service that tells how the registers are.

mod accounts;
mod asked;
mod auth;
mod callback;
mod calls;
mod checker;
mod checks;
mod dates;
mod document;
mod errors;
mod group;
mod kkt;
mod monitoring;
mod operations;
mod operator;
mod order;
mod patterns;
mod reading;
mod receipt;
mod report;
mod rules;
mod schema_v4;
mod schema_v5;
mod seeding;
mod submit;
mod switches;
mod tokens;
mod verdict;
mod words;
mod worker;

use std::sync::Arc;

use axum::Router;
use parking_lot::{Mutex, RwLock};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use self::accounts::Accounts;
use self::group::Group;
use self::seeding::{Access, Seed};
use self::switches::Switches;
use self::verdict::FAILURE_TYPES;
use crate::faults::{Action, CLOUD_ACTIONS};
use crate::frame::{Frame, Refused};
use crate::switches::patched;
use crate::vendors::Vendor;

/// The vendor's name.
pub const NAME: &str = "atol";

const ACTIONS: &[Action] = &{
    let mut all = [Action::ExpireToken; CLOUD_ACTIONS.len() + 2];
    let mut index = 0;
    while index < CLOUD_ACTIONS.len() {
        all[index] = CLOUD_ACTIONS[index];
        index += 1;
    }
    all[index] = Action::ForgetToken;
    all
};

const MOST_NETWORK_CODE: u8 = 8;
const MOST_OFFSET_HOURS: i8 = 14;

/// ATOL Online with everything it knows.
pub struct Atol {
    frame: Arc<Frame>,
    from_the_start: Switches,
    switches: RwLock<Arc<Switches>>,
    accounts: RwLock<Accounts>,
    access: RwLock<Vec<Access>>,
    error_ids: Mutex<StdRng>,
    deliveries: Semaphore,
}

impl Atol {
    /// Starts the vendor with these switches and the seeded users.
    pub fn start(frame: &Arc<Frame>, switches: &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused> {
        let switches = checked(&Switches::default(), switches)?;
        let (accounts, access) = seeding::from_the_start(frame.seed, frame.clock.now());
        let atol = Arc::new(Self {
            frame: frame.clone(),
            from_the_start: switches.clone(),
            switches: RwLock::new(Arc::new(switches)),
            accounts: RwLock::new(accounts),
            access: RwLock::new(access),
            error_ids: Mutex::new(StdRng::seed_from_u64(frame.seed)),
            deliveries: callback::gate(),
        });
        atol.employ_all();
        Ok(atol)
    }

    /// The switches as they are now.
    fn switches(&self) -> Arc<Switches> {
        self.switches.read().clone()
    }

    fn put_switches(&self, switches: Switches) {
        *self.switches.write() = Arc::new(switches);
        let switches = self.switches();
        for group in &self.accounts.read().groups {
            group.desk.lock().kkts.iter_mut().for_each(|kkt| kkt.send_to_ofd(&switches));
            group.hurry.notify_one();
        }
    }

    fn employ_all(self: &Arc<Self>) {
        for group in &self.accounts.read().groups {
            self.employ(group);
        }
    }

    fn employ(self: &Arc<Self>, group: &Arc<Group>) {
        self.frame.runtime.spawn(worker::run(Arc::downgrade(self), group.clone()));
    }

    fn retire_all(&self) {
        for group in &self.accounts.read().groups {
            group.desk.lock().retire();
            group.wake.notify_one();
            group.hurry.notify_one();
        }
    }
}

fn checked(current: &Switches, patch: &Map<String, Value>) -> Result<Switches, Refused> {
    let switches = patched(current, patch)?;
    let problems = [
        (switches.network_error_code > MOST_NETWORK_CODE, "switch network_error_code: from 0 to 8"),
        (switches.utc_offset_hours.abs() > MOST_OFFSET_HOURS, "switch utc_offset_hours: from -14 to 14"),
    ];
    match problems.into_iter().find(|(wrong, _)| *wrong) {
        Some((_, problem)) => Err(Refused::new(problem)),
        None => Ok(switches),
    }
}

impl Vendor for Atol {
    fn routes(&self) -> &'static [&'static str] {
        calls::ROUTES
    }

    fn failure_types(&self) -> &'static [&'static str] {
        FAILURE_TYPES
    }

    fn actions(&self) -> &'static [Action] {
        ACTIONS
    }

    fn operate(&self, register: &str, action: &str, what: &Value) -> Option<Result<Value, Refused>> {
        self.operated(register, action, what)
    }

    fn router(self: Arc<Self>) -> Router {
        calls::router(self)
    }

    /// A slash at the end makes no difference (protocol/atol.md 2.2).
    fn routed_path(&self, path: &str) -> Option<String> {
        let ours = calls::PREFIXES.iter().any(|prefix| path.starts_with(prefix));
        path.strip_suffix('/').filter(|_| ours).map(str::to_owned)
    }

    fn description(&self, url: &str) -> Value {
        let access = self.access.read();
        let mut configs = access.iter().map(|access| access.config(url));
        let config = configs.next().unwrap_or_default();
        json!({ "config": config, "others": configs.collect::<Vec<_>>() })
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*Atol::switches(self)).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused> {
        let switches = checked(&Atol::switches(self), patch)?;
        self.put_switches(switches);
        Ok(())
    }

    fn documents(&self) -> Value {
        self.accounts.read().groups.iter().flat_map(|group| report::listed(group)).collect()
    }

    fn seed(self: Arc<Self>, what: Value, url: &str) -> Result<Value, Refused> {
        let seed: Seed = serde_json::from_value(what).map_err(Refused::new)?;
        let mut accounts = self.accounts.write();
        let access = seeding::add(&mut accounts, seed, self.frame.seed, self.frame.clock.now())?;
        if let Some(group) = accounts.groups.last().filter(|_| access.is_some()) {
            self.employ(group);
        }
        Ok(json!({ "config": access.map(|access| access.config(url)) }))
    }

    fn reset(self: Arc<Self>) {
        self.retire_all();
        let (accounts, access) = seeding::from_the_start(self.frame.seed, self.frame.clock.now());
        *self.accounts.write() = accounts;
        *self.access.write() = access;
        self.put_switches(self.from_the_start.clone());
        self.employ_all();
    }

    fn stop(&self) {
        self.retire_all();
    }
}
