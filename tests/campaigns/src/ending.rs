//! How every run ends: with one line of JSON as the last, which says whether all was as it should be, and
//! with the exit code for that.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::Result;

/// Prints the last line of a run and gives back its exit code. `found` is what the run counted and whether
/// all of it is right; a run that could not be carried out is not right.
pub fn end(found: Result<(Value, bool)>) -> ExitCode {
    let (line, code) = last_line(found);
    println!("{line}");
    code
}

fn last_line(found: Result<(Value, bool)>) -> (Value, ExitCode) {
    let (mut line, ok) = found.unwrap_or_else(|broken| {
        eprintln!("not carried out: {broken}");
        (json!({"not_carried_out": broken.to_string()}), false)
    });
    line["ok"] = json!(ok);
    (line, if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_not_carried_out_is_not_right() {
        assert_eq!(last_line(Ok((json!({"lost": 0}), true))).0, json!({"lost": 0, "ok": true}));
        assert_eq!(last_line(Ok((json!({"lost": 1}), false))).0, json!({"lost": 1, "ok": false}));
        let broken = last_line(Err("no server".into()));
        assert_eq!(broken.0, json!({"not_carried_out": "no server", "ok": false}));
    }
}
