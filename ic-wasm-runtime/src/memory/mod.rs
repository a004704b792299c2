//! The memories of a canister as values: cloning is cheap, pages are shared until they are written.
//!
//! An execution works on a clone. If it traps the clone is dropped, and that is the whole rollback (SYS-007).

mod pages;
mod state;

pub use pages::{PAGE_BYTES, Page, PageMap};
pub use state::{ExecutionState, GlobalValue, Memory, WASM_PAGE_BYTES};
