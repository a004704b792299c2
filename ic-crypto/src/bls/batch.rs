//! Many signatures, one equation.
//!
//! The equations e(σᵢ, -g2) · e(H(mᵢ), kᵢ) = 1 are raised to random powers ρᵢ and multiplied: one final exponentiation for
//! all of them, and one Miller loop for each distinct key. If any equation is wrong, the product is one with probability
//! 2⁻¹²⁸ at most over the choice of ρ.
//!
//! # Determinism
//! There is no entropy here: the ρᵢ are hashes of all keys, messages and signatures, so whoever wants to cheat would have
//! to try 2¹²⁸ sets of signatures until their hashes fit.

use std::collections::BTreeMap;

use ic_types::domain::local;
use ic_types::{Digest, DigestHasher, SignedBytes};

use super::arithmetic::{G1, G1Affine, PreparedG2, products_cancel};
use super::{MINUS_G2, PublicKey, Signature, hash_message};
use crate::InvalidSignature;

/// That `signature` is `key`'s on `message`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose signature.
    pub key: &'a PublicKey,
    /// On what.
    pub message: &'a SignedBytes,
    /// The signature.
    pub signature: &'a Signature,
}

/// Checks many signatures together: that of a certificate and that of its delegation, or those of a whole history.
///
/// # Errors
/// At least one claim is wrong; which one, only one-by-one verification can tell. No claims at all are refused too:
/// whoever asks about nothing has forgotten something.
///
/// # Cost
/// For n claims under k distinct keys: n hashes to the curve, 2n multiplications by 128-bit numbers, k + 1 Miller loops
/// with shared squarings, one final exponentiation.
pub fn verify_all(claims: &[Claim<'_>]) -> Result<(), InvalidSignature> {
    match claims {
        // Nothing to check is not a pass.
        [] => return Err(InvalidSignature),
        [one] => return one.key.verify_bytes(one.message, one.signature),
        _ => {}
    }
    let keys: Vec<[u8; PublicKey::BYTES]> =
        claims.iter().map(|claim| claim.key.to_bytes()).collect();
    let weights = Weights::over(claims.iter().zip(&keys).map(|(claim, key)| {
        let message = Digest::of(claim.message.as_slice());
        Digest::of_parts(&[key, message.as_bytes(), &claim.signature.to_bytes()])
    }));
    let factors: Vec<u128> = weights.take(claims.len()).collect();
    let signatures: Vec<G1Affine> = claims
        .iter()
        .map(|claim| *claim.signature.point())
        .collect();
    let signature = G1::multi_mul_short(&signatures, &factors);

    let hashes: Vec<G1> = claims
        .iter()
        .map(|claim| hash_message(claim.message.as_slice()))
        .collect();
    let hashes = G1::to_affine_all(&hashes);
    let mut by_key: BTreeMap<_, (&PublicKey, Vec<G1Affine>, Vec<u128>)> = BTreeMap::new();
    for (((claim, key), hash), factor) in claims.iter().zip(keys).zip(hashes).zip(factors) {
        let (_, hashes, factors) = by_key
            .entry(key)
            .or_insert_with(|| (claim.key, Vec::new(), Vec::new()));
        hashes.push(hash);
        factors.push(factor);
    }
    let sums: Vec<G1> = std::iter::once(signature)
        .chain(
            by_key
                .values()
                .map(|(_, hashes, factors)| G1::multi_mul_short(hashes, factors)),
        )
        .collect();
    let sums = G1::to_affine_all(&sums);
    let lines = std::iter::once(&*MINUS_G2).chain(by_key.values().map(|(key, ..)| key.lines()));
    let pairs: Vec<(G1Affine, &PreparedG2)> = sums.into_iter().zip(lines).collect();
    if products_cancel(&pairs) {
        Ok(())
    } else {
        Err(InvalidSignature)
    }
}

/// Numbers of 128 bits that nobody could foresee before everything that is checked was fixed. The first is 1: scaling all
/// equations alike changes nothing.
pub(crate) struct Weights {
    state: Digest,
    next: u64,
}

impl Weights {
    /// The numbers for statements with these hashes.
    pub(crate) fn over(statements: impl Iterator<Item = Digest>) -> Self {
        let mut hasher = DigestHasher::new();
        hasher.update(local::BLS_BATCH);
        for statement in statements {
            hasher.update(statement.as_bytes());
        }
        Self {
            state: hasher.finish(),
            next: 0,
        }
    }
}

impl Iterator for Weights {
    type Item = u128;

    fn next(&mut self) -> Option<u128> {
        let index = self.next;
        self.next += 1;
        if index == 0 {
            return Some(1);
        }
        let [low, _] =
            split(Digest::of_parts(&[self.state.as_bytes(), &index.to_be_bytes()]).as_bytes());
        Some(low)
    }
}

fn split(bytes: &[u8; 32]) -> [u128; 2] {
    let (halves, _) = bytes.as_chunks::<16>();
    match halves {
        [low, high] => [u128::from_le_bytes(*low), u128::from_le_bytes(*high)],
        _ => [0; 2],
    }
}
