//! Where the time of a step goes without a network, and what it takes to lay a frame into the stack of the coronal view: 600
//! phantom frames of 640 × 480.
//!
//! `cargo run --release -p peony-ultrasound --example step_speed`

use std::time::{Duration, Instant};

use peony_model::Frame;
use peony_phantom::{Phantom, PhantomConfig};
use peony_ultrasound::coronal::Stack;
use peony_ultrasound::{Mode, Pipeline, step};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(600);
    let phantom = Phantom::new(9200, &PhantomConfig::default())?;
    let mut pipeline = Pipeline::new(None, Mode::Sweep);
    let (mut stack, mut laying) = (Stack::default(), Vec::new());
    let mut read = |frame: &Frame| {
        let output = step(&mut pipeline, frame);
        let (luma, begun) = (frame.luma(), Instant::now());
        if let Some(plane) = &output.volume.plane {
            stack.lay(&luma, plane);
        }
        laying.push(begun.elapsed());
        output.timings
    };
    let timings: Vec<_> = phantom.sweep().endless().take(frames).map(|made| read(&made.frame)).collect();
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
    row("lay", &|i| laying[i]);
    let begun = Instant::now();
    let view = stack.layers().coronal(None);
    let size = view.map(|view| view.luma.dimensions());
    println!("coronal      {:.3} ms for {size:?} pixels", begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
