//! Where the blocks are: in the folder that `KASSA_DOC_BLOCKS` names, and else nowhere.

fn main() {
    let folder = std::env::var("KASSA_DOC_BLOCKS")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/none").to_owned());
    println!("cargo::rerun-if-env-changed=KASSA_DOC_BLOCKS");
    println!("cargo::rustc-env=KASSA_DOC_BLOCKS={folder}");
}
