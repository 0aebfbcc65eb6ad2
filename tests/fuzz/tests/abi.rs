//! The short run of the C ABI, in a process of its own: the host of the bindings takes over the panic hook.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

#[test]
fn abi() {
    common::replay("abi");
}
