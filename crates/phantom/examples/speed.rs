//! Prints the milliseconds a frame: `cargo run --release -p peony-phantom --example speed [frames]`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use peony_phantom::{Phantom, PhantomConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let frames = std::env::args().nth(1).map_or(Ok(600), |n| n.parse())?;
    let start = Instant::now();
    let phantom = Phantom::new(7, &PhantomConfig::default())?;
    drop(phantom.frame(&phantom.path().pose(0.0), peony_phantom::Faults::NONE));
    println!("first frame after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    for (name, ahead) in [("tissue built by the frame", false), ("tissue built ahead on a thread", true)] {
        let phantom = Phantom::new(8, &PhantomConfig::default())?;
        let mut sweep = phantom.sweep().endless();
        if ahead {
            sweep = sweep.build_ahead();
        }
        let mut times: Vec<f64> = (0..frames)
            .map(|_| {
                let start = Instant::now();
                drop(sweep.next());
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        times.sort_by(f64::total_cmp);
        let quantile = |q: f64| times[((times.len() - 1) as f64 * q) as usize];
        println!(
            "640 x 480, {frames} frames, {name}: mean {mean:.1} p50 {:.1} p95 {:.1} p99 {:.1} max {:.1} ms",
            quantile(0.5),
            quantile(0.95),
            quantile(0.99),
            quantile(1.0)
        );
    }
    Ok(())
}
