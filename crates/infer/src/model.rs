//! A model: the card, the weights that the card names, and the engine that runs them.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension, IxDyn};
use peony_model::{Precision, Provenance};
use sha2::{Digest, Sha256};

use crate::engine::{Engine, GraphTensor, Inside, Library, OnnxRuntime, Provider, guarded};
use crate::engines::{Engines, Key, Made};
use crate::{Card, EngineChoice, LoadError, ModelFiles, Options, Outputs, RunError, Side, TensorSpec, scan};

/// Engines that both compute in `fp32` differ by less than this, of the largest value of an output or of 1;
/// bf16, with 8 bits of mantissa, differs by more.
const FP32_AGREES_WITHIN: f32 = 5e-4;
/// Outputs this close to `fp32` were not computed in bf16, whatever was asked.
const BF16_DIFFERS_BY: f32 = 2e-6;
/// Above this another network ran, not a lower precision: bf16 or 8-bit integers.
const LOWER_AGREES_WITHIN: f32 = 0.25;

/// A model that was checked and tried, ready to run.
pub struct Model {
    card: Card,
    engines: Arc<Engines>,
    output_names: Arc<[String]>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("provenance", &self.engines.provenance)
            .field("notes", &self.engines.notes)
            .finish()
    }
}

impl Model {
    /// Check the card, the hash of every file of weights against it, and the network's tensors against it; take an engine;
    /// run once on a fixed pattern, and require outputs that are finite, of the card's shapes, and those that the
    /// engine inside computes.
    ///
    /// # Errors
    /// [`LoadError`] names the file, key or tensor, what was found, and what was expected. An engine other than
    /// rten that cannot be had is no error but a line of [`Model::notes`].
    pub fn load(files: ModelFiles, options: &Options) -> Result<Self, LoadError> {
        let card = Card::parse(&files.card_toml)?;
        let weights = Weights::check(&card, &files)?;
        let key = Key {
            card_toml: files.card_toml.clone().into_owned(),
            int8: weights.int8.is_some(),
            options: options.clone(),
        };
        let engines = Engines::of(key, || {
            let Chosen { engine, precision, notes } = choose(&card, weights, options)?;
            let provenance = Provenance {
                model: card.name.clone(),
                version: card.version.clone(),
                sha256: weights.sha256(&card, precision).to_owned(),
                provider: engine.provider().to_owned(),
                precision,
            };
            Ok(Made { engine, provenance, notes })
        })?;
        let provenance = &engines.provenance;
        tracing::info!(
            model = card.name,
            version = card.version,
            provider = provenance.provider,
            precision = provenance.precision.as_str(),
            "model loaded"
        );
        Ok(Self { output_names: names(&card.outputs).into(), card, engines })
    }

    /// The card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Who says what this model says.
    #[must_use]
    pub fn provenance(&self) -> Arc<Provenance> {
        Arc::clone(&self.engines.provenance)
    }

    /// Why an engine was taken or passed over, a line each, for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.engines.notes
    }

    /// Run a model of one input, of the card's shape. A model that was loaded several times has no more engines than the machine
    /// has cores for: a run waits until one is free.
    ///
    /// # Errors
    /// A wrong shape, an engine that fails, an output that is not finite or of another shape. The model can be
    /// run again after any of them.
    pub fn run<D: Dimension>(&mut self, input: ArrayView<'_, f32, D>) -> Result<Outputs, RunError> {
        self.run_all(&[input.into_dyn()])
    }

    /// Run a model of several inputs, in the card's order.
    ///
    /// # Errors
    /// As [`Model::run`].
    pub fn run_all(&mut self, inputs: &[ArrayViewD<'_, f32>]) -> Result<Outputs, RunError> {
        let arrays = self.engines.run(|engine| run(engine, &self.card, &self.output_names, inputs))?;
        Ok(Outputs::new(Arc::clone(&self.output_names), arrays))
    }
}

/// The files of weights, each of the hash that the card names, and safe to hand to an engine.
#[derive(Clone, Copy)]
struct Weights<'a> {
    fp32: &'a [u8],
    /// The twin in 8-bit integers: `None` where the card names none or nobody gave it.
    int8: Option<&'a [u8]>,
}

impl<'a> Weights<'a> {
    fn check(card: &Card, files: &'a ModelFiles) -> Result<Self, LoadError> {
        let fp32 = check_file(card, &card.file, &card.sha256, &files.weights)?;
        let twin = card.int8.as_ref().zip(files.int8.as_deref());
        let int8 = twin.map(|(twin, bytes)| check_file(card, &twin.file, &twin.sha256, bytes)).transpose()?;
        Ok(Self { fp32, int8 })
    }

    /// What an engine of that precision reads; `bf16` is made of `fp32` by the engine itself.
    fn of(self, card: &Card, precision: Precision) -> Result<&'a [u8], String> {
        if precision != Precision::Int8 {
            return Ok(self.fp32);
        }
        if !multiplies_int8() {
            return Err(
                "the processor has no VNNI, without which sums of 8-bit products may overflow".to_owned()
            );
        }
        self.int8.ok_or_else(|| match &card.int8 {
            Some(twin) => format!("{}, which the card names, was not given", twin.file),
            None => format!("the card of {} names no weights in int8", card.name),
        })
    }

    /// The hash of what an engine of that precision has read.
    fn sha256(self, card: &Card, precision: Precision) -> &str {
        let twin = card.int8.as_ref().filter(|_| precision == Precision::Int8);
        twin.map_or(&card.sha256, |twin| &twin.sha256)
    }
}

fn check_file<'a>(card: &Card, file: &str, expected: &str, bytes: &'a [u8]) -> Result<&'a [u8], LoadError> {
    let (model, file) = (card.name.clone(), file.to_owned());
    let got: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if got != expected {
        return Err(LoadError::Hash { model, file, expected: expected.to_owned(), got, bytes: bytes.len() });
    }
    scan::check(bytes).map_err(|source| LoadError::Scan { model, file, source })?;
    Ok(bytes)
}

struct Chosen {
    engine: Box<dyn Engine>,
    precision: Precision,
    notes: Vec<String>,
}

/// The engine inside is always made first: it is what the others give way to, and the yardstick of what they compute.
fn choose(card: &Card, weights: Weights<'_>, options: &Options) -> Result<Chosen, LoadError> {
    let input = patterns(&card.inputs);
    let inside = inside(card, weights.fp32, options, &input);
    // What the card or the file is to blame for, no other engine mends; what rten cannot do, another may.
    let hopeless = match &inside {
        Err(LoadError::Trial { source, .. }) => !matches!(source, RunError::Engine { .. }),
        Err(error) => !matches!(error, LoadError::Engine { .. }),
        Ok(_) => false,
    };
    let inside = if hopeless { Ok(inside?) } else { inside };
    let mut notes = Vec::new();
    let wanted = wanted(card, options.engine);
    if !wanted.is_empty() {
        let yardstick = inside.as_ref().ok().map(|(_, outputs)| outputs.as_slice());
        if let Some((engine, precision)) =
            outside_first(card, weights, options, &wanted, &input, yardstick, &mut notes)
        {
            return Ok(Chosen { engine: Box::new(engine), precision, notes });
        }
        notes.push("rten, the engine inside, is used".to_owned());
    }
    let (engine, _) = inside?;
    Ok(Chosen { engine: Box::new(engine), precision: Precision::Fp32, notes })
}

/// The first of `wanted` that a library on this machine gives; the notes say why one was taken or passed over.
fn outside_first(
    card: &Card,
    weights: Weights<'_>,
    options: &Options,
    wanted: &[Provider],
    input: &[ArrayD<f32>],
    yardstick: Option<&[ArrayD<f32>]>,
    notes: &mut Vec<String>,
) -> Option<(OnnxRuntime, Precision)> {
    let openvino = wanted.iter().any(|provider| matches!(provider, Provider::OpenVino(_)));
    let library =
        Library::open(options.library.as_deref(), openvino).map_err(|reason| notes.push(reason)).ok()?;
    wanted.iter().find_map(|provider| {
        let (name, asked) = (provider.as_str(), provider.precision().as_str());
        match outside(card, weights, options, &library, *provider, input, yardstick) {
            Ok(taken) => {
                notes.push(format!("{name} in {} from {}", taken.1.as_str(), library.path.display()));
                Some(taken)
            }
            Err(reason) => {
                notes.push(format!("{name} in {asked} passed over: {reason}"));
                None
            }
        }
    })
}

/// What to try before the engine inside.
fn wanted(card: &Card, choice: EngineChoice) -> Vec<Provider> {
    match choice {
        EngineChoice::Rten => vec![],
        EngineChoice::OnnxRuntime { precision } => vec![Provider::Cpu(precision)],
        EngineChoice::OpenVino { precision } => vec![Provider::OpenVino(precision)],
        EngineChoice::Auto => {
            let bf16 = card.permits(Precision::Bf16) && computes_bf16();
            let int8 = card.permits(Precision::Int8) && card.int8.is_some() && multiplies_int8();
            let lower = [
                bf16.then_some(Provider::OpenVino(Precision::Bf16)),
                int8.then_some(Provider::Cpu(Precision::Int8)),
            ];
            lower.into_iter().flatten().chain([Provider::Cpu(Precision::Fp32)]).collect()
        }
    }
}

/// Whether the processor has bf16 instructions; without them bf16 gains nothing.
fn computes_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Whether the processor multiplies and adds 8-bit integers in 32 bits, as every figure in `int8` was measured.
///
/// Without such instructions ONNX Runtime adds pairs of products in 16 bits on x86, which overflow.
fn multiplies_int8() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512vnni")
        || std::arch::is_x86_feature_detected!("avxvnni");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

fn inside(
    card: &Card,
    weights: &[u8],
    options: &Options,
    input: &[ArrayD<f32>],
) -> Result<(Inside, Vec<ArrayD<f32>>), LoadError> {
    let mut engine = guarded(|| Inside::load(weights, options.thread_count()))
        .map_err(|reason| LoadError::Engine { model: card.name.clone(), engine: Inside::NAME, reason })?;
    let outputs = try_out(&mut engine, card, input)?;
    Ok((engine, outputs))
}

fn outside(
    card: &Card,
    weights: Weights<'_>,
    options: &Options,
    library: &Library,
    provider: Provider,
    input: &[ArrayD<f32>],
    yardstick: Option<&[ArrayD<f32>]>,
) -> Result<(OnnxRuntime, Precision), String> {
    let weights = weights.of(card, provider.precision())?;
    let mut engine = guarded(|| OnnxRuntime::load(library, provider, weights, options.thread_count()))?;
    let outputs = try_out(&mut engine, card, input).map_err(|error| error.to_string())?;
    let Some(yardstick) = yardstick else { return Ok((engine, provider.precision())) };
    let precision = precision_seen(provider.precision(), difference(yardstick, &outputs))?;
    Ok((engine, precision))
}

/// The precision that outputs this far from `fp32` were computed in.
fn precision_seen(asked: Precision, difference: f32) -> Result<Precision, String> {
    let limit = if asked == Precision::Fp32 { FP32_AGREES_WITHIN } else { LOWER_AGREES_WITHIN };
    if difference > limit {
        return Err(format!(
            "its outputs differ by {difference:.1e} from the engine inside; at most {limit:.1e} may"
        ));
    }
    // Integers are in the file itself; bf16 is a wish that the engine may not fulfil.
    let unfulfilled = asked == Precision::Bf16 && difference < BF16_DIFFERS_BY;
    Ok(if unfulfilled { Precision::Fp32 } else { asked })
}

/// The largest difference, of the largest value of its output or of 1.
fn difference(these: &[ArrayD<f32>], those: &[ArrayD<f32>]) -> f32 {
    let one = |(this, that): (&ArrayD<f32>, &ArrayD<f32>)| {
        let scale = this.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        this.iter().zip(that).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / scale
    };
    these.iter().zip(those).map(one).fold(0.0, f32::max)
}

/// Check the tensors, then run once.
fn try_out(
    engine: &mut dyn Engine,
    card: &Card,
    input: &[ArrayD<f32>],
) -> Result<Vec<ArrayD<f32>>, LoadError> {
    check_tensors(card, Side::Input, &card.inputs, &engine.inputs())?;
    check_tensors(card, Side::Output, &card.outputs, &engine.outputs())?;
    let views: Vec<_> = input.iter().map(|array| array.view()).collect();
    run(engine, card, &names(&card.outputs), &views).map_err(|source| LoadError::Trial {
        model: card.name.clone(),
        engine: engine.provider(),
        source,
    })
}

fn check_tensors(
    card: &Card,
    side: Side,
    specs: &[TensorSpec],
    graph: &[GraphTensor],
) -> Result<(), LoadError> {
    let differ = |name: &str, graph: String, spec: String| {
        Err(LoadError::Tensor { model: card.name.clone(), side, name: name.to_owned(), graph, card: spec })
    };
    if let Some(unknown) = graph.iter().find(|tensor| specs.iter().all(|spec| spec.name != tensor.name)) {
        return differ(&unknown.name, "there".to_owned(), "missing".to_owned());
    }
    for spec in specs {
        let Some(tensor) = graph.iter().find(|tensor| tensor.name == spec.name) else {
            return differ(&spec.name, "missing".to_owned(), format!("{} {:?}", spec.dtype, spec.shape));
        };
        if tensor.dtype.as_ref().is_some_and(|dtype| *dtype != spec.dtype) {
            return differ(&spec.name, tensor.dtype.clone().unwrap_or_default(), spec.dtype.clone());
        }
        let agrees = |axes: &Vec<Option<usize>>| {
            axes.len() == spec.shape.len()
                && axes.iter().zip(&spec.shape).all(|(axis, length)| axis.is_none_or(|axis| axis == *length))
        };
        if let Some(axes) = tensor.shape.as_ref().filter(|axes| !agrees(axes)) {
            let shown: Vec<_> =
                axes.iter().map(|axis| axis.map_or("?".to_owned(), |axis| axis.to_string())).collect();
            return differ(&spec.name, format!("[{}]", shown.join(", ")), format!("{:?}", spec.shape));
        }
    }
    Ok(())
}

/// Run, and let through only what has the card's shapes and is finite.
fn run(
    engine: &mut dyn Engine,
    card: &Card,
    output_names: &[String],
    inputs: &[ArrayViewD<'_, f32>],
) -> Result<Vec<ArrayD<f32>>, RunError> {
    if inputs.len() != card.inputs.len() {
        return Err(RunError::InputCount { expected: card.inputs.len(), got: inputs.len() });
    }
    for (spec, input) in card.inputs.iter().zip(inputs) {
        if input.shape() != spec.shape {
            let (name, expected) = (spec.name.clone(), spec.shape.clone());
            return Err(RunError::InputShape { name, expected, got: input.shape().to_vec() });
        }
    }
    // Already row-major in every ordinary case, and then not copied.
    let rows: Vec<_> = inputs.iter().map(|input| input.as_standard_layout()).collect();
    for (spec, row) in card.inputs.iter().zip(&rows) {
        all_finite(Side::Input, spec, row.iter())?;
    }
    let named: Vec<_> =
        card.inputs.iter().map(|spec| spec.name.as_str()).zip(rows.iter().map(|row| row.view())).collect();
    let provider = engine.provider();
    let outputs = guarded(|| engine.run(&named, output_names))
        .map_err(|reason| RunError::Engine { engine: provider, reason })?;
    for (spec, output) in card.outputs.iter().zip(&outputs) {
        let name = || spec.name.clone();
        if output.shape() != spec.shape {
            return Err(RunError::OutputShape {
                name: name(),
                expected: spec.shape.clone(),
                got: output.shape().to_vec(),
            });
        }
        all_finite(Side::Output, spec, output.iter())?;
    }
    Ok(outputs)
}

fn all_finite<'a>(
    side: Side,
    spec: &TensorSpec,
    mut values: impl ExactSizeIterator<Item = &'a f32>,
) -> Result<(), RunError> {
    let len = values.len();
    match values.position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(RunError::NotFinite { side, name: spec.name.clone(), index, len }),
    }
}

fn names(specs: &[TensorSpec]) -> Vec<String> {
    specs.iter().map(|spec| spec.name.clone()).collect()
}

/// A fixed pattern in 0..1 for each input, with fine and coarse structure, so that every weight has its say.
fn patterns(specs: &[TensorSpec]) -> Vec<ArrayD<f32>> {
    let one = |spec: &TensorSpec| {
        let mut state = 0x9e37_79b9_u32;
        ArrayD::from_shape_simple_fn(IxDyn(&spec.shape), || {
            // A linear congruential step (Numerical Recipes, §7.1); its upper 24 bits are exact in an f32.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        })
    };
    specs.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precision_is_what_the_outputs_show() {
        use Precision::{Bf16, Fp32, Int8};
        for (asked, difference, expected) in [
            (Fp32, 0.0, Some(Fp32)),
            (Fp32, 1e-5, Some(Fp32)),
            (Fp32, 2e-3, None),
            (Bf16, 2e-3, Some(Bf16)),
            (Bf16, 1e-7, Some(Fp32)),
            (Bf16, 0.5, None),
            (Bf16, f32::INFINITY, None),
            (Int8, 0.1, Some(Int8)),
            (Int8, 1e-7, Some(Int8)),
            (Int8, 0.5, None),
        ] {
            assert_eq!(precision_seen(asked, difference).ok(), expected, "{asked:?} {difference}");
        }
    }
}
