//! Messages of a page that captures pictures.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::capture(input));
