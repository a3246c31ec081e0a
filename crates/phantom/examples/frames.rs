//! Writes frames and the masks of their masses, to measure a reader on them:
//! `cargo run --release -p peony-phantom --example frames -- DIR FIRST_SEED BREASTS [easy|hard]`.
//!
//! For each breast, one frame through each mass (`SEED-KIND-DIFFICULTY.png`, its mask `….mask.png`) and one without
//! any (`SEED-none.png`).

use std::path::Path;

use image::{GrayImage, imageops};
use peony_model::Pixels;
use peony_phantom::{Difficulty, Faults, MassPlan, Phantom, PhantomConfig, PhantomFrame};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, first, breasts, rest @ ..] = &args[..] else {
        return Err("needs DIR FIRST_SEED BREASTS [easy|hard]".into());
    };
    let hard = rest.first().is_some_and(|word| word == "hard");
    let difficulty = if hard { Difficulty::Hard } else { Difficulty::Easy };
    let config = PhantomConfig { masses: MassPlan::OneOfEach(difficulty), ..PhantomConfig::default() };
    std::fs::create_dir_all(dir)?;
    let first: u64 = first.parse()?;
    for seed in first..first + breasts.parse::<u64>()? {
        let phantom = Phantom::new(seed, &config)?;
        for (id, centre) in phantom.mass_centres_mm().enumerate() {
            let mut pose = phantom.path().pose(centre[1] / config.speed_mm_s);
            pose.t_mm[1] = centre[1];
            save(Path::new(dir), seed, Some(id as u32), &phantom.frame(&pose, Faults::NONE))?;
        }
        save(Path::new(dir), seed, None, &phantom.frame(&phantom.path().pose(0.1), Faults::NONE))?;
    }
    Ok(())
}

fn save(
    dir: &Path,
    seed: u64,
    id: Option<u32>,
    shown: &PhantomFrame,
) -> Result<(), Box<dyn std::error::Error>> {
    let Pixels::Luma8(grey) = &shown.frame.pixels else { return Ok(()) };
    let Some(id) = id else {
        if shown.truth.masses.is_empty() {
            grey.save(dir.join(format!("{seed}-none.png")))?;
        }
        return Ok(());
    };
    let Some(mass) = shown.truth.masses.iter().find(|mass| mass.id == id) else { return Ok(()) };
    let name = format!("{seed}-{}-{:?}", mass.kind.as_str(), mass.difficulty);
    grey.save(dir.join(format!("{name}.png")))?;
    let mut mask = GrayImage::new(grey.width(), grey.height());
    imageops::replace(&mut mask, &mass.mask, mass.box_px.min.x as i64, mass.box_px.min.y as i64);
    mask.save(dir.join(format!("{name}.mask.png")))?;
    Ok(())
}
