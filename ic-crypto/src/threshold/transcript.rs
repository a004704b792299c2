//! The public outcome of key generation.

use std::sync::{Arc, OnceLock};

use super::polynomial::evaluate_commitment;
use super::{ShareIndex, Threshold};
use crate::InvalidKey;
use crate::bls::PublicKey;
use crate::bls::arithmetic::{G2, G2Affine, G2Tables};
use crate::key_id::KeyId;

/// What everybody knows of a shared key: the group's public key and that of each share.
///
/// How the key came to be (a trusted dealer, distributed key generation, resharing) cannot be seen from it.
#[derive(Clone, Debug)]
pub struct Transcript {
    threshold: Threshold,
    coefficients: Vec<G2Affine>,
    group_key: PublicKey,
    share_keys: Vec<PublicKey>,
    prepared: Arc<OnceLock<Prepared>>,
}

/// What checking many shares together needs.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Multiples of all share keys, for sums of many of them.
    pub(super) share_tables: G2Tables,
    /// The hash of all that the share keys depend on.
    pub(super) key_id: KeyId,
}

/// The coefficients determine all keys.
impl PartialEq for Transcript {
    fn eq(&self, other: &Self) -> bool {
        self.threshold == other.threshold && self.coefficients == other.coefficients
    }
}

impl Eq for Transcript {}

/// The public coefficients are not those of a shared key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTranscript {
    /// A polynomial of this threshold has another number of coefficients.
    #[error("expected {expected} public coefficients, found {found}")]
    WrongLength {
        /// As many as shares are required.
        expected: u32,
        /// As many as there were.
        found: usize,
    },
    /// A coefficient is not the encoding of a point of the group.
    #[error("public coefficient {position} is not a point of the group")]
    Coefficient {
        /// Which one, counted from zero.
        position: usize,
    },
    /// The group's key is the identity.
    #[error("the group's public key is the identity")]
    GroupKey,
    /// A node's share of the key is the identity.
    #[error("the public key of share {index} is the identity")]
    ShareKey {
        /// Which one.
        index: ShareIndex,
    },
}

impl Transcript {
    /// Reads the public coefficients, the constant (which is the group's key) first, 96 bytes each.
    ///
    /// # Errors
    /// Not as many as shares are required, not points of the group, or keys that are the identity.
    ///
    /// # Cost
    /// Evaluates the polynomial for each of the shares: about 1 µs times shares times threshold times bits of an index.
    pub fn from_coefficients(
        threshold: Threshold,
        coefficients: &[[u8; PublicKey::BYTES]],
    ) -> Result<Self, BadTranscript> {
        let found = coefficients.len();
        if u32::try_from(found) != Ok(threshold.required()) {
            return Err(BadTranscript::WrongLength {
                expected: threshold.required(),
                found,
            });
        }
        let decode = |(position, bytes)| {
            G2Affine::from_compressed(bytes).map_err(|_| BadTranscript::Coefficient { position })
        };
        let points: Result<_, _> = coefficients.iter().enumerate().map(decode).collect();
        Self::from_points(threshold, points?)
    }

    /// As [`from_coefficients`](Self::from_coefficients), for points that are known to be in the group.
    pub(crate) fn from_points(
        threshold: Threshold,
        coefficients: Vec<G2Affine>,
    ) -> Result<Self, BadTranscript> {
        let constant = coefficients.first().copied().unwrap_or_default();
        let group_key =
            PublicKey::from_point(constant).map_err(|InvalidKey| BadTranscript::GroupKey)?;
        let points: Vec<G2> = threshold
            .indices()
            .map(|index| evaluate_commitment(&coefficients, index))
            .collect();
        let keys = G2::to_affine_all(&points)
            .into_iter()
            .zip(threshold.indices());
        let share_keys: Result<_, _> = keys
            .map(|(point, index)| {
                PublicKey::from_point(point).map_err(|InvalidKey| BadTranscript::ShareKey { index })
            })
            .collect();
        Ok(Self {
            threshold,
            coefficients,
            group_key,
            share_keys: share_keys?,
            prepared: Arc::default(),
        })
    }

    /// How many of how many shares make a signature.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The key under which the combined signatures verify: the key of the subnet.
    pub fn group_key(&self) -> &PublicKey {
        &self.group_key
    }

    /// The key under which the signature shares of one node verify; `None` if there is no such share.
    pub fn share_key(&self, index: ShareIndex) -> Option<&PublicKey> {
        self.share_keys.get(usize::try_from(index.position()).ok()?)
    }

    /// Made when it is first needed, shared between clones.
    pub(super) fn prepared(&self) -> &Prepared {
        self.prepared.get_or_init(|| {
            let points: Vec<G2Affine> = self.share_keys.iter().map(|key| *key.point()).collect();
            Prepared {
                share_tables: G2Tables::new(&points),
                key_id: KeyId::of_threshold_key(self),
            }
        })
    }

    /// The public coefficients, the constant first: what [`from_coefficients`](Self::from_coefficients) reads.
    pub fn coefficients(&self) -> impl ExactSizeIterator<Item = [u8; PublicKey::BYTES]> {
        self.coefficients.iter().map(G2Affine::to_compressed)
    }
}
