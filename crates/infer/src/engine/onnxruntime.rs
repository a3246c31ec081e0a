//! The engine of an ONNX Runtime library, on its own kernels or through OpenVINO.

use std::borrow::Cow;

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use ort::ep::{ArbitrarilyConfigurableExecutionProvider, OpenVINO};
use ort::memory::Allocator;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue};
use ort::value::{Outlet, Tensor, TensorElementType, TensorRef};
use peony_model::Precision;

use super::{Engine, GraphTensor, Library};

/// What computes inside the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    /// ONNX Runtime's own kernels, on the weights of that precision.
    Cpu(Precision),
    /// OpenVINO, told its precision: left alone it may take bf16 by itself.
    OpenVino(Precision),
}

impl Provider {
    /// As provenance names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu(_) => "onnxruntime/cpu",
            Self::OpenVino(_) => "onnxruntime/openvino",
        }
    }

    /// The precision that was asked for.
    pub fn precision(self) -> Precision {
        match self {
            Self::Cpu(precision) | Self::OpenVino(precision) => precision,
        }
    }
}

pub(crate) struct OnnxRuntime {
    session: Session,
    /// The tensors that each run writes its outputs into.
    outputs: RunOptions<HasSelectedOutputs>,
    provider: Provider,
}

impl OnnxRuntime {
    pub fn load(
        library: &Library,
        provider: Provider,
        weights: &[u8],
        threads: usize,
    ) -> Result<Self, String> {
        let mut builder = Session::builder(&library.environment)
            .and_then(|builder| Ok(builder.with_intra_threads(threads)?))
            .and_then(|builder| Ok(builder.with_inter_threads(1)?))
            // A thread that spins takes the core from whoever shares the machine.
            .and_then(|builder| Ok(builder.with_intra_op_spinning(false)?))
            .and_then(|builder| Ok(builder.with_inter_op_spinning(false)?))
            .and_then(|builder| Ok(builder.with_optimization_level(GraphOptimizationLevel::All)?))
            .map_err(|error| error.to_string())?;
        if let Provider::OpenVino(precision) = provider {
            if !library.openvino {
                return Err(format!("{} has no OpenVINO inside", library.path.display()));
            }
            builder = with_openvino(builder, precision, threads)?;
        }
        let session = builder.commit_from_memory(weights).map_err(|error| error.to_string())?;
        let outputs = allocated(session.outputs()).map_err(|error| error.to_string())?;
        Ok(Self { session, outputs, provider })
    }
}

/// A tensor for each output whose shape the graph says, allocated once.
///
/// Besides the copies that this spares: `ort` 2.0.0-rc.14 never releases the type of an output that a run allocates, some 300 bytes
/// of each, in every frame of an examination.
fn allocated(outlets: &[Outlet]) -> ort::Result<RunOptions<HasSelectedOutputs>> {
    let mut selector = OutputSelector::default();
    for outlet in outlets {
        let GraphTensor { name, dtype, shape } = describe(outlet);
        let shape: Option<Vec<usize>> = shape.and_then(|axes| axes.into_iter().collect());
        if let (Some("f32"), Some(shape)) = (dtype.as_deref(), shape) {
            selector = selector.preallocate(name, Tensor::<f32>::new(&Allocator::default(), shape)?);
        }
    }
    Ok(RunOptions::new()?.with_outputs(selector))
}

fn with_openvino(
    builder: SessionBuilder,
    precision: Precision,
    threads: usize,
) -> Result<SessionBuilder, String> {
    let hint = match precision {
        Precision::Fp32 => "f32",
        Precision::Bf16 => "bf16",
        other => return Err(format!("OpenVINO is not asked for {}", other.as_str())),
    };
    let provider = OpenVINO::default()
        .with_device_type("CPU")
        .with_num_threads(threads)
        // Left alone OpenVINO binds its threads to cores, those of every engine to the same ones, and stays there while the others rest.
        .with_arbitrary_config(
            "load_config",
            format!(r#"{{"CPU":{{"INFERENCE_PRECISION_HINT":"{hint}","ENABLE_CPU_PINNING":"NO"}}}}"#),
        )
        .build()
        // Without this a provider that cannot be had is passed over in silence.
        .error_on_failure();
    let builder = builder.with_execution_providers([provider]).map_err(|error| error.to_string())?;
    // Nor may single operators slip back to the library's own kernels: the provenance would not be true.
    builder.with_disable_cpu_fallback().map_err(|error| error.to_string())
}

impl Engine for OnnxRuntime {
    fn provider(&self) -> &'static str {
        self.provider.as_str()
    }

    fn inputs(&self) -> Vec<GraphTensor> {
        self.session.inputs().iter().map(describe).collect()
    }

    fn outputs(&self) -> Vec<GraphTensor> {
        self.session.outputs().iter().map(describe).collect()
    }

    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        outputs: &[String],
    ) -> Result<Vec<ArrayD<f32>>, String> {
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::with_capacity(inputs.len());
        for (name, array) in inputs {
            let data = array.as_slice().ok_or("an input is not row-major")?;
            let tensor =
                TensorRef::from_array_view((array.shape(), data)).map_err(|error| error.to_string())?;
            values.push((Cow::Borrowed(name), tensor.into()));
        }
        let given =
            self.session.run_with_options(values, &self.outputs).map_err(|error| error.to_string())?;
        outputs
            .iter()
            .map(|name| {
                let value = given.get(name).ok_or_else(|| format!("no output `{name}` came"))?;
                let (shape, data) = value.try_extract_tensor::<f32>().map_err(|error| error.to_string())?;
                let axes: Vec<usize> = shape.iter().map(|axis| usize::try_from(*axis).unwrap_or(0)).collect();
                ArrayD::from_shape_vec(IxDyn(&axes), data.to_vec()).map_err(|error| error.to_string())
            })
            .collect()
    }
}

fn describe(outlet: &Outlet) -> GraphTensor {
    let dtype = outlet.dtype().tensor_type().map(|element| match element {
        TensorElementType::Float32 => "f32".to_owned(),
        other => format!("{other:?}"),
    });
    let shape = outlet.dtype().tensor_shape();
    GraphTensor {
        name: outlet.name().to_owned(),
        dtype,
        shape: shape.map(|axes| axes.iter().map(|axis| usize::try_from(*axis).ok()).collect()),
    }
}
