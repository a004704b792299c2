//! Threshold signatures: n nodes hold shares of one key, any t of them sign, fewer learn nothing.
//!
//! Boldyreva's threshold BLS. The secret key is a(0) for a polynomial a of degree t - 1 that nobody knows; node i (counted
//! from 1) holds a(i). A share of a signature is a(i) · H(m); any t of them give a(0) · H(m) by interpolation at 0, and
//! whichever t are taken, the signature is the same. That is what makes it randomness.
//!
//! ```
//! use ic_crypto::Seed;
//! use ic_crypto::threshold::{Collected, ShareCollector, Threshold, dealing};
//! use ic_types::{Digest, StateRoot};
//!
//! // Four nodes, of which one may be faulty; three sign a state.
//! let (transcript, shares) = dealing::deal(Threshold::high(4).unwrap(), Seed::from_bytes(b"an example has no entropy"));
//! let root = StateRoot::new(Digest::of(b"a state"));
//! let mut collector = ShareCollector::new(&transcript, &root);
//! assert_eq!(collector.add(&shares[0].sign(&root)), Ok(Collected::Pending { missing: 2 }));
//! assert_eq!(collector.add(&shares[3].sign(&root)), Ok(Collected::Pending { missing: 1 }));
//! let Ok(Collected::Complete(signature)) = collector.add(&shares[1].sign(&root)) else { panic!("three of three") };
//! assert!(transcript.group_key().verify(&root, &signature).is_ok());
//! ```

use std::fmt;
use std::num::NonZeroU32;

use ic_types::{Signable, SignedBytes};

use crate::bls::arithmetic::Scalar;
use crate::bls::{Signature, hash_message};
use crate::secret::{Exported, SecretScalar};
use crate::{InvalidKey, InvalidSignature};

mod batch;
mod collector;
pub mod dealing;
pub mod polynomial;
mod transcript;

pub use batch::verify_shares;
pub use collector::{BadShare, Collected, OptimisticCollector, ShareCollector, combine};
pub use transcript::{BadTranscript, Transcript};

/// How many nodes of `total` may be faulty without harm: the largest f with 3f < n.
///
/// ```
/// let faults: Vec<u32> = [1, 3, 4, 7, 13, 28, 40].map(ic_crypto::threshold::tolerated_faults).into();
/// assert_eq!(faults, [0, 0, 1, 2, 4, 9, 13]);
/// ```
pub fn tolerated_faults(total: u32) -> u32 {
    total.saturating_sub(1) / 3
}

/// How many of how many shares make a signature: 1 <= required <= total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Threshold {
    required: u32,
    total: u32,
}

/// The most shares that a key may have. (Subnets have up to 40 nodes or so.)
pub const MOST_SHARES: u32 = 1024;

/// The number of shares required is zero or larger than the number of shares, or there are more than [`MOST_SHARES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a threshold of {required} out of {total} shares")]
pub struct BadThreshold {
    /// Shares required.
    pub required: u32,
    /// Shares that there are.
    pub total: u32,
}

impl Threshold {
    /// `required` of `total`.
    ///
    /// # Errors
    /// Zero are required, or more than there are; or there are more than [`MOST_SHARES`].
    pub fn new(required: u32, total: u32) -> Result<Self, BadThreshold> {
        if (1..=total).contains(&required) && total <= MOST_SHARES {
            Ok(Self { required, total })
        } else {
            Err(BadThreshold { required, total })
        }
    }

    /// The low threshold of a subnet of `total` nodes, f + 1: at least one honest node takes part. Random beacon and random
    /// tape.
    ///
    /// # Errors
    /// There are no nodes, or more than [`MOST_SHARES`].
    pub fn low(total: u32) -> Result<Self, BadThreshold> {
        Self::new(tolerated_faults(total).saturating_add(1), total)
    }

    /// The high threshold of a subnet of `total` nodes, 2f + 1 (the committee of 3f + 1 without f faulty nodes). Certification
    /// and catch-up packages.
    ///
    /// # Errors
    /// There are no nodes, or more than [`MOST_SHARES`].
    pub fn high(total: u32) -> Result<Self, BadThreshold> {
        Self::new(
            tolerated_faults(total).saturating_mul(2).saturating_add(1),
            total,
        )
    }

    /// Shares required.
    pub fn required(&self) -> u32 {
        self.required
    }

    /// Shares that there are.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// The indices of all shares, in order.
    pub fn indices(&self) -> impl Iterator<Item = ShareIndex> + use<> {
        (1..=self.total).filter_map(ShareIndex::new)
    }

    /// Whether there is a share with this index.
    pub fn contains(&self, index: ShareIndex) -> bool {
        index.get() <= self.total
    }
}

/// As `3 of 4`.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.required, self.total)
    }
}

/// Which share: the point at which the polynomial is evaluated. Never zero, where the secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShareIndex(NonZeroU32);

impl ShareIndex {
    /// The share at this point; `None` for zero.
    pub fn new(point: u32) -> Option<Self> {
        NonZeroU32::new(point).map(Self)
    }

    /// The share of the node at this position in the list of nodes, counted from zero: position i is at point i + 1. `None`
    /// for the position after which there is no number.
    pub fn of_position(position: u32) -> Option<Self> {
        Self::new(position.checked_add(1)?)
    }

    /// The point, counted from one.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The position of the node in the list of nodes, counted from zero.
    pub fn position(self) -> u32 {
        self.get() - 1
    }

    pub(crate) fn scalar(self) -> Scalar {
        Scalar::from_u64(u64::from(self.get()))
    }
}

impl fmt::Display for ShareIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One node's share of the secret key.
///
/// ```compile_fail,E0599
/// # use ic_crypto::{Seed, threshold::{Threshold, dealing}};
/// # let (_, shares) = dealing::deal(Threshold::low(4).unwrap(), Seed::from_bytes(b"")) ;
/// let copy = shares[0].clone(); // a share has one owner
/// ```
pub struct SecretShare {
    index: ShareIndex,
    scalar: SecretScalar,
}

impl SecretShare {
    /// The share with this index, from 32 bytes, most significant first.
    ///
    /// # Errors
    /// Not below the group order.
    pub fn from_bytes(index: ShareIndex, bytes: &[u8; Scalar::BYTES]) -> Result<Self, InvalidKey> {
        let scalar = Scalar::from_be_bytes(bytes).map_err(|_| InvalidKey)?;
        Ok(Self::new(index, SecretScalar::new(scalar)))
    }

    pub(crate) fn new(index: ShareIndex, scalar: SecretScalar) -> Self {
        Self { index, scalar }
    }

    /// Which share this is.
    pub fn index(&self) -> ShareIndex {
        self.index
    }

    pub(crate) fn scalar(&self) -> &Scalar {
        &self.scalar
    }

    /// The secret itself: 32 bytes, most significant first.
    pub fn export(&self) -> Exported<{ Scalar::BYTES }> {
        Exported::new(self.scalar.to_be_bytes())
    }

    /// This node's share of the signature on a message.
    pub fn sign<S: Signable>(&self, message: &S) -> SignatureShare {
        self.sign_bytes(&SignedBytes::of(message))
    }

    /// As [`sign`](Self::sign), for a message whose signed bytes are at hand.
    pub fn sign_bytes(&self, message: &SignedBytes) -> SignatureShare {
        let point = hash_message(message.as_slice()) * *self.scalar;
        SignatureShare {
            index: self.index,
            signature: Signature::from_point(point.to_affine()),
        }
    }
}

impl fmt::Debug for SecretShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretShare({}, ..)", self.index)
    }
}

/// One node's share of a signature. Nothing is known about it but that it is a point of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureShare {
    /// Whose share this claims to be.
    pub index: ShareIndex,
    /// The signature under that node's share of the key.
    pub signature: Signature,
}

impl SignatureShare {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = 4 + Signature::BYTES;

    /// The index in four bytes, most significant first, then the 48 bytes of the signature.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        let (index, signature) = out.split_at_mut(4);
        index.copy_from_slice(&self.index.get().to_be_bytes());
        signature.copy_from_slice(&self.signature.to_bytes());
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) writes.
    ///
    /// # Errors
    /// Index zero, or a signature that is not the canonical encoding of a point of the group.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidSignature> {
        let (index, signature) = bytes.split_first_chunk::<4>().ok_or(InvalidSignature)?;
        let index = ShareIndex::new(u32::from_be_bytes(*index)).ok_or(InvalidSignature)?;
        Ok(Self {
            index,
            signature: Signature::try_from_slice(signature)?,
        })
    }
}
