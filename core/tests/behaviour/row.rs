//! What a vendor's row tells: how to sell at it, how it refuses, what may stay in doubt.

use kassa_emulator::{Emulator, ReceivedRequest};
use serde_json::Value;

/// A vendor. Everything that differs between vendors stands here, so that no check asks for a name.
pub struct Row {
    /// Its name in configurations and in the emulator.
    pub vendor: &'static str,
    /// A configuration of the emulator's, with quick deadlines; the journal and the time of a call are added.
    pub config: fn(&Emulator) -> Value,
    /// What the emulator is to be first: switches, deeds of an operator.
    pub prepare: fn(&Emulator),
    /// Operations before the first receipt.
    pub opening: fn() -> Vec<(&'static str, Value)>,
    /// A sale of 290.00 that it takes.
    pub sale: fn(&str) -> Value,
    /// The emulator's word for the call that brings a sale.
    pub submit: &'static str,
    /// Whether a request is that call.
    pub is_submit: fn(&ReceivedRequest) -> bool,
    /// How many calls bring a sale on record after another one, the one that brings it last.
    pub calls_of_a_sale: u64,
    /// Sees to it that the receipt which it gives back is refused for good.
    pub refused: fn(&Emulator, &str) -> Value,
    /// Fault rules with answers in the vendor's own form that its protocol does not know.
    pub strange: fn() -> Vec<Value>,
    /// Payments of a sale whose fate nothing proves once its answer is lost: it may stay in doubt and is
    /// left to a person. Empty where every sale settles.
    pub may_stay_in_doubt: &'static [&'static str],
}

/// Nothing to be done first.
pub fn nothing(_: &Emulator) {}

/// No operations first.
pub fn no_opening() -> Vec<(&'static str, Value)> {
    Vec::new()
}
