//! What a connection brings: PDUs, and the parts of messages in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::pdu(input));
