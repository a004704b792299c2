#![doc = include_str!("../README.md")]

pub mod authentication;
pub mod bls;
pub mod dkg;
pub mod generator;
pub mod key_id;
pub mod multisig;
pub mod node_key;
pub mod randomness;
pub mod secret;
pub mod threshold;
pub mod user_key;

pub use authentication::{
    Authenticated, BadDelegation, BadSenderInfo, CanisterSignatures, NoCanisterSignatures,
    Unauthenticated, authenticate, authenticate_all,
};
pub use generator::Generator;
pub use secret::Seed;

use std::fmt;

/// The bytes are not a valid key. Which check failed is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid key")]
pub struct InvalidKey;

/// The signature does not verify, or the bytes are not a signature. Which check failed is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid signature")]
pub struct InvalidSignature;

/// Writes bytes as lowercase hex.
fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
