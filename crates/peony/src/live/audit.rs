//! The audit of the store, for what is written down without it.

use peony_store::Store;
use tokio::runtime::Handle;

/// Writes lines of the audit from threads that may wait.
pub struct Audit {
    store: Store,
    handle: Handle,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

impl Audit {
    pub fn new(store: Store, handle: Handle) -> Self {
        Self { store, handle }
    }

    /// The line is on the disk when this returns.
    ///
    /// # Errors
    /// One line where the index takes nothing.
    pub fn put(&self, who: &str, act: &str, what: &str) -> Result<(), String> {
        self.handle.block_on(self.store.audit(who, act, what)).map_err(|error| error.to_string())
    }
}
