//! The calls about a register and its shift (protocol/ikassa.md 2.3, 2.4, 6.4 items 2 to 6).

use axum::body::Bytes;
use serde_json::{Value, json};

use super::asked::Asked;
use super::calls::{CASHBOX, SHIFT};
use super::errors::{MALFORMED, Refusal, shown};
use super::kinds::{CLOSE_SHIFT, OPEN_SHIFT};
use super::reading;
use super::register::{Around, Register};
use crate::answers::Answer;

/// `GET /api/workstations.cashbox`.
pub async fn cashbox(asked: Asked) -> Answer {
    let skips = asked.parameter("skipShift") == Some("true");
    let work = |register: Option<&mut Register>, around: Around<'_>| {
        let shift = register.as_ref().map_or_else(|| json!({}), |known| known.shift_shown(around.switches));
        let has_device = register.is_some();
        Ok(shown(&match skips {
            true => json!({ "hasDevice": has_device }),
            false => json!({ "hasDevice": has_device, "shift": shift }),
        }))
    };
    asked.serve_api(CASHBOX, Vec::new(), work).await
}

/// `GET /api/workstations.shift`.
pub async fn shift(asked: Asked) -> Answer {
    let work =
        |register: &mut Register, around: Around<'_>| Ok(shown(&register.shift_shown(around.switches)));
    asked.serve_register(SHIFT, Vec::new(), work).await
}

/// `POST /api/workstations.shift.open`.
pub async fn open(asked: Asked, body: Bytes) -> Answer {
    let work = |register: &mut Register, around: Around<'_>| {
        empty(&body)?;
        register.open_shift(around, None)?;
        Ok(shown(&changed(register, around)))
    };
    asked.serve_register(OPEN_SHIFT.route, Vec::new(), work).await
}

/// `POST /api/workstations.shift.close`.
pub async fn close(asked: Asked, body: Bytes) -> Answer {
    let work = |register: &mut Register, around: Around<'_>| {
        empty(&body)?;
        register.close_shift(around, None)?;
        Ok(shown(&changed(register, around)))
    };
    asked.serve_register(CLOSE_SHIFT.route, Vec::new(), work).await
}

/// The shift as the answer to its change, which is invented.
fn changed(register: &Register, around: Around<'_>) -> Value {
    if around.switches.rich_answers { register.shift_shown(around.switches) } else { json!({}) }
}

/// No body, or an object.
fn empty(body: &[u8]) -> Result<(), Refusal> {
    if body.is_empty() || reading::body(body).and_then(reading::object).is_some() {
        return Ok(());
    }
    Err((&MALFORMED).into())
}
