//! Many shares of one message, one equation.

use std::collections::BTreeSet;

use ic_types::{Digest, Signable, SignedBytes};

use super::{BadShare, ShareIndex, SignatureShare, Transcript};
use crate::bls::arithmetic::{G1, G1Affine, PreparedG2};
use crate::bls::{Weights, equation_holds, hash_message};

/// The bits of a weight.
const WEIGHT_MASK: u128 = (1 << 96) - 1;

/// Checks shares of the signature on one message together. Nothing is said about their number, and a share that occurs
/// twice is checked twice.
///
/// # Errors
/// A share that does not exist; or shares that are not what those nodes would have signed, all of them named.
///
/// # Cost
/// For n shares one hash to the curve, one sum of n short multiples in G1 and one in G2, and one equation with two pairings.
/// If that fails, the halves are tried, down to single shares.
pub fn verify_shares<S: Signable>(
    transcript: &Transcript,
    message: &S,
    shares: &[SignatureShare],
) -> Result<(), BadShare> {
    let threshold = transcript.threshold();
    if let Some(share) = shares.iter().find(|share| !threshold.contains(share.index)) {
        return Err(BadShare::UnknownIndex {
            index: share.index,
            total: threshold.total(),
        });
    }
    let hash = hash_message(SignedBytes::of(message).as_slice()).to_affine();
    let shares: Vec<(ShareIndex, G1Affine)> = shares
        .iter()
        .map(|share| (share.index, *share.signature.point()))
        .collect();
    let culprits = find_culprits(transcript, &hash, &shares);
    if culprits.is_empty() {
        Ok(())
    } else {
        Err(BadShare::Invalid { culprits })
    }
}

/// Whether this is the share of that node.
pub(super) fn is_valid(
    transcript: &Transcript,
    hash: &G1Affine,
    index: ShareIndex,
    share: &G1Affine,
) -> bool {
    transcript
        .share_key(index)
        .is_some_and(|key| equation_holds(share, hash, key.lines()))
}

/// The nodes whose shares are wrong, in increasing order: halves the set as long as a part of it is wrong as a whole.
pub(super) fn find_culprits(
    transcript: &Transcript,
    hash: &G1Affine,
    shares: &[(ShareIndex, G1Affine)],
) -> Vec<ShareIndex> {
    let mut culprits = BTreeSet::new();
    let mut suspects = vec![shares];
    while let Some(set) = suspects.pop() {
        match set {
            [] => {}
            [(index, share)] => {
                if !is_valid(transcript, hash, *index, share) {
                    culprits.insert(*index);
                }
            }
            _ if all_valid(transcript, hash, set) => {}
            _ => {
                let (low, high) = set.split_at(set.len() / 2);
                suspects.extend([low, high]);
            }
        }
    }
    culprits.into_iter().collect()
}

/// Whether all of these are valid shares of one message, by one equation:
/// e(Σ ρᵢ σᵢ, -g2) · e(H(m), Σ ρᵢ kᵢ) = 1 with weights ρᵢ of 96 bits that are fixed after keys, message and shares.
///
/// Whoever hides a bad share in a batch has to try 2⁹⁶ of them, each with its hash. All there is to win is not to be named: a
/// combined signature stands or falls with its own verification.
fn all_valid(transcript: &Transcript, hash: &G1Affine, shares: &[(ShareIndex, G1Affine)]) -> bool {
    let context = Digest::of_parts(&[
        transcript.prepared().key_id.as_bytes(),
        &hash.to_compressed(),
    ]);
    let statements = shares.iter().map(|(index, share)| {
        Digest::of_parts(&[&index.get().to_be_bytes(), &share.to_compressed()])
    });
    let weights: Vec<u128> = Weights::over(std::iter::once(context).chain(statements))
        .take(shares.len())
        .map(|weight| weight & WEIGHT_MASK)
        .collect();
    let positions = shares
        .iter()
        .map(|(index, _)| usize::try_from(index.position()).unwrap_or(usize::MAX));
    let terms: Vec<(usize, u128)> = positions.zip(weights.iter().copied()).collect();
    let shares: Vec<G1Affine> = shares.iter().map(|(_, share)| *share).collect();
    let signature = G1::multi_mul_short(&shares, &weights).to_affine();
    let key = transcript
        .prepared()
        .share_tables
        .multi_mul_short(&terms)
        .to_affine();
    equation_holds(&signature, hash, &PreparedG2::new(&key))
}
