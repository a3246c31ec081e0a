//! The network as the pipeline sees it: a canvas in, four answers out.

use std::sync::Arc;

use ndarray::ArrayView4;
use peony_infer::{Card, Model};
use peony_model::Provenance;

/// Width and height of the network's canvas, in pixels.
pub const CANVAS: usize = 256;
/// Width and height of [`NetOutputs::mask`]; one of its values covers [`MASK_STEP`]² pixels of the canvas. An outline lies
/// between them, so that nothing is lost against a mask as large as the canvas.
pub const MASK: usize = 128;
/// Pixels of the canvas for one of the mask, across and down.
pub const MASK_STEP: usize = CANVAS / MASK;
/// Width and height of [`NetOutputs::malignancy_map`], in cells of [`CELL`] pixels.
pub const CELLS: usize = 32;
/// Width and height of a cell of the malignancy map, in pixels of the mask.
pub const CELL: usize = MASK / CELLS;

/// What the network says about one canvas.
#[derive(Debug, Clone, PartialEq)]
pub struct NetOutputs {
    /// Lesion probability, row-major, [`MASK`]².
    pub mask: Vec<f32>,
    /// Logit of malignancy of each cell, row-major, [`CELLS`]².
    pub malignancy_map: Vec<f32>,
    /// Probability that the frame shows any lesion.
    pub lesion: f32,
    /// Probability of malignancy of the whole frame.
    pub malignancy: f32,
}

/// What the card says about reading the outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// A pixel at or above this belongs to a lesion.
    pub mask: f32,
    /// Below this the frame shows no lesion, whatever the mask says.
    pub lesion: f32,
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
    /// A network of a test or of another program failed.
    #[error("{0}")]
    Other(String),
}

/// A network that finds and grades lesions on one canvas.
pub trait Network: Send {
    /// Read one canvas: grey / 255, row-major, [`CANVAS`]².
    ///
    /// # Errors
    /// [`NetworkError`]; the network can be run again after it.
    fn run(&mut self, luma: &[f32]) -> Result<NetOutputs, NetworkError>;

    /// Who says so.
    fn provenance(&self) -> Arc<Provenance>;

    /// How to read the outputs.
    fn reading(&self) -> Reading;
}

/// The task, inputs and outputs that a model of this pipeline names on its card.
const TASK: &str = "breast-ultrasound-lesion";
const INPUTS: [(&str, &[usize]); 1] = [("luma", &[1, 1, CANVAS, CANVAS])];
const OUTPUTS: [(&str, &[usize]); 4] = [
    ("mask", &[1, 1, MASK, MASK]),
    ("malignancy_map", &[1, 1, CELLS, CELLS]),
    ("lesion", &[1]),
    ("malignancy", &[1]),
];

/// Whether a model is one that this pipeline can ask. A model of another task loads without complaint and would fail on
/// every frame.
///
/// # Errors
/// What does not fit, in one line.
pub fn check_fits(card: &Card) -> Result<(), String> {
    if card.task != TASK {
        return Err(format!("it is a model for '{}', and one for '{TASK}' is needed", card.task));
    }
    let inputs = card.inputs.iter().map(|tensor| (tensor.name.as_str(), tensor.shape.as_slice()));
    if !inputs.clone().eq(INPUTS) {
        return Err(format!("it takes {:?}, and {INPUTS:?} is given", inputs.collect::<Vec<_>>()));
    }
    for (name, shape) in OUTPUTS {
        let found = card.outputs.iter().find(|tensor| tensor.name == name).map(|tensor| &tensor.shape);
        if found.map(Vec::as_slice) != Some(shape) {
            let found = found.map_or("missing".into(), |found| format!("{found:?}"));
            return Err(format!("its output '{name}' is {found}, and {shape:?} is needed"));
        }
    }
    Ok(())
}

impl Network for Model {
    fn run(&mut self, luma: &[f32]) -> Result<NetOutputs, NetworkError> {
        let input = ArrayView4::from_shape((1, 1, CANVAS, CANVAS), luma)
            .map_err(|_| NetworkError::Canvas(luma.len()))?;
        let outputs = Model::run(self, input)?;
        let values = |name: &'static str, expected: usize| {
            let found = outputs.values(name).unwrap_or_default();
            if found.len() == expected {
                Ok(found)
            } else {
                Err(NetworkError::Output { name, found: found.len(), expected })
            }
        };
        Ok(NetOutputs {
            mask: values("mask", MASK * MASK)?.to_vec(),
            malignancy_map: values("malignancy_map", CELLS * CELLS)?.to_vec(),
            lesion: values("lesion", 1)?[0],
            malignancy: values("malignancy", 1)?[0],
        })
    }

    fn provenance(&self) -> Arc<Provenance> {
        Model::provenance(self)
    }

    fn reading(&self) -> Reading {
        let threshold = |name| self.card().threshold(name).unwrap_or(0.5);
        let calibrated = self.card().calibration.is_some();
        Reading { mask: threshold("mask"), lesion: threshold("lesion"), calibrated }
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
        check("shape = [1, 1, 128, 128]", "shape = [1, 1, 64, 64]", "'mask'");
        check("name = \"lesion\"", "name = \"region\"", "'lesion' is missing");
    }
}
