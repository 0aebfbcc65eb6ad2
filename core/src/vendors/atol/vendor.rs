//! One client's vendor: its configuration and its way to the network.

use url::Url;

use super::config::AtolConfig;
use crate::error::{Code, Error, Result};
use crate::transport::Transport;
use crate::vendor::identity::{Identity, RegisterName};

/// An ATOL client's vendor.
pub struct Atol {
    pub(super) register: RegisterName,
    pub(super) identity: Identity,
    pub(super) config: AtolConfig,
    pub(super) transport: Transport,
    /// Address of the documents, with the version.
    pub(super) version: Url,
    pub(super) monitoring: Url,
}

impl Atol {
    /// The group of cash registers, for calls about documents.
    pub(super) fn group(&self) -> Result<&str> {
        let missing =
            || Error::new(Code::CredentialsMissing, "documents need `group_code` in the configuration");
        self.config.group_code.as_deref().ok_or_else(missing)
    }
}
