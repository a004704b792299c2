//! A store that forgets with the process: for subnets that live as long as a demonstration.

use std::sync::{Arc, Mutex, PoisonError};

use ic_consensus_core::Artifact;

use super::Store;

/// Artifacts in memory. Clones share what they hold, so that a node can be restarted from it.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<Vec<Artifact>>>);

impl Memory {
    /// All that was appended, in order.
    pub fn contents(&self) -> Vec<Artifact> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Store for Memory {
    fn append(&mut self, artifacts: &[Artifact]) -> std::io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(artifacts);
        Ok(())
    }
}
