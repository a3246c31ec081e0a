//! Grey levels of pictures that bring tables of their own, beside DCMTK's (`dcmj2pnm`); without it that test says so and passes.

use std::path::Path;
use std::process::Command;

use image::GrayImage;
use peony_dicom::{Attribute, Attributes, Tag, VR};

use crate::kit::Server;
use crate::presentation::{IMAGE, SERIES, STUDY, drawn, image, set, with};

const MODALITY_LUT: u32 = 0x0028_3000;
const VOI_LUT: u32 = 0x0028_3010;
const SIZE: usize = 60 * 40;

/// A sequence of one table, from this value on.
fn table(sequence: u32, first: i16, bits: u8, entries: &[u16]) -> Attributes {
    let mut item = set([(0x0028_3003, "T"), (0x0028_3004, "US")]);
    let words = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>();
    let described =
        words(&mut [entries.len() as i32, i32::from(first), i32::from(bits)].iter().map(i32::to_string));
    let data = words(&mut entries.iter().map(u16::to_string));
    for (element, vr, values) in [(0x3002, VR::SS, described), (0x3006, VR::US, data)] {
        item.insert(Tag(0x0028, element), Attribute { vr, values, items: Vec::new() });
    }
    with(Attributes::new(), sequence, vec![item])
}

fn both(mut one: Attributes, other: Attributes) -> Attributes {
    one.extend(other);
    one
}

fn square(entries: u32, most: u32) -> Vec<u16> {
    (0..entries)
        .map(|at| (u64::from(at * at) * u64::from(most) / u64::from((entries - 1).pow(2))) as u16)
        .collect()
}

/// The picture that DCMTK makes of a file.
fn of_dcmtk(folder: &Path, file: &[u8], arguments: &[&str]) -> GrayImage {
    let [from, to] = ["from.dcm", "to.pgm"].map(|name| folder.join(name));
    std::fs::write(&from, file).unwrap();
    let output = Command::new("dcmj2pnm").args(arguments).arg("+op").args([&from, &to]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = std::fs::read(to).unwrap();
    GrayImage::from_raw(60, 40, bytes[bytes.len() - SIZE..].to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_drawn_through_its_own_tables_as_dcmtk_draws_it() {
    if Command::new("dcmj2pnm").arg("--version").output().is_err() {
        eprintln!("skipped: dcmtk is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let none = Attributes::new;
    let window = || set([(0x0028_1050, "300"), (0x0028_1051, "1900")]);
    let negative = || set([(0x0028_0004, "MONOCHROME1")]);
    // Stored values are -1500 to 1879.
    let voi = || table(VOI_LUT, -1400, 12, &square(3000, 4095));
    let modality = || table(MODALITY_LUT, -1600, 16, &square(3600, 65_535));
    let falling: Vec<u16> = (0..=255).rev().collect();
    let of_modality = || {
        let bent = square(4096, 255);
        // From the middle of what the modality table gives.
        table(VOI_LUT, 3000, 8, &bent)
    };
    let chosen = "window=20000,30000";
    for (what, more, query, arguments) in [
        ("neither", none(), "", vec!["-W"]),
        ("a table of interest", voi(), "", vec!["+Wl", "1"]),
        ("and negative", both(voi(), negative()), "", vec!["+Wl", "1"]),
        ("a short table", table(VOI_LUT, 0, 8, &falling), "", vec!["+Wl", "1"]),
        ("beside a window", both(voi(), window()), "", vec!["+Wi", "1"]),
        ("a table of the modality", modality(), "", vec!["-W"]),
        ("and a window", both(modality(), window()), "", vec!["+Wi", "1"]),
        ("and one of interest", both(modality(), of_modality()), "", vec!["+Wl", "1"]),
        (
            "and a window that is asked for",
            both(modality(), of_modality()),
            chosen,
            vec!["+Ww", "20000", "30000"],
        ),
    ] {
        let file = image(more, None);
        let expect = of_dcmtk(folder.path(), &file, &arguments);
        let server = Server::start().await;
        assert_eq!(server.store("/studies", &[&file]).await.status, 200, "{what}");
        let place = format!("/studies/{STUDY}/series/{SERIES}/instances/{IMAGE}");
        let by_uri = if query.is_empty() { "" } else { "&windowCenter=20000&windowWidth=30000" };
        for path in [
            format!("{place}/rendered?{query}"),
            format!("{place}/frames/1/rendered?{query}"),
            format!("{place}/thumbnail?viewport=60,40&{query}"),
            format!(
                "/wado?requestType=WADO&contentType=image/png&studyUID={STUDY}&seriesUID={SERIES}&objectUID={IMAGE}{by_uri}"
            ),
        ] {
            let got = drawn(&server, &path).await.to_luma8();
            let off = got.iter().zip(expect.iter()).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            assert!(
                off == 0 && got.len() == SIZE,
                "{what}, {path}: {off} of {} differ\n{:?}\n{:?}",
                got.len(),
                &got.as_raw()[..60],
                &expect.as_raw()[..60]
            );
        }
    }
}
