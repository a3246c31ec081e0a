//! A stream of messages, in whatever pieces it comes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use peony_model::{Pixels, Spacing};
use peony_sources::igtl::Connection;
use peony_sources::{Heard, Link, SourceError};
use proptest::prelude::*;

use crate::golden;
use crate::wire::{Content, Envelope};

const NEVER: Duration = Duration::from_secs(3600);

/// Gives one piece a read, and says that nothing came where a piece is empty.
struct Pieces(VecDeque<Vec<u8>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.0.pop_front() else { return Ok(0) };
        if piece.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let taken = piece.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&piece[..taken]);
        let rest = piece.split_off(taken);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Ok(taken)
    }
}

/// What a stream gives until it ends: the first level of each picture, what was passed over, and how it ended.
fn hear(connection: &mut Connection<impl Read>) -> (Vec<u8>, Vec<String>, SourceError) {
    let (mut pictures, mut damaged) = (Vec::new(), Vec::new());
    loop {
        match connection.next() {
            Ok(Heard::Picture(picture)) => pictures.push(match &picture.pixels {
                Pixels::Luma8(grey) => grey.as_raw()[0],
                Pixels::Rgb8(colour) => colour.as_raw()[0],
                Pixels::LumaChroma { .. } => panic!("a grid, of a message"),
            }),
            Ok(Heard::Damaged(error)) => damaged.push(error.to_string()),
            Ok(Heard::Nothing) => {}
            Err(end) => return (pictures, damaged, end),
        }
    }
}

fn check(bytes: &[u8], pictures: &[u8], damaged: &[&str], end: &str) {
    let (heard, passed_over, ended) = hear(&mut Connection::new(bytes, None, NEVER));
    assert_eq!((&heard[..], ended.to_string().as_str()), (pictures, end));
    assert_eq!(passed_over, damaged);
}

const CLOSED: &str = "the connection was closed by the other side";

/// A grey picture of one level.
fn picture(level: u8) -> Content {
    let mut content = Content::grey(8, 4);
    content.samples.fill(level);
    content
}

#[test]
fn what_concerns_no_picture_is_passed_over() {
    let status = Envelope { type_name: b"STATUS", ..Envelope::default() }.message(&[0; 30]);
    let unknown = Envelope { type_name: b"NEWER_THING", ..Envelope::default() }.message(&[9; 200_000]);
    let empty = Envelope { type_name: b"GET_CAPABIL", ..Envelope::default() }.message(&[]);
    let transform = golden::bytes(golden::TRANSFORM);
    let stream = [status, picture(1).message(), unknown, empty, transform, picture(2).message()].concat();
    check(&stream, &[1, 2], &[], CLOSED);
}

#[test]
fn a_damaged_message_is_dropped_and_the_stream_goes_on() {
    let mut torn = picture(2).message();
    torn[100] ^= 0x40;
    let mut part = picture(3);
    part.part = [4, 4, 1];
    let stream = [picture(1).message(), torn, part.message(), picture(4).message()].concat();
    let (heard, damaged, end) = hear(&mut Connection::new(&stream[..], None, NEVER));
    assert_eq!((&heard[..], end.to_string().as_str()), (&[1, 4][..], CLOSED));
    assert!(damaged[0].starts_with("OpenIGTLink: the body's CRC is "), "{damaged:?}");
    assert!(damaged[1].starts_with("OpenIGTLink: image: the message holds [4, 4, 1] of"), "{damaged:?}");
}

#[test]
fn where_the_next_message_cannot_be_found_the_connection_ends() {
    let mut newer = picture(2).message();
    newer[1] = 4;
    let newer = [picture(1).message(), newer, picture(3).message()].concat();
    check(&newer, &[1], &[], "OpenIGTLink: header version 4, 1 and 2 are read");
    let mut giant = picture(2).message();
    giant[42..50].copy_from_slice(&(1_u64 << 40).to_be_bytes());
    check(&giant, &[], &[], "OpenIGTLink: a body of 1099511627776 bytes, the limit is 67108864");
    let cut = picture(2).message();
    check(&cut[..cut.len() - 1], &[], &[], CLOSED);
}

#[test]
fn each_slice_of_a_volume_is_a_picture() {
    let mut volume = Content::of([4, 2, 3], 3, crate::wire::U8);
    for (index, sample) in volume.samples.iter_mut().enumerate() {
        *sample = (index / (4 * 2 * 3)) as u8;
    }
    check(&volume.message(), &[0, 1, 2], &[], CLOSED);
}

#[test]
fn images_of_one_name_are_read() {
    let named = |device_name: &'static [u8], level: u8| {
        Envelope { device_name, ..Envelope::default() }.message(&picture(level).bytes())
    };
    let stream = [named(b"Probe", 1), named(b"Camera", 2), named(b"Probe", 3), named(b"Camera", 4)].concat();
    let check = |name: Option<&str>, expected: &[u8]| {
        assert_eq!(hear(&mut Connection::new(&stream[..], name, NEVER)).0, expected, "{name:?}");
    };
    check(None, &[1, 3]);
    check(Some("Camera"), &[2, 4]);
    check(Some("Nobody"), &[]);
}

#[test]
fn a_silent_connection_is_over() {
    let pieces = Pieces([vec![], vec![]].into());
    let mut connection = Connection::new(pieces, None, NEVER);
    assert!(matches!(connection.next(), Ok(Heard::Nothing)));
    let mut connection = Connection::new(Pieces([vec![], vec![]].into()), None, Duration::ZERO);
    let end = connection.next().unwrap_err();
    assert_eq!(end.to_string(), "nothing came for 0 s");
}

#[test]
fn a_scale_and_a_time_come_with_the_picture() {
    let content = Content::grey(200, 100).with_mm_per_px(0.1, 0.2);
    let bytes = Envelope { stamp: 5 << 32 | 1 << 31, ..Envelope::default() }.message(&content.bytes());
    let Ok(Heard::Picture(picture)) = Connection::new(&bytes[..], None, NEVER).next() else { panic!() };
    assert_eq!(picture.stamp, Some(Duration::from_millis(5500)));
    let Spacing::Uniform(mm) = picture.spacing else { panic!("{:?}", picture.spacing) };
    assert!((mm.x() - 0.1).abs() < 1e-6 && (mm.y() - 0.2).abs() < 1e-6, "{mm:?}");
}

#[test]
fn sixteen_bits_keep_their_depth_through_a_stream() {
    let deep = |value: u16| {
        let mut content = Content::of([4, 2, 1], 1, 5);
        content.order = crate::wire::BIG;
        content.samples = value.to_be_bytes().repeat(8);
        content.message()
    };
    check(&[deep(200), deep(1023), deep(200)].concat(), &[200, 255, 50], &[], CLOSED);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn pieces_make_no_difference(cuts in prop::collection::vec(0_usize..400, 0..40)) {
        let stream = [picture(1).message(), golden::bytes(golden::TRANSFORM), picture(2).message()].concat();
        let mut pieces = VecDeque::new();
        let mut rest = &stream[..];
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push_back(piece.to_vec());
            rest = after;
        }
        pieces.extend(rest.chunks(7).map(<[u8]>::to_vec));
        let (heard, damaged, end) = hear(&mut Connection::new(Pieces(pieces), None, NEVER));
        prop_assert_eq!((heard, damaged.len(), end.to_string()), (vec![1, 2], 0, CLOSED.to_owned()));
    }
}
