//! Time a model on every engine of this machine: `cargo run --release -p peony-infer --example time_engines -- DIR`.
//!
//! One line an engine, precision and number of threads: milliseconds of a run (the fastest, p50 and p95 of 200
//! after 20 that are not counted), the operations a second that p50 means, and the milliseconds of loading. Where
//! the fastest is far below p50, something else was running.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use ndarray::{ArrayD, IxDyn};
use peony_infer::{LoadError, Model, ModelFiles, Options};

const ENGINES: [&str; 5] = ["rten", "onnxruntime", "onnxruntime-int8", "openvino", "openvino-bf16"];
const UNCOUNTED: usize = 20;
const COUNTED: usize = 200;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("give the folder of a model: time_engines models/peony-us");
        return ExitCode::from(2);
    };
    match time_all(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn time_all(folder: &Path) -> Result<(), LoadError> {
    let files = ModelFiles::from_dir(folder)?;
    println!("engine                precision  threads  min ms  p50 ms  p95 ms  GFLOP/s at p50  load ms");
    for word in ENGINES {
        for threads in [1, 2] {
            let engine = word.parse().unwrap_or_default();
            let start = Instant::now();
            let mut model = Model::load(files.clone(), &Options { engine, threads, library: None })?;
            let load_ms = start.elapsed().as_secs_f64() * 1e3;
            let provenance = model.provenance();
            if word != "rten" && provenance.provider == "rten" {
                println!("{word}: {}", model.notes().join("; "));
                break;
            }
            let Some(mut times_ms) = time(&mut model) else { return Ok(()) };
            times_ms.sort_by(f64::total_cmp);
            let (p50, p95) = (times_ms[COUNTED / 2], times_ms[COUNTED * 95 / 100]);
            println!(
                "{:<21} {:<10} {threads:>7} {:>7.2} {p50:>7.2} {p95:>7.2} {:>15.0} {load_ms:>8.0}",
                provenance.provider,
                provenance.precision.as_str(),
                times_ms[0],
                model.card().gflop / p50 * 1e3,
            );
        }
    }
    Ok(())
}

/// Milliseconds of each counted run; `None`, with a word, where a run fails.
fn time(model: &mut Model) -> Option<Vec<f64>> {
    let inputs: Vec<ArrayD<f32>> = model
        .card()
        .inputs
        .iter()
        .map(|spec| {
            let mut at = 0_u32;
            ArrayD::from_shape_simple_fn(IxDyn(&spec.shape), || {
                at += 1;
                (at.wrapping_mul(2_654_435_761) >> 24) as f32 / 255.0
            })
        })
        .collect();
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    let mut times_ms = Vec::with_capacity(COUNTED);
    for turn in 0..UNCOUNTED + COUNTED {
        let start = Instant::now();
        if let Err(error) = model.run_all(&views) {
            eprintln!("{error}");
            return None;
        }
        if turn >= UNCOUNTED {
            times_ms.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    Some(times_ms)
}
