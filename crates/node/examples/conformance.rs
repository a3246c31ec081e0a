//! Prints the conformance statement: `cargo run -p peony-node --example conformance > docs/CONFORMANCE.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(peony_node::statement().as_bytes())
}
