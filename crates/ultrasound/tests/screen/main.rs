//! The picture inside the picture: full-HD captures with a vendor's screen around the tissue.

mod rulers;
mod vendors;

use std::path::PathBuf;

use image::GrayImage;
use peony_imaging::PixelRect;
use peony_model::{BoxPx, Frame, Pixels, Spacing, iou};
use peony_phantom::{Faults, MassPlan, Phantom, PhantomConfig};
use peony_ultrasound::{Mode, Pipeline, step};

use self::vendors::{Dice, Layout, fill, layouts, rect, text};

/// The least overlap with the truth.
const IOU: f32 = 0.95;

/// Frames of a sweep over a breast of tuning seeds, that fill their rectangle.
fn tissue(frames: u32) -> Vec<GrayImage> {
    let config = PhantomConfig { masses: MassPlan::Normal, size_px: [560, 480], ..PhantomConfig::default() };
    let Ok(phantom) = Phantom::new(1510, &config) else { return Vec::new() };
    let frame = |number: u32| {
        let made = phantom.frame(&phantom.path().pose(2.0 + number as f32 / 30.0), Faults::NONE);
        let whole = made.frame.luma().into_owned();
        // Without the black beside a picture that is narrower than its frame.
        let used = |x: &u32| (0..whole.height()).any(|y| whole.get_pixel(*x, y).0[0] > 20);
        let columns: Vec<u32> = (0..560).filter(used).collect();
        let (first, width) = (columns.first().copied().unwrap_or_default(), columns.len() as u32);
        image::imageops::crop_imm(&whole, first, 0, width, 480).to_image()
    };
    (0..frames).map(frame).collect()
}

fn look(pipeline: &mut Pipeline, index: u32, screen: GrayImage) -> Option<BoxPx> {
    let time_ns = u64::from(index) * 33_333_333;
    let frame =
        Frame { index: u64::from(index), time_ns, pixels: Pixels::Luma8(screen), spacing: Spacing::Unknown };
    step(pipeline, &frame).quality.picture_px
}

fn overlap(found: Option<BoxPx>, truth: PixelRect) -> f32 {
    found.map_or(0.0, |found| iou(found, truth.to_box_px()))
}

fn found_in(layout: &Layout, tissue: &[GrayImage]) -> f32 {
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let furniture = layout.furniture(&tissue[0], &mut Dice::new(3));
    let mut found = None;
    for (number, picture) in (0..).zip(tissue) {
        let mut screen = furniture.clone();
        layout.show(&mut screen, picture, number);
        found = look(&mut pipeline, number, screen);
    }
    overlap(found, layout.truth())
}

#[test]
fn the_picture_is_found_in_every_layout() {
    let tissue = tissue(3);
    let poor: Vec<_> = layouts()
        .iter()
        .map(|layout| (layout.name, found_in(layout, &tissue)))
        .inspect(|(name, overlap)| eprintln!("{name}: {overlap:.3}"))
        .filter(|(_, overlap)| *overlap < IOU)
        .collect();
    assert!(poor.is_empty(), "{poor:?}");
}

#[test]
fn real_stills_are_found_in_every_layout() {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = std::env::var_os("PEONY_DATA").map_or_else(beside, PathBuf::from);
    let Ok(table) = std::fs::read_to_string(folder.join("cases.csv")) else {
        eprintln!("skipped: no cases.csv in {} (set PEONY_DATA)", folder.display());
        return;
    };
    let train = table.lines().skip(1).filter(|row| row.starts_with("bus") && row.ends_with(",train"));
    let paths: Vec<_> = train.step_by(331).map(|row| folder.join(row.split(',').nth(1).unwrap())).collect();
    let layouts = layouts();
    let (mut all, mut good) = (0, 0);
    for (number, path) in paths.iter().enumerate() {
        let still = image::open(path).unwrap().to_luma8();
        let layout = &layouts[number % layouts.len()];
        let (width, height) = still.dimensions();
        // The probe creeps: each frame shows a little more of the right and less of the left.
        let frame = |at: u32| image::imageops::crop_imm(&still, 2 * at, 0, width - 80, height).to_image();
        let overlap = found_in(layout, &(0..32).map(frame).collect::<Vec<_>>());
        eprintln!("{}: {overlap:.3} in {}", path.display(), layout.name);
        (all, good) = (all + 1, good + usize::from(overlap >= IOU));
    }
    // Some stills end in black that is not to be told from the screen's.
    assert!(good + 1 >= all, "{good} of {all}");
}

/// Pictures of one layout over time, with what `change` draws over the screen of each frame.
fn areas(layout: &Layout, frames: u32, change: impl Fn(u32, &mut GrayImage)) -> Vec<Option<BoxPx>> {
    let tissue = tissue(6);
    let furniture = layout.furniture(&tissue[0], &mut Dice::new(3));
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let show = |number: u32| {
        let mut screen = furniture.clone();
        // There and back, so that each differs from the one before.
        let turn = number % 10;
        layout.show(&mut screen, &tissue[turn.min(10 - turn) as usize], number);
        change(number, &mut screen);
        look(&mut pipeline, number, screen)
    };
    (0..frames).map(show).collect()
}

#[test]
fn a_menu_that_opens_and_text_that_changes_leave_the_area_where_it_is() {
    let layout = &layouts()[0];
    let found = areas(layout, 60, |number, screen| {
        if number > 15 {
            let menu = rect(layout.picture.x - 40, 0, 420, 1080);
            fill(screen, menu, |_, _| 70);
            text(screen, menu, 230, &mut Dice::new(8));
        }
        fill(screen, rect(900, 10, 500, 50), |_, _| 46);
        text(screen, rect(900, 10, 500, 50), 220, &mut Dice::new(u64::from(number)));
    });
    assert!(overlap(found[14], layout.truth()) >= IOU);
    assert!(found[15..].iter().all(|area| *area == found[14]), "moved to {:?}", found.last());
}

#[test]
fn another_depth_is_found_anew_within_a_second() {
    let layouts = layouts();
    let before = &layouts[0];
    // Half as deep again: the same furniture, the picture narrower.
    let after = Layout { picture: rect(600, 131, 700, 850), ..vendors::layouts().swap_remove(0) };
    let found = {
        let tissue = tissue(6);
        let furniture = before.furniture(&tissue[0], &mut Dice::new(3));
        let mut pipeline = Pipeline::new(None, Mode::Sweep);
        let show = |number: u32| {
            let mut screen = furniture.clone();
            let layout = if number < 20 { before } else { &after };
            let turn = number % 10;
            layout.show(&mut screen, &tissue[turn.min(10 - turn) as usize], number);
            look(&mut pipeline, number, screen)
        };
        (0..50).map(show).collect::<Vec<_>>()
    };
    assert!(
        overlap(found[19], before.truth()) >= IOU && overlap(found[49], after.truth()) >= IOU,
        "{found:?}"
    );
}
