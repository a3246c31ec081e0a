//! The engines: what they give, that they agree, and that one that is missing gives way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a check function of a test fails as the test does")]

use std::path::Path;

use ndarray::{Array4, ArrayView4};
use peony_infer::{EngineChoice, Model, ModelFiles, Options, RunError, Side};
use peony_model::Precision;

const ENGINES: [&str; 6] = ["auto", "rten", "onnxruntime", "onnxruntime-int8", "openvino", "openvino-bf16"];

fn tiny() -> ModelFiles {
    ModelFiles::embedded(include_str!("data/tiny/card.toml"), include_bytes!("data/tiny/model.onnx"))
        .with_int8(include_bytes!("data/tiny/model.int8.onnx"))
}

fn with(engine: &str) -> Options {
    Options { engine: engine.parse().unwrap(), threads: 2, library: None }
}

fn ramp() -> Array4<f32> {
    Array4::from_shape_fn((1, 1, 64, 64), |(_, _, y, x)| (x + 2 * y) as f32 / 192.0)
}

#[test]
fn engines_are_named_as_they_are_printed() {
    for word in ENGINES {
        assert_eq!(word.parse::<EngineChoice>().unwrap().to_string(), word);
    }
    let error = "tensorrt".parse::<EngineChoice>().unwrap_err().to_string();
    assert!(error.contains("tensorrt") && error.contains("openvino-bf16"), "{error}");
}

#[test]
fn every_engine_gives_the_outputs_of_the_card() {
    let mut reference = Model::load(tiny(), &with("rten")).unwrap();
    let expected = reference.run(ramp().view()).unwrap();
    for word in ENGINES {
        let mut model = Model::load(tiny(), &with(word)).unwrap();
        let provenance = model.provenance();
        if word != "rten" && provenance.provider == "rten" {
            eprintln!("skipped: {word}: {}", model.notes().join("; "));
        }
        let twin = model.card().int8.as_ref().filter(|_| provenance.precision == Precision::Int8);
        assert_eq!(provenance.sha256, twin.map_or(&model.card().sha256, |twin| &twin.sha256).as_str());
        assert!(word != "openvino" || provenance.precision == Precision::Fp32);
        let ran_in_integers = provenance.precision == Precision::Int8;
        let may = ["auto", "onnxruntime-int8"].contains(&word);
        let must = word == "onnxruntime-int8" && provenance.provider != "rten";
        assert!(if ran_in_integers { may } else { !must }, "{word} {provenance:?}");
        let outputs = model.run(ramp().view()).unwrap();
        let within = if provenance.precision == Precision::Fp32 { 1e-5 } else { 2e-2 };
        for spec in &reference.card().outputs {
            let (ours, theirs) = (outputs.values(&spec.name).unwrap(), expected.values(&spec.name).unwrap());
            assert_eq!(outputs.get(&spec.name).unwrap().shape(), spec.shape);
            let most = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(most <= within, "{word} {provenance:?}: `{}` differs by {most}", spec.name);
        }
        assert_eq!(outputs.scalar("lesion"), outputs.values("lesion").map(|values| values[0]));
        assert_eq!(outputs.scalar("mask"), None);
        assert!(outputs.get("depth").is_none());
    }
}

#[test]
fn integers_that_cannot_be_had_give_way_with_one_clear_word() {
    let check = |files: ModelFiles, words: &[&str]| {
        let model = Model::load(files, &with("onnxruntime-int8")).unwrap();
        assert_eq!((&*model.provenance().provider, model.provenance().precision), ("rten", Precision::Fp32));
        assert_eq!(model.provenance().sha256, model.card().sha256);
        let notes = model.notes().join("; ");
        // Where there is no library at all, or no processor for it, that is the word.
        let other = notes.contains("no ONNX Runtime library") || notes.contains("the processor has no");
        assert!(other || words.iter().all(|word| notes.contains(word)), "{notes}");
        if other {
            eprintln!("skipped: {notes}");
        }
    };
    let card = include_str!("data/tiny/card.toml");
    let without: &'static str = card.split("[int8]").next().unwrap().to_owned().leak();
    let rest = card.split_once("[[inputs]]").unwrap().1;
    let none: &'static str = format!("{without}[[inputs]]{rest}").leak();
    let weights = include_bytes!("data/tiny/model.onnx");
    check(ModelFiles::embedded(none, weights), &["onnxruntime/cpu in int8", "names no weights in int8"]);
    check(ModelFiles::embedded(card, weights), &["model.int8.onnx", "was not given"]);
}

fn processor_has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// OpenVINO may take bf16 by itself, and integers are in another file: what the provenance says must be what ran.
#[test]
fn the_precision_named_is_the_precision_run() {
    let mut reference = Model::load(tiny(), &with("rten")).unwrap();
    let expected = reference.run(ramp().view()).unwrap();
    for (word, provider) in [
        ("onnxruntime-int8", "onnxruntime/cpu"),
        ("openvino", "onnxruntime/openvino"),
        ("openvino-bf16", "onnxruntime/openvino"),
    ] {
        let mut model = Model::load(tiny(), &with(word)).unwrap();
        let provenance = model.provenance();
        if provenance.provider != provider {
            eprintln!("skipped: {word}: {}", model.notes().join("; "));
            continue;
        }
        if word == "openvino-bf16" && provenance.precision == Precision::Fp32 {
            let why = if processor_has_bf16() { "for no known reason" } else { "the processor has no bf16" };
            eprintln!("skipped: {word}: it ran in fp32, {why}");
        }
        let outputs = model.run(ramp().view()).unwrap();
        let (ours, theirs) =
            (outputs.values("malignancy_map").unwrap(), expected.values("malignancy_map").unwrap());
        let most = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(most > 1e-5, provenance.precision != Precision::Fp32, "{word}: {most} in {provenance:?}");
    }
}

#[test]
fn an_engine_that_cannot_be_had_gives_way_with_one_clear_word() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libonnxruntime.so.9.99");
    std::fs::write(&text, "not a library").unwrap();
    let check = |library: &Path, words: &[&str]| {
        let options = Options { library: Some(library.to_owned()), ..with("onnxruntime") };
        let mut model = Model::load(tiny(), &options).unwrap();
        // A library that another test of this process has opened already is given in place of any other.
        if model.provenance().provider == "rten" {
            let notes = model.notes().join("; ");
            assert!(words.iter().all(|word| notes.contains(word)), "{notes}");
        }
        assert!(model.run(ramp().view()).is_ok());
    };
    check(Path::new("/no/such/folder/libonnxruntime.so"), &["no ONNX Runtime library at", "rten"]);
    check(folder.path(), &["cannot be opened as", "rten"]);
    check(&text, &["cannot be opened as", "rten"]);
}

#[test]
fn a_wrong_input_is_named_and_the_model_runs_again() {
    let mut model = Model::load(tiny(), &with("rten")).unwrap();
    let small = Array4::<f32>::zeros((1, 1, 32, 32));
    let said = model.run(small.view()).unwrap_err().to_string();
    assert!(
        said.contains("`luma`") && said.contains("[1, 1, 32, 32]") && said.contains("[1, 1, 64, 64]"),
        "{said}"
    );
    assert_eq!(model.run_all(&[]).unwrap_err(), RunError::InputCount { expected: 1, got: 0 });
    let mut broken = ramp();
    broken[[0, 0, 5, 5]] = f32::NAN;
    let said = model.run(broken.view()).unwrap_err();
    assert!(matches!(said, RunError::NotFinite { side: Side::Input, .. }), "{said}");
    assert!(model.run(ramp().view()).is_ok());
}

#[test]
fn an_input_in_another_order_of_axes_gives_the_same() {
    let mut model = Model::load(tiny(), &with("rten")).unwrap();
    let upright = ramp();
    let turned = upright.clone().permuted_axes([0, 1, 3, 2]).as_standard_layout().into_owned();
    let view: ArrayView4<'_, f32> = turned.view().permuted_axes([0, 1, 3, 2]);
    let (a, b) = (model.run(upright.view()).unwrap(), model.run(view).unwrap());
    assert_eq!(a.values("mask"), b.values("mask"));
}
