//! A whole file, with its first frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::file(input));
