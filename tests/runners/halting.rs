//! `halt STEP PASSES`: at that step of a delivery, once it was passed so often, the process writes
//! `{"halted": STEP}` and stands still until somebody kills it. `halt none` takes it back.

use std::io::{Write as _, stdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use kassa::error::{Code, Error};
use kassa::table::envelope;
use serde_json::value::RawValue;

/// The named steps of a delivery.
const STEPS: [&str; 3] = ["before_send", "after_answer", "before_conclude"];

/// Sets or takes back where the process stands still; gives back the envelope.
pub fn halt(words: &str) -> String {
    STEPS.into_iter().for_each(fail::remove);
    let (step, passes) = words.split_once(' ').unwrap_or((words, "0"));
    let (Some(step), Ok(passes)) = (STEPS.into_iter().find(|known| *known == step), passes.parse()) else {
        return match words {
            "none" => envelope(Ok(RawValue::NULL.to_owned())),
            _ => envelope(Err(Error::new(Code::WrongValue, format!("halt {words}: not `STEP PASSES`")))),
        };
    };
    let passed = AtomicU64::new(0);
    let set = fail::cfg_callback(step, move || {
        if passed.fetch_add(1, Ordering::Relaxed) >= passes {
            stand_still(step);
        }
    });
    envelope(set.map(|()| RawValue::NULL.to_owned()).map_err(|why| Error::new(Code::Internal, why)))
}

fn stand_still(step: &str) {
    println!(r#"{{"halted":"{step}"}}"#);
    // Where nobody reads any more, nobody waits either.
    let _ = stdout().flush();
    loop {
        thread::park();
    }
}
