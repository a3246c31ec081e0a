//! A network with a memory: what it leaves goes into the next frame, and a state that is not its own is one clear error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a check function of a test fails as the test does")]

use std::borrow::Cow;

use peony_infer::{Card, EngineChoice, LoadError, Model, ModelFiles, Options};
use peony_ultrasound::network::{CANVAS, Network, NetworkError, check_fits};

const SHIPPED: &str = include_str!("../../../models/peony-us/card.toml");
const SHIPPED_WEIGHTS: &[u8] = include_bytes!("../../../models/peony-us/model.onnx");
const WEIGHTS: &[u8] = include_bytes!("data/remembers.onnx");
/// Of `data/remembers.onnx`, as `make_remembers.py` printed it.
const SHA256: &str = "6fef4a927e83cb889f809c9a455b67d1124046992cf92789422ec42e804493f2";
const STATE: usize = 32 * 32 * 32;
const TAKEN: &str = "[[inputs]]\nname = \"state\"\nshape = [1, 32, 32, 32]\n\n";
const LEFT: &str = "[[outputs]]\nname = \"state_out\"\nshape = [1, 32, 32, 32]\n\n";

/// The card that ships, with further tensors.
fn card(tensors: &[&str]) -> String {
    SHIPPED.replace("[thresholds]", &format!("{}[thresholds]", tensors.concat()))
}

/// The same of the small network of these tests.
fn card_of_weights(tensors: &[&str]) -> String {
    let shipped = Card::parse(SHIPPED).unwrap().sha256;
    card(tensors).replace(&shipped, SHA256)
}

fn load(card: String, weights: &'static [u8]) -> Result<Model, LoadError> {
    let files = ModelFiles { card_toml: Cow::Owned(card), weights: Cow::Borrowed(weights), int8: None };
    Model::load(files, &Options { engine: EngineChoice::Rten, threads: 1, library: None })
}

fn frame() -> Vec<f32> {
    (0..CANVAS * CANVAS).map(|at| (at % CANVAS) as f32 / CANVAS as f32).collect()
}

fn told(model: &mut Model, state: Option<&[f32]>) -> Result<(Vec<f32>, Option<Vec<f32>>), NetworkError> {
    Network::run(model, &frame(), state).map(|outputs| (outputs.maps, outputs.state))
}

#[test]
fn a_state_of_another_shape_is_one_error_and_the_network_runs_again() {
    let mut model = load(card_of_weights(&[TAKEN, LEFT]), WEIGHTS).unwrap();
    check_fits(model.card()).unwrap();
    let (first, left) = told(&mut model, None).unwrap();
    let left = left.unwrap();
    assert_eq!(left.len(), STATE);
    for wrong in [0, 1, STATE - 1, STATE + 1, 2 * STATE] {
        let said = told(&mut model, Some(&vec![0.0; wrong])).unwrap_err().to_string();
        assert_eq!(said, format!("the state holds {wrong} values where {STATE} are needed"));
    }
    let not_finite = vec![f32::NAN; STATE];
    let said = told(&mut model, Some(&not_finite)).unwrap_err().to_string();
    assert!(said.contains("`state`") && said.contains("not finite") && !said.contains('\n'), "{said}");
    let (second, _) = told(&mut model, Some(&left)).unwrap();
    assert_ne!(first, second, "what was left tells");
    assert_eq!(told(&mut model, None).unwrap().0, first, "and nothing stays of it in the network");
}

#[test]
fn a_network_without_a_memory_takes_no_state() {
    let mut model = load(SHIPPED.into(), SHIPPED_WEIGHTS).unwrap();
    let said = told(&mut model, Some(&[0.0; STATE])).unwrap_err().to_string();
    assert_eq!(said, format!("the state holds {STATE} values where 0 are needed"));
    assert_eq!(told(&mut model, None).unwrap().1, None);
}

#[test]
fn a_memory_that_is_not_given_back_as_it_is_taken_is_refused() {
    let check = |tensors: &[&str], says: &str| {
        let said = check_fits(&Card::parse(&card(tensors)).unwrap()).unwrap_err();
        assert!(said.contains(says) && !said.contains('\n'), "{said}");
    };
    check(&[TAKEN], "its output 'state_out' is missing, and [1, 32, 32, 32] is needed");
    let narrow = LEFT.replace("32, 32]", "16, 16]");
    check(&[TAKEN, &narrow], "its output 'state_out' is [1, 32, 16, 16], and [1, 32, 32, 32] is needed");
    check(&[TAKEN, &TAKEN.replace("state", "other"), LEFT], "other");
}

#[test]
fn weights_that_lack_what_the_card_says_are_refused() {
    let check = |card: String, weights: &'static [u8], says: &[&str]| {
        let said = load(card, weights).map(|_| ()).unwrap_err().to_string();
        assert!(says.iter().all(|word| said.contains(word)) && !said.contains('\n'), "{said}");
    };
    check(card(&[LEFT]), SHIPPED_WEIGHTS, &["peony-us", "output `state_out`", "missing in the network"]);
    check(card(&[TAKEN, LEFT]), SHIPPED_WEIGHTS, &["input `state`", "missing in the network"]);
    check(card_of_weights(&[LEFT]), WEIGHTS, &["input `state`", "missing on the card"]);
    let narrow = TAKEN.replace("32, 32]", "16, 16]");
    check(
        card_of_weights(&[&narrow, LEFT]),
        WEIGHTS,
        &["input `state`", "[1, 32, 16, 16]", "[1, 32, 32, 32]"],
    );
}
