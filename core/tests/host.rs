//! The process' runtime: where none is to be had, nothing was sent and the process lives.

#![allow(clippy::unwrap_used)]

use kassa::{faults, host};
use serde_json::Value;

#[test]
fn a_process_without_threads_is_told_that_nothing_was_sent_and_may_try_again() {
    let config = r#"{"vendor": "modulkassa", "environment": "demo", "journal": "memory:",
        "credentials": {"user_name": "u", "password": "p"}}"#;
    faults::arm("host_runtime", 0);
    let refused: Value = serde_json::from_str(&host::open(config)).unwrap();
    let error = &refused["error"];
    assert_eq!(
        (&error["code"], &error["kind"], &error["outcome"]),
        (&"host_exhausted".into(), &"busy".into(), &"not_registered".into())
    );
    // What was sold through a client that is not there any more cannot be told without it.
    let called: Value = serde_json::from_str(&host::call(1, "metrics", "{}")).unwrap();
    assert_eq!(called["error"]["outcome"], "unknown");
    faults::disarm();
    let opened: Value = serde_json::from_str(&host::open(config)).unwrap();
    assert!(opened["ok"]["client"].as_i64().unwrap() > 0, "{opened}");
}
