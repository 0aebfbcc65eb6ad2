//! The header, by cbindgen from `ffi-c`: `include/kassa.h` for C and C++, and PHP's own, whose FFI knows no
//! `extern "C"`.

use anyhow::{Context as _, Result};

use super::model::Model;
use super::{Generated, NOTICE};
use crate::root;

pub fn files(_: &Model) -> Result<Vec<Generated>> {
    let folder = root().join("ffi-c");
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).map_err(anyhow::Error::msg)?;
    config.header = Some(format!("/* {NOTICE} */\n{}", config.header.unwrap_or_default()));
    let header = |cpp_compat: bool| {
        let bindings = cbindgen::Builder::new()
            .with_config(cbindgen::Config { cpp_compat, ..config.clone() })
            .with_src(folder.join("src/lib.rs"))
            .generate()
            .context("cbindgen cannot read ffi-c")?;
        let mut text = Vec::new();
        bindings.write(&mut text);
        Ok::<_, anyhow::Error>(String::from_utf8(text)?)
    };
    Ok(vec![("include/kassa.h", header(true)?), ("php/src/kassa.h", header(false)?)])
}
