//! The process' runtime: where none is to be had, nothing was sent and the process lives.

#![allow(clippy::unwrap_used, clippy::panic)]

use kassa::{faults, host, table};
use serde_json::{Value, json};

/// Failures that a test asks for are those of the whole process.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn what_fails_before_there_is_a_client_is_told_and_may_be_tried_again() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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

/// Opening gives back no lines: whoever has a journal that others could read learns it from the first call.
#[test]
#[cfg(unix)]
fn what_there_is_to_say_about_opening_comes_with_the_first_call() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("journal.sqlite");
    let open = |log: &str| {
        let config = json!({"vendor": "modulkassa", "environment": "demo", "journal": format!("sqlite:{}", path.display()),
            "credentials": {"user_name": "u", "password": "p"}, "log": log});
        let opened: Value = serde_json::from_str(&host::open(&config.to_string())).unwrap();
        opened["ok"]["client"].as_i64().unwrap_or_else(|| panic!("{opened}"))
    };
    let told = |client| host::call(client, "metrics", "{}").matches("was open to other users").count();
    for (log, expected) in [("warn", 1), ("error", 0)] {
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let client = open(log);
        assert_eq!((told(client), told(client)), (expected, 0), "{log}");
        host::close(client);
        std::fs::remove_dir_all(folder.path()).unwrap();
        std::fs::create_dir(folder.path()).unwrap();
    }
}
