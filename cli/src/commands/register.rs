//! `register`: a receipt is put on record, and what became of it.

use kassa::receipt::registration::{Registration, State};
use serde_json::json;

use crate::arguments::Register;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out::{Answer, Done, Out};
use crate::till::{Till, text_of};

/// Puts the receipt of a file on record.
pub async fn register(till: &Till, out: &mut Out, register: &Register) -> Done {
    let receipt = text_of(&register.file)?;
    sell(till, out, &receipt, !register.no_wait).await
}

/// Puts a receipt on record, and waits where the vendor only took it into its queue.
pub async fn sell(till: &Till, out: &mut Out, receipt: &str, waits: bool) -> Done {
    let answer = till.call_with("register", receipt).await?;
    tell(out, &if waits { followed(till, answer).await? } else { answer })
}

/// The answer; where the vendor has the receipt in its queue, what came of it within the time of a call.
pub async fn followed(till: &Till, answer: Answer) -> Result<Answer, Failure> {
    let registration: Registration = answer.read()?;
    if registration.state != State::Accepted {
        return Ok(answer);
    }
    till.call("wait", &json!({ "id": registration.receipt_id })).await
}

/// Tells what became of a receipt.
pub fn tell(out: &mut Out, answer: &Answer) -> Done {
    let registration: Registration = answer.read()?;
    if out.json {
        out.line(answer.0.get())?;
    } else {
        show(out, &registration)?;
    }
    Ok(Exit::of_state(registration.state))
}

/// A registration for a person.
pub fn show(out: &mut Out, of: &Registration) -> Result<(), Failure> {
    out.line(&format!("{}: {}", kassa::shown(&of.receipt_id), of.state.word()))?;
    let fiscal = of.fiscal.clone().unwrap_or_default();
    let failure = of.failure.as_ref();
    let vendor = failure.and_then(|failure| failure.vendor.as_ref()?.message.clone());
    out.pairs(&[
        ("document", fiscal.document_number),
        ("fiscal sign", fiscal.sign),
        ("storage", fiscal.storage_number),
        ("cash register", fiscal.register_number),
        ("serial number", fiscal.serial_number),
        ("shift", fiscal.shift_number),
        ("receipt", fiscal.receipt_number),
        ("registered at", fiscal.registered_at),
        ("total", fiscal.total.map(|total| total.to_string())),
        ("QR code", fiscal.qr),
        ("address", fiscal.url),
        ("id at the vendor", of.vendor_document_id.clone()),
        ("failed", failure.map(|failure| format!("{} ({})", failure.message, failure.code))),
        ("vendor said", vendor),
        ("notice", of.notice.clone()),
    ])
}
