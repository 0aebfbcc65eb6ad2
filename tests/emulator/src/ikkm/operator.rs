//! What an operator does at a device: the control channel (protocol/ikkm.md 6.1 item E22).

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::device::Device;
use super::money::{money, two_decimals};
use super::seeding::check_key;
use super::shifts::Shift;
use super::state::{Document, State};
use super::user::Role;
use super::{Ikkm, Surroundings, fiscal};
use crate::clock::rfc3339;
use crate::frame::Refused;

type Done = Result<(), Refused>;

const ACTIONS: &[&str] = &[
    "reboot",
    "power",
    "web_api",
    "rekey",
    "sell_by_hand",
    "paper",
    "battery",
    "busy",
    "shift",
    "archive",
    "offline_since",
    "ofd_block",
    "user",
    "tax",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct On {
    on: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rekey {
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sum {
    sum: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    out: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Battery {
    low: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Busy {
    ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenOrClosed {
    open: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Archive {
    shift: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offline {
    at: Option<String>,
    hours: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    code: Option<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangedUser {
    id: Option<u64>,
    name: Option<String>,
    role: Option<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditedTax {
    code: u64,
    percent: i64,
    on_top: bool,
}

impl Ikkm {
    /// Does what an operator does; the answer is the device as it is then.
    pub fn operated(&self, device: &Device, action: &str, what: &Value) -> Result<Value, Refused> {
        let switches = self.switches();
        match action {
            "reboot" => device.reboot(&switches),
            "power" => {
                let On { on } = read(what)?;
                device.state.lock().reboot(&switches);
                self.listen(device, on);
            }
            "web_api" => {
                let On { on } = read(what)?;
                if on && switches.web_api_moves_key {
                    device.state.lock().keys.move_on(&switches);
                }
                self.listen(device, on);
            }
            _ => {
                let around = self.around(device, &switches);
                act(&mut device.state.lock(), &around, action, what)?;
            }
        }
        Ok(shown(device))
    }

    fn listen(&self, device: &Device, on: bool) {
        let _on_the_runtime = self.frame().runtime.enter();
        device.listen(on);
    }
}

fn act(state: &mut State, around: &Surroundings<'_>, action: &str, what: &Value) -> Done {
    match action {
        "rekey" => rekey(state, around, read(what)?)?,
        "sell_by_hand" => sell(state, around, &read(what)?)?,
        "paper" => state.printer.no_paper = read::<Paper>(what)?.out,
        "battery" => state.battery_low = read::<Battery>(what)?.low,
        "busy" => busy(state, read(what)?),
        "shift" => match read::<OpenOrClosed>(what)?.open {
            true => drop(state.shifts.open_for(state.user.id, around.now)),
            false => state.shifts.close(state.drawer, around.now),
        },
        "archive" => {
            let Archive { shift } = read(what)?;
            return state
                .shifts
                .archive(shift)
                .then_some(())
                .ok_or_else(|| Refused::new("shift: none closed"));
        }
        "offline_since" => offline(state, around, read(what)?)?,
        "ofd_block" => state.ofd_block = read::<Block>(what)?.code,
        "user" => user(state, read(what)?),
        "tax" => {
            let EditedTax { code, percent, on_top } = read(what)?;
            let edited = state.tables.edit_tax(code, percent, on_top);
            return edited.map(drop).ok_or_else(|| Refused::new("code: no such tax"));
        }
        _ => return Err(Refused::new(format!("action: {action:?} is not one of {ACTIONS:?}"))),
    }
    Ok(())
}

fn rekey(state: &mut State, around: &Surroundings<'_>, wanted: Rekey) -> Done {
    match wanted.key {
        Some(key) => {
            check_key(&key)?;
            state.keys.set(key);
        }
        None => {
            state.keys.move_on(around.switches);
        }
    }
    if !around.switches.repeat_survives_rekey {
        state.keys.forget();
    }
    Ok(())
}

fn sell(state: &mut State, around: &Surroundings<'_>, Sum { sum }: &Sum) -> Done {
    let text = sum.as_str().map_or_else(|| sum.to_string(), str::to_owned);
    let total = money(&text).filter(|total| *total > 0).ok_or_else(|| Refused::new("sum: tenge"))?;
    fiscal::sell_by_hand(state, around, total);
    if around.switches.hand_sale_moves_key {
        state.keys.move_on(around.switches);
    }
    Ok(())
}

fn busy(state: &mut State, Busy { ms }: Busy) {
    state.busy_until = Instant::now().checked_add(Duration::from_millis(ms));
}

fn offline(state: &mut State, around: &Surroundings<'_>, Offline { at, hours }: Offline) -> Done {
    match (at, hours) {
        (None, None) => state.reconnect(around.now),
        (Some(at), None) => {
            let moment =
                OffsetDateTime::parse(&at, &Rfc3339).map_err(|e| Refused::new(format!("at: {e}")))?;
            state.offline_since = Some(moment);
        }
        (None, Some(hours)) => {
            let since = around.now.checked_sub(time::Duration::hours(hours));
            state.offline_since = Some(since.ok_or_else(|| Refused::new("hours: too many"))?);
        }
        (Some(_), Some(_)) => return Err(Refused::new("at or hours, not both")),
    }
    Ok(())
}

fn user(state: &mut State, ChangedUser { id, name, role }: ChangedUser) {
    let user = &mut state.user;
    user.id = id.unwrap_or(user.id);
    user.name = name.unwrap_or_else(|| user.name.clone());
    user.role = role.unwrap_or(user.role);
    state.tables.know(&state.user);
}

fn read<T: DeserializeOwned>(what: &Value) -> Result<T, Refused> {
    let what = if what.is_null() { json!({}) } else { what.clone() };
    serde_json::from_value(what).map_err(Refused::new)
}

/// A device with everything that was registered on it.
pub fn shown(device: &Device) -> Value {
    let listens = device.listens();
    let state = device.state.lock();
    json!({
        "register": device.register(),
        "key": state.keys.current(),
        "listens": listens,
        "last_receipt": state.last_receipt,
        "last_number": state.last_number,
        "drawer": two_decimals(state.drawer),
        "shift": state.shifts.last().map(shown_shift),
        "user": state.user,
        "paper_out": state.printer.no_paper,
        "battery_low": state.battery_low,
        "busy": state.free().is_err(),
        "offline_since": state.offline_since.map(rfc3339),
        "ofd_block": state.ofd_block,
        "paper": state.printer.lines,
        "documents": state.documents.iter().map(shown_document).collect::<Vec<_>>(),
    })
}

fn shown_shift(shift: &Shift) -> Value {
    json!({ "id": shift.id, "open": shift.is_open() })
}

fn shown_document(document: &Document) -> Value {
    let rows = document.rows.iter().map(|(_, row)| json!({ "name": row.name, "sum": two_decimals(row.sum) }));
    json!({
        "number": document.number,
        "kind": document.kind,
        "key": document.key,
        "total": two_decimals(document.total),
        "tax": document.tax,
        "rows": rows.collect::<Vec<_>>(),
        "online_code": document.online_code,
        "by": document.by,
    })
}
