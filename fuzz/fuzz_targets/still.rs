//! Still pictures: PNG and JPEG.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::still(input));
