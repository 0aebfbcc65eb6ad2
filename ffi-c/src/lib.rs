//! The C ABI: seven symbols that carry JSON strings. This is the only crate with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char};
use std::sync::OnceLock;

use kassa::error::{Code, Error, violation_at};
use kassa::{host, operations};

/// Version of this ABI; it changes only when a prototype does.
const ABI_VERSION: u32 = 1;

/// Opens a client from a configuration (JSON, UTF-8, ends with NUL).
///
/// Returns an envelope, never NULL: `{"ok": {"client": 1, ...}}` with the client's id, or
/// `{"error": {...}}`. The caller owns it and gives it back with `kassa_string_free`. Any thread.
///
/// # Safety
/// `config` is NULL or points to a string that ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kassa_open(config: *const c_char) -> *mut c_char {
    guard_forks();
    // SAFETY: the caller's promise above.
    let opened = unsafe { text(config, "config") }.map(host::open);
    owned(opened.unwrap_or_else(|error| operations::envelope(Err(error))))
}
