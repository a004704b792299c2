//! The equations in G1 of both proofs, as one sum of multiples that has to be the identity.

use super::chunking::CHUNKS;
use super::forward_secure::{Ciphertexts, EncryptionKey};
use crate::bls::Weights;
use crate::bls::arithmetic::{G1, G1Affine, Scalar};

/// Σ factor · point, with the points that occur in many equations kept together: Pippenger's algorithm for one long sum is
/// several times faster than for many short ones.
pub(super) struct Equation {
    pub(super) g1: Scalar,
    /// For each receiver's key.
    pub(super) keys: Vec<Scalar>,
    pub(super) r: [Scalar; CHUNKS],
    /// For each receiver's chunks.
    pub(super) chunks: Vec<[Scalar; CHUNKS]>,
    others: Vec<(G1Affine, Scalar)>,
}

impl Equation {
    /// 0 = 0.
    pub(super) fn new(receivers: usize) -> Self {
        Self {
            g1: Scalar::zero(),
            keys: vec![Scalar::zero(); receivers],
            r: [Scalar::zero(); CHUNKS],
            chunks: vec![[Scalar::zero(); CHUNKS]; receivers],
            others: Vec::new(),
        }
    }

    /// Adds the multiple of a point that only one equation has.
    pub(super) fn add(&mut self, point: &G1Affine, factor: Scalar) {
        self.others.push((*point, factor));
    }

    /// Whether the sum is the identity.
    pub(super) fn holds(&self, receivers: &[EncryptionKey], ciphertexts: &Ciphertexts) -> bool {
        let generator = G1Affine::generator();
        let mut points = vec![&generator];
        let mut factors = vec![self.g1];
        points.extend(receivers.iter().map(EncryptionKey::point));
        factors.extend(&self.keys);
        points.extend(&ciphertexts.r);
        factors.extend(self.r);
        points.extend(ciphertexts.chunks.iter().flatten());
        factors.extend(self.chunks.iter().flatten());
        points.extend(self.others.iter().map(|(point, _)| point));
        factors.extend(self.others.iter().map(|(_, factor)| *factor));
        let points: Vec<G1Affine> = points.into_iter().copied().collect();
        G1::multi_mul(&points, &factors).is_identity()
    }
}

/// The next weight as a scalar.
pub(super) fn weight(weights: &mut Weights) -> Scalar {
    Scalar::from_u128(weights.next().unwrap_or_default())
}
