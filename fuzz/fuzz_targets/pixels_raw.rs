//! Uncompressed samples: planes, palettes, YBR_FULL_422, both byte orders.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| peony_fuzz::frame(peony_dicom::Codec::Native, input));
