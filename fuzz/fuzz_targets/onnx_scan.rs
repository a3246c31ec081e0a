//! The scan of an ONNX file. It is private to `peony-infer`, and what it lets pass is an engine's to read, which this
//! target is not about: so the scan's source is compiled in.
#![no_main]

#[path = "../../crates/infer/src/scan.rs"]
mod scan;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(error) = scan::check(input) {
        let line = error.to_string();
        assert!(line.len() < 400 && !line.contains('\n'), "{line}");
    }
});
