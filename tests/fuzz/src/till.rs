//! Clients of every vendor, quick to give up, in one runtime a thread.

use std::cell::OnceCell;
use std::sync::LazyLock;

use kassa::Client;
use kassa::table::Shared;
use kassa::vendor::VendorInfo;
use kassa::vendors::VENDORS;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// Where nobody listens.
pub const NOWHERE: &str = "127.0.0.1:1024";
/// Time of a call.
const TIMEOUT_MS: u64 = 300;
/// The longest wait that a request may ask for.
const MOST_WAIT_MS: u64 = 10;

static SHARED: LazyLock<Shared> = LazyLock::new(Shared::default);

/// The names that inputs have for the vendors; ATOL has two versions of its protocol.
pub const NAMES: [&str; 5] = ["modulkassa", "atol", "ikassa", "ikkm", "atol4"];

/// The vendor that a word means: by its name, else by its first letter.
pub fn meant(word: &str) -> &'static str {
    let known = NAMES.iter().copied().find(|name| *name == word);
    known.unwrap_or_else(|| NAMES[usize::from(word.bytes().next().unwrap_or(0)) % NAMES.len()])
}

/// The configuration of a vendor at an address.
pub fn config(name: &str, address: &str) -> Value {
    let url = |path: &str| format!("http://{address}{path}");
    let own = match name {
        "modulkassa" => json!({
            "vendor": name, "base_url": url("/api/fn"), "settle_ms": 0, "retail_point_id": "point-1",
            "credentials": {"user_name": "u", "password": "p"}, "account": {"login": "l", "password": "p"},
        }),
        "ikassa" => json!({
            "vendor": name, "base_url": url(""), "client_id": "shop", "refresh_token": "rt_0", "settle_ms": 0,
            "cashier": "Anna",
        }),
        "ikkm" => json!({
            "vendor": name, "base_url": url(""), "key": kassa::table::readers::SENT, "settle_ms": 0, "pace_ms": 0,
            "amounts": "tiyn", "response_timeout_ms": 200, "report_timeout_ms": 200,
        }),
        _ => json!({
            "vendor": "atol", "base_url": url("/possystem"), "login": "shop", "password": "p", "group_code": "g",
            "protocol": if name == "atol4" { "v4" } else { "v5" }, "poll_ms": 10,
            "company": {"tax_id": "7707083893", "tax_system": "osn", "payment_address": "https://shop.example",
                        "email": "shop@shop.example"},
        }),
    };
    with(own, json!({"journal": "memory:", "timeout_ms": TIMEOUT_MS, "retry_ms": 0}))
}

/// With these members too.
pub fn with(mut config: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    config
}

/// A client of this configuration. It shares the connections of this process, and no journal in memory.
pub fn client(config: &Value) -> Client {
    let _inside = runtime().enter();
    Client::open_with(&SHARED, &config.to_string()).unwrap()
}

/// The row of the vendor that an input calls so.
pub fn info(name: &str) -> &'static VendorInfo {
    let name = if name == "atol4" { "atol" } else { name };
    VENDORS.iter().copied().find(|vendor| vendor.name == name).unwrap()
}

/// The runtime of this thread. It lives as long as the process: what is spawned on it may outlive a call.
pub fn runtime() -> &'static Runtime {
    thread_local! {
        static RUNTIME: OnceCell<&'static Runtime> = const { OnceCell::new() };
    }
    RUNTIME.with(|runtime| {
        *runtime
            .get_or_init(|| Box::leak(Box::new(Builder::new_current_thread().enable_all().build().unwrap())))
    })
}

/// The envelope of a call as it comes.
pub fn called(client: &Client, operation: &str, request: &str) -> String {
    runtime().block_on(client.call(operation, &without_long_waits(operation, request)))
}

/// The request, with no longer wait than a target has time for.
fn without_long_waits(operation: &str, request: &str) -> String {
    if !matches!(operation, "wait" | "deliver" | "finish_login") {
        return request.into();
    }
    let Ok(mut request) = serde_json::from_str::<Value>(request) else { return request.into() };
    let Some(members) = request.as_object_mut() else { return request.to_string() };
    let member = if operation == "deliver" { "time_limit_ms" } else { "timeout_ms" };
    match members.get(member).map_or(Some(u64::MAX), Value::as_u64) {
        Some(wait) => members.insert(member.into(), wait.min(MOST_WAIT_MS).into()),
        // Not a wait, and to be refused.
        None => None,
    };
    request.to_string()
}

/// The operations that a vendor has, as `capabilities` tells them. Those of the bindings' tests are not among them.
pub fn operations(name: &str) -> Vec<String> {
    let capabilities = capabilities(name);
    capabilities["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

/// What a vendor can do.
pub fn capabilities(name: &str) -> Value {
    static ALL: LazyLock<Vec<Value>> = LazyLock::new(|| {
        let one = |name: &&str| {
            let envelope = called(&client(&config(name, NOWHERE)), "capabilities", "{}");
            serde_json::from_str::<Value>(&envelope).unwrap()["ok"].clone()
        };
        NAMES.iter().map(one).collect()
    });
    ALL[NAMES.iter().position(|known| *known == name).unwrap()].clone()
}
