//! A QR code: of a text of the vendor's, and of nothing else.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use super::texts::{escaped, legible};

/// The quiet zone that a scanner needs around a code, in modules.
const QUIET: usize = 4;

/// A QR code and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Qr {
    /// What a scanner reads, letter for letter.
    pub text: String,
    /// Rows of modules, true for a dark one.
    modules: Vec<Vec<bool>>,
}

impl Qr {
    /// The code of a text; none where the text is too long for one.
    pub fn of(text: &str) -> Option<Self> {
        // As bytes: every scanner reads them alike.
        let code = |correction| QrCode::encode_binary(text.as_bytes(), correction).ok();
        let code = code(QrCodeEcc::Medium).or_else(|| code(QrCodeEcc::Low)).filter(|_| !text.is_empty())?;
        let side = 0..code.size();
        let row = |y| side.clone().map(|x| code.get_module(x, y)).collect();
        Some(Self { text: text.into(), modules: side.clone().map(row).collect() })
    }

    /// Modules from edge to edge, the quiet zone among them.
    pub fn side(&self) -> usize {
        self.modules.len() + 2 * QUIET
    }

    /// The code as an element of SVG: `placed` are the attributes that say where and how large.
    pub fn svg(&self, placed: &str) -> String {
        let (side, label) = (self.side(), escaped(&legible(&self.text)));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {placed} viewBox=\"0 0 {side} {side}\" role=\"img\" \
             aria-label=\"QR: {label}\" shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" \
             fill=\"#fff\"/><path fill=\"#000\" d=\"{}\"/></svg>",
            self.path()
        )
    }

    /// The dark modules, each run of a row as one rectangle.
    fn path(&self) -> String {
        let mut path = String::new();
        for (y, row) in self.modules.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|one, next| one == next) {
                if run.first() == Some(&true) {
                    let long = run.len();
                    let _ = write!(path, "M{} {}h{long}v1h-{long}z", x + QUIET, y + QUIET);
                }
                x += run.len();
            }
        }
        path
    }
}
