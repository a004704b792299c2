//! The root subnet's word for another subnet's key (CERT-080 to CERT-084).

use std::sync::Arc;

use ic_crypto::InvalidSignature;
use ic_crypto::bls::{Claim, PublicKey, Signature};
use ic_types::codec::{DecodeError, Wire};
use ic_types::{CanisterId, CanisterRange, Digest, SignedBytes, SubnetId, Time};

use super::ranges::{self, RangesError};
use super::{Certificate, SubnetDelegation, verify};
use crate::paths::label;
use crate::{CertificateError, HashTree, Lookup, NotWellFormed};

/// What a delegation says, before its signature is checked.
pub(super) struct Unverified {
    message: SignedBytes,
    signature: Signature,
    /// Becomes what its name says when the claim holds.
    pub(super) content: VerifiedDelegation,
}

impl Unverified {
    /// What the root key has to have signed.
    pub(super) fn claim<'a>(&'a self, root: &'a PublicKey) -> Claim<'a> {
        Claim {
            key: root,
            message: &self.message,
            signature: &self.signature,
        }
    }
}

/// A certificate of the root subnet that shows a subnet's key, checked. Only verification makes one.
///
/// Cloning is cheap: what a key prepares for its verifications is shared.
#[derive(Clone, Debug)]
pub struct VerifiedDelegation(Arc<Content>);

#[derive(Debug)]
struct Content {
    subnet: SubnetId,
    key: PublicKey,
    /// The key in its compressed form, which takes a while to make.
    bytes: [u8; PublicKey::BYTES],
    tree: HashTree,
}

impl SubnetDelegation {
    /// A name for these very bytes.
    pub(super) fn digest(&self) -> Digest {
        let subnet = Digest::of(self.subnet.as_slice());
        Digest::of_parts(&[subnet.as_bytes(), &self.certificate])
    }

    /// Everything that can be said without the root key.
    pub(super) fn open(&self) -> Result<Unverified, DelegationError> {
        let subnet = self.subnet;
        let Certificate {
            tree,
            signature,
            delegation,
        } = Certificate::decode(&self.certificate).map_err(DelegationError::Malformed)?;
        if delegation.is_some() {
            return Err(DelegationError::Nested);
        }
        tree.well_formed().map_err(DelegationError::NotWellFormed)?;
        let key = match tree.lookup([label::SUBNET, subnet.as_slice(), label::PUBLIC_KEY]) {
            Lookup::Found(key) => {
                PublicKey::from_der(key).map_err(|_| DelegationError::InvalidKey { subnet })?
            }
            Lookup::SubTree | Lookup::Absent | Lookup::Unknown => {
                return Err(DelegationError::NoKey { subnet });
            }
        };
        let signature = Signature::from_bytes(&signature).map_err(DelegationError::Signature)?;
        Ok(Unverified {
            message: SignedBytes::of(&tree.root()),
            signature,
            content: VerifiedDelegation(Arc::new(Content {
                subnet,
                bytes: key.to_bytes(),
                key,
                tree,
            })),
        })
    }
}

impl VerifiedDelegation {
    /// The subnet that was delegated to.
    pub fn subnet(&self) -> SubnetId {
        self.0.subnet
    }

    /// The subnet's key.
    pub fn key(&self) -> &PublicKey {
        &self.0.key
    }

    /// The key in its raw form.
    pub(super) fn key_bytes(&self) -> &[u8; PublicKey::BYTES] {
        &self.0.bytes
    }

    /// What the root subnet certified.
    pub fn tree(&self) -> &HashTree {
        &self.0.tree
    }

    /// When the root subnet certified it, if that is shown. It may be weeks ago (CERT-082).
    pub fn time(&self) -> Option<Time> {
        verify::certified_time(self.tree()).ok()
    }

    /// Whether the subnet speaks for `canister` (CERT-081).
    ///
    /// # Errors
    /// The delegation shows no ranges, or what it shows does not decode.
    pub fn speaks_for(&self, canister: CanisterId) -> Result<bool, RangesError> {
        ranges::contains(self.tree(), self.subnet(), canister)
    }

    /// The same as a verdict.
    pub(crate) fn check_canister(&self, canister: CanisterId) -> Result<(), CertificateError> {
        match self.speaks_for(canister) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CertificateError::OutOfRange {
                canister,
                subnet: self.subnet(),
            }),
            Err(error) => Err(CertificateError::Ranges(error)),
        }
    }

    /// The canister ranges of the subnet that the delegation shows.
    ///
    /// # Errors
    /// The delegation shows no ranges, or what it shows does not decode.
    pub fn ranges(&self) -> Result<Vec<CanisterRange>, RangesError> {
        ranges::shown(self.tree(), self.subnet())
    }

    /// The type of the subnet, if it is shown (CERT-127).
    pub fn subnet_type(&self) -> Lookup<'_> {
        self.tree()
            .lookup([label::SUBNET, self.subnet().as_slice(), label::TYPE])
    }
}

/// Why a delegation is not one. The root subnet never makes such.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DelegationError {
    /// The certificate within does not decode.
    #[error("the certificate in the delegation: {0}")]
    Malformed(#[source] DecodeError),
    /// The certificate within has a delegation itself (CERT-080).
    #[error("the certificate in the delegation has a delegation itself")]
    Nested,
    /// The tree within is not one that the system makes.
    #[error("the tree in the delegation: {0}")]
    NotWellFormed(#[source] NotWellFormed),
    /// The tree within does not show the subnet's key.
    #[error("the delegation does not show the key of subnet {subnet}")]
    NoKey {
        /// Whose key is missing.
        subnet: SubnetId,
    },
    /// The subnet's key is no valid key (CERT-074).
    #[error("the key of subnet {subnet} in the delegation is not valid")]
    InvalidKey {
        /// Whose key.
        subnet: SubnetId,
    },
    /// The root key did not sign it.
    #[error("the signature of the delegation: {0}")]
    Signature(#[source] InvalidSignature),
}
