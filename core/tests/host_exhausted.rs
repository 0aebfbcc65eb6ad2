//! The process' runtime: where none is to be had, nothing was sent and the process lives.
//!
//! Alone in its file: a process has one runtime, and here its first one has to fail.

#![allow(clippy::unwrap_used)]

use kassa::{faults, host, table};
use serde_json::Value;

#[test]
fn what_fails_before_there_is_a_client_is_told_and_may_be_tried_again() {
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

    faults::arm("describe", 0);
    let refused: Value = serde_json::from_str(&table::describe()).unwrap();
    assert_eq!(refused["error"]["code"], "internal", "{refused}");
    faults::disarm();
    let described: Value = serde_json::from_str(&table::describe()).unwrap();
    assert!(described["operations"].is_array());
}
