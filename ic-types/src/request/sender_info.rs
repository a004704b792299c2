//! What a canister says about the users that it lets sign in (HTTP-100 to HTTP-104).

use super::MapHasher;
use super::field::{INFO, SIG, SIGNER};
use crate::digest::Digest;
use crate::domain::{Domain, Signable};
use crate::ids::CanisterId;

/// Attributes of a sender, vouched for by the canister whose signature the sender signs in with.
///
/// What is signed is `info` alone, under [`Domain::SenderInfo`]; that the key of the envelope is a canister signature
/// key of `signer` is for whoever authenticates to check (HTTP-100, HTTP-101).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// What is said, in a form that canister and callee agree on.
    pub info: Vec<u8>,
    /// The canister that says it.
    pub signer: CanisterId,
    /// The canister's signature on `info` (HTTP-102).
    pub signature: Vec<u8>,
}

impl SenderInfo {
    pub(crate) fn hash(&self) -> Digest {
        let mut map = MapHasher::new();
        map.blob(&INFO, &self.info);
        map.blob(&SIG, &self.signature);
        map.blob(&SIGNER, self.signer.as_slice());
        map.finish()
    }
}

impl Signable for SenderInfo {
    const DOMAIN: Domain = Domain::SenderInfo;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.info);
    }
}
