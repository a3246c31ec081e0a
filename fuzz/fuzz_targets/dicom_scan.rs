//! The scan of the bytes of a file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(scan) = peony_dicom::scan::scan(input.to_vec()) {
        assert!(scan.header.iter().all(|element| element.end <= scan.bytes.len()));
    }
});
