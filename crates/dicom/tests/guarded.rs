//! A decoder that panics says nothing on the standard error. The panic hook is the process's, so this is one test.
#![allow(clippy::unwrap_used)] // A test may.

use std::sync::atomic::{AtomicUsize, Ordering};

use peony_dicom::Codec;
use peony_dicom::pixels::{ImageHeader, Photometric, SampleOrder, decode};

#[test]
fn a_panic_of_a_decoder_is_silent() {
    static SAID: AtomicUsize = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|_| {
        SAID.fetch_add(1, Ordering::Relaxed);
    }));
    let image = ImageHeader {
        rows: 12,
        columns: 16,
        samples: 1,
        photometric: Photometric::Monochrome2,
        planar: false,
        bits_allocated: 8,
        bits_stored: 8,
        high_bit: 7,
        signed: false,
        order: SampleOrder::Little,
    };
    // See `jpeg_ls_overflow_in_error_statistics_costs_one_frame`.
    let seed =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/pixels_jpegls/overflow_in_error_statistics");
    let coded = std::fs::read(seed).unwrap()[4..].to_vec();
    let check = |said: usize| {
        SAID.store(0, Ordering::Relaxed);
        let frame = decode(Codec::JpegLs, &coded, &image);
        if cfg!(debug_assertions) {
            assert_eq!(frame.unwrap_err().to_string(), "JPEG-LS: the decoder gave up on damaged data");
            assert_eq!(SAID.load(Ordering::Relaxed), said);
        }
    };
    check(1);
    peony_model::quiet_guarded_panics();
    check(0);
}
