//! `halt STEP RECEIPT`: where a delivery comes to that step of that receipt, the process writes
//! `{"halted": {"step": STEP, "receipt": RECEIPT}}` and stands still until somebody kills it. `halt none`
//! takes it back.

use std::io::{Write as _, stdout};
use std::sync::{Mutex, PoisonError};
use std::thread;

use kassa::error::{Code, Error};
use kassa::table::envelope;
use serde_json::json;
use serde_json::value::RawValue;

/// The named steps of a delivery.
const STEPS: [&str; 3] = ["before_send", "after_answer", "before_conclude"];
/// Where the process stands still, by the name that the library has for it.
static SET: Mutex<Option<String>> = Mutex::new(None);

/// Sets or takes back where the process stands still; gives back the envelope.
pub fn halt(words: &str) -> String {
    let mut set = SET.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = set.take() {
        fail::remove(name);
    }
    let done = match words.split_once(' ') {
        None if words == "none" => Ok(()),
        Some((step, receipt)) if STEPS.contains(&step) => {
            let name = format!("{step} of {receipt}");
            let halted = json!({"halted": {"step": step, "receipt": receipt}}).to_string();
            *set = Some(name.clone());
            fail::cfg_callback(name, move || stand_still(&halted))
                .map_err(|why| Error::new(Code::Internal, why))
        }
        _ => Err(Error::new(Code::WrongValue, format!("halt {words}: not `STEP RECEIPT`"))),
    };
    envelope(done.map(|()| RawValue::NULL.to_owned()))
}

fn stand_still(halted: &str) {
    println!("{halted}");
    // Where nobody reads any more, nobody waits either.
    let _ = stdout().flush();
    loop {
        thread::park();
    }
}
