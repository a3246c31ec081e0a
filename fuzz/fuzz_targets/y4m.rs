//! YUV4MPEG2 files.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::y4m(input));
