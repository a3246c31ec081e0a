//! JPEG, lossy and lossless: the transfer syntax decides which of the two is allowed, so both are tried.
#![no_main]

use peony_dicom::Codec;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    peony_fuzz::frame(Codec::Jpeg, input);
    peony_fuzz::frame(Codec::JpegLossless, input);
});
