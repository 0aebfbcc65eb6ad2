//! Every program of Rust in the documentation; `KASSA_DOC_BLOCK` says which one runs.

include!(concat!(env!("KASSA_DOC_BLOCKS"), "/main.rs"));
