//! The model and the pipeline behind every subcommand, and the phantom as a source.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use peony_dicom::Equipment;
use peony_infer::{EngineChoice, Model, ModelFiles, Options};
use peony_model::{Frame, Provenance};
use peony_phantom::{Phantom, PhantomConfig};
use peony_ultrasound::calibrate::Calibration;
use peony_ultrasound::output::StepOutput;
use peony_ultrasound::{Mode, Network, Pipeline, network, step};

use crate::cli::ModelArgs;
use crate::exit::Outcome;
use crate::input::Opened;

/// The model that ships, inside the program: a newcomer needs no file beside it.
const CARD: &str = include_str!("../../../models/peony-us/card.toml");
const WEIGHTS: &[u8] = include_bytes!("../../../models/peony-us/model.onnx");
/// Its twin in 8-bit integers.
const INT8: &[u8] = include_bytes!("../../../models/peony-us/model.int8.onnx");

/// A pipeline with the model it was asked to use, or with the reason why it has none.
pub struct Reader {
    pipeline: Pipeline,
    provenance: Option<Arc<Provenance>>,
    why_no_model: Option<String>,
    threads: usize,
    failures: Failures,
}

/// Whether the model has failed on a frame: said once, and the call then ends as one that did not do all.
#[derive(Debug, Default)]
pub struct Failures {
    any: bool,
}

impl Failures {
    /// Looks at what became of the last frame.
    pub fn note(&mut self, pipeline: &Pipeline) {
        let Some(error) = pipeline.network_error() else { return };
        if !std::mem::replace(&mut self.any, true) {
            crate::log::tell(format_args!("the model fails, frames are left without findings: {error}"));
        }
    }

    /// How the call ends for it.
    pub fn outcome(&self) -> Outcome {
        if self.any { Outcome::SomeFailed } else { Outcome::Done }
    }
}

impl Reader {
    /// Loads the model as the options say. A model that cannot be used is one line on the standard error, and the
    /// pipeline judges the pictures' quality without it.
    pub fn load(args: &ModelArgs) -> Self {
        Self::loaded(args, "only the quality of the pictures is judged")
    }

    /// The same for those who have nothing to do without a model, and end then: that is what the line says.
    pub fn load_to_measure(args: &ModelArgs) -> Self {
        Self::loaded(args, "nothing is measured")
    }

    fn loaded(args: &ModelArgs, without: &str) -> Self {
        let options = Options { engine: args.engine, threads: args.threads, library: args.library.clone() };
        let threads = options.thread_count();
        let model = if args.no_model { Err(anyhow!("--no-model")) } else { load(args, &options) };
        let network = model.map(|model| Box::new(model) as Box<dyn Network>);
        let network = network.map_err(|error| format!("{error:#}"));
        if let Err(why) = &network {
            crate::log::tell(format_args!("no model, {without} ({why})"));
        }
        Self::reading_with(network, threads)
    }

    /// With a network that is there already, or the reason why there is none, which was said.
    pub fn reading_with(network: Result<Box<dyn Network>, String>, threads: usize) -> Self {
        let (network, why_no_model) = match network {
            Ok(network) => (Some(network), None),
            Err(why) => (None, Some(why)),
        };
        let provenance = network.as_ref().map(|network| network.provenance());
        let pipeline = Pipeline::new(network, Mode::Still);
        Self { pipeline, provenance, why_no_model, threads, failures: Failures::default() }
    }

    /// How far the call could succeed at all, so far: worse without a model, and where the model has failed on a frame.
    pub fn outcome(&self) -> Outcome {
        let loaded = if self.provenance.is_some() { Outcome::Done } else { Outcome::NoModel };
        loaded.and(self.failures.outcome())
    }

    /// Why there is no model; empty where there is one.
    pub fn why_no_model(&self) -> &str {
        self.why_no_model.as_deref().unwrap_or_default()
    }

    /// Who makes the findings.
    pub fn provenance(&self) -> Option<&Provenance> {
        self.provenance.as_deref()
    }

    /// How many threads the model may take.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Begins another examination: what the past frames left is forgotten.
    pub fn begin(&mut self, is_cine: bool) {
        self.pipeline.restart(if is_cine { Mode::Sweep } else { Mode::Still });
    }

    /// What lengths along the sweep are made with from the next frame on; `None`: there are none.
    pub fn calibrate(&mut self, calibration: Option<Calibration>) {
        self.pipeline.calibrate(calibration);
    }

    /// Reads one frame.
    pub fn step(&mut self, frame: &Frame) -> StepOutput {
        let output = step(&mut self.pipeline, frame);
        self.note_failure();
        output
    }

    /// Looks at what became of the last frame, where somebody else drove the pipeline.
    pub fn note_failure(&mut self) {
        self.failures.note(&self.pipeline);
    }

    /// Whether the model failed on the last frame, so that nothing on it is the model's word.
    pub fn failed_on_last(&self) -> bool {
        self.pipeline.network_error().is_some()
    }

    /// The pipeline itself, for those who drive it.
    pub fn pipeline(&mut self) -> &mut Pipeline {
        &mut self.pipeline
    }
}

/// What is wrong with the folder of a model that is named, before anything is loaded of it.
pub fn fault(args: &ModelArgs) -> Option<String> {
    let folder = args.model.as_ref().filter(|_| !args.no_model)?;
    let error = ModelFiles::from_dir(folder).err()?;
    Some(format!("{}: {:#}", folder.display(), anyhow!(error)))
}

fn load(args: &ModelArgs, options: &Options) -> Result<Model> {
    let (files, name) = match &args.model {
        Some(folder) => {
            let name = folder.display().to_string();
            (ModelFiles::from_dir(folder).with_context(|| name.clone())?, name)
        }
        None => (ModelFiles::embedded(CARD, WEIGHTS).with_int8(INT8), "the model inside the program".into()),
    };
    let model = Model::load(files, options).context(name.clone())?;
    network::check_fits(model.card()).map_err(|reason| anyhow!("{name}: {reason}"))?;
    let by = model.provenance();
    // The engine inside has nothing to note: it passed nothing over.
    let notes: Vec<_> = [format!("{} in {} runs the model", by.provider, by.precision.as_str())]
        .into_iter()
        .chain((!model.notes().is_empty()).then(|| model.notes().join("; ")))
        .collect();
    let line = notes.join(": ");
    if got_another(args, &by.provider, by.precision.as_str()) {
        crate::log::tell(format_args!("{line}"));
    } else {
        tracing::info!("{line}");
    }
    Ok(model)
}

/// Whether the person named an engine or a library and something else runs.
fn got_another(args: &ModelArgs, provider: &str, precision: &str) -> bool {
    match args.engine {
        EngineChoice::Rten => false,
        EngineChoice::Auto => args.library.is_some() && !provider.starts_with("onnxruntime"),
        EngineChoice::OnnxRuntime { precision: asked } => {
            !provider.starts_with("onnxruntime/cpu") || precision != asked.as_str()
        }
        EngineChoice::OpenVino { precision: asked } => {
            !provider.starts_with("onnxruntime/openvino") || precision != asked.as_str()
        }
    }
}

/// A virtual transducer sweeping over one breast after another.
///
/// # Errors
/// Where the phantom cannot make frames of that size.
pub fn phantom(seed: u64, size_px: [u32; 2], frame_count: usize) -> Result<Opened> {
    let config = PhantomConfig { size_px, ..PhantomConfig::default() };
    let sweep = Phantom::new(seed, &config)?.sweep().endless().build_ahead();
    let frames = sweep.take(frame_count).map(|made| Ok(made.frame));
    let (equipment, notes) = (Equipment::default(), Vec::new());
    Ok(Opened { frame_count, is_cine: true, equipment, notes, frames: Box::new(frames) })
}
