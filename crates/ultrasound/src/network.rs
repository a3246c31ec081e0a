//! The network as the pipeline sees it: a canvas in, four answers out.

use std::sync::Arc;

use ndarray::ArrayView4;
use peony_infer::Model;
use peony_model::Provenance;

/// Width and height of the network's canvas, in pixels.
pub const CANVAS: usize = 256;
/// Width and height of [`NetOutputs::malignancy_map`], in cells of [`CELL`] pixels.
pub const CELLS: usize = 32;
/// Width and height of a cell of the malignancy map, in pixels of the canvas.
pub const CELL: usize = CANVAS / CELLS;

/// What the network says about one canvas.
#[derive(Debug, Clone, PartialEq)]
pub struct NetOutputs {
    /// Lesion probability of each pixel of the canvas, row-major, [`CANVAS`]².
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
            mask: values("mask", CANVAS * CANVAS)?.to_vec(),
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
