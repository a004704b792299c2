//! Every limit that the interface specification sets on what is decoded here.

/// Bytes in a nonce (HTTP-045).
pub const NONCE_BYTES: usize = 32;
/// Delegations in a chain (HTTP-081).
pub const DELEGATIONS: usize = 20;
/// Targets in a delegation (HTTP-084).
pub const DELEGATION_TARGETS: usize = 1000;
/// Paths in a request to read the state (HTTP-046).
pub const PATHS: usize = 1000;
/// Labels in a path (HTTP-046).
pub const PATH_LABELS: usize = 127;
/// Bytes in a principal (ID-001).
pub const PRINCIPAL_BYTES: usize = 29;

/// Levels of values within values, where a format does not say how many it has. Ours: no format of the interface
/// specification but the hash tree, which has a limit of its own, needs more than eight.
pub const CBOR_DEPTH: usize = 32;
/// Values in a [`Value`](crate::codec::Value), counting those within others. Ours: keeps the memory within a small
/// multiple of what an answer of the interface specification takes.
pub const CBOR_VALUES: usize = 100_000;
/// Signatures on the answer to a query. Ours: one today, never more than a subnet has nodes.
pub const NODE_SIGNATURES: usize = 1000;
