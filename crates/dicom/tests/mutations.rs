//! Files with bytes changed at random never make the reader panic, and what is read keeps its promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

mod synthetic;

use peony_dicom::open_bytes;
use proptest::prelude::*;
use synthetic::{File, RLE};

fn whole(which: u8) -> Vec<u8> {
    let regions = [(1, [0, 0, 3, 2], 3, 0.01), (2, [1, 1, 2, 2], 3, 0.01)];
    match which {
        0 => File::cine(3).regions(&regions).bytes(),
        _ => {
            let frame =
                [vec![1, 0, 0, 0, 64, 0, 0, 0], vec![0; 56], (0..13).map(|i: u8| i.max(10) + 1).collect()]
                    .concat();
            File::cine(2).syntax(RLE).regions(&regions).encapsulated(&[&frame, &frame]).bytes()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(which in 0_u8..2, changes in prop::collection::vec((132_usize..2000, any::<u8>()), 1..12), cut in 0_usize..3000) {
        let mut bytes = whole(which);
        for (at, value) in changes {
            let length = bytes.len();
            bytes[132 + at % (length - 132)] = value;
        }
        bytes.truncate(cut.max(132));
        if let Ok(cine) = open_bytes(bytes) {
            let mut last_ns = 0;
            for frame in cine.frames().take(4).flatten() {
                prop_assert_eq!(frame.size_px(), cine.size_px());
                prop_assert!(frame.time_ns >= last_ns);
                last_ns = frame.time_ns;
            }
        }
    }
}
