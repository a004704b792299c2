//! [`Sandbox`]: where code of canisters runs. The executor decides what runs, on what, and what becomes of it.

use std::sync::Arc;

use crate::{
    memory::ExecutionState,
    module::Instrumented,
    system_api::{ExecutionInput, ExecutionOutput},
};

/// Makes modules ready to run, and runs one execution at a time.
///
/// Both methods are functions of their arguments: two nodes get the same results, whatever ran before.
pub trait Sandbox {
    /// Makes a module that was uploaded, perhaps compressed, ready to run (SYS-200..209).
    ///
    /// # Errors
    /// If it may not be run.
    fn prepare(&self, module: &[u8]) -> Result<Arc<Instrumented>, ModuleRefused>;

    /// Runs one execution on a copy of `state`.
    fn execute(&self, state: &ExecutionState, input: ExecutionInput) -> ExecutionOutput;
}

/// Why a module may not be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ModuleRefused {
    /// In words.
    pub reason: String,
}
