//! How far the simulated third dimension is off: lengths and volumes of phantom sweeps, with the true masks.
//!
//! `cargo run --release -p peony-ultrasound --example sweep_error -- [SWEEPS] [FRAMES]`: breasts from seed 9000 on.

use std::sync::{Arc, Mutex};

use peony_imaging::{Letterbox, PixelRect, Resampler};
use peony_model::{Precision, Provenance};
use peony_phantom::{Difficulty, MassPlan, PathKind, Phantom, PhantomConfig};
use peony_ultrasound::network::{CELLS, MAPS, MASK, NetOutputs, Reading};
use peony_ultrasound::{Mode, Network, NetworkError, Pipeline, step};

/// Says what the phantom knows.
struct Oracle(Arc<Mutex<Vec<f32>>>);

impl Network for Oracle {
    fn run(&mut self, _: &[f32], _: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        let mask = self.0.lock().map_err(|_| NetworkError::Other("poisoned".into()))?.clone();
        let lesion = if mask.iter().any(|p| *p > 0.5) { 1.0 } else { 0.0 };
        let maps = vec![4.0; MAPS * CELLS * CELLS];
        Ok(NetOutputs { core: mask.clone(), mask, maps, embedding: None, lesion, breast: 1.0, state: None })
    }
    fn provenance(&self) -> Arc<Provenance> {
        let word = || "oracle".to_owned();
        Arc::new(Provenance {
            model: word(),
            version: word(),
            sha256: word(),
            provider: word(),
            precision: Precision::Fp32,
        })
    }
    fn reading(&self) -> Reading {
        Reading { mask: 0.5, lesion: 0.5, region: 0.5, breast: 0.5, calibrated: false }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |place: usize, default: u64| {
        std::env::args().nth(place).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let (sweeps, frames) = (number(1, 8), number(2, 120));
    println!("seed path      true_mm read_mm ratio correlation unfit | volume_ratio …");
    for seed in 9000..9000 + sweeps {
        let path = [PathKind::Straight, PathKind::Freehand, PathKind::Turning][(seed % 3) as usize];
        let speed_mm_s = 6.0 + (seed % 5) as f32 * 2.5;
        let length_mm = speed_mm_s * frames as f32 / 30.0;
        let masses = MassPlan::OneOfEach(Difficulty::Easy);
        let phantom = Phantom::new(
            seed,
            &PhantomConfig { path, speed_mm_s, length_mm, masses, ..PhantomConfig::default() },
        )?;
        one(&phantom, frames, path)?;
    }
    Ok(())
}

fn one(phantom: &Phantom, frames: u64, path: PathKind) -> Result<(), Box<dyn std::error::Error>> {
    let mask = Arc::new(Mutex::new(vec![0.0; MASK * MASK]));
    let mut pipeline = Pipeline::new(Some(Box::new(Oracle(Arc::clone(&mask)))), Mode::Sweep);
    let (mut resampler, mut canvas) = (Resampler::new(), vec![0_u8; MASK * MASK]);
    let (mut true_mm, mut last): (f32, Option<[f32; 3]>) = (0.0, None);
    let (mut read_mm, mut unfit) = (0.0, 0);
    let mut solids = Vec::new();
    let mut truth_of = std::collections::BTreeMap::new();
    for made in phantom.sweep().take(frames as usize) {
        let place = made.truth.pose.t_mm;
        true_mm += last.map_or(0.0, |last| place[1] - last[1]);
        last = Some(place);
        let [width, height] = made.frame.size_px();
        let mut sum = vec![0.0; MASK * MASK];
        for mass in &made.truth.masses {
            let whole = PixelRect::whole(width, height);
            let letterbox = Letterbox::fit(whole, MASK as u32).ok_or("empty frame")?;
            let mut wide = image::GrayImage::new(width, height);
            let (x, y) = (mass.box_px.min.x as i64, mass.box_px.min.y as i64);
            image::imageops::replace(&mut wide, &mass.mask, x, y);
            wide.pixels_mut().for_each(|p| p.0[0] = if p.0[0] > 0 { 255 } else { 0 });
            resampler.letterbox(&wide, &letterbox, &mut canvas)?;
            sum.iter_mut().zip(&canvas).for_each(|(s, c)| *s += f32::from(*c) / 255.0);
        }
        mask.lock().map_err(|_| "poisoned")?.clone_from(&sum);
        let output = step(&mut pipeline, &made.frame);
        read_mm = output.volume.path_mm.unwrap_or(read_mm);
        unfit += u32::from(output.volume.unfit.is_some());
        for solid in output.volume.tracks {
            if let Some(track) = output.tracks.iter().find(|t| t.id == solid.track && t.finding.is_some()) {
                let nearest = made.truth.masses.iter().max_by(|a, b| {
                    let shared = |m: &peony_phantom::MassTruth| {
                        m.box_px.intersection(&track.box_px).map_or(0.0, |both| both.area())
                    };
                    shared(a).total_cmp(&shared(b))
                });
                if let Some(mass) = nearest {
                    truth_of.insert(solid.track, (mass.volume_mm3, mass.id));
                }
            }
            solids.retain(|(track, _): &(u32, f32)| *track != solid.track);
            solids.push((solid.track, solid.volume_cm3 * 1000.0));
        }
    }
    let ratios: Vec<String> = solids
        .iter()
        .filter_map(|(track, read)| {
            truth_of.get(track).map(|(truth, id)| format!("{id}:{:.2}", read / truth))
        })
        .collect();
    println!(
        "{} {path:?}\t{true_mm:.1} {read_mm:.1} {:.3} {:.2} | {}",
        phantom.seed(),
        read_mm / true_mm,
        unfit as f32 / frames as f32,
        ratios.join(" ")
    );
    Ok(())
}
