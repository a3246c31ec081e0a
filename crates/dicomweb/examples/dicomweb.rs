//! Prints the conformance statement: `cargo run -p peony-dicomweb --example dicomweb > docs/DICOMWEB.md`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(peony_dicomweb::statement().as_bytes())
}
