//! Run lengths.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::frame(peony_dicom::Codec::Rle, input));
