//! What decoding takes of the machine: whoever decodes what is kept, for whichever peer, takes it from here.

use std::sync::Arc;

use peony_dicom::pixels::ImageHeader;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Store;

/// Beyond so many samples a picture is large: a mammogram is, no frame of ultrasound or of tomosynthesis, and nothing that is drawn for a screen.
const LARGE_SAMPLES: usize = 16_000_000;

/// The samples of a picture.
#[must_use]
pub fn samples_of(image: &ImageHeader) -> usize {
    image.pixels() * usize::from(image.samples)
}

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
    /// Whether a picture of so many samples needs the place of large ones.
    #[must_use]
    pub fn is_large(samples: usize) -> bool {
        samples > LARGE_SAMPLES
    }

    /// The place that a large picture needs before its coded bytes are read, and until it is drawn: there is one for all of them. `samples` are those of
    /// what is kept, or of what is drawn of it where that is more: a presentation state may have a small picture drawn in 48 million pixels. With its bytes,
    /// its samples and what is drawn of them a mammogram takes up to some 300 MB uncompressed, and a small PC has two cores. Whoever waits for it
    /// holds no core: the others need them.
    pub async fn large(&self, samples: usize) -> Option<OwnedSemaphorePermit> {
        if !Self::is_large(samples) {
            return None;
        }
        // Nobody closes it.
        Arc::clone(&self.large).acquire_owned().await.ok()
    }

    /// What decoding a picture takes: the place of large ones where it is one, and only then a core.
    pub async fn for_one(&self, image: &ImageHeader) -> Held {
        let large = self.large(samples_of(image)).await;
        [large, Arc::clone(&self.each).acquire_owned().await.ok()]
    }
}

/// What a picture that is being decoded has.
pub type Held = [Option<OwnedSemaphorePermit>; 2];

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

    use tokio::time::timeout;

    use super::*;
    use crate::made_up::{MAMMOGRAM, grey};

    #[tokio::test]
    async fn large_pictures_have_one_place_and_small_ones_need_none() {
        let (cores, mammogram) = (Cores::default(), samples_of(&grey(MAMMOGRAM)));
        let first = cores.large(mammogram).await;
        assert!(first.is_some());
        assert!(timeout(Duration::from_millis(50), cores.large(mammogram)).await.is_err(), "two at a time");
        assert!(cores.large(samples_of(&grey([2996, 2457]))).await.is_none(), "it does not wait");
        drop(first);
        assert!(cores.large(mammogram).await.is_some());
    }

    #[tokio::test]
    async fn who_waits_for_the_large_place_holds_no_core() {
        let (cores, mammogram) = (Arc::new(Cores::default()), grey(MAMMOGRAM));
        let all = cores.each.available_permits();
        let first = cores.for_one(&mammogram).await;
        assert_eq!(cores.each.available_permits(), all - 1);
        let second = tokio::spawn({
            let cores = Arc::clone(&cores);
            async move { cores.for_one(&mammogram).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(cores.each.available_permits(), all - 1, "the other cores are for cines");
        drop(first);
        let second = timeout(Duration::from_secs(10), second).await.unwrap().unwrap();
        assert!(second.iter().all(Option::is_some));
        assert_eq!(cores.each.available_permits(), all - 1);
    }
}
