//! What must survive a crash: the artifacts of [`Step::to_persist`](ic_consensus_core::Step::to_persist), in order.

mod file;
mod memory;

pub use file::File;
pub use memory::Memory;

use ic_consensus_core::Artifact;

/// Durable storage of artifacts, append only.
pub trait Store: Send {
    /// Returns when `artifacts` are as safe as they will get; only then may anything be sent that relies on them.
    ///
    /// # Errors
    /// If they could not be written: the node must stop, since it may not forget what it said.
    fn append(&mut self, artifacts: &[Artifact]) -> std::io::Result<()>;
}
