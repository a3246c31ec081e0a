//! The committed conformance statement is what the tables say.

#[test]
fn the_committed_statement_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DICOMWEB.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == peony_dicomweb::statement(),
        "docs/DICOMWEB.md is stale: cargo run -p peony-dicomweb --example dicomweb > docs/DICOMWEB.md"
    );
}
