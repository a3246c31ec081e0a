//! What other nodes were asked to send here (C-MOVE): it comes over associations of their own, and is for whoever had it fetched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Store;
use crate::sites::Sight;

/// All that is expected now: seldom more than a few.
#[derive(Debug, Default)]
pub(crate) struct All(Mutex<Vec<Arc<One>>>);

#[derive(Debug)]
struct One {
    origin: String,
    study_uid: String,
    sight: Arc<Sight>,
}

impl All {
    fn now(&self) -> MutexGuard<'_, Vec<Arc<One>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// With whose eyes an object of this study is taken from that node; `None` where nobody had it fetched.
    pub fn of(&self, origin: &str, study_uid: &str) -> Option<Arc<Sight>> {
        let all = self.now();
        let one = all.iter().find(|one| one.origin == origin && one.study_uid == study_uid)?;
        Some(Arc::clone(&one.sight))
    }
}

/// A study that is expected, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Expected {
    all: Arc<All>,
    one: Arc<One>,
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.all.now().retain(|one| !Arc::ptr_eq(one, &self.one));
    }
}

impl Store {
    /// What comes of this study from the node of that title is as if this store's [`Sight`] had brought it, as long as the answer is kept.
    pub fn expect(&self, origin: &str, study_uid: &str) -> Expected {
        let one = One {
            origin: origin.to_owned(),
            study_uid: study_uid.to_owned(),
            sight: Arc::clone(&self.sight),
        };
        let (all, one) = (Arc::clone(&self.inner.expected), Arc::new(one));
        all.now().push(Arc::clone(&one));
        Expected { all, one }
    }
}
