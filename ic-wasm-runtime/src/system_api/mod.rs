//! The System API: what canister code can ask for, and what one execution of it is.
//!
//! [`ExecutionInput`] goes in, [`ExecutionOutput`] comes out, and in between nothing is looked up: effects are
//! data for the caller to apply. [`permitted`] is the specification's table of imports.

mod call;
mod cycles;
mod environment;
pub(crate) mod host;
pub mod input;
mod message;
pub mod output;
pub mod permitted;
mod stable_memory;
mod trap;

pub use input::{
    CallContext, CallPrice, CallerInfo, CanisterStatus, Closure, Entry, Environment,
    ExecutionInput, Funds, KeyScheme, Limits, Tariff,
};
pub use output::{Completed, Effects, ExecutionOutput, OutgoingCall, Response};
pub use permitted::{Context, Import};
pub use trap::Trap;
