//! The fiscalization vendors on loopback.
