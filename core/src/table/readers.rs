//! Every reader of every vendor (feature `testing`).

use crate::vendor::reading::Reader;
use crate::vendors::{atol, ikassa, ikkm, modulkassa};

pub use crate::transport::Answer;
pub use crate::vendor::reading::Said;
pub use crate::vendors::atol::readers::ASKED;
pub use crate::vendors::ikkm::readers::{SENT, reply};

/// The readers, vendor by vendor.
pub fn all() -> impl Iterator<Item = &'static Reader> {
    [atol::readers::READERS, modulkassa::readers::READERS, ikassa::readers::READERS, ikkm::readers::READERS]
        .into_iter()
        .flatten()
}
