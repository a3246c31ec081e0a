//! The committed conformance statement is what the tables say.

use peony_node::{sop_class, statement, transfer_syntax};

#[test]
fn the_committed_statement_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFORMANCE.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == statement(),
        "docs/CONFORMANCE.md is stale: cargo run -p peony-node --example conformance > docs/CONFORMANCE.md"
    );
}

#[test]
fn no_uid_is_in_a_table_twice_and_each_is_one() {
    let mut uids: Vec<&str> = sop_class::TABLE.iter().map(|class| &*class.uid).collect();
    uids.extend(transfer_syntax::TABLE.iter().map(|syntax| syntax.uid));
    let all = uids.len();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), all);
    assert!(uids.iter().all(|uid| peony_node::command::is_uid(uid)));
}
