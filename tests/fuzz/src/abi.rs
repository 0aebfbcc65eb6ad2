//! The C ABI from several threads: sequences of calls that keep to the header's contract, with any texts.
#![allow(unsafe_code)]

/// The ABI itself, compiled into this crate: as a library it is for C alone.
#[path = "../../../ffi-c/src/lib.rs"]
#[allow(dead_code)]
mod symbols;

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::sync::Mutex;
use std::thread;

use symbols::{
    kassa_abi_version, kassa_call, kassa_close, kassa_describe, kassa_open, kassa_string_free, kassa_version,
};

use crate::bytes::Bytes;
use crate::envelope::Envelope;
use crate::{receipts, schema, till};

/// Most threads, and most calls of each.
const THREADS: usize = 3;
const CALLS: usize = 12;

/// Any texts from any threads give envelopes that the caller can free, and closed clients answer so.
pub fn abi(data: &[u8]) {
    let mut bytes = Bytes(data);
    let threads = 1 + usize::from(bytes.byte()) % THREADS;
    let share = bytes.0.len().div_ceil(threads).max(1);
    // What is made once is made here: what a thread made for itself would be gone with it.
    till::operations(till::NAMES[0]);
    // Clients that any of the threads opened; 0 was never one.
    let clients = Mutex::new(vec![0]);
    thread::scope(|scope| {
        for part in bytes.0.chunks(share) {
            let clients = &clients;
            scope.spawn(move || calls(&mut Bytes(part), clients));
        }
    });
    for client in clients.into_inner().unwrap() {
        kassa_close(client);
    }
}

fn calls(bytes: &mut Bytes<'_>, clients: &Mutex<Vec<i64>>) {
    for _ in 0..CALLS {
        if bytes.is_empty() {
            return;
        }
        let kind = bytes.byte() % 8;
        let slot = usize::from(bytes.byte());
        let client = {
            let clients = clients.lock().unwrap();
            clients[slot % clients.len()]
        };
        match kind {
            0 | 1 => {
                let vendor = bytes.one(&till::NAMES);
                let config = match bytes.byte() % 4 {
                    3 => text(bytes),
                    _ => CString::new(till::config(vendor, till::NOWHERE).to_string()).ok(),
                };
                // SAFETY: NULL, or a string that ends with NUL and outlives the call.
                let envelope = taken(unsafe { kassa_open(pointer(&config)) });
                opened(&envelope, clients);
            }
            2 => kassa_close(if bytes.rarely(4) { i64::from(bytes.short()) - 7 } else { client }),
            3 => {
                // Seldom: to describe everything takes longer than all other calls together.
                if bytes.rarely(32) {
                    // SAFETY: it came from the library, and is freed once.
                    unsafe { kassa_string_free(kassa_describe()) };
                }
                // SAFETY: NULL is harmless.
                unsafe { kassa_string_free(ptr::null_mut()) };
                assert_eq!(kassa_abi_version(), 1);
                // SAFETY: the version lives as long as the library.
                assert!(unsafe { CStr::from_ptr(kassa_version()) }.to_bytes().contains(&b'.'));
            }
            _ => {
                let vendor = bytes.one(&till::NAMES);
                let operations = till::operations(vendor);
                let name = &operations[usize::from(bytes.byte()) % operations.len()];
                let (operation, request) = match bytes.byte() % 4 {
                    0 => (
                        CString::new(name.as_str()).ok(),
                        CString::new(receipts::sale(vendor, "order-1").to_string()).ok(),
                    ),
                    1 | 2 if !is_long(name) => {
                        let request = schema::request(vendor, name, bytes).to_string();
                        (CString::new(name.as_str()).ok(), CString::new(request).ok())
                    }
                    _ => (text(bytes), text(bytes)),
                };
                // SAFETY: NULL, or strings that end with NUL and outlive the call.
                let envelope = taken(unsafe { kassa_call(client, pointer(&operation), pointer(&request)) });
                Envelope::held(&envelope, "kassa_call");
            }
        }
    }
}

/// True for an operation that may be asked to wait for minutes.
fn is_long(name: &str) -> bool {
    matches!(name, "wait" | "deliver" | "finish_login")
}

fn opened(envelope: &str, clients: &Mutex<Vec<i64>>) {
    if let Envelope::Ok(response) = Envelope::held(envelope, "kassa_open") {
        let response: serde_json::Value = serde_json::from_str(response.get()).unwrap();
        let client = response["client"].as_i64().unwrap();
        let mut clients = clients.lock().unwrap();
        assert!(!clients.contains(&client), "an id twice: {envelope}");
        clients.push(client);
    }
}

/// A text of any bytes but NUL, or none.
fn text(bytes: &mut Bytes<'_>) -> Option<CString> {
    let some = bytes.some(80);
    // The operations of the bindings' tests fail, panic and wait on purpose.
    if some.is_empty() || some.starts_with(b"test_") { None } else { CString::new(some).ok() }
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// What the library gave, freed.
fn taken(given: *mut c_char) -> String {
    assert!(!given.is_null(), "an envelope is never NULL");
    // SAFETY: not NULL, so a string that ends with NUL and is the caller's until it is freed.
    let text = unsafe { CStr::from_ptr(given) }.to_str().map(str::to_owned);
    // SAFETY: it came from the library, and is freed once.
    unsafe { kassa_string_free(given) };
    text.unwrap_or_else(|error| panic!("not UTF-8: {error}"))
}

/// Threads that open, call and close each other's clients.
pub fn corpus() -> Vec<Vec<u8>> {
    let made = |seed: u8| {
        (0..160_u8).map(|at| at.wrapping_mul(seed * 2 + 1).wrapping_add(seed * 11) ^ (at >> 3)).collect()
    };
    (0..24).map(made).collect()
}
