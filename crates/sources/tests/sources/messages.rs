//! One message: what was written is read, and what cannot be read is said.

use peony_model::{CalibrationSource, Pixels};
use peony_sources::igtl::{ByteOrder, Content, Depth, IgtlError, Message, Scalar, crc64, limits};
use proptest::prelude::*;

use crate::wire::{self, Content as Written, Envelope, Extended};

proptest! {
    #[test]
    fn a_written_message_reads_back(envelope in wire::envelopes(), written in wire::contents()) {
        let mut bytes = envelope.message(&written.bytes());
        let length = bytes.len();
        bytes.extend(b"the next message");
        let message = Message::parse(&bytes).unwrap();
        prop_assert_eq!(message.header.message_bytes(), length);
        prop_assert_eq!(message.header.device_name(), envelope.device_name);
        let seconds = message.header.stamp.unwrap_or_default().as_secs_f64();
        prop_assert!((seconds - envelope.stamp as f64 / 4_294_967_296.0).abs() < 1e-6, "{seconds}");
        let Content::Image(image) = message.content else { panic!("no image") };
        prop_assert_eq!((image.size, image.components), (written.size, written.components));
        prop_assert_eq!(image.steps_mm.as_flattened(), &written.matrix[..9]);
        prop_assert_eq!(image.samples, &written.samples);

        let largest = levels(&written).max().unwrap();
        let mut depth = Depth::default();
        depth.see(if written.scalar < 4 { 0 } else { largest });
        let expected: Vec<u8> = levels(&written)
            .map(|level| match written.scalar {
                2 => (level * 2 + u16::from(level >= 64)) as u8,
                3 => level as u8,
                _ => depth.eight_bits(level),
            })
            .collect();
        let slices: Vec<Pixels> = image.slices(&mut Depth::default()).collect();
        prop_assert_eq!(slices.len(), usize::from(written.size[2]));
        let read: Vec<u8> = slices
            .iter()
            .flat_map(|pixels| match pixels {
                Pixels::Luma8(grey) => grey.as_raw().clone(),
                Pixels::Rgb8(colour) => colour.as_raw().clone(),
                Pixels::LumaChroma { .. } => panic!("a grid, of a message"),
            })
            .collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..70, version in 1_u16..=2) {
        let _ = Message::parse(&bytes);
        // The CRC keeps nearly everything from the content, so here it is right.
        let mut content = Written::grey(2, 2).bytes();
        content.truncate(cut);
        content.extend(&bytes);
        let mut message = Envelope::default().message(&content);
        message[..2].copy_from_slice(&version.to_be_bytes());
        if let Ok(Message { content: Content::Image(image), .. }) = Message::parse(&message) {
            image.slices(&mut Depth::default()).for_each(drop);
        }
    }

    #[test]
    fn the_crc_is_the_same_bit_by_bit(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(crc64(&bytes), wire::crc64(&bytes));
    }
}

/// The samples as numbers, signed ones below zero as zero.
fn levels(written: &Written) -> impl Iterator<Item = u16> {
    let bytes = if written.scalar < 4 { 1 } else { 2 };
    written.samples.chunks_exact(bytes).map(|sample| match (written.scalar, written.order) {
        (2, _) => i8::from_ne_bytes([sample[0]]).max(0) as u16,
        (3, _) => sample[0].into(),
        (4, wire::BIG) => i16::from_be_bytes([sample[0], sample[1]]).max(0) as u16,
        (4, _) => i16::from_le_bytes([sample[0], sample[1]]).max(0) as u16,
        (_, wire::BIG) => u16::from_be_bytes([sample[0], sample[1]]),
        (..) => u16::from_le_bytes([sample[0], sample[1]]),
    })
}

fn check(bytes: &[u8], expected: &str) {
    match Message::parse(bytes) {
        Ok(message) => panic!("{expected}: {message:?}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

/// A picture of 4 × 2 with one thing changed.
fn check_image(change: impl FnOnce(&mut Written), expected: &str) {
    let mut written = Written::grey(4, 2);
    change(&mut written);
    check(&written.message(), expected);
}

#[test]
fn headers_that_lead_nowhere_are_refused() {
    let good = Written::grey(4, 2).message();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    check(&[], "the header needs 58 bytes, 0 are there");
    check(&good[..57], "the header needs 58 bytes, 57 are there");
    check(&good[..137], "the message needs 138 bytes, 137 are there");
    check(&with(0, &[0, 0]), "header version 0, 1 and 2 are read");
    check(&with(0, &[0, 3]), "header version 3, 1 and 2 are read");
    check(&with(0, b"GET / HTTP/1.1\r\n"), "header version 18245, 1 and 2 are read");
    check(&with(42, &[0xFF; 8]), "a body of 18446744073709551615 bytes, the limit is 67108864");
    check(
        &with(42, &(limits::BODY_BYTES + 1).to_be_bytes()),
        "a body of 67108865 bytes, the limit is 67108864",
    );
    check(&with(42, &limits::BODY_BYTES.to_be_bytes()), "the message needs 67108922 bytes, 138 are there");
}

#[test]
fn a_body_that_is_not_what_was_sent_is_refused() {
    for at in [58, 100, 137] {
        let mut bytes = Written::grey(4, 2).message();
        bytes[at] ^= 1;
        assert!(matches!(Message::parse(&bytes), Err(IgtlError::Crc { .. })), "byte {at}");
    }
}

#[test]
fn images_that_are_not_read_say_why() {
    check_image(|image| image.version = 2, "image: version is 2, read: 1");
    check_image(|image| image.components = 0, "image: number of components is 0, read: 1 (grey) and 3 (RGB)");
    check_image(|image| image.components = 4, "image: number of components is 4, read: 1 (grey) and 3 (RGB)");
    let scalars = "read: 2 (int8), 3 (uint8), 4 (int16) and 5 (uint16)";
    check_image(|image| image.scalar = 10, &format!("image: scalar type is 10, {scalars}"));
    check_image(|image| image.order = 0, "image: byte order is 0, read: 1 (big) and 2 (little)");
    check_image(|image| image.coordinates = 3, "image: coordinate system is 3, read: 1 (RAS) and 2 (LPS)");
    check_image(|image| image.samples.truncate(7), "the image needs 8 bytes, 7 are there");
    check_image(|image| image.scalar = 5, "the image needs 16 bytes, 8 are there");
    let resized = |size: [u16; 3]| move |image: &mut Written| (image.size, image.part) = (size, size);
    check_image(resized([0, 2, 1]), "image: 0 × 2 × 1 pixels, a side has 1 to 8192");
    check_image(resized([4, 2, 0]), "image: 4 × 2 × 0 pixels, a side has 1 to 8192");
    check_image(resized([4, 8193, 1]), "image: 4 × 8193 × 1 pixels, a side has 1 to 8192");
    check_image(resized([8192, 8192, 65535]), "the image needs 4397979402240 bytes, 8 are there");
    let part = "[2, 2, 1] of [4, 2, 1] pixels from [1, 0, 0] on, parts are not read";
    check_image(
        |image| (image.from, image.part) = ([1, 0, 0], [2, 2, 1]),
        &format!("image: the message holds {part}"),
    );
    check(&Envelope::default().message(&[0; 71]), "the image's header needs 72 bytes, 71 are there");
}

#[test]
fn bodies_of_version_3_must_hold_what_they_say() {
    let extended = |head: &[u8], content: &[u8]| {
        let mut bytes = Envelope::default().message(&[head, content].concat());
        bytes[1] = 2;
        bytes
    };
    check(&extended(&[0; 11], &[]), "the extended header needs 12 bytes, 11 are there");
    check(&extended(&[0; 12], &[]), "an extended header of 0 bytes, it has at least 12");
    let around = "the extended header with the metadata needs";
    check(
        &extended(&[0, 12, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0], &[]),
        &format!("{around} 14 bytes, 12 are there"),
    );
    let most = [0xFF; 12];
    check(&extended(&most, &[0; 90]), &format!("{around} 4295098365 bytes, 102 are there"));
    // A status without a body, as version 1 may have it.
    let empty = Envelope { type_name: b"GET_STATUS", ..Envelope::default() }.message(&[]);
    assert!(matches!(Message::parse(&empty).unwrap().content, Content::Other));
}

#[test]
fn names_as_long_as_their_fields_are_read() {
    let envelope =
        Envelope { type_name: b"TWELVE_BYTES", device_name: b"twenty bytes are her", ..Envelope::default() };
    let bytes = envelope.message(&[1, 2, 3]);
    let header = Message::parse(&bytes).unwrap().header;
    assert_eq!((header.type_name(), header.device_name()), (envelope.type_name, envelope.device_name));
}

/// The scale of a picture of this size and these steps, in the fourth decimal.
fn check_scale(size: [u16; 2], matrix: &[f32; 6], expected: Option<(f32, f32)>) {
    let mut written = Written::grey(size[0], size[1]);
    written.matrix[..6].copy_from_slice(matrix);
    let bytes = written.message();
    let Content::Image(image) = Message::parse(&bytes).unwrap().content else { panic!("no image") };
    let rounded = |mm: f32| (mm * 1e4).round() / 1e4;
    let found = image.mm_per_px();
    assert_eq!(found.map(|mm| (rounded(mm.x()), rounded(mm.y()))), expected, "{size:?} {matrix:?}");
    assert!(found.is_none_or(|mm| mm.source() == CalibrationSource::OpenIgtLink));
}

#[test]
fn only_a_believable_matrix_is_a_scale() {
    let size = [640, 480];
    check_scale(size, &[0.08, 0.0, 0.0, 0.0, 0.09, 0.0], Some((0.08, 0.09)));
    check_scale(size, &[0.0, 0.0, -0.08, 0.054, 0.072, 0.0], Some((0.08, 0.09)));
    // The identity: a sender that knows no scale.
    check_scale(size, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], None);
    check_scale(size, &[0.6, 0.8, 0.0, -0.8, 0.6, 0.0], None);
    check_scale(size, &[0.0; 6], None);
    check_scale(size, &[f32::NAN, 0.0, 0.0, 0.0, 0.09, 0.0], None);
    check_scale(size, &[f32::INFINITY, 0.0, 0.0, 0.0, 0.09, 0.0], None);
    check_scale(size, &[f32::MAX, f32::MAX, 0.0, 0.0, 0.09, 0.0], None);
    // Centimetres and metres.
    check_scale(size, &[0.008, 0.0, 0.0, 0.0, 0.009, 0.0], None);
    check_scale(size, &[8e-5, 0.0, 0.0, 0.0, 9e-5, 0.0], None);
    // A picture of 58 cm, and one whose rows and columns are not at right angles.
    check_scale(size, &[0.9, 0.0, 0.0, 0.0, 0.9, 0.0], None);
    check_scale(size, &[0.08, 0.0, 0.0, 0.01, 0.09, 0.0], None);
}

#[test]
fn metadata_and_what_is_not_defined_yet_are_passed_over() {
    let written = Written::grey(4, 2);
    let metadata = vec![("Patient".to_owned(), "nobody".to_owned()), (String::new(), String::new())];
    let envelope = Envelope { extended: Some(Extended { further: 5, metadata }), ..Envelope::default() };
    let bytes = envelope.message(&written.bytes());
    let Content::Image(image) = Message::parse(&bytes).unwrap().content else { panic!("no image") };
    assert_eq!(
        (image.samples, image.scalar, image.order),
        (&written.samples[..], Scalar::U8, ByteOrder::Little)
    );
}
