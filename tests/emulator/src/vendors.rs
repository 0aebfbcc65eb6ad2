//! What each vendor that the emulator plays must offer, and how they become one table.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use crate::faults::{Action, CLOUD_ACTIONS};
use crate::frame::{Frame, Refused};

/// One vendor, played.
pub trait Vendor: Send + Sync {
    /// The route words of its calls, for fault rules.
    fn routes(&self) -> &'static [&'static str];

    /// The vendor's words for a failed document, for fault rules.
    fn failure_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// What can strike its calls.
    fn actions(&self) -> &'static [Action] {
        CLOUD_ACTIONS
    }

    /// What an operator does at the device with this number; None when it has no such device.
    fn operate(&self, _register: &str, _action: &str, _what: &Value) -> Option<Result<Value, Refused>> {
        None
    }

    /// Its HTTP calls.
    fn router(self: Arc<Self>) -> Router;

    /// The path under which the router knows a path of this vendor, if they differ.
    fn routed_path(&self, _path: &str) -> Option<String> {
        None
    }

    /// `config`, ready for the client library, and `others` of the same shape.
    fn description(&self, url: &str) -> Value;

    /// All switches with their values.
    fn switches(&self) -> Value;

    /// Changes switches by name.
    fn set_switches(&self, patch: &Map<String, Value>) -> Result<(), Refused>;

    /// The documents that the vendor holds, with their states.
    fn documents(&self) -> Value;

    /// Adds accounts, points and the like; the answer is a config for them.
    fn seed(self: Arc<Self>, _what: Value, _url: &str) -> Result<Value, Refused> {
        Err(Refused::new("this vendor has only what it starts with"))
    }

    /// Everything back to the seeded state.
    fn reset(self: Arc<Self>);

    /// Ends what runs in the background.
    fn stop(&self) {}
}

/// Makes a vendor with the switches it starts (and restarts) with.
pub type Start = fn(&Arc<Frame>, &Map<String, Value>) -> Result<Arc<dyn Vendor>, Refused>;

/// Makes the modules and the table of all vendors of one list: a module and its type a vendor.
macro_rules! vendors {
    ($($module:ident::$vendor:ident),* $(,)?) => {
        $(mod $module;)*

        /// The vendors by name.
        const VENDORS: &[(&str, crate::vendors::Start)] = &[$(($module::NAME, $module::$vendor::start)),*];
    };
}
pub(crate) use vendors;
