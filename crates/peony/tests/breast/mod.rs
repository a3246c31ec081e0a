//! Pictures that the model takes for a breast: frames of phantoms.

#![allow(clippy::unwrap_used, dead_code, reason = "for tests, of which not each uses all")]

use image::{GrayImage, imageops};
use peony_model::Pixels;
use peony_phantom::{Faults, Phantom, PhantomConfig, PhantomFrame};

/// A frame through the middle of a phantom's first mass, and the mask of what it shows.
pub fn with_mass(seed: u64, size_px: [u32; 2]) -> (GrayImage, GrayImage) {
    let phantom = made(seed, size_px);
    let along_mm = phantom.mass_centres_mm().next().unwrap()[1];
    let shown = frame(&phantom, along_mm);
    let mut mask = GrayImage::new(size_px[0], size_px[1]);
    for mass in &shown.truth.masses {
        imageops::replace(&mut mask, &mass.mask, mass.box_px.min.x as i64, mass.box_px.min.y as i64);
    }
    (grey(shown), mask)
}

/// A frame without a mass.
pub fn without_mass(seed: u64, size_px: [u32; 2]) -> GrayImage {
    grey(frame(&made(seed, size_px), 0.0))
}

fn made(seed: u64, size_px: [u32; 2]) -> Phantom {
    Phantom::new(seed, &PhantomConfig { size_px, ..PhantomConfig::default() }).unwrap()
}

fn frame(phantom: &Phantom, along_mm: f32) -> PhantomFrame {
    let mut pose = phantom.path().pose(along_mm / phantom.config().speed_mm_s);
    pose.t_mm[1] = along_mm;
    phantom.frame(&pose, Faults::NONE)
}

fn grey(shown: PhantomFrame) -> GrayImage {
    match shown.frame.pixels {
        Pixels::Luma8(grey) => grey,
        _ => unreachable!("phantoms are grey"),
    }
}
