//! Ed25519: dispatch and strictness. The arithmetic is ed25519-dalek's and curve25519-dalek's.
//!
//! Verification follows ZIP 215, as the network does: the equation is multiplied by the cofactor, encodings of points need
//! not be canonical, points of small order are points like any other, and only s has to be reduced. That makes the set of
//! valid signatures the same for every implementation, and for one-by-one and batch verification.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use ed25519_dalek::{Digest as _, Sha512};
use ic_types::domain::local;
use ic_types::{DerPublicKey, Digest, DigestHasher};

use crate::{InvalidKey, InvalidSignature};

/// `SubjectPublicKeyInfo` of RFC 8410 up to and including the count of unused bits (HTTP-060).
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The raw key inside the DER form, which has to be exactly this prefix and 32 bytes.
pub(crate) fn strip_der(der: &[u8]) -> Result<[u8; 32], InvalidKey> {
    der.strip_prefix(&PREFIX)
        .and_then(|raw| raw.try_into().ok())
        .ok_or(InvalidKey)
}

/// A public key: a point of the curve, in any encoding that decodes.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    bytes: [u8; 32],
    point: EdwardsPoint,
}

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// There is no point with this coordinate.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        let point = CompressedEdwardsY(*bytes).decompress().ok_or(InvalidKey)?;
        Ok(Self {
            bytes: *bytes,
            point,
        })
    }

    /// Reads the DER form of 44 bytes (HTTP-060).
    ///
    /// # Errors
    /// Another prefix or length, or no point.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_bytes(&strip_der(der)?)
    }

    /// The 32 bytes as they were read.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The DER form of 44 bytes.
    pub fn to_der(&self) -> DerPublicKey {
        DerPublicKey::new([&PREFIX[..], &self.bytes].concat())
    }

    /// Whether these bytes are the one encoding of the point that RFC 8032 allows.
    pub fn is_canonical(&self) -> bool {
        self.point.compress().0 == self.bytes
    }

    /// Whether the point has the prime order of the group: no part of small order, and not the identity.
    pub fn has_prime_order(&self) -> bool {
        self.point.is_torsion_free() && !self.point.is_identity()
    }

    /// Checks a signature of 64 bytes on a message.
    ///
    /// # Errors
    /// It is not this key's signature on this message.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), InvalidSignature> {
        let parts = Parts::new(self, message, signature)?;
        if (Equation { key: self, parts }).holds() {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }
}

impl From<&ed25519_dalek::SigningKey> for PublicKey {
    fn from(secret: &ed25519_dalek::SigningKey) -> Self {
        let key = secret.verifying_key();
        Self {
            bytes: key.to_bytes(),
            point: key.to_edwards(),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519::PublicKey(")?;
        crate::write_hex(f, &self.bytes)?;
        f.write_str(")")
    }
}

/// The numbers and points of the equation of one signature.
struct Parts {
    r: EdwardsPoint,
    s: Scalar,
    k: Scalar,
}

impl Parts {
    fn new(
        key: &PublicKey,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<Self, InvalidSignature> {
        let (r_bytes, s_bytes) = signature
            .split_first_chunk::<32>()
            .ok_or(InvalidSignature)?;
        let s_bytes = s_bytes.try_into().map_err(|_| InvalidSignature)?;
        let s = Scalar::from_canonical_bytes(s_bytes)
            .into_option()
            .ok_or(InvalidSignature)?;
        let r = CompressedEdwardsY(*r_bytes)
            .decompress()
            .ok_or(InvalidSignature)?;
        let hash = Sha512::new()
            .chain_update(r_bytes)
            .chain_update(key.bytes)
            .chain_update(message)
            .finalize();
        Ok(Self {
            r,
            s,
            k: Scalar::from_bytes_mod_order_wide(&hash.into()),
        })
    }
}

/// That `signature` is `key`'s on `message`.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose signature.
    pub key: &'a PublicKey,
    /// On what.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8; 64],
}

/// The smallest number of signatures that are worth an equation of their own.
const SMALLEST_BATCH: usize = 4;

/// Checks many signatures; the verdicts are those of [`PublicKey::verify`], in the same order.
///
/// All equations, each multiplied by a number of 128 bits, are added up into one: `8 (Σ zᵢsᵢ B - Σ zᵢ Rᵢ - Σ zᵢkᵢ Aᵢ) = 0`. It
/// holds if all of them hold, because both are multiplied by the cofactor; if one does not, it holds with probability 2⁻¹²⁸
/// at most. Then the halves are tried, down to single signatures, so that each gets its own verdict. Many wrong signatures cost
/// at most two equations for each on top of its own verification: about twice the time of one by one.
///
/// # Determinism
/// The zᵢ are hashes of all signatures: there is no entropy here, and none is needed.
pub fn verify_each(claims: &[Claim<'_>]) -> Vec<Result<(), InvalidSignature>> {
    let equations: Vec<Result<Equation<'_>, InvalidSignature>> = claims
        .iter()
        .map(|claim| {
            Parts::new(claim.key, claim.message, claim.signature).map(|parts| Equation {
                key: claim.key,
                parts,
            })
        })
        .collect();
    let (positions, well_formed): (Vec<usize>, Vec<&Equation<'_>>) = equations
        .iter()
        .enumerate()
        .filter_map(|(position, equation)| Some((position, equation.as_ref().ok()?)))
        .unzip();
    let mut verdicts = vec![Err(InvalidSignature); claims.len()];
    let valid = halve(&well_formed, all_hold, |equation| equation.holds());
    for (position, valid) in positions.into_iter().zip(valid) {
        if let Some(verdict) = verdicts.get_mut(position)
            && valid
        {
            *verdict = Ok(());
        }
    }
    verdicts
}

/// Which of the elements are good: asks about all of them, then about the halves of what is not good as a whole, level by
/// level, until two questions about each element were asked in vain; what is left then is looked at one by one. One bad
/// element is always found by halving, because its sets have n, n/2, n/4 .. elements.
fn halve<T>(
    elements: &[T],
    mut all_good: impl FnMut(&[T]) -> bool,
    mut good: impl FnMut(&T) -> bool,
) -> Vec<bool> {
    let mut verdicts = vec![false; elements.len()];
    let mut budget = 2 * elements.len();
    let mut pending = VecDeque::from([(elements, verdicts.as_mut_slice())]);
    while let Some((elements, verdicts)) = pending.pop_front() {
        if elements.len() < SMALLEST_BATCH || budget < elements.len() {
            for (verdict, element) in verdicts.iter_mut().zip(elements) {
                *verdict = good(element);
            }
        } else if all_good(elements) {
            verdicts.fill(true);
        } else {
            budget -= elements.len();
            let middle = elements.len() / 2;
            let (low, high) = elements.split_at(middle);
            let (low_verdicts, high_verdicts) = verdicts.split_at_mut(middle);
            pending.extend([(low, low_verdicts), (high, high_verdicts)]);
        }
    }
    verdicts
}

struct Equation<'a> {
    key: &'a PublicKey,
    parts: Parts,
}

impl Equation<'_> {
    /// [8](s B - k A - R) = 0
    fn holds(&self) -> bool {
        let Parts { r, s, k } = &self.parts;
        let difference =
            EdwardsPoint::vartime_double_scalar_mul_basepoint(k, &-self.key.point, s) - r;
        difference.mul_by_cofactor().is_identity()
    }
}

fn all_hold(equations: &[&Equation<'_>]) -> bool {
    let mut hasher = DigestHasher::new();
    hasher.update(local::ED25519_BATCH);
    for Equation { key, parts } in equations {
        // k is a hash of R, A and the message.
        hasher.update(&key.bytes);
        hasher.update(parts.k.as_bytes());
        hasher.update(parts.s.as_bytes());
    }
    let transcript = hasher.finish();
    let mut base = Scalar::ZERO;
    let mut by_key: BTreeMap<&[u8; 32], (Scalar, EdwardsPoint)> = BTreeMap::new();
    let mut scalars = Vec::with_capacity(2 * equations.len() + 1);
    let mut points = Vec::with_capacity(2 * equations.len() + 1);
    for (index, Equation { key, parts }) in (0_u64..).zip(equations) {
        let weight = Digest::of_parts(&[transcript.as_bytes(), &index.to_be_bytes()]);
        let weight = weight
            .as_bytes()
            .first_chunk()
            .map_or(0, |half| u128::from_le_bytes(*half));
        let weight = Scalar::from(weight);
        base += weight * parts.s;
        by_key
            .entry(&key.bytes)
            .or_insert((Scalar::ZERO, key.point))
            .0 += weight * parts.k;
        scalars.push(weight);
        points.push(parts.r);
    }
    for (scalar, point) in by_key.into_values() {
        scalars.push(scalar);
        points.push(point);
    }
    scalars.push(-base);
    points.push(ED25519_BASEPOINT_POINT);
    EdwardsPoint::vartime_multiscalar_mul(scalars, points)
        .mul_by_cofactor()
        .is_identity()
}

#[cfg(test)]
mod tests {
    use super::halve;

    /// The verdicts, the elements that were asked about together, and those that were looked at one by one.
    fn asked(elements: &[bool]) -> (Vec<bool>, usize, usize) {
        let (mut together, mut alone) = (0, 0);
        let all_good = |set: &[bool]| {
            together += set.len();
            set.iter().all(|good| *good)
        };
        let verdicts = halve(elements, all_good, |good| {
            alone += 1;
            *good
        });
        (verdicts, together, alone)
    }

    #[test]
    fn many_wrong_ones_cost_no_more_than_twice_their_number() {
        for period in [1, 2, 4, 16, 64, 512] {
            let elements: Vec<bool> = (0..1_024).map(|at| at % period != 0).collect();
            let (verdicts, together, alone) = asked(&elements);
            assert_eq!(verdicts, elements);
            assert!(together <= 4 * 1_024 && alone <= 1_024, "every {period}");
        }
        let dense: Vec<bool> = (0..1_024).map(|at| at % 4 != 0).collect();
        assert_eq!(asked(&dense), (dense.clone(), 2 * 1_024, 1_024));
    }

    #[test]
    fn one_wrong_one_is_found_by_halving() {
        for at in [0, 1, 500, 1_023] {
            let elements: Vec<bool> = (0..1_024).map(|other| other != at).collect();
            let (verdicts, together, alone) = asked(&elements);
            assert_eq!(verdicts, elements);
            assert!(together < 3 * 1_024 && alone <= 4, "{at}");
        }
    }
}
