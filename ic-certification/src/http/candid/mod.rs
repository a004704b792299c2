//! Just enough Candid for the gateway protocol: its few types are read and written, any other is skipped or kept as it
//! is (decision 0052).
//!
//! A token has whatever type the canister chose (GW-081), so types are data here: a message is taken apart into its table of
//! types and its values, and a part of it can be put into another message.

mod error;
mod reader;
mod types;
mod writer;

pub use error::CandidError;
pub(super) use reader::{Reader, read_one};
pub(super) use types::{Definition, Function, Primitive, Type, field_id};
pub(super) use writer::{Record, Table, length, with_length};

/// What a message begins with.
const MAGIC: &[u8] = b"DIDL";
