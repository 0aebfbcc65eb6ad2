//! ATOL Online, protocol v4.

use super::atol;
use crate::row::Row;

pub const ROW: Row = Row { config: |emulator| atol::config(emulator, "v4"), ..atol::ROW };
