//! Where the time of a step goes without a network: 600 phantom frames of 640 × 480.
//!
//! `cargo run --release -p peony-ultrasound --example step_speed`

use std::time::Duration;

use peony_phantom::{Phantom, PhantomConfig};
use peony_ultrasound::{Mode, Pipeline, step};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(600);
    let phantom = Phantom::new(9200, &PhantomConfig::default())?;
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let timings: Vec<_> =
        phantom.sweep().endless().take(frames).map(|made| step(&mut pipeline, &made.frame).timings).collect();
    let row = |name: &str, of: &dyn Fn(usize) -> Duration| {
        let mut times: Vec<f64> = (0..timings.len()).map(|i| of(i).as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!("{name:12} p50 {:.3} p95 {:.3} max {:.3} ms", at(0.5), at(0.95), at(1.0));
    };
    for (stage, (name, _)) in timings[0].stages().into_iter().enumerate() {
        row(name, &|i| timings[i].stages()[stage].1);
    }
    row("step", &|i| timings[i].step);
    Ok(())
}
