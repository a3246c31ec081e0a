//! The seeds of this crate's fuzz targets are files that these tests make. `PEONY_WRITE_SEEDS=1` writes them anew.

use std::path::Path;

use crate::capture::Written;
use crate::wire::{Content, Envelope, Extended};
use crate::{capture, golden, y4m};

fn check(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let path = folder.join(name);
    if std::env::var_os("PEONY_WRITE_SEEDS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(committed == bytes, "{} is stale (PEONY_WRITE_SEEDS=1 writes it)", path.display());
}

#[test]
fn igtl_seeds_are_what_the_tests_make() {
    let check = |name: &str, bytes: &[u8]| check("igtl", name, bytes);
    check("grey", &golden::bytes(golden::VERSION_1));
    check("signed_with_metadata", &golden::bytes(golden::VERSION_2));
    check("transform", &golden::bytes(golden::TRANSFORM));
    check("rgb", &Content::of([5, 3, 1], 3, 3).with_mm_per_px(0.5, 0.5).message());
    let mut deep = Content::of([5, 3, 2], 1, 5);
    deep.order = crate::wire::BIG;
    check("volume_of_16_bits", &deep.message());
    let mut part = Content::grey(4, 4);
    part.part = [2, 4, 1];
    check("part", &part.message());
    let extended = Some(Extended { further: 4, metadata: vec![("Key".to_owned(), "Value".to_owned())] });
    let status = Envelope { type_name: b"STATUS", stamp: u64::MAX, extended, ..Envelope::default() };
    check("stream", &[status.message(&[0; 30]), Content::grey(4, 2).message()].concat());
}

#[test]
fn y4m_seeds_are_what_the_tests_make() {
    let check = |name: &str, header: &str, chroma_bytes: usize| {
        check("y4m", name, &y4m::file(header, 2, chroma_bytes));
    };
    check("mono", "W8 H4 F25:1 Ip A1:1 Cmono", 0);
    check("420", "W8 H4 F30000:1001 It A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=FULL", 16);
    check("422", "W8 H4 F0:0 A0:0 C422", 32);
    check("444", "W8 H4 F25:1 C444 XCOLORRANGE=LIMITED", 64);
}

#[test]
fn capture_seeds_are_what_the_tests_make() {
    let check = |name: &str, bytes: &[u8]| check("capture", name, bytes);
    check("announcement", capture::announcement().to_string().as_bytes());
    check("grey", &Written::default().bytes());
    let grid = (0..32 * 24).map(|cell| cell as u8).collect();
    check("coloured", &Written { sequence: 1, flags: 3, size: [64, 72], grid, ..Written::default() }.bytes());
}

#[test]
#[cfg(feature = "h264")]
fn mp4_seeds_are_the_tests_videos() {
    check("mp4", "baseline", crate::mp4::BASELINE);
    check("mp4", "reordered", crate::mp4::REORDERED);
    check("mp4", "fragmented", crate::mp4::FRAGMENTED);
}
