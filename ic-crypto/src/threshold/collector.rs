//! Shares of one message in, one signature out.

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{Signable, SignedBytes};

use super::batch::{find_culprits, is_valid};

use super::polynomial::{IntegerLagrange, lagrange_at_zero};
use super::{ShareIndex, SignatureShare, Transcript};
use crate::bls::arithmetic::{G1, G1Affine};
use crate::bls::{Signature, equation_holds, hash_message};

/// What came of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// The share counts; so many more are needed.
    Pending {
        /// Shares that are still needed.
        missing: u32,
    },
    /// There is a share of this node already.
    Duplicate,
    /// The signature of the group, which is the same whichever shares made it.
    Complete(Signature),
}

/// Why a share does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadShare {
    /// There is no such share.
    #[error("there is no share {index} among {total}")]
    UnknownIndex {
        /// The index that was claimed.
        index: ShareIndex,
        /// The number of shares.
        total: u32,
    },
    /// These shares are not what those nodes would have signed.
    #[error("invalid signature shares of {}", list(culprits))]
    Invalid {
        /// Whose shares, in increasing order; never empty.
        culprits: Vec<ShareIndex>,
    },
}

fn list(indices: &[ShareIndex]) -> String {
    let indices: Vec<String> = indices.iter().map(ShareIndex::to_string).collect();
    indices.join(", ")
}

/// Collects shares of the signature on one message and checks each as it comes.
///
/// Bound to one message and one transcript, so "combine nothing", "combine two messages" and "the same index twice" cannot
/// be said.
#[derive(Debug)]
pub struct ShareCollector<'a>(Collection<'a>);

impl<'a> ShareCollector<'a> {
    /// A collector for the signature on `message`.
    pub fn new<S: Signable>(transcript: &'a Transcript, message: &S) -> Self {
        Self::of_bytes(transcript, &SignedBytes::of(message))
    }

    /// As [`new`](Self::new), for a message whose signed bytes are at hand.
    pub fn of_bytes(transcript: &'a Transcript, message: &SignedBytes) -> Self {
        Self(Collection::new(transcript, message))
    }

    /// Checks a share, and combines the signature with the last one that is needed. When the signature is complete, further
    /// shares are not looked at.
    ///
    /// # Errors
    /// There is no such share, or it is not a signature under that node's key.
    pub fn add(&mut self, share: &SignatureShare) -> Result<Collected, BadShare> {
        if let Some(early) = self.0.admit(share)? {
            return Ok(early);
        }
        if !self.0.is_valid(share.index, share.signature.point()) {
            return Err(BadShare::Invalid {
                culprits: vec![share.index],
            });
        }
        self.0.shares.insert(share.index, *share.signature.point());
        Ok(match self.0.missing() {
            0 => Collected::Complete(*self.0.complete.insert(self.0.combine())),
            missing => Collected::Pending { missing },
        })
    }
}

/// As [`ShareCollector`], but looks at single shares only if the combined signature is wrong. With honest nodes a signature
/// costs one verification instead of one for each share.
///
/// Because shares are not checked as they come, it has to be known who sent them: otherwise anyone can take the place of an
/// honest node until the culprit is found. Of a node that was found to be one, further shares are checked as they come.
#[derive(Debug)]
pub struct OptimisticCollector<'a> {
    collection: Collection<'a>,
    /// Whose shares were wrong.
    culprits: BTreeSet<ShareIndex>,
}

impl<'a> OptimisticCollector<'a> {
    /// A collector for the signature on `message`.
    pub fn new<S: Signable>(transcript: &'a Transcript, message: &S) -> Self {
        Self::of_bytes(transcript, &SignedBytes::of(message))
    }

    /// As [`new`](Self::new), for a message whose signed bytes are at hand.
    pub fn of_bytes(transcript: &'a Transcript, message: &SignedBytes) -> Self {
        Self {
            collection: Collection::new(transcript, message),
            culprits: BTreeSet::new(),
        }
    }

    /// Takes a share, and combines the signature with the last one that is needed. When the signature is complete, further
    /// shares are not looked at.
    ///
    /// # Errors
    /// There is no such share; or the combined signature was wrong, and these shares are why. They are dropped, the others
    /// are kept and known to be good.
    pub fn add(&mut self, share: &SignatureShare) -> Result<Collected, BadShare> {
        if let Some(early) = self.collection.admit(share)? {
            return Ok(early);
        }
        let point = share.signature.point();
        if self.culprits.contains(&share.index) && !self.collection.is_valid(share.index, point) {
            let culprits = vec![share.index];
            return Err(BadShare::Invalid { culprits });
        }
        self.collection.shares.insert(share.index, *point);
        let missing = self.collection.missing();
        if missing > 0 {
            return Ok(Collected::Pending { missing });
        }
        let signature = self.collection.combine();
        if equation_holds(
            signature.point(),
            &self.collection.hash,
            self.collection.transcript.group_key().lines(),
        ) {
            return Ok(Collected::Complete(
                *self.collection.complete.insert(signature),
            ));
        }
        let shares: Vec<(ShareIndex, G1Affine)> = self
            .collection
            .shares
            .iter()
            .map(|(index, share)| (*index, *share))
            .collect();
        let mut culprits =
            find_culprits(self.collection.transcript, &self.collection.hash, &shares);
        if culprits.is_empty() {
            // Somebody tried 2⁹⁶ shares. The combined signature is wrong, so at least one share is.
            let wrong =
                |(index, share): &&(ShareIndex, G1Affine)| !self.collection.is_valid(*index, share);
            culprits.extend(shares.iter().filter(wrong).map(|(index, _)| *index));
        }
        for culprit in &culprits {
            self.collection.shares.remove(culprit);
        }
        self.culprits.extend(&culprits);
        Err(BadShare::Invalid { culprits })
    }
}

#[derive(Debug)]
struct Collection<'a> {
    transcript: &'a Transcript,
    hash: G1Affine,
    shares: BTreeMap<ShareIndex, G1Affine>,
    complete: Option<Signature>,
}

impl<'a> Collection<'a> {
    fn new(transcript: &'a Transcript, message: &SignedBytes) -> Self {
        let hash = hash_message(message.as_slice()).to_affine();
        Self {
            transcript,
            hash,
            shares: BTreeMap::new(),
            complete: None,
        }
    }

    /// The answer to a share that need not be checked.
    fn admit(&self, share: &SignatureShare) -> Result<Option<Collected>, BadShare> {
        let threshold = self.transcript.threshold();
        if !threshold.contains(share.index) {
            return Err(BadShare::UnknownIndex {
                index: share.index,
                total: threshold.total(),
            });
        }
        if let Some(signature) = self.complete {
            return Ok(Some(Collected::Complete(signature)));
        }
        Ok(self
            .shares
            .contains_key(&share.index)
            .then_some(Collected::Duplicate))
    }

    fn is_valid(&self, index: ShareIndex, share: &G1Affine) -> bool {
        is_valid(self.transcript, &self.hash, index, share)
    }

    fn missing(&self) -> u32 {
        let found = u32::try_from(self.shares.len()).unwrap_or(u32::MAX);
        self.transcript.threshold().required().saturating_sub(found)
    }

    fn combine(&self) -> Signature {
        let (indices, points): (Vec<ShareIndex>, Vec<G1Affine>) =
            self.shares.iter().map(|(i, p)| (*i, *p)).unzip();
        Signature::from_point(interpolate(&indices, points).to_affine())
    }
}

/// Combines shares that are known to be valid, for instance by [`verify_shares`](super::verify_shares): the signature that a
/// collector would give. All of them are used; wrong shares, or too few, give a wrong signature.
///
/// `None` if there are none, or two of the same node.
pub fn combine(shares: &[SignatureShare]) -> Option<Signature> {
    let indices: Vec<ShareIndex> = shares.iter().map(|share| share.index).collect();
    let distinct: BTreeSet<ShareIndex> = indices.iter().copied().collect();
    if shares.is_empty() || distinct.len() != indices.len() {
        return None;
    }
    let points = shares
        .iter()
        .map(|share| *share.signature.point())
        .collect();
    Some(Signature::from_point(
        interpolate(&indices, points).to_affine(),
    ))
}

/// Σ λᵢ · shareᵢ, the indices being distinct.
fn interpolate(indices: &[ShareIndex], mut points: Vec<G1Affine>) -> G1 {
    if let Some(integers) = IntegerLagrange::at_zero(indices) {
        for (point, (_, negative)) in points.iter_mut().zip(&integers.numerators) {
            if *negative {
                *point = -*point;
            }
        }
        let numerators: Vec<u128> = integers
            .numerators
            .iter()
            .map(|(numerator, _)| *numerator)
            .collect();
        return G1::multi_mul_short(&points, &numerators) * integers.inverse_denominator;
    }
    let factors = lagrange_at_zero(indices).unwrap_or_default();
    G1::multi_mul(&points, &factors)
}
