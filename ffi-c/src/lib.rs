//! The C ABI: seven symbols that carry JSON strings. All of its `unsafe` is here; the core has
//! one hook for forks beside it.
#![allow(unsafe_code)]

use std::alloc::System;
use std::ffi::{CStr, CString, c_char};

use kassa::error::{Code, Error, Result};
use kassa::{host, table};
use zeroizing_alloc::ZeroAlloc;

/// What is freed is overwritten first: no password and no token outlives its client in the memory of the host program,
/// in whichever buffer on its way it was.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

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
    // SAFETY: the caller's promise above.
    let config = unsafe { text(config, "config") };
    owned(config.map_or_else(|error| table::envelope(Err(error)), host::open))
}

/// Carries out an operation and waits for it; every operation has a deadline of its own.
///
/// Returns an envelope, never NULL: `{"ok": {...}}` or `{"error": {...}}`. The caller owns it and
/// gives it back with `kassa_string_free`. Any thread, as many at once as you like. After a fork
/// the error is `client_forked`: open a new client in the child.
///
/// # Safety
/// `operation` and `request` are NULL or point to strings that end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kassa_call(
    client: i64,
    operation: *const c_char,
    request: *const c_char,
) -> *mut c_char {
    // SAFETY: the caller's promise above, for both.
    let read = unsafe { text(operation, "operation").and_then(|name| Ok((name, text(request, "request")?))) };
    owned(match read {
        Ok((operation, request)) => host::call(client, operation, request),
        Err(error) => table::envelope(Err(error)),
    })
}

/// Closes a client. Calls under way come to their end. Closing twice or an unknown id is harmless.
#[unsafe(no_mangle)]
pub extern "C" fn kassa_close(client: i64) {
    host::close(client);
}

/// Frees a string that this library returned. NULL is harmless; twice is not.
///
/// # Safety
/// `string` is NULL or came from this library and was not freed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kassa_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: by the promise above it came from `CString::into_raw` and is freed once.
        drop(unsafe { CString::from_raw(string) });
    }
}

/// Describes the library as JSON: vendors, operations with their JSON Schemas, error codes.
///
/// The caller owns the string and gives it back with `kassa_string_free`.
#[unsafe(no_mangle)]
pub extern "C" fn kassa_describe() -> *mut c_char {
    owned(table::describe())
}

/// Version of the library, such as `0.1.0`. The string lives as long as the library; do not free it.
#[unsafe(no_mangle)]
pub extern "C" fn kassa_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Version of this ABI. Compare it with the header that you were built with.
#[unsafe(no_mangle)]
pub extern "C" fn kassa_abi_version() -> u32 {
    ABI_VERSION
}

/// Borrows a caller's string.
///
/// # Safety
/// `pointer` is NULL or points to a string that ends with NUL and outlives the call.
unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(Error::new(Code::WrongType, format!("`{name}` is NULL")));
    }
    // SAFETY: not NULL, and the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|_| Error::new(Code::WrongFormat, format!("`{name}` is not UTF-8")))
}

/// Hands a string over to the caller. JSON writes NUL as an escape, so none is ever cut.
fn owned(text: String) -> *mut c_char {
    CString::new(text).unwrap_or_default().into_raw()
}
