//! OpenIGTLink messages, as they come and with their CRC put right.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::igtl(input));
