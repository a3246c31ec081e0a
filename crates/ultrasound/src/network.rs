//! The network as the pipeline sees it: a canvas in, its answers out.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::{ArrayView4, ArrayViewD};
use peony_infer::{Card, Model};
use peony_model::{Provenance, Word};

/// Width and height of the network's canvas, in pixels.
pub const CANVAS: usize = 256;
/// Width and height of [`NetOutputs::mask`]; one of its values covers [`MASK_STEP`]² pixels of the canvas. An outline lies
/// between them, so that nothing is lost against a mask as large as the canvas.
pub const MASK: usize = 128;
/// Pixels of the canvas for one of the mask, across and down.
pub const MASK_STEP: usize = CANVAS / MASK;
/// Width and height of the maps, in cells of [`CELL`] pixels.
pub const CELLS: usize = 32;
/// Width and height of a cell of the maps, in pixels of the mask.
pub const CELL: usize = MASK / CELLS;
/// Steps of the BI-RADS scale that the network is asked about: at least 3, 4A, 4B, 4C, 5.
pub const STEPS: usize = 5;

/// The words that the network is asked about, in the order of its map's channels.
pub const WORDS: [Word; 18] = [
    Word::Oval,
    Word::Round,
    Word::Irregular,
    Word::Circumscribed,
    Word::Indistinct,
    Word::Angular,
    Word::Microlobulated,
    Word::Spiculated,
    Word::Anechoic,
    Word::Hyperechoic,
    Word::Complex,
    Word::Hypoechoic,
    Word::Isoechoic,
    Word::Heterogeneous,
    Word::Enhancement,
    Word::Shadowing,
    Word::Halo,
    Word::InMass,
];

/// Channels of the maps: lesion, malignancy, BI-RADS steps, words.
pub const MAPS: usize = 2 + STEPS + WORDS.len();

/// Channels of the embedding, by which one lesion is known again.
pub const EMBEDDING: usize = 16;

/// What the network says about one canvas.
#[derive(Debug, Clone, PartialEq)]
pub struct NetOutputs {
    /// Probability of a lesion, row-major, [`MASK`]².
    pub mask: Vec<f32>,
    /// Probability of a lesion's inner part, by which two that touch are told apart; as [`Self::mask`].
    pub core: Vec<f32>,
    /// Logits of each cell, channel by channel ([`MAPS`]), each row-major, [`CELLS`]².
    pub maps: Vec<f32>,
    /// What is alike for one lesion from frame to frame, channel by channel ([`EMBEDDING`]), each row-major, [`CELLS`]²; `None`
    /// from a network that gives none.
    pub embedding: Option<Vec<f32>>,
    /// Probability that the frame shows any lesion.
    pub lesion: f32,
    /// Probability that this is a B-mode picture of a breast.
    pub breast: f32,
    /// What the next frame is to be read with; `None` from a network without memory.
    pub state: Option<Vec<f32>>,
}

/// What the maps say of one region: means of their logits, weighted by its mask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionLogits([f32; MAPS]);

impl RegionLogits {
    /// From the mean logit of each channel.
    #[must_use]
    pub fn new(logits: [f32; MAPS]) -> Self {
        Self(logits)
    }

    /// That what the mask marks is a lesion.
    #[must_use]
    pub fn lesion(&self) -> f32 {
        self.0[0]
    }

    /// That it is malignant.
    #[must_use]
    pub fn malignancy(&self) -> f32 {
        self.0[1]
    }

    /// That a reader would give at least category 3.
    #[must_use]
    pub fn at_least_3(&self) -> f32 {
        self.0[2]
    }

    /// That it is filled with fluid.
    #[must_use]
    pub fn anechoic(&self) -> f32 {
        let place = WORDS.iter().position(|word| *word == Word::Anechoic);
        place.map_or(f32::NEG_INFINITY, |place| self.words()[place])
    }

    /// Every channel, in the order of the maps.
    #[must_use]
    pub fn all(&self) -> &[f32; MAPS] {
        &self.0
    }

    /// Of each of [`WORDS`].
    #[must_use]
    pub fn words(&self) -> &[f32] {
        &self.0[2 + STEPS..]
    }
}

/// What the card says about reading the outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// A pixel at or above this belongs to a lesion.
    pub mask: f32,
    /// Below this the frame shows no lesion, whatever the mask says.
    pub lesion: f32,
    /// Below this what the mask marks is none.
    pub region: f32,
    /// Below this the frame is not a picture that the network reads.
    pub breast: f32,
    /// Whether a malignancy is a probability that may be given a category.
    pub calibrated: bool,
}

/// Why the network gave no answer. The pipeline goes on without findings on this frame.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The engine failed.
    #[error("the model did not run: {0}")]
    Run(#[from] peony_infer::RunError),
    /// The model is not one of this task.
    #[error("output '{name}' has {found} values where {expected} are needed")]
    Output {
        /// The output's name in the card.
        name: &'static str,
        /// Values it holds; 0 where it is missing.
        found: usize,
        /// Values it should hold.
        expected: usize,
    },
    /// The canvas has another size.
    #[error("the canvas holds {0} pixels where 65536 are needed")]
    Canvas(usize),
    /// The state is not one that this network left.
    #[error("the state holds {found} values where {expected} are needed")]
    State {
        /// Values it holds.
        found: usize,
        /// Values it should hold; 0 for a network without memory.
        expected: usize,
    },
    /// A network of a test or of another program failed.
    #[error("{0}")]
    Other(String),
}

/// A network that finds and grades lesions on one canvas.
pub trait Network: Send {
    /// Read one canvas: grey / 255, row-major, [`CANVAS`]². `state` is what the frame before left
    /// ([`NetOutputs::state`]), `None` on a first one.
    ///
    /// # Errors
    /// [`NetworkError`]; the network can be run again after it.
    fn run(&mut self, luma: &[f32], state: Option<&[f32]>) -> Result<NetOutputs, NetworkError>;

    /// Who says so.
    fn provenance(&self) -> Arc<Provenance>;

    /// How to read the outputs.
    fn reading(&self) -> Reading;
}

/// The task, input and outputs that a model of this pipeline names on its card.
const TASK: &str = "breast-ultrasound-lesion";
const LUMA: (&str, &[usize]) = ("luma", &[1, 1, CANVAS, CANVAS]);
const OUTPUTS: [(&str, &[usize]); 3] =
    [("mask", &[1, 2, MASK, MASK]), ("maps", &[1, MAPS, CELLS, CELLS]), ("frame", &[1, 4])];
/// The channels of the frame's answers.
const FRAME: [&str; 4] = ["lesion", "breast", "homogeneous", "fibroglandular"];
/// What its outputs are held against.
const THRESHOLDS: [&str; 4] = ["mask", "lesion", "region", "breast"];
/// What a network may give beside them.
const EMBEDDED: (&str, &[usize]) = ("embedding", &[1, EMBEDDING, CELLS, CELLS]);
/// The memory of a network that has one, taken and given in one shape.
const STATE: [&str; 2] = ["state", "state_out"];

/// Whether a model is one that this pipeline can ask. A model of another task loads without complaint and would fail on
/// every frame.
///
/// # Errors
/// What does not fit, in one line.
pub fn check_fits(card: &Card) -> Result<(), String> {
    if card.task != TASK {
        return Err(format!("it is a model for '{}', and one for '{TASK}' is needed", card.task));
    }
    let inputs: Vec<_> =
        card.inputs.iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice())).collect();
    let output = |name: &str| card.outputs.iter().find(|tensor| tensor.name == name);
    let remembers = match inputs.as_slice() {
        [luma] if *luma == LUMA => None,
        [luma, (name, shape)] if *luma == LUMA && *name == STATE[0] => Some(*shape),
        _ => {
            let taken: Vec<_> = inputs.iter().map(|(name, shape)| format!("'{name}' {shape:?}")).collect();
            let (taken, [state, _]) = (taken.join(" and "), STATE);
            return Err(format!("it takes {taken}, and '{}' {:?} is given, and '{state}'", LUMA.0, LUMA.1));
        }
    };
    let state = remembers.map(|shape| (STATE[1], shape));
    let embedded = output(EMBEDDED.0).map(|_| EMBEDDED);
    for (name, shape) in OUTPUTS.into_iter().chain(embedded).chain(state) {
        let found = output(name).map(|tensor| tensor.shape.as_slice());
        if found != Some(shape) {
            let found = found.map_or("missing".into(), |found| format!("{found:?}"));
            return Err(format!("its output '{name}' is {found}, and {shape:?} is needed"));
        }
    }
    let maps: Vec<_> = map_channels().collect();
    for (name, channels, units) in [
        ("mask", &["lesion", "core"][..], "probability"),
        ("maps", &maps, "logit"),
        ("frame", &FRAME, "probability"),
    ] {
        let said = output(name).map(|tensor| (tensor.channels.join(", "), tensor.units.as_str()));
        let needed = (channels.join(", "), units);
        if said.as_ref() != Some(&needed) {
            let in_words = |(channels, units): &(String, &str)| {
                let channels = if channels.is_empty() { "no channels" } else { channels };
                format!("{channels} in '{units}'")
            };
            let said = said.as_ref().map_or_else(|| "missing".into(), in_words);
            return Err(format!("its output '{name}' is {said}, and {} is needed", in_words(&needed)));
        }
    }
    // One that is misspelt would be another reading and no fault.
    let said: BTreeSet<&str> = card.thresholds.keys().map(String::as_str).collect();
    if said != BTreeSet::from(THRESHOLDS) {
        let said =
            if said.is_empty() { "none".into() } else { said.into_iter().collect::<Vec<_>>().join(", ") };
        return Err(format!("its thresholds are {said}, and {} are needed", THRESHOLDS.join(", ")));
    }
    Ok(())
}

/// The channels of the maps as a card names them.
fn map_channels() -> impl Iterator<Item = &'static str> {
    let steps = ["lesion", "malignancy", "birads_3", "birads_4A", "birads_4B", "birads_4C", "birads_5"];
    let words = WORDS.map(|word| match word {
        Word::InMass => "calcifications",
        word => word.key(),
    });
    steps.into_iter().chain(words)
}

impl Network for Model {
    fn run(&mut self, luma: &[f32], state: Option<&[f32]>) -> Result<NetOutputs, NetworkError> {
        let input = ArrayView4::from_shape((1, 1, CANVAS, CANVAS), luma)
            .map_err(|_| NetworkError::Canvas(luma.len()))?;
        let memory = self.card().inputs.get(1).map(|tensor| tensor.shape.clone());
        let expected = memory.as_ref().map_or(0, |shape| shape.iter().product());
        if let Some(found) = state.map(<[f32]>::len).filter(|found| *found != expected) {
            return Err(NetworkError::State { found, expected });
        }
        let outputs = match memory {
            None => self.run_all(&[input.into_dyn()])?,
            Some(shape) => {
                let nothing = vec![0.0; expected];
                let state = ArrayViewD::from_shape(shape, state.unwrap_or(&nothing))
                    .map_err(|_| NetworkError::State { found: expected, expected })?;
                self.run_all(&[input.into_dyn(), state])?
            }
        };
        let values = |name: &'static str, expected: usize| {
            let found = outputs.values(name).unwrap_or_default();
            if found.len() == expected {
                Ok(found)
            } else {
                Err(NetworkError::Output { name, found: found.len(), expected })
            }
        };
        let (mask, core) = values("mask", 2 * MASK * MASK)?.split_at(MASK * MASK);
        let frame = values("frame", 4)?;
        let embedding = match outputs.values(EMBEDDED.0) {
            Some(_) => Some(values(EMBEDDED.0, EMBEDDING * CELLS * CELLS)?.to_vec()),
            None => None,
        };
        Ok(NetOutputs {
            mask: mask.to_vec(),
            core: core.to_vec(),
            maps: values("maps", MAPS * CELLS * CELLS)?.to_vec(),
            embedding,
            lesion: frame[0],
            breast: frame[1],
            state: if expected > 0 { Some(values(STATE[1], expected)?.to_vec()) } else { None },
        })
    }

    fn provenance(&self) -> Arc<Provenance> {
        Model::provenance(self)
    }

    fn reading(&self) -> Reading {
        // All four are there in a card that fits.
        let threshold = |name| self.card().threshold(name).unwrap_or(0.5);
        Reading {
            mask: threshold("mask"),
            lesion: threshold("lesion"),
            region: threshold("region"),
            breast: threshold("breast"),
            calibrated: self.card().calibration.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = include_str!("../../../models/peony-us/card.toml");

    #[test]
    fn a_model_of_another_task_is_refused() {
        let check = |from: &str, to: &str, says: &str| {
            assert!(CARD.contains(from), "{from}");
            let card = Card::parse(&CARD.replacen(from, to, 1)).unwrap();
            let reason = check_fits(&card).unwrap_err();
            assert!(reason.contains(says), "{reason}");
        };
        check_fits(&Card::parse(CARD).unwrap()).unwrap();
        check("breast-ultrasound-lesion", "mammogram", "mammogram");
        check("shape = [1, 1, 256, 256]", "shape = [1, 1, 512, 512]", "512");
        check("shape = [1, 2, 128, 128]", "shape = [1, 2, 64, 64]", "'mask'");
        check("shape = [1, 16, 32, 32]", "shape = [1, 8, 32, 32]", "'embedding'");
        check("name = \"frame\"", "name = \"whole\"", "'frame' is missing");
        check("\"birads_4A\"", "\"birads_4\"", "'maps'");
        let says =
            "its output 'mask' is core, lesion in 'probability', and lesion, core in 'probability' is needed";
        check("[\"lesion\", \"core\"]", "[\"core\", \"lesion\"]", says);
        check("[\"lesion\", \"core\"]", "[\"core\", \"lesion\"]", "'mask'");
        check("\"lesion\", \"breast\"", "\"breast\", \"lesion\"", "'frame'");
        check("units = \"logit\"", "units = \"probability\"", "'maps'");
        check("lesion = 0.53", "leison = 0.53", "thresholds");
        check("breast = 0.8\n", "", "thresholds");
    }
}
