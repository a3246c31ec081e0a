//! An examination is tens of thousands of runs: none may leave anything behind. Alone in its process, whose memory it watches.

use ndarray::Array4;
use peony_infer::{Model, ModelFiles, Options};

const RUNS: usize = 10_000;
/// What may stay, bytes a run: less than the smallest thing that could be forgotten each time, a name or a shape.
const LEFT: usize = 64;

fn resident() -> usize {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem)
}

#[test]
fn runs_leave_nothing_behind() {
    let picture = Array4::<f32>::zeros((1, 1, 64, 64));
    for engine in ["rten", "onnxruntime", "onnxruntime-int8", "openvino-bf16"] {
        let files =
            ModelFiles::embedded(include_str!("data/tiny/card.toml"), include_bytes!("data/tiny/model.onnx"))
                .with_int8(include_bytes!("data/tiny/model.int8.onnx"));
        let options = Options { engine: engine.parse().unwrap(), threads: 1, library: None };
        let mut model = Model::load(files, &options).unwrap();
        if engine != "rten" && model.provenance().provider == "rten" {
            eprintln!("skipped: {engine}: {}", model.notes().join("; "));
            continue;
        }
        let mut run = |times| (0..times).for_each(|_| drop(model.run(picture.view()).unwrap()));
        // Arenas and pools take what they need.
        run(RUNS / 10);
        let before = resident();
        run(RUNS);
        let grown = resident().saturating_sub(before);
        assert!(grown < RUNS * LEFT, "{engine}: {grown} bytes more after {RUNS} runs");
    }
}
