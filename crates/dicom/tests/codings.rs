//! The seeds of the fuzz targets are pictures of our own making (`fuzz/make_seeds.py`): each coding gives them back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test may.

use std::path::PathBuf;

use peony_dicom::pixels::{ImageHeader, Photometric, SampleOrder, Samples, decode};
use peony_dicom::{Codec, open_bytes};
use peony_model::{Pixels, Spacing};

const ROWS: usize = 12;
const COLUMNS: usize = 16;

fn seed(path: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
    std::fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..ROWS).flat_map(|y| (0..COLUMNS).map(move |x| (x, y)))
}

fn grey() -> Vec<u8> {
    places().map(|(x, y)| (x * 13 + y * 7) as u8).collect()
}

fn rgb() -> Vec<u8> {
    places().zip(grey()).flat_map(|((x, _), grey)| [grey, 255 - grey, (x * 16) as u8]).collect()
}

fn deep() -> Vec<u16> {
    places().map(|(x, y)| (x * 200 + y * 31) as u16).collect()
}

#[test]
fn each_coding_gives_its_picture_back() {
    let header = |photometric, bits_stored: u8| {
        let colour = !matches!(photometric, Photometric::Monochrome2);
        ImageHeader {
            rows: ROWS as u32,
            columns: COLUMNS as u32,
            samples: if colour { 3 } else { 1 },
            photometric,
            planar: false,
            bits_allocated: if bits_stored > 8 { 16 } else { 8 },
            bits_stored,
            high_bit: bits_stored - 1,
            signed: false,
            order: SampleOrder::Little,
        }
    };
    let check = |codec, path: &str, image: ImageHeader, expect: Samples, largest: u8| {
        image.check().unwrap();
        let decoded =
            decode(codec, &seed(path)[4..], &image).unwrap_or_else(|error| panic!("{path}: {error}"));
        match (decoded.samples, expect) {
            (Samples::U8(ours), Samples::U8(expect)) => {
                let difference = ours.iter().zip(&expect).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(ours.len() == expect.len() && difference <= Some(largest), "{path}: {difference:?}");
            }
            (ours, expect) => assert!(ours == expect, "{path}"),
        }
    };
    let mono = header(Photometric::Monochrome2, 8);
    let mono16 = header(Photometric::Monochrome2, 16);
    let mono12 = header(Photometric::Monochrome2, 12);
    let (rgb_header, ybr2000) = (header(Photometric::Rgb, 8), header(Photometric::Ybr2000, 8));
    let (grey, rgb, deep) = (|| Samples::U8(grey()), || Samples::U8(rgb()), || Samples::U16(deep()));
    check(Codec::Rle, "pixels_rle/grey", mono, grey(), 0);
    check(Codec::Rle, "pixels_rle/rgb", rgb_header, rgb(), 0);
    check(Codec::Rle, "pixels_rle/deep", mono16, deep(), 0);
    check(Codec::JpegLossless, "pixels_jpeg/lossless", mono, grey(), 0);
    check(Codec::JpegLossless, "pixels_jpeg/lossless_deep", mono12, deep(), 0);
    check(Codec::Jpeg, "pixels_jpeg/grey", mono, grey(), 60);
    check(Codec::JpegLs, "pixels_jpegls/grey", mono, grey(), 0);
    check(Codec::JpegLs, "pixels_jpegls/near", mono, grey(), 3);
    check(Codec::JpegLs, "pixels_jpegls/deep", mono16, deep(), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/grey", mono, grey(), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/boxed", mono, grey(), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/rgb", ybr2000, rgb(), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/deep", mono16, deep(), 0);
    let below = |bits: u32, factor: i32| {
        let signed = places().map(|(x, y)| ((x * 200 + y * 31) as i32 - 1500) * factor);
        Samples::U16(signed.map(|sample| (sample & ((1 << bits) - 1)) as u16).collect())
    };
    let signed = |image: ImageHeader| ImageHeader { signed: true, ..image };
    check(Codec::Jpeg2000, "pixels_jpeg2000/signed", signed(mono12), below(12, 1), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/signed_wide", signed(mono16), below(16, 16), 0);
    check(Codec::Jpeg2000, "pixels_jpeg2000/signed_bits", signed(mono12), below(12, 1), 0);
    check(Codec::JpegXl, "pixels_jpegxl/grey", mono, grey(), 0);
    check(Codec::JpegXl, "pixels_jpegxl/deep", mono12, deep(), 0);
    check(Codec::JpegXl, "pixels_jpegxl/deep_in_16", mono12, deep(), 0);
    check(Codec::JpegXl, "pixels_jpegxl/rgb", rgb_header, rgb(), 0);
}

#[test]
fn each_kind_of_file_is_read() {
    let check = |name: &str, frames: u64, expect: Option<Vec<u8>>| {
        let cine =
            open_bytes(seed(&format!("dicom_read/{name}"))).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(cine.frame_count(), frames, "{name}");
        assert_eq!(cine.issues(), [], "{name}");
        let Spacing::PerRegion(regions) = cine.spacing() else { panic!("{name}: no regions") };
        assert_eq!(regions[0].mm_per_px.map(|mm| [mm.x(), mm.y()]), Some([0.1, 0.1]), "{name}");
        let last = cine.frame(frames - 1).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = match last.pixels {
            Pixels::Luma8(grey) => grey.into_raw(),
            Pixels::Rgb8(colour) => colour.into_raw(),
            Pixels::LumaChroma { .. } => panic!("a grid, of DICOM"),
        };
        assert!(expect.is_none_or(|expect| ours == expect), "{name}");
    };
    check("explicit", 2, Some(rgb()));
    check("implicit", 1, Some(grey()));
    check("deflated", 1, Some(grey().into_iter().map(|level| 255 - level).collect()));
    // Four entries of 16 bits a channel, 9,000 apart for red; the words lie turned around.
    let palette = |index: u32| [1, 2, 3].map(|channel| ((channel * 9000 * index % 65536) >> 8) as u8);
    check("big", 1, Some(grey().into_iter().flat_map(|level| palette(u32::from(level % 4))).collect()));
    check("rle", 2, Some(grey()));
    check("jpegls", 1, Some(grey()));
    check("jpegxl", 1, Some(rgb()));
    check("jpeg", 1, None);
}
