//! One client's vendor: its configuration and its way to the network.

use url::Url;

use super::config::ModulkassaConfig;
use crate::transport::Transport;
use crate::vendor::identity::{Identity, RegisterName};

/// A Modulkassa client's vendor.
pub struct Modulkassa {
    pub(super) register: RegisterName,
    pub(super) identity: Identity,
    pub(super) config: ModulkassaConfig,
    pub(super) transport: Transport,
    pub(super) base: Url,
}
