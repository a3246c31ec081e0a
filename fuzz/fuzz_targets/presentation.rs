//! Presentation states: what is read of one is within the limits, and gives a grey level for every value of a small picture.
#![no_main]

use std::io::Cursor;

use peony_dicom::pixels::{ImageHeader, Photometric, SampleOrder};
use peony_dicom::presentation::{PresentationState, Shape};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Ok(state) = PresentationState::open(Cursor::new(input)) else { return };
    let Some(picture) = state.references().first() else {
        unreachable!("a state without a picture was read")
    };
    for (bits_stored, signed) in [(1, false), (8, true), (12, false)] {
        let image = ImageHeader {
            rows: 1,
            columns: 1,
            samples: 1,
            photometric: Photometric::Monochrome2,
            planar: false,
            bits_allocated: 16,
            bits_stored,
            high_bit: bits_stored - 1,
            signed,
            order: SampleOrder::Little,
        };
        let levels = state.grey_levels(&image, &picture.instance_uid, 0);
        assert_eq!(levels.len(), 1 << bits_stored);
    }
    let marks = state.marks(&picture.instance_uid, 0);
    assert!(marks.len() <= 5_000 && state.turn().quarters < 4);
    for mark in marks {
        if let Shape::Polyline { points, .. } | Shape::Curve { points, .. } = &mark.shape {
            assert!(points.len() >= 2 && points.iter().flatten().all(|at| at.abs() <= 1e6));
        }
    }
    for overlay in state.overlays() {
        if let Some(plane) = &overlay.plane {
            let [columns, rows] = plane.size_px;
            let _ = (plane.is_set(0, [0, 0]), plane.is_set(u64::MAX, [columns - 1, rows - 1]));
        }
    }
});
