//! `/apicheck/getInfo`, full and minimum (protocol/ikkm.md 5.10, 5.11).

use super::Surroundings;
use super::calls::{current_key, json};
use super::codes::Code;
use super::endpoints::Request;
use super::json::{Json, number, text};
use super::money::two_decimals;
use super::state::State;
use super::wire::Reply;

const APPLICATION_VERSION: u32 = 101_021;
const BATTERY_FULL: u32 = 80;
const BATTERY_LOW: u32 = 5;
const DATABASE_KB: u32 = 46;
const FLASH_MB: u32 = 78;
const RAM_MB: u32 = 70;

const MINIMUM: &[&str] = &[
    "lastClosedChequeId",
    "currentShiftID",
    "currentShiftStatus",
    "defaultApiTaxID",
    "cashierID",
    "cashierName",
];

/// Says how the device is.
pub fn answer(state: &State, around: &Surroundings<'_>, request: &Request) -> Result<Reply, Code> {
    current_key(state, request, false)?;
    let mut fields = full(state, around);
    if request.parameters.get("show") == Some("minimum") {
        fields.retain(|(name, _)| MINIMUM.contains(name));
        fields.sort_by_key(|(name, _)| MINIMUM.iter().position(|known| known == name));
    }
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(json(Json::Object(fields).written(around.switches)))
}

fn full(state: &State, around: &Surroundings<'_>) -> Vec<(&'static str, Json)> {
    let shift = state.shifts.last();
    let status = if state.shifts.open().is_some() { "opened" } else { "closed" };
    let battery = if state.battery_low { BATTERY_LOW } else { BATTERY_FULL };
    let unsent = state.documents.iter().filter(|document| document.submitted.is_none()).count();
    let mut fields = vec![
        ("applicationVersion", number(APPLICATION_VERSION)),
        ("batteryCapacityPerc", text(battery)),
        ("cashWeHave", text(two_decimals(state.drawer))),
        ("cashierID", text(state.user.id)),
        ("cashierName", text(&state.user.name)),
        ("currentShiftID", text(shift.map_or(0, |shift| shift.id))),
        ("currentShiftStatus", text(status)),
        ("databaseSizeKb", text(DATABASE_KB)),
        ("defaultApiTaxID", text(state.tables.default_tax)),
        ("factorySerialNumber", text(around.register)),
        ("lastClosedChequeId", text(state.last_receipt)),
        ("messagesQueueSize", text(unsent)),
        ("printingMode", text("internal")),
        ("roundingRule", text("no")),
        ("totalFlashUsedMb", text(FLASH_MB)),
        ("totalRamUsedMb", text(RAM_MB)),
    ];
    if !around.switches.battery_present {
        fields.retain(|(name, _)| *name != "batteryCapacityPerc");
    }
    fields
}
