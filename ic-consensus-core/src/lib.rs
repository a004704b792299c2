#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod artifact;
pub mod ingress;

mod acceptance;
mod clock;
mod committee;
mod config;
mod dealer;
mod delivery;
mod engine;
mod event;
mod exchange;
mod keys;
mod payload;
mod pool;
mod registry;
mod rules;
mod step;
#[cfg(test)]
mod tests;

pub use acceptance::{Acceptance, acceptance};
pub use artifact::{Artifact, CatchUpPackage, Certification};
pub use clock::Now;
pub use committee::Size;
pub use config::{Config, InconsistentConfig, Parameters};
pub use dealer::deal;
pub use engine::{CannotStart, Corrupt, Engine};
pub use event::Event;
pub use ingress::IngressPool;
pub use keys::{NodeKeys, NodeRecord};
pub use payload::{Missing, PayloadFault, Payloads, ProposalContext, Verdict};
pub use registry::{InconsistentRecord, Registry, SubnetRecord};
pub use step::{BadBlock, Fault, Milestone, Output, Step};
