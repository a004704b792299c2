#![doc = include_str!("../README.md")]

mod certified;
pub mod cycles;
pub mod engine;
pub mod executor;
pub mod memory;
pub mod module;
pub mod sandbox;
pub mod state;
pub mod system_api;

pub use executor::{BatchReport, ErrorCode, ExecutionLimits, Executor, OutOfOrder, Refusal};
pub use state::{ReplicatedState, Subnet, SubnetType};
