//! The engine inside: rten, `fp32`.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, IxDyn};
use rten::{DataType, Dimension, ModelOptions, NodeId, RunOptions, ThreadPool, ValueType};
use rten_tensor::prelude::*;
use rten_tensor::{Tensor, TensorView};

use super::{Engine, GraphTensor};

pub(crate) struct Inside {
    network: rten::Model,
    options: RunOptions,
}

impl Inside {
    pub const NAME: &'static str = "rten";

    pub fn load(weights: &[u8], threads: usize) -> Result<Self, String> {
        let mut options = ModelOptions::with_all_ops();
        options.prepack_weights(true);
        let network = options.load(weights.to_vec()).map_err(|error| error.to_string())?;
        let pool = Arc::new(ThreadPool::with_num_threads(threads));
        Ok(Self { network, options: RunOptions::default().with_thread_pool(Some(pool)) })
    }

    fn describe(&self, ids: &[NodeId]) -> Vec<GraphTensor> {
        let info = |id: &NodeId| self.network.node_info(*id);
        ids.iter()
            .filter_map(info)
            .map(|node| GraphTensor {
                name: node.name().unwrap_or_default().to_owned(),
                dtype: node.dtype().map(|dtype| match dtype {
                    ValueType::Tensor(DataType::Float) => "f32".to_owned(),
                    other => other.to_string(),
                }),
                shape: node.shape().map(|axes| axes.iter().map(fixed).collect()),
            })
            .collect()
    }
}

fn fixed(axis: &Dimension) -> Option<usize> {
    match axis {
        Dimension::Fixed(length) => Some(*length),
        Dimension::Symbolic(_) => None,
    }
}

impl Engine for Inside {
    fn provider(&self) -> &'static str {
        Self::NAME
    }

    fn inputs(&self) -> Vec<GraphTensor> {
        self.describe(self.network.input_ids())
    }

    fn outputs(&self) -> Vec<GraphTensor> {
        self.describe(self.network.output_ids())
    }

    fn run(
        &mut self,
        inputs: &[(&str, ArrayViewD<'_, f32>)],
        outputs: &[String],
    ) -> Result<Vec<ArrayD<f32>>, String> {
        let id = |name: &str| self.network.node_id(name).map_err(|error| error.to_string());
        let mut values = Vec::with_capacity(inputs.len());
        for (name, array) in inputs {
            let data = array.as_slice().ok_or("an input is not row-major")?;
            values.push((id(name)?, TensorView::from_data(array.shape(), data).into()));
        }
        let wanted = outputs.iter().map(|name| id(name)).collect::<Result<Vec<_>, _>>()?;
        let given = self
            .network
            .run(values, &wanted, Some(self.options.clone()))
            .map_err(|error| error.to_string())?;
        given
            .into_iter()
            .map(|value| {
                let tensor: Tensor<f32> = value.into_tensor().ok_or("an output is not f32")?;
                let shape = IxDyn(tensor.shape());
                ArrayD::from_shape_vec(shape, tensor.into_data()).map_err(|error| error.to_string())
            })
            .collect()
    }
}
