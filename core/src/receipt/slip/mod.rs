//! The slip: a receipt as a shop mails, shows or prints it, a copy of the electronic receipt. `build` makes its rows,
//! once; `text`, `html` and `svg` write them. What it says and what it never says stands in docs/slip.md. No I/O.

pub mod build;
pub mod data;
mod facts;
mod goods;
pub mod html;
mod layout;
pub mod qr;
pub mod source;
pub mod svg;
pub mod text;
pub mod texts;
mod vat;
pub mod words;
