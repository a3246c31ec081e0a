//! The scan of the bytes of a file, and the same walk told step by step.
#![no_main]

use std::io::Cursor;

use peony_dicom::{Characters, Elements, Step};

const VALUE_BYTES: usize = 64 << 10;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Ok(scan) = peony_dicom::scan::scan(input.to_vec()) {
        assert!(scan.header.iter().all(|element| element.end <= scan.bytes.len()));
    }
    let Ok(data_set) = Elements::open(Cursor::new(input)) else { return };
    let mut depth = 0_usize;
    let walked = data_set.walk(|step| {
        match step {
            Step::Sequence { .. } | Step::Item => depth += 1,
            Step::SequenceEnd | Step::ItemEnd => {
                depth = depth.checked_sub(1).expect("more ends than beginnings")
            }
            Step::Element { vr, value, .. } if value.len() <= VALUE_BYTES => {
                data_set.texts(vr, value, &Characters::default())?;
            }
            Step::Element { .. } | Step::Fragments { .. } => {}
        }
        Ok(())
    });
    assert!(walked.is_err() || depth == 0);
});
