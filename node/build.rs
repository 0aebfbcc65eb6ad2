//! Link arguments that a Node.js add-on needs.

fn main() {
    napi_build::setup();
}
