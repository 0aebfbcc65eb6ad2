//! The slips of all vendors as pictures, as they stand in `docs/slips`, and a scanner for them.

pub mod samples;
pub mod scanner;

use std::path::PathBuf;

use kassa::receipt::slip::svg;

/// The pictures: where each stands, and what it is.
pub fn pictures() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/slips");
    let picture = |sample: samples::Sample| {
        let path = folder.join(format!("{}.svg", sample.vendor));
        (path, svg::write(&sample.paper(sample.language, false)))
    };
    samples::samples().into_iter().map(picture).collect()
}
