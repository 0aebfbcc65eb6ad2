//! One client's vendor: its configuration and its way to the network.

use url::Url;

use super::config::IkassaConfig;
use crate::transport::{Transport, join};
use crate::vendor::identity::{Identity, RegisterName};

/// An iKassa.Cloud client's vendor.
pub struct Ikassa {
    pub(super) register: RegisterName,
    pub(super) identity: Identity,
    pub(super) config: IkassaConfig,
    pub(super) transport: Transport,
    pub(super) accounts: Url,
    pub(super) api: Url,
    pub(super) receipts: Url,
}

impl Ikassa {
    /// Address of the public page of a document (protocol/ikassa.md 2.11). No token goes there.
    pub(super) fn receipt_url(&self, uid: &str) -> Url {
        join(&self.receipts, &["render", uid])
    }
}
