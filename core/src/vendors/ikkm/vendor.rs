//! One client's vendor: its configuration and its way to the network.

use super::answer::{self, DeviceAnswer};
use super::config::IkkmConfig;
use super::device::{Call, Device};
use super::reply::Reply;
use crate::vendor::identity::{Identity, RegisterName};
use crate::vendor::{Context, Exchanged};

/// An iKKM client's vendor.
pub struct Ikkm {
    pub(super) register: RegisterName,
    pub(super) identity: Identity,
    pub(super) config: IkkmConfig,
    pub(super) device: Device,
}

impl Ikkm {
    /// Sends a call that makes no document, once, within what is left of the time.
    pub(super) async fn ask(&self, context: &Context<'_>, call: &Call<'_>) -> Exchanged<Reply> {
        self.device.exchange(call, || context.for_question()).await
    }

    /// Sends a call that can make a document, once, where the time suffices for a whole exchange.
    pub(super) async fn send(&self, context: &Context<'_>, call: &Call<'_>) -> Exchanged<Reply> {
        self.device.exchange(call, || context.for_document()).await
    }

    /// `/apicheck`: whether the device is ready and takes `key`.
    pub(super) async fn check_key(&self, context: &Context<'_>, key: &str) -> Exchanged<DeviceAnswer> {
        let form = format!("key={key}");
        let reply = self.ask(context, &Call::post("/apicheck", &form)).await?;
        Ok(answer::read(&reply, key))
    }
}
