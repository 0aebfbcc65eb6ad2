//! `include/kassa.h`, by cbindgen from `ffi-c`.

use anyhow::{Context as _, Result};

use super::model::Model;
use super::{Generated, NOTICE};
use crate::root;

pub fn files(_: &Model) -> Result<Vec<Generated>> {
    let folder = root().join("ffi-c");
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).map_err(anyhow::Error::msg)?;
    config.header = Some(format!("/* {NOTICE} */\n{}", config.header.unwrap_or_default()));
    let source = folder.join("src/lib.rs");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(source)
        .generate()
        .context("cbindgen cannot read ffi-c")?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(vec![("include/kassa.h", String::from_utf8(text)?)])
}
