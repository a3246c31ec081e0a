//! What a run gives.

use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD};

/// The arrays of one run, by the names of the card.
#[derive(Debug, Clone)]
pub struct Outputs {
    names: Arc<[String]>,
    arrays: Vec<ArrayD<f32>>,
}

impl Outputs {
    pub(crate) fn new(names: Arc<[String]>, arrays: Vec<ArrayD<f32>>) -> Self {
        Self { names, arrays }
    }

    /// The output of that name, row-major, in the shape of the card.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ArrayViewD<'_, f32>> {
        let at = self.names.iter().position(|known| known == name)?;
        self.arrays.get(at).map(|array| array.view())
    }

    /// The values of the output of that name, row-major.
    #[must_use]
    pub fn values(&self, name: &str) -> Option<&[f32]> {
        let at = self.names.iter().position(|known| known == name)?;
        self.arrays.get(at).and_then(|array| array.as_slice())
    }

    /// The only value of the output of that name; `None` where it has more.
    #[must_use]
    pub fn scalar(&self, name: &str) -> Option<f32> {
        match self.values(name)? {
            [value] => Some(*value),
            _ => None,
        }
    }

    /// Names and arrays, in the card's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ArrayViewD<'_, f32>)> {
        self.names.iter().map(String::as_str).zip(self.arrays.iter().map(|array| array.view()))
    }
}
