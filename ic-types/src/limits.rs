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
