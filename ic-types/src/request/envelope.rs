//! The envelope: a request, and who says that it is theirs (HTTP-030 to HTTP-036).

use super::DelegationChain;
use crate::key::DerPublicKey;

/// A request of one kind with the proof of its sender. Nothing has been checked: `ic-crypto` makes an authenticated
/// request of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<C> {
    /// The request.
    pub content: C,
    /// Who says that they are its sender.
    pub proof: SenderProof,
}

/// Key, signature and delegations: all of them, or none. What the specification writes as three optional fields has
/// two meanings, and these are they.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderProof {
    /// Nobody signs; the sender has to be the anonymous principal (HTTP-034).
    Anonymous,
    /// `key` signs, or with delegations the key of the last of them (HTTP-082).
    Signed {
        /// The key that names the sender (HTTP-035).
        key: DerPublicKey,
        /// The signature on the request id.
        signature: Vec<u8>,
        /// Who may sign for `key`; empty if it signs for itself (HTTP-223).
        delegations: DelegationChain,
    },
}
