//! Kassa.
