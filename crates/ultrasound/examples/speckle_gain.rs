//! How long and how far turned the way of phantom sweeps is read, over the truth: what the gains of the assumed beam come from.
//!
//! `cargo run --release -p peony-ultrasound --example speckle_gain -- [FIRST_BREAST] [BREASTS] [FROM_ONE_TO_THE_NEXT]`: each is scanned three times, 60 mm at
//! 6 to 16 mm/s; a line a sweep, and then of each kind the middle, the spread, and how many lie within a tenth.

use std::collections::BTreeMap;

use peony_phantom::{Difficulty, MassPlan, PathKind, Phantom, PhantomConfig, Pose};
use peony_ultrasound::{Mode, Pipeline, step};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |place: usize, default: u64| {
        std::env::args().nth(place).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let (first, breasts, apart) = (number(1, 9030), number(2, 11), number(3, 1));
    let mut of_kind: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    let mut turns = Vec::new();
    for seed in (0..breasts).map(|index| first + index * apart) {
        for path in [PathKind::Straight, PathKind::Freehand, PathKind::Turning] {
            let masses = MassPlan::OneOfEach(Difficulty::Easy);
            let speed_mm_s = 6.0 + (seed * 7 % 11) as f32;
            let config =
                PhantomConfig { path, length_mm: 60.0, speed_mm_s, masses, ..PhantomConfig::default() };
            let [length, turn] = sweep(&Phantom::new(seed, &config)?);
            println!("{seed} {path:?} at {speed_mm_s} mm/s: length {length:.3}, turn {turn:.2}");
            of_kind.entry(format!("{path:?}")).or_default().push(length);
            turns.extend((path == PathKind::Turning).then_some(turn));
        }
    }
    for (kind, lengths) in &mut of_kind {
        let count = lengths.len() as f32;
        let mean = lengths.iter().sum::<f32>() / count;
        let spread = (lengths.iter().map(|length| (length - mean).powi(2)).sum::<f32>() / count).sqrt();
        let within = lengths.iter().filter(|length| (0.9..=1.1).contains(*length)).count();
        println!("{kind}: {:.3} ± {spread:.3}, {within} of {count} within a tenth", middle(lengths));
    }
    println!("turn: {:.2}", middle(&mut turns));
    Ok(())
}

/// What is read of one sweep over the truth: its length, and its turn (least squares over all frames).
fn sweep(phantom: &Phantom) -> [f32; 2] {
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let yaw = |pose: &Pose| pose.r[1][0].atan2(pose.r[0][0]).to_degrees();
    let mut start: Option<Pose> = None;
    let (mut true_mm, mut read_mm) = (0.0, 0.0);
    let (mut both, mut own) = (0.0, 0.0);
    for made in phantom.sweep().build_ahead() {
        let output = step(&mut pipeline, &made.frame);
        let pose = made.truth.pose;
        let start = start.get_or_insert(pose);
        true_mm = pose.t_mm[1] - start.t_mm[1];
        read_mm = output.volume.path_mm.unwrap_or(read_mm);
        if let Some(turned) = output.volume.turned_deg {
            let truth = yaw(&pose) - yaw(start);
            both += turned * truth;
            own += truth * truth;
        }
    }
    [read_mm / true_mm, both / own]
}

fn middle(values: &mut [f32]) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}
