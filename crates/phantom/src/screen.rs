//! A vendor's screen around the picture: what a frame grabber sees. Its words name nobody.

use font8x8::UnicodeFonts;
use image::{GrayImage, Luma};

use crate::config::Preset;
use crate::display::Picture;

/// Where the picture may lie on the screen: corner and size.
pub(crate) fn room(size: [u32; 2]) -> ([u32; 2], [u32; 2]) {
    let [w, h] = size;
    ([w * 9 / 100, h * 11 / 100], [w * 76 / 100, h * 78 / 100])
}

/// Draws everything but the picture.
pub(crate) fn draw(frame: &mut GrayImage, picture: &Picture, preset: &Preset, seed: u64) {
    let [w, h] = [frame.width(), frame.height()];
    fill(frame, [0, 0], [w, h * 7 / 100], 46);
    fill(frame, [0, h - h * 6 / 100], [w, h * 6 / 100], 30);
    text(frame, [8, h / 60], &format!("PEONY PHANTOM  {:06}", seed % 1_000_000), 205);
    text(frame, [w * 55 / 100, h / 60], "L12-5  Breast", 205);
    text(frame, [w * 84 / 100, h / 60], "MI 0.9", 205);
    let left = [
        "B".to_owned(),
        "10MHz".to_owned(),
        format!("D{:.1}cm", preset.depth_mm / 10.0),
        format!("DR{:.0}", preset.dynamic_range_db),
        "G50%".to_owned(),
    ];
    for (row, line) in left.iter().enumerate() {
        text(frame, [4, h * 14 / 100 + row as u32 * 14], line, 170);
    }
    text(frame, [8, h - h * 5 / 100], "SIMULATED - NOT A PATIENT", 150);
    ruler(frame, picture);
    grey_bar(frame, picture);
}

/// A tick each 5 mm of depth, longer each 10 mm with its centimetres.
fn ruler(frame: &mut GrayImage, picture: &Picture) {
    let x = picture.corner[0] + picture.size[0] + 6;
    let bottom = picture.size[1] as f32 * picture.mm_per_px;
    for tick in 0..=(bottom / 5.0) as u32 {
        let y = picture.corner[1] + (tick as f32 * 5.0 / picture.mm_per_px) as u32;
        let whole = tick % 2 == 0;
        fill(frame, [x, y], [if whole { 8 } else { 4 }, 1], 190);
        if whole && tick > 0 {
            text(frame, [x + 11, y.saturating_sub(4)], &format!("{}", tick / 2), 170);
        }
    }
}

/// Black to white, at the right border.
fn grey_bar(frame: &mut GrayImage, picture: &Picture) {
    let length = frame.height() * 35 / 100;
    let x = frame.width() - frame.width() / 30;
    for row in 0..length {
        let grey = (255 - 255 * row / length) as u8;
        fill(frame, [x, picture.corner[1] + row], [frame.width() / 60, 1], grey);
    }
}

pub(crate) fn fill(frame: &mut GrayImage, from: [u32; 2], size: [u32; 2], grey: u8) {
    for y in from[1]..(from[1] + size[1]).min(frame.height()) {
        for x in from[0]..(from[0] + size[0]).min(frame.width()) {
            frame.put_pixel(x, y, Luma([grey]));
        }
    }
}

pub(crate) fn text(frame: &mut GrayImage, from: [u32; 2], words: &str, grey: u8) {
    for (number, letter) in (0_u32..).zip(words.chars()) {
        let Some(rows) = font8x8::BASIC_FONTS.get(letter) else { continue };
        for (row, bits) in (0_u32..).zip(rows) {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                fill(frame, [from[0] + number * 8 + column, from[1] + row], [1, 1], grey);
            }
        }
    }
}
