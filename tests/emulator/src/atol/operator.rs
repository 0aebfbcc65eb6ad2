//! What an operator does at a register of the data centre, for tests.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::group::Group;
use super::kkt::Kkt;
use super::switches::Switches;
use super::{Atol, MOST_NETWORK_CODE, monitoring};
use crate::frame::Refused;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Power {
    on: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    code: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Attributes {
    set: Map<String, Value>,
    absent: Vec<String>,
}

impl Atol {
    /// Does an action at the register with this serial number; None when there is no such register.
    /// The answer is the register as monitoring tells it.
    pub fn operated(&self, serial: &str, action: &str, what: &Value) -> Option<Result<Value, Refused>> {
        let switches = self.switches();
        let has = |group: &&Arc<Group>| group.desk.lock().kkts.iter().any(|kkt| kkt.serial == serial);
        let group = self.accounts.read().groups.iter().find(has).cloned()?;
        let done = {
            let mut desk = group.desk.lock();
            let kkt = desk.kkts.iter_mut().find(|kkt| kkt.serial == serial)?;
            act(kkt, action, what, &switches).map(|()| {
                monitoring::told(kkt, &group.code, &group.company, self.frame.clock.now(), &switches)
            })
        };
        Some(done)
    }
}

fn act(kkt: &mut Kkt, action: &str, what: &Value, switches: &Switches) -> Result<(), Refused> {
    match action {
        "power" => kkt.on = read::<Power>(what)?.on,
        "network" => {
            let Network { code } = read(what)?;
            if code.is_some_and(|code| code > MOST_NETWORK_CODE) {
                return Err(Refused::new("code: from 0 to 8"));
            }
            kkt.network = code;
            kkt.send_to_ofd(switches);
        }
        "close_shift" => kkt.close_shift(),
        "attributes" => {
            let Attributes { set, absent } = read(what)?;
            (kkt.shown, kkt.hidden) = (set, absent);
        }
        _ => {
            let known = ["power", "network", "close_shift", "attributes"];
            return Err(Refused::new(format!("action: {action:?} is not one of {known:?}")));
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(what: &Value) -> Result<T, Refused> {
    let what = if what.is_null() { Value::Object(Map::new()) } else { what.clone() };
    serde_json::from_value(what).map_err(Refused::new)
}
