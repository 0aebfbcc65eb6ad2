//! A folder a vendor: its calls, its wire types, its mapping and its code tables. No vendor imports
//! another. Adding one is a folder and a line here; see `docs/adding-a-vendor.md`.

use crate::vendor::VendorInfo;

/// Makes the modules and the table of all vendors of one list.
macro_rules! vendors {
    ($($vendor:ident),*) => {
        $(pub mod $vendor;)*

        /// Every vendor there is.
        pub const VENDORS: &[&VendorInfo] = &[$(&$vendor::INFO),*];
    };
}

vendors!(modulkassa, ikkm, atol, ikassa);
