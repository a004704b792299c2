//! The proof that what was encrypted is what was committed to: that receiver i's ciphertext holds a(i) for the polynomial a
//! whose coefficients, times g2, are public.
//!
//! The paper's section 6.4, "Proof of correct secret sharing". The chunks are put together again in the exponent
//! (R = Σ B^(15 - j) Rⱼ, likewise C), after which C = r·y + s·g1 is ordinary ElGamal; all receivers' equations are combined
//! by powers of a challenge.

use ic_types::Domain;
use ic_types::codec::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

use super::chunking::{CHUNKS, join, join_points};
use super::codec::{read_g1, read_g2, read_scalar, required};
use super::equation::{Equation, weight};
use super::forward_secure::{Ciphertexts, EncryptionKey, G1_TABLE, G2_TABLE, Randomness};
use super::oracle;
use crate::bls::Weights;
use crate::bls::arithmetic::{G1, G1Affine, G2Affine, Scalar};
use crate::generator::Generator;

/// What is proved about: the ciphertexts, put together, and the public coefficients.
pub(super) struct Instance<'a> {
    receivers: Vec<G1Affine>,
    coefficients: &'a [G2Affine],
    /// The challenge that combines the receivers.
    x: Scalar,
}

impl<'a> Instance<'a> {
    pub(super) fn new(
        receivers: &[EncryptionKey],
        coefficients: &'a [G2Affine],
        ciphertexts: &Ciphertexts,
    ) -> Self {
        let mut combined: Vec<G1> = ciphertexts.chunks.iter().map(join_points).collect();
        combined.push(join_points(&ciphertexts.r));
        let mut combined = G1::to_affine_all(&combined);
        let r = combined.pop().unwrap_or_default();
        Self::of_combined(receivers, coefficients, &r, &combined)
    }

    pub(super) fn of_combined(
        receivers: &[EncryptionKey],
        coefficients: &'a [G2Affine],
        r: &G1Affine,
        c: &[G1Affine],
    ) -> Self {
        let receivers: Vec<G1Affine> = receivers.iter().map(|key| *key.point()).collect();
        let statement = oracle::map([
            ("g1-generator", oracle::g1(&G1Affine::generator())),
            // Spelled so in the protocol.
            ("g2-enerator", oracle::g2(&G2Affine::generator())),
            ("public-keys", oracle::g1_vector(&receivers)),
            (
                "public-coefficients",
                oracle::vector(coefficients.iter().map(oracle::g2)),
            ),
            ("combined-randomizers", oracle::g1(r)),
            ("combined-ciphertext", oracle::g1_vector(c)),
        ]);
        let x = oracle::scalar_from(Domain::SharingInstance, statement);
        Self {
            receivers,
            coefficients,
            x,
        }
    }

    #[cfg(test)]
    pub(super) fn x(&self) -> &Scalar {
        &self.x
    }

    /// x, x², x³, ..: one for each receiver.
    fn powers(&self) -> Vec<Scalar> {
        let next = |power: &Scalar| Some(*power * self.x);
        std::iter::successors(Some(self.x), next)
            .take(self.receivers.len())
            .collect()
    }
}

/// The proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    f: G1Affine,
    a: G2Affine,
    y: G1Affine,
    z_r: Scalar,
    z_a: Scalar,
}

impl Proof {
    /// Proves that the ciphertexts hold these shares, under this randomness.
    pub(super) fn prove<'s>(
        instance: &Instance<'_>,
        randomness: &Randomness,
        shares: impl IntoIterator<Item = &'s Scalar>,
        generator: &mut Generator,
    ) -> Self {
        let r = Zeroizing::new(join(randomness.0.iter().copied()));
        Self::prove_combined(instance, &r, shares, generator)
    }

    pub(super) fn prove_combined<'s>(
        instance: &Instance<'_>,
        r: &Scalar,
        shares: impl IntoIterator<Item = &'s Scalar>,
        generator: &mut Generator,
    ) -> Self {
        let mut draw = || Zeroizing::new(Scalar::random(|bytes| generator.fill(bytes)));
        let (alpha, rho) = (draw(), draw());
        let powers = instance.powers();
        let f = G1_TABLE.mul(&rho).to_affine();
        let a = G2_TABLE.mul(&alpha).to_affine();
        let keys = G1::multi_mul(&instance.receivers, &powers);
        let y = (keys * *rho + G1_TABLE.mul(&alpha)).to_affine();
        let challenge = challenge(instance, &f, &a, &y);
        let shares = shares.into_iter().zip(&powers);
        let sum = Zeroizing::new(shares.map(|(share, power)| *share * *power).sum::<Scalar>());
        Self {
            f,
            a,
            y,
            z_r: *r * challenge + *rho,
            z_a: *sum * challenge + *alpha,
        }
    }

    /// Adds the equations in G1, times weights, to `equation`; returns the equation in G2, as points and factors whose sum
    /// has to be the identity.
    pub(super) fn add_to(
        &self,
        equation: &mut Equation,
        instance: &Instance<'_>,
        weights: &mut Weights,
    ) -> (Vec<G2Affine>, Vec<Scalar>) {
        let challenge = challenge(instance, &self.f, &self.a, &self.y);
        let powers = instance.powers();
        let (first, third) = (weight(weights), weight(weights));
        // x'·R + F = z_r·g1 and x'·Σᵢ xⁱ⁺¹ Cᵢ + Y = z_r·Σᵢ xⁱ⁺¹ yᵢ + z_a·g1.
        let mut base_power = Scalar::one();
        let mut base_powers = [Scalar::zero(); CHUNKS];
        for (out, r) in base_powers.iter_mut().zip(&mut equation.r).rev() {
            *out = base_power * challenge;
            *r += first * *out;
            base_power *= Scalar::from_u64(1 << 16);
        }
        equation.add(&self.f, first);
        equation.add(&self.y, third);
        equation.g1 -= first * self.z_r + third * self.z_a;
        let receivers = equation.chunks.iter_mut().zip(&mut equation.keys);
        for ((chunks, key), power) in receivers.zip(&powers) {
            let power = third * *power;
            for (chunk, base_power) in chunks.iter_mut().zip(&base_powers) {
                *chunk += power * *base_power;
            }
            *key -= power * self.z_r;
        }
        // x'·Σₖ (Σᵢ (i + 1)ᵏ xⁱ⁺¹) Aₖ + A' = z_a·g2.
        let mut points = instance.coefficients.to_vec();
        points.extend([self.a, G2Affine::generator()]);
        let mut terms = powers;
        let mut factors = Vec::with_capacity(points.len());
        for _ in instance.coefficients {
            factors.push(challenge * terms.iter().copied().sum());
            for (index, term) in (1..).zip(&mut terms) {
                *term *= Scalar::from_u64(index);
            }
        }
        factors.extend([Scalar::one(), -self.z_a]);
        (points, factors)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.map(5);
        writer.text("first_move_f").bytes(&self.f.to_compressed());
        writer.text("first_move_a").bytes(&self.a.to_compressed());
        writer.text("first_move_y").bytes(&self.y.to_compressed());
        writer.text("response_z_r").bytes(&self.z_r.to_be_bytes());
        writer.text("response_z_a").bytes(&self.z_a.to_be_bytes());
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut f, mut a, mut y, mut z_r, mut z_a) = (None, None, None, None, None);
        let known = [
            "first_move_f",
            "first_move_a",
            "first_move_y",
            "response_z_r",
            "response_z_a",
        ];
        reader.fields(&known, |name, reader| {
            match name {
                "first_move_f" => f = Some(read_g1(reader)?),
                "first_move_a" => a = Some(read_g2(reader)?),
                "first_move_y" => y = Some(read_g1(reader)?),
                "response_z_r" => z_r = Some(read_scalar(reader)?),
                _ => z_a = Some(read_scalar(reader)?),
            }
            Ok(())
        })?;
        Ok(Self {
            f: required("first_move_f", f)?,
            a: required("first_move_a", a)?,
            y: required("first_move_y", y)?,
            z_r: required("response_z_r", z_r)?,
            z_a: required("response_z_a", z_a)?,
        })
    }
}

fn challenge(instance: &Instance<'_>, f: &G1Affine, a: &G2Affine, y: &G1Affine) -> Scalar {
    let first_move = oracle::map([
        ("blinder-g1", oracle::g1(f)),
        ("blinder-g2", oracle::g2(a)),
        ("blinded-instance", oracle::g1(y)),
    ]);
    let statement = oracle::map([
        ("instance-hash", oracle::scalar(&instance.x)),
        ("first-move", first_move),
    ]);
    oracle::scalar_from(Domain::SharingChallenge, statement)
}
