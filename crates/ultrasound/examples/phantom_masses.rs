//! How often the pipeline with the model that ships confirms the phantom's masses, and how often it confirms what is none.
//!
//! `cargo run --release -p peony-ultrasound --example phantom_masses -- [FIRST_SEED] [SWEEPS] [easy|hard|normal]`

use std::collections::BTreeMap;
use std::path::Path;

use peony_infer::{EngineChoice, Model, ModelFiles, Options};
use peony_model::iou;
use peony_phantom::{Difficulty, MassKind, MassPlan, Phantom, PhantomConfig};
use peony_ultrasound::{Mode, Pipeline, step};

/// A track that once overlapped a mass so much follows it.
const OVERLAP: f32 = 0.2;

#[derive(Default)]
struct Tally {
    frames: u64,
    met: BTreeMap<&'static str, u32>,
    confirmed: BTreeMap<&'static str, u32>,
    false_tracks: u32,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let word = |place: usize| std::env::args().nth(place);
    let number = |place: usize, default: u64| word(place).and_then(|w| w.parse().ok()).unwrap_or(default);
    let (first, sweeps) = (number(1, 9100), number(2, 6));
    let masses = match word(3).as_deref() {
        Some("hard") => MassPlan::OneOfEach(Difficulty::Hard),
        Some("normal") => MassPlan::Normal,
        _ => MassPlan::OneOfEach(Difficulty::Easy),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/peony-us");
    let options = Options { engine: EngineChoice::Rten, ..Options::default() };
    let model = Model::load(ModelFiles::from_dir(&folder)?, &options)?;
    let mut pipeline = Pipeline::new(Some(Box::new(model)), Mode::Sweep);
    let config = PhantomConfig { masses, ..PhantomConfig::default() };
    let mut tally = Tally::default();
    for seed in first..first + sweeps {
        sweep(&Phantom::new(seed, &config)?, &mut pipeline, &mut tally);
    }
    for (kind, met) in &tally.met {
        println!("{kind}: {} of {met} confirmed", tally.confirmed.get(kind).unwrap_or(&0));
    }
    let minutes = tally.frames as f64 / 30.0 / 60.0;
    println!(
        "{} lesions confirmed that are none, in {:.1} minutes of scanning: {:.1} a minute",
        tally.false_tracks,
        minutes,
        f64::from(tally.false_tracks) / minutes
    );
    Ok(())
}

fn sweep(phantom: &Phantom, pipeline: &mut Pipeline, tally: &mut Tally) {
    pipeline.restart(Mode::Sweep);
    let mut met: BTreeMap<u32, MassKind> = BTreeMap::new();
    let mut follows: BTreeMap<u32, Option<u32>> = BTreeMap::new();
    let mut letters = BTreeMap::new();
    for made in phantom.sweep().build_ahead() {
        let output = step(pipeline, &made.frame);
        tally.frames += 1;
        met.extend(made.truth.masses.iter().map(|mass| (mass.id, mass.kind)));
        for track in &output.tracks {
            let mass = made.truth.masses.iter().find(|mass| iou(mass.box_px, track.box_px) > OVERLAP);
            let followed = follows.entry(track.id).or_default();
            *followed = followed.or(mass.map(|mass| mass.id));
            if track.letter.is_some() {
                letters.insert(track.id, track.sightings);
            }
        }
    }
    let confirmed: Vec<Option<u32>> = letters.keys().map(|id| follows[id]).collect();
    for (id, kind) in &met {
        *tally.met.entry(kind.as_str()).or_default() += 1;
        *tally.confirmed.entry(kind.as_str()).or_default() += u32::from(confirmed.contains(&Some(*id)));
    }
    tally.false_tracks += confirmed.iter().filter(|mass| mass.is_none()).count() as u32;
}
