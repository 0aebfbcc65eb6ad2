//! One client's vendor: its configuration and its way to the network.

use std::time::Duration;

use super::api::Api;
use super::config::ModulkassaConfig;

/// A Modulkassa client's vendor.
pub struct Modulkassa {
    pub(super) register: String,
    pub(super) settle_after: Duration,
    pub(super) config: ModulkassaConfig,
    pub(super) api: Api,
}
