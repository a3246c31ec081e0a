//! Writes short runs of frames with the masks of their masses, to train a reader and its memory on:
//! `cargo run --release -p peony-phantom --example bursts -- DIR FIRST_SEED BREASTS FRAMES`.
//!
//! Each breast gives four bursts: one as the probe comes over, or leaves, each of its three masses, and one beside
//! them. Every other breast's masses are hard. A frame is `SEED-BURST-FRAME-KIND.png` with KIND `none` where no mass
//! is in the plane, and its mask `….mask.png`. Every third frame of the sweep is kept.

use std::path::Path;

use image::{GrayImage, imageops};
use peony_model::Pixels;
use peony_phantom::{Difficulty, Faults, MassPlan, Phantom, PhantomConfig, PhantomFrame};

const STRIDE: f32 = 3.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, first, breasts, frames] = &args[..] else {
        return Err("needs DIR FIRST_SEED BREASTS FRAMES".into());
    };
    let (first, breasts, frames): (u64, u64, u64) = (first.parse()?, breasts.parse()?, frames.parse()?);
    std::fs::create_dir_all(dir)?;
    for seed in first..first + breasts {
        let difficulty = if seed % 2 == 0 { Difficulty::Easy } else { Difficulty::Hard };
        let masses = MassPlan::OneOfEach(difficulty);
        let config =
            PhantomConfig { masses, speed_mm_s: 8.0 + (seed % 9) as f32, ..PhantomConfig::default() };
        let phantom = Phantom::new(seed, &config)?;
        let span = frames as f32 * STRIDE / config.fps;
        let last = phantom.path().duration_s() - span;
        // A hash of the seed moves each burst, so that some begin and others end beside the mass.
        let shift =
            ((seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f32 / (1_u64 << 24) as f32 - 0.5) * span;
        let over = phantom.mass_centres_mm().map(|centre| centre[1] / config.speed_mm_s - span / 2.0 + shift);
        let starts: Vec<f32> = over.chain([0.1]).map(|start| start.clamp(0.0, last.max(0.0))).collect();
        for (burst, start) in starts.into_iter().enumerate() {
            for frame in 0..frames {
                let pose = phantom.path().pose(start + frame as f32 * STRIDE / config.fps);
                let name = format!("{seed}-{burst}-{frame}");
                save(Path::new(dir), &name, &phantom.frame(&pose, Faults::NONE))?;
            }
        }
    }
    Ok(())
}

fn save(dir: &Path, name: &str, shown: &PhantomFrame) -> Result<(), Box<dyn std::error::Error>> {
    let Pixels::Luma8(grey) = &shown.frame.pixels else { return Ok(()) };
    let kind = shown.truth.masses.first().map_or("none", |mass| mass.kind.as_str());
    grey.save(dir.join(format!("{name}-{kind}.png")))?;
    if shown.truth.masses.is_empty() {
        return Ok(());
    }
    let mut whole = GrayImage::new(grey.width(), grey.height());
    for mass in &shown.truth.masses {
        imageops::overlay(&mut whole, &mass.mask, mass.box_px.min.x as i64, mass.box_px.min.y as i64);
    }
    whole.save(dir.join(format!("{name}-{kind}.mask.png")))?;
    Ok(())
}
