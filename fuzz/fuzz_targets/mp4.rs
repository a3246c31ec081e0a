//! MP4 files, and the H.264 in them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::mp4(input));
