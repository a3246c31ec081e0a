//! The letterbox against pictures that Pillow made (`models/fixtures/letterbox`, written by `training/`).

use std::path::Path;

use peony_imaging::{Letterbox, PixelRect, Resampler};

#[test]
fn every_fixture_agrees_with_pillow_to_one_grey_level() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/fixtures/letterbox");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".out.png") else { continue };
        let expect = image::open(&path).unwrap().to_luma8();
        let picture = image::open(folder.join(format!("{stem}.png"))).unwrap().to_luma8();
        let letterbox = Letterbox::fit(PixelRect::whole(picture.width(), picture.height()), 256).unwrap();
        let mut canvas = vec![7; 256 * 256];
        Resampler::new().letterbox(&picture, &letterbox, &mut canvas).unwrap();
        let worst = canvas.iter().zip(expect.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(worst <= 1, "{stem}: {worst} grey levels apart");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} fixtures in {}", folder.display());
}
