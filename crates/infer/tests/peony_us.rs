//! The model that ships gives, on every engine of this machine, what it gave when it was exported.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a check function of a test fails as the test does")]

use std::path::PathBuf;

use ndarray::{Array4, ArrayD, Axis};
use peony_infer::{Model, ModelFiles, Options};
use peony_model::Precision;

fn models() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

/// The fixture is a picture that is letterboxed already: grey / 255 is the whole preparation.
fn input(side: [usize; 2]) -> Array4<f32> {
    let picture = image::open(models().join("fixtures/peony-us/input.png")).unwrap().into_luma8();
    assert_eq!([picture.height() as usize, picture.width() as usize], side);
    Array4::from_shape_fn((1, 1, side[0], side[1]), |(_, _, y, x)| {
        f32::from(picture.get_pixel(x as u32, y as u32).0[0]) / 255.0
    })
}

#[test]
fn every_engine_gives_what_the_export_gave() {
    let folder = models().join("peony-us");
    if !folder.join("card.toml").is_file() {
        eprintln!("skipped: models/peony-us is not there");
        return;
    }
    let text = std::fs::read_to_string(models().join("fixtures/peony-us/expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let number = |key: &str| expected[key].as_f64().unwrap_or_else(|| panic!("expected.json: no `{key}`"));
    for engine in ["rten", "onnxruntime", "onnxruntime-int8", "openvino", "openvino-bf16"] {
        let options = Options { engine: engine.parse().unwrap(), threads: 2, library: None };
        let mut model = Model::load(ModelFiles::from_dir(&folder).unwrap(), &options).unwrap();
        let provenance = model.provenance();
        if engine != "rten" && provenance.provider == "rten" {
            eprintln!("skipped: {engine}: {}", model.notes().join("; "));
            continue;
        }
        assert_eq!(
            expected["version"].as_str(),
            Some(model.card().version.as_str()),
            "fixture of another export"
        );
        let luma = input([model.card().inputs[0].shape[2], model.card().inputs[0].shape[3]]);
        // The export's own tolerance in fp32; bf16 keeps 8 bits of mantissa through every layer, integers 8 bits in all,
        // and logits reach 10.
        let lower = matches!(provenance.precision, Precision::Bf16 | Precision::Int8);
        let within = if lower { 0.05 } else { number("tolerance") };
        assert_eq!(provenance.precision == Precision::Int8, engine == "onnxruntime-int8", "{provenance:?}");
        let mut state = model.card().inputs.get(1).map(|tensor| ArrayD::<f32>::zeros(tensor.shape.clone()));
        for frame in expected["channel_means"].as_array().unwrap() {
            let mut inputs = vec![luma.view().into_dyn()];
            inputs.extend(state.as_ref().map(|state| state.view()));
            let outputs = model.run_all(&inputs).unwrap();
            assert_eq!(frame.as_object().unwrap().len(), outputs.iter().count());
            for (name, got) in outputs.iter() {
                let wanted = frame[name].as_array().unwrap();
                let channels = got.axis_iter(Axis(1)).map(|channel| f64::from(channel.mean().unwrap()));
                assert_eq!(wanted.len(), channels.len(), "{name}");
                for (channel, (got, wanted)) in channels.zip(wanted).enumerate() {
                    let difference = (got - wanted.as_f64().unwrap()).abs();
                    assert!(
                        difference <= within,
                        "{engine} {provenance:?}: {name} {channel} is {got}, not {wanted}"
                    );
                }
            }
            state = outputs.get("state_out").map(|state| state.to_owned());
        }
        eprintln!(
            "{engine}: {} in {} agrees within {within}",
            provenance.provider,
            provenance.precision.as_str()
        );
    }
}
