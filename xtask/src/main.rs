//! Project tasks: `cargo xtask test`, `lint`, `generate`.
fn main() {}
