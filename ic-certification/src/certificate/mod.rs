//! [`Certificate`]: a tree under a subnet's signature, as received, promising nothing.

mod codec;
pub mod delegation;
pub mod ranges;
pub(crate) mod recent;
pub mod verifier;
pub mod verify;

use ic_crypto::bls::{SecretKey, Signature};
use ic_types::{Path, SubnetId};

use crate::{HashTree, LabeledTree};

/// A part of a state, signed by the subnet whose state it is, and the word of the root subnet for that subnet.
///
/// What it says may be believed only after [`verify`](Self::verify). Its wire form is CERT-060.
///
/// An answer without a certificate that holds proves nothing, whichever node gave it (HTTP-017), so the outcome of a request
/// can be asked of a verified certificate only:
///
/// ```compile_fail,E0599
/// # use ic_certification::Certificate;
/// # use ic_types::RequestId;
/// fn outcome(certificate: &Certificate, request: &RequestId) {
///     certificate.request_status(request); // does not compile
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What is certified.
    pub tree: HashTree,
    /// The signature on the root of the tree, as received: whether it is one at all is found out when it is verified.
    pub signature: [u8; Signature::BYTES],
    /// Absent if the root subnet itself signed.
    pub delegation: Option<SubnetDelegation>,
}

/// A certificate of the root subnet that shows another subnet's key, as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetDelegation {
    /// The subnet whose key it shows.
    pub subnet: SubnetId,
    /// The encoding of a [`Certificate`] that has no delegation itself.
    pub certificate: Vec<u8>,
}

impl Certificate {
    /// What a subnet whose key one party holds certifies of a state: the parts at `shown`, without a delegation.
    ///
    /// No subnet of the public network has such a key. It is for tests, of a canister that certifies data for instance:
    /// the root key of the test is that of the secret key.
    pub fn sign(state: &LabeledTree, shown: &[Path], key: &SecretKey) -> Self {
        Self {
            tree: state.witness(shown),
            signature: key.sign(&state.root()).to_bytes(),
            delegation: None,
        }
    }
}
