//! The vendors' systems for trials: one word for all, and each vendor's own word beside it.
#![allow(clippy::unwrap_used)]

use kassa::Client;
use serde_json::{Value, json};

fn config(vendor: &str) -> Value {
    match vendor {
        "ikassa" => json!({"client_id": "shop"}),
        "modulkassa" => json!({"credentials": {"user_name": "a", "password": "b"}}),
        _ => json!({"login": "a", "password": "b", "group_code": "c",
            "company": {"tax_id": "7707083893", "payment_address": "https://shop.example", "email": "a@shop.example"}}),
    }
}

fn opened(vendor: &str, environment: &str) -> Result<Client, kassa::Error> {
    let mut config = config(vendor);
    config["vendor"] = vendor.into();
    config["environment"] = environment.into();
    config["journal"] = "memory:".into();
    Client::open(&config.to_string())
}

#[tokio::test]
async fn the_system_for_trials_has_one_name_at_every_vendor() {
    for (vendor, own) in [("ikassa", "stage"), ("modulkassa", "demo"), ("atol", "test")] {
        for word in ["test", own, "production"] {
            let open = opened(vendor, word);
            assert!(open.is_ok(), "{vendor} {word}: {:?}", open.err());
        }
        let error = opened(vendor, "moon").err().unwrap();
        assert_eq!(error.violations[0].path, "/environment");
        assert!(error.violations[0].message.contains("test"), "{}", error.violations[0].message);
    }
}
