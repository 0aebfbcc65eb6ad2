//! iKKM, played from protocol/ikkm.md: cash registers of Kazakhstan on the shop's own network, whose
//! web-api key changes with every sale.

mod calls;
mod cash;
mod codes;
mod dates;
mod device;
mod dumps;
mod endpoints;
mod fiscal;
mod info;
mod items;
mod json;
mod keys;
mod money;
mod operator;
mod parameters;
mod printer;
mod sale;
mod seeding;
mod shift_report;
mod shifts;
mod state;
mod struck;
mod switches;
mod tables;
mod user;
mod wire;

use std::sync::Arc;

use axum::Router;
use parking_lot::RwLock;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use self::device::Device;
use self::seeding::{Seed, Wanted};
use self::switches::Switches;
use crate::faults::Action;
use crate::frame::{Frame, Refused};
use crate::switches::patched;
use crate::vendors::Vendor;

/// The vendor's name.
pub const NAME: &str = "ikkm";

/// What can strike a call.
const ACTIONS: &[Action] = &[
    Action::Drop,
    Action::Delay,
    Action::Status,
    Action::Garbage,
    Action::Cut,
    Action::Empty,
    Action::Busy,
    Action::Reboot,
    Action::OtherWriter,
];

/// iKKM: all its devices.
pub struct Ikkm {
    frame: Arc<Frame>,
    from_the_start: Switches,
    switches: RwLock<Arc<Switches>>,
    devices: RwLock<Vec<Arc<Device>>>,
}

/// What a call sees beside the device.
struct Surroundings<'a> {
    frame: &'a Frame,
    register: &'a str,
    switches: &'a Switches,
    now: OffsetDateTime,
}

impl Ikkm {
    /// Starts the vendor with these switches and one device.
    pub fn start(frame: &Arc<Frame>, switches: &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused> {
        let switches = patched(&Switches::default(), switches)?;
        let ikkm = Arc::new(Self {
            frame: frame.clone(),
            from_the_start: switches.clone(),
            switches: RwLock::new(Arc::new(switches)),
            devices: RwLock::default(),
        });
        ikkm.add(Wanted::default())?;
        Ok(ikkm)
    }

    fn add(self: &Arc<Self>, wanted: Wanted) -> Result<Arc<Device>, Refused> {
        let mut devices = self.devices.write();
        let seeded = seeding::device(wanted, self.frame.seed, devices.len() as u64)?;
        if devices.iter().any(|known| known.register() == seeded.register) {
            return Err(Refused::new(format!("register: {:?} is there already", seeded.register)));
        }
        let (device, listener) = Device::new(seeded)?;
        self.frame.runtime.spawn(device::run(self.clone(), device.clone(), listener));
        devices.push(device.clone());
        Ok(device)
    }

    fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The switches as they are now.
    fn switches(&self) -> Arc<Switches> {
        self.switches.read().clone()
    }

    fn around<'a>(&'a self, device: &'a Device, switches: &'a Switches) -> Surroundings<'a> {
        Surroundings {
            frame: &self.frame,
            register: device.register(),
            switches,
            now: self.frame.clock.now(),
        }
    }
}

impl Vendor for Ikkm {
    fn routes(&self) -> &'static [&'static str] {
        endpoints::ROUTES
    }

    fn failure_types(&self) -> &'static [&'static str] {
        &[]
    }

    fn actions(&self) -> &'static [Action] {
        ACTIONS
    }

    fn operate(&self, register: &str, action: &str, what: &Value) -> Option<Result<Value, Refused>> {
        let device = self.devices.read().iter().find(|device| device.register() == register).cloned()?;
        Some(self.operated(&device, action, what))
    }

    /// Nothing at the emulator's own port: every device has one.
    fn router(self: Arc<Self>) -> Router {
        Router::new()
    }

    fn routed_path(&self, _path: &str) -> Option<String> {
        None
    }

    fn description(&self, _url: &str) -> Value {
        let devices = self.devices.read();
        let mut configs = devices.iter().map(|device| device.config());
        let config = configs.next().unwrap_or_default();
        json!({ "config": config, "others": configs.collect::<Vec<_>>() })
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*Ikkm::switches(self)).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused> {
        let switches = patched(&*Ikkm::switches(self), patch)?;
        *self.switches.write() = Arc::new(switches);
        Ok(())
    }

    fn documents(&self) -> Value {
        self.devices.read().iter().map(|device| operator::shown(device)).collect()
    }

    fn seed(self: Arc<Self>, what: Value, _url: &str) -> Result<Value, Refused> {
        let seed: Seed = serde_json::from_value(what).map_err(Refused::new)?;
        let device = self.add(seed.device)?;
        Ok(json!({ "config": device.config() }))
    }

    fn reset(self: Arc<Self>) {
        *self.switches.write() = Arc::new(self.from_the_start.clone());
        let _on_the_runtime = self.frame.runtime.enter();
        let mut devices = self.devices.write();
        for added in devices.drain(1..) {
            added.retire();
        }
        for device in devices.iter() {
            device.reset();
        }
    }

    fn stop(&self) {
        for device in self.devices.read().iter() {
            device.retire();
        }
    }
}
