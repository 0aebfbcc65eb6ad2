//! A client through the host: strings in, strings out.

#![allow(clippy::unwrap_used, clippy::panic)]

use kassa::host;
use serde_json::{Value, json};

/// Opening gives back no lines: whoever has a journal that others could read learns it from the first call.
#[test]
#[cfg(unix)]
fn what_there_is_to_say_about_opening_comes_with_the_first_call() {
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

/// What ends is told under its number, whoever waits for it; what cannot be started is told at once.
#[test]
fn numbered_calls_are_told_in_the_order_of_their_ends() {
    let config = json!({"vendor": "modulkassa", "environment": "demo", "journal": "memory:",
        "credentials": {"user_name": "u", "password": "p"}});
    let opened: Value = serde_json::from_str(&host::open(&config.to_string())).unwrap();
    let client = opened["ok"]["client"].as_i64().unwrap();
    let mut begun: Vec<u64> = (1..=20).collect();
    for number in &begun {
        assert_eq!(host::start_numbered(client, "metrics", "{}", *number), None);
    }
    // It closes behind what was begun.
    host::close(client);
    while !begun.is_empty() {
        for (number, envelope) in host::finished() {
            assert!(envelope.starts_with("{\"ok\""), "{envelope}");
            begun.retain(|known| *known != number);
        }
    }
    let refused = host::start_numbered(client, "metrics", "{}", 21).unwrap();
    assert!(refused.contains("client_closed"), "{refused}");
}
