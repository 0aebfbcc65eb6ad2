//! A folder a vendor: its calls, its wire types, its mapping and its code tables. No vendor imports
//! another. Adding one is a folder and a line here; see `docs/adding-a-vendor.md`.

use crate::vendor::VendorInfo;

/// Makes the modules and the table of all vendors of one list. A row may stand behind a feature.
macro_rules! vendors {
    ($($(#[$gate:meta])* $vendor:ident),*) => {
        $($(#[$gate])* pub mod $vendor;)*

        /// Every vendor there is.
        pub const VENDORS: &[&VendorInfo] = &[$($(#[$gate])* &$vendor::INFO),*];
    };
}

vendors!(
    modulkassa,
    ikkm,
    atol,
    ikassa,
    #[cfg(feature = "sample")]
    sample
);
