//! iKassa.Cloud, played from protocol/ikassa.md: an accounts host with the device login, the API of a
//! cloud register, and public receipt pages, all on the emulator's own port.

mod asked;
mod body;
mod calls;
mod codes;
mod counters;
mod document;
mod document_calls;
mod errors;
mod grants;

mod kinds;
mod money;
mod oauth;
mod oauth_errors;
mod operator;
mod page;
mod reading;
mod receipt;
mod register;
mod rollback;
mod rules;
mod scripted;
mod seeding;
mod shift;
mod shift_calls;
mod state;
mod switches;

use std::sync::Arc;

use axum::Router;
use parking_lot::{Mutex, RwLock};
use serde_json::{Map, Value, json};

use self::seeding::{Access, Seed};
use self::state::State;
use self::switches::Switches;
use crate::faults::Action;
use crate::frame::{Frame, Refused};
use crate::switches::patched;
use crate::vendors::Vendor;

/// The vendor's name.
pub const NAME: &str = "ikassa";

/// What strikes its calls (protocol/ikassa.md 6.6).
const ACTIONS: &[Action] = &[
    Action::Drop,
    Action::Delay,
    Action::Status,
    Action::Garbage,
    Action::Cut,
    Action::Empty,
    Action::WrongContentType,
    Action::ExpireToken,
    Action::ForgetToken,
    Action::SlowDown,
];

/// iKassa with everything it knows.
pub struct Ikassa {
    frame: Arc<Frame>,
    from_the_start: Switches,
    switches: RwLock<Arc<Switches>>,
    state: Mutex<State>,
    access: RwLock<Vec<Access>>,
}

impl Ikassa {
    /// Starts the vendor with these switches and the seeded registers.
    pub fn start(frame: &Arc<Frame>, switches: &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused> {
        let switches = patched(&Switches::default(), switches)?.checked()?;
        let (state, access) = seeding::from_the_start(frame.seed, frame.clock.now(), &switches);
        Ok(Arc::new(Self {
            frame: frame.clone(),
            from_the_start: switches.clone(),
            switches: RwLock::new(Arc::new(switches)),
            state: Mutex::new(state),
            access: RwLock::new(access),
        }))
    }

    /// The switches as they are now.
    fn switches(&self) -> Arc<Switches> {
        self.switches.read().clone()
    }
}

impl Vendor for Ikassa {
    fn routes(&self) -> &'static [&'static str] {
        calls::ROUTES
    }

    fn failure_types(&self) -> &'static [&'static str] {
        &[]
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

    fn routed_path(&self, _path: &str) -> Option<String> {
        None
    }

    fn description(&self, url: &str) -> Value {
        let access = self.access.read();
        let mut configs = access.iter().map(|access| access.config(url));
        let config = configs.next().unwrap_or_default();
        json!({ "config": config, "others": configs.collect::<Vec<_>>() })
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*Ikassa::switches(self)).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused> {
        let switches = patched(&*Ikassa::switches(self), patch)?.checked()?;
        *self.switches.write() = Arc::new(switches);
        Ok(())
    }

    fn documents(&self) -> Value {
        let state = self.state.lock();
        let of_register = |register: &register::Register| {
            let id = register.id();
            let listed = register.documents.iter().map(|document| document.listed(&id));
            listed.collect::<Vec<_>>()
        };
        state.registers.iter().flat_map(of_register).collect()
    }

    fn seed(self: Arc<Self>, what: Value, url: &str) -> Result<Value, Refused> {
        let seed: Seed = serde_json::from_value(what).map_err(Refused::new)?;
        let switches = Ikassa::switches(&self);
        let mut state = self.state.lock();
        let access = seeding::add(&mut state, seed, self.frame.seed, self.frame.clock.now(), &switches)?;
        Ok(json!({ "config": access.config(url) }))
    }

    fn reset(self: Arc<Self>) {
        let switches = self.from_the_start.clone();
        let (state, access) = seeding::from_the_start(self.frame.seed, self.frame.clock.now(), &switches);
        *self.switches.write() = Arc::new(switches);
        *self.state.lock() = state;
        *self.access.write() = access;
    }

    fn stop(&self) {}
}
