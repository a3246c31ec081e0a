//! What decoding takes of the machine: whoever decodes what is kept, for whichever peer, takes it from here.

use std::sync::Arc;

use peony_dicom::pixels::ImageHeader;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Store;

/// Beyond so many samples a picture is large: a mammogram is, no frame of ultrasound or of tomosynthesis.
const LARGE_SAMPLES: usize = 16_000_000;

/// Cores, and the place of large pictures.
#[derive(Debug)]
pub struct Cores {
    /// How many pictures are decoded at once: each takes a core, and memory by its size.
    pub each: Arc<Semaphore>,
    /// How many large pictures are among these.
    large: Arc<Semaphore>,
}

impl Default for Cores {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { each: Arc::new(Semaphore::new(cores)), large: Arc::new(Semaphore::new(1)) }
    }
}

impl Cores {
    /// The place that a large picture needs before its coded bytes are read, and until it is drawn: there is one for all of them. With its bytes, its
    /// samples and what is drawn of them it takes up to some 300 MB uncompressed, and a small PC has two cores. Whoever waits for it has a core.
    pub async fn large(&self, image: &ImageHeader) -> Option<OwnedSemaphorePermit> {
        if image.pixels() * usize::from(image.samples) <= LARGE_SAMPLES {
            return None;
        }
        // Nobody closes it.
        Arc::clone(&self.large).acquire_owned().await.ok()
    }
}

impl Store {
    /// What decoding takes, for all that share this store.
    #[must_use]
    pub fn cores(&self) -> &Cores {
        &self.inner.cores
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use peony_dicom::pixels::{Photometric, SampleOrder};
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn large_pictures_have_one_place_and_small_ones_need_none() {
        let image = |rows, columns| ImageHeader {
            rows,
            columns,
            samples: 1,
            photometric: Photometric::Monochrome2,
            planar: false,
            bits_allocated: 16,
            bits_stored: 12,
            high_bit: 11,
            signed: false,
            order: SampleOrder::Little,
        };
        let (cores, mammogram) = (Cores::default(), image(5928, 4728));
        let first = cores.large(&mammogram).await;
        assert!(first.is_some());
        assert!(timeout(Duration::from_millis(50), cores.large(&mammogram)).await.is_err(), "two at a time");
        assert!(cores.large(&image(2996, 2457)).await.is_none(), "it does not wait");
        drop(first);
        assert!(cores.large(&mammogram).await.is_some());
    }
}
