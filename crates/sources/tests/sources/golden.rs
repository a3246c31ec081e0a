//! Whole messages as another program sent them.

use std::time::Duration;

use peony_model::Pixels;
use peony_sources::igtl::{ByteOrder, Content, Depth, Image, Message, Scalar};

/// pyigtl 0.3.4: `ImageMessage(numpy.arange(8, dtype=uint8).reshape(1, 2, 4) * 30, device_name="Probe",
/// timestamp=1700000000.25)` with a matrix whose first columns are (0, 0.1, 0) and (0.2, 0, 0).
pub const VERSION_1: &str = "
    0001 494d41474500000000000000 50726f6265000000000000000000000000000000 6553f10040000000 0000000000000050 7dd57dc180f9808e
    0001 01 03 02 02 0004 0002 0001  00000000 3dcccccd 00000000  3e4ccccd 00000000 00000000  00000000 00000000 3f800000
    3dcccccd 3e19999a 00000000  0000 0000 0000 0004 0002 0001  001e3c5a7896b4d2";

/// The same as int16, less 30, in RAS, with header version 2, message number 7 and the metadata `Depth: 40`.
pub const VERSION_2: &str = "
    0002 494d41474500000000000000 50726f6265000000000000000000000000000000 6553f10040000000 0000000000000075 2b49ca2543ee357f
    000c 000a 00000007 00000007
    0001 01 04 02 01 0004 0002 0001  00000000 3dcccccd 00000000  3e4ccccd 00000000 00000000  00000000 00000000 3f800000
    3dcccccd 3e19999a 00000000  0000 0000 0000 0004 0002 0001  e2ff00001e003c005a0078009600b400
    0001 0005 0003 00000002 4465707468 3430";

/// `TransformMessage(numpy.eye(4), device_name="T", timestamp=0)`.
pub const TRANSFORM: &str = "
    0001 5452414e53464f524d000000 5400000000000000000000000000000000000000 0000000000000000 0000000000000030 b5a225f8f462b3d7
    3f800000 00000000 00000000 00000000 3f800000 00000000 00000000 00000000 3f800000 00000000 00000000 00000000";

pub fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn check(hex: &str, version: u16, expected: &Image, levels: &[u8]) {
    let bytes = bytes(hex);
    let message = Message::parse(&bytes).unwrap();
    assert_eq!((message.header.version, message.header.message_bytes()), (version, bytes.len()));
    assert_eq!((message.header.type_name(), message.header.device_name()), (&b"IMAGE"[..], &b"Probe"[..]));
    assert_eq!(message.header.stamp, Some(Duration::new(1_700_000_000, 250_000_000)));
    let Content::Image(image) = message.content else { panic!("no image") };
    assert_eq!(image, *expected);
    let pictures: Vec<_> = image.slices(&mut Depth::default()).collect();
    let [Pixels::Luma8(grey)] = &pictures[..] else { panic!("{} pictures", pictures.len()) };
    assert_eq!((grey.dimensions(), &grey.as_raw()[..]), ((4, 2), levels));
}

#[test]
fn messages_of_another_program_are_read() {
    let steps_mm = [[0.0, 0.1, 0.0], [0.2, 0.0, 0.0], [0.0, 0.0, 1.0]];
    let grey = [0, 30, 60, 90, 120, 150, 180, 210];
    let expected = Image {
        size: [4, 2, 1],
        components: 1,
        scalar: Scalar::U8,
        order: ByteOrder::Little,
        steps_mm,
        samples: &grey,
    };
    check(VERSION_1, 1, &expected, &grey);
    let samples = [0xe2, 0xff, 0, 0, 30, 0, 60, 0, 90, 0, 120, 0, 150, 0, 180, 0];
    let expected = Image { scalar: Scalar::I16, samples: &samples, ..expected };
    check(VERSION_2, 2, &expected, &[0, 0, 30, 60, 90, 120, 150, 180]);
}

#[test]
fn other_messages_are_passed_over_by_their_length() {
    let bytes = bytes(TRANSFORM);
    let message = Message::parse(&bytes).unwrap();
    assert!(matches!(message.content, Content::Other));
    assert_eq!((message.header.message_bytes(), message.header.stamp), (bytes.len(), None));
}
