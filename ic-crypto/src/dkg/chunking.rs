//! Chunks, and the proof that they are small enough to be found again.
//!
//! A share is a number of 255 bits; what is encrypted are 16 chunks of 16 bits, because decryption ends with a discrete
//! logarithm. The proof (the paper's section 6.5, "Proof of correct chunking") shows 32 random combinations of all chunks,
//! masked, to be small. It is exact for honest dealers and approximate for others: it guarantees that each chunk, times
//! some number up to 255, is below a bound of about 2⁴⁰; [`discrete_log`](super::discrete_log) finds those too.

use ic_types::codec::{DecodeError, Reader, Writer};
use ic_types::domain::dst;
use ic_types::{Digest, Domain};
use zeroize::Zeroizing;

use super::codec::{read_array, read_g1, read_scalar, required, write_g1s, write_scalars};
use super::equation::{Equation, weight};
use super::forward_secure::{EncryptionKey, G1_TABLE, Randomness, Shared};
use super::oracle;
use crate::bls::Weights;
use crate::bls::arithmetic::{G1, G1Affine, Scalar};
use crate::generator::Generator;

/// Chunks of a share: m of the paper.
pub(super) const CHUNKS: usize = 16;

/// Bits of a chunk; the base of the chunks is B = 2¹⁶.
pub(super) const CHUNK_BITS: usize = 16;

/// Parallel repetitions of the proof: ℓ of the paper.
const REPETITIONS: usize = 32;

/// The largest entry of a challenge: E - 1 of the paper.
pub(super) const LARGEST_CHALLENGE: u64 = 255;

/// A share in chunks, the most significant first. Erased when dropped.
pub(super) type Chunks = Zeroizing<[u32; CHUNKS]>;

/// The challenge: for each receiver and chunk one byte for each repetition.
type Challenge = Vec<[[u8; REPETITIONS]; CHUNKS]>;

/// Cuts a share into chunks.
pub(super) fn cut(share: &Scalar) -> Chunks {
    let bytes = Zeroizing::new(share.to_be_bytes());
    let mut chunks = Zeroizing::new([0; CHUNKS]);
    for (chunk, bytes) in chunks.iter_mut().zip(bytes.as_chunks().0) {
        *chunk = u32::from(u16::from_be_bytes(*bytes));
    }
    chunks
}

/// Σ B^(15 - j) · chunkⱼ, whatever the chunks are.
pub(super) fn join(chunks: impl IntoIterator<Item = Scalar>) -> Scalar {
    let base = Scalar::from_u64(1 << CHUNK_BITS);
    chunks
        .into_iter()
        .fold(Scalar::zero(), |sum, chunk| sum * base + chunk)
}

/// The same of points.
pub(super) fn join_points(points: &[G1Affine; CHUNKS]) -> G1 {
    points.iter().fold(G1::identity(), |mut sum, point| {
        for _ in 0..CHUNK_BITS {
            sum = sum.double();
        }
        sum + *point
    })
}

/// S of the paper: the largest sum of chunks times challenges.
fn largest_sum(receivers: usize) -> u64 {
    let chunks = u64::try_from(receivers)
        .unwrap_or(u64::MAX)
        .saturating_mul(16);
    chunks
        .saturating_mul(u64::from(u16::MAX))
        .saturating_mul(LARGEST_CHALLENGE)
}

/// Z of the paper: the bound on the responses, 2ℓS.
pub(super) fn bound(receivers: usize) -> u64 {
    largest_sum(receivers).saturating_mul(64)
}

/// What is proved about: the encrypted chunks of all receivers.
pub(super) struct Instance<'a> {
    pub(super) receivers: &'a [EncryptionKey],
    hash: Digest,
}

impl<'a> Instance<'a> {
    pub(super) fn new(receivers: &'a [EncryptionKey], shared: &Shared) -> Self {
        let hash = oracle::map([
            ("g1-generator", oracle::g1(&G1Affine::generator())),
            (
                "public-keys",
                oracle::g1_vector(receivers.iter().map(EncryptionKey::point)),
            ),
            ("ciphertext-chunks", shared.chunks),
            ("randomizers-r", shared.r),
        ]);
        Self { receivers, hash }
    }

    #[cfg(test)]
    pub(super) fn hash(&self) -> &Digest {
        &self.hash
    }
}

/// The proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    y_0: G1Affine,
    b: [G1Affine; REPETITIONS],
    c: [G1Affine; REPETITIONS],
    d: Vec<G1Affine>,
    y: G1Affine,
    z_r: Vec<Scalar>,
    z_s: [Scalar; REPETITIONS],
    z_beta: Scalar,
}

/// What is wrong with a proof before any equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Proof {
    /// Proves that the instance is an encryption of these chunks under this randomness.
    ///
    /// Runs in the same time whatever the chunks; how often the masks are drawn again (1.6 times on average) says nothing
    /// about them.
    pub(super) fn prove(
        instance: &Instance<'_>,
        randomness: &Randomness,
        chunks: &[Chunks],
        generator: &mut Generator,
    ) -> Self {
        let y_0 = G1::hash(&oracle::low_bytes::<32>(generator), dst::CHUNKING_POINT).to_affine();
        let mut beta = Zeroizing::new([Scalar::zero(); REPETITIONS]);
        beta.fill_with(|| Scalar::random(|bytes| generator.fill(bytes)));
        let b = to_affine(beta.each_ref().map(|beta| G1_TABLE.mul(beta)));
        let masked_y_0 = Zeroizing::new(beta.each_ref().map(|beta| y_0 * *beta));

        let receivers = instance.receivers.len();
        let (largest, bound) = (largest_sum(receivers), bound(receivers));
        let range = largest.saturating_add(bound);
        let bits = range.ilog2() + 1;
        let offset = G1_TABLE.mul_short(largest, usize::try_from(bits).unwrap_or(64));
        let (c, challenge, z_s) = loop {
            // σ + S instead of σ: never negative.
            let mut sigma = Zeroizing::new([0; REPETITIONS]);
            sigma.fill_with(|| below(range, bits, generator));
            let c = std::array::from_fn(|k| {
                let sigma = sigma.get(k).copied().unwrap_or_default();
                let masked = masked_y_0.get(k).copied().unwrap_or_default();
                masked + G1_TABLE.mul_short(sigma, usize::try_from(bits).unwrap_or(64)) - offset
            });
            let c = to_affine(c);
            let challenge = first_challenge(instance, &y_0, &b, &c);
            let mut sums = sigma;
            for (chunks, challenge) in chunks.iter().zip(&challenge) {
                for (chunk, challenge) in chunks.iter().zip(challenge) {
                    for (sum, e) in sums.iter_mut().zip(challenge) {
                        *sum = sum.saturating_add(u64::from(*chunk) * u64::from(*e));
                    }
                }
            }
            let responses = largest..range;
            if sums.iter().all(|sum| responses.contains(sum)) {
                break (
                    c,
                    challenge,
                    sums.map(|sum| Scalar::from_u64(sum - largest)),
                );
            }
        };

        let mut delta_0 = Zeroizing::new(Scalar::zero());
        *delta_0 = Scalar::random(|bytes| generator.fill(bytes));
        let mut delta = Zeroizing::new(vec![Scalar::zero(); receivers]);
        delta.fill_with(|| Scalar::random(|bytes| generator.fill(bytes)));
        let d: Vec<G1> = std::iter::once(&*delta_0)
            .chain(delta.iter())
            .map(|delta| G1_TABLE.mul(delta))
            .collect();
        let d = G1::to_affine_all(&d);
        let keys = instance.receivers.iter().map(EncryptionKey::point);
        let y: G1 = keys
            .zip(delta.iter())
            .map(|(key, delta)| *key * *delta)
            .sum();
        let y = (y + y_0 * *delta_0).to_affine();

        let x = second_challenge(&challenge, &z_s, &d, &y);
        let factors = factors(&challenge, x);
        let z_r = delta.iter().zip(&factors).map(|(delta, factors)| {
            let products = randomness
                .0
                .iter()
                .zip(factors)
                .map(|(r, factor)| *r * *factor);
            *delta + products.sum::<Scalar>()
        });
        let z_r = z_r.collect();
        let z_beta = *delta_0 + polynomial(&*beta, x);
        Self {
            y_0,
            b,
            c,
            d,
            y,
            z_r,
            z_s,
            z_beta,
        }
    }

    /// Adds the equations of the proof, times weights, to `equation`.
    ///
    /// # Errors
    /// The proof is for another number of receivers, or a response is out of range.
    pub(super) fn add_to(
        &self,
        equation: &mut Equation,
        instance: &Instance<'_>,
        weights: &mut Weights,
    ) -> Result<(), Malformed> {
        let receivers = instance.receivers.len();
        let [d_0, d @ ..] = &self.d[..] else {
            return Err(Malformed);
        };
        if d.len() != receivers || self.z_r.len() != receivers {
            return Err(Malformed);
        }
        let bound = Scalar::from_u64(bound(receivers)).to_be_bytes();
        if self.z_s.iter().any(|z| z.to_be_bytes() >= bound) {
            return Err(Malformed);
        }
        let challenge = first_challenge(instance, &self.y_0, &self.b, &self.c);
        let x = second_challenge(&challenge, &self.z_s, &self.d, &self.y);
        let factors = factors(&challenge, x);

        // Σⱼ cᵢⱼ Rⱼ + Dᵢ₊₁ = z_r,ᵢ g1 for each receiver i, where cᵢⱼ = Σₖ eᵢⱼₖ xᵏ⁺¹.
        for ((factors, d), z_r) in factors.iter().zip(d).zip(&self.z_r) {
            let weight = weight(weights);
            for (r, factor) in equation.r.iter_mut().zip(factors) {
                *r += weight * *factor;
            }
            equation.add(d, weight);
            equation.g1 -= weight * *z_r;
        }
        // Σₖ xᵏ⁺¹ Bₖ + D₀ = z_β g1 and Σᵢⱼ cᵢⱼ Cᵢⱼ + Σₖ xᵏ⁺¹ C'ₖ + Y = Σᵢ z_r,ᵢ yᵢ + z_β y₀ + Σₖ z_s,ₖ xᵏ⁺¹ g1.
        let (second, third) = (weight(weights), weight(weights));
        let mut power = x;
        for (b, c) in self.b.iter().zip(&self.c) {
            equation.add(b, second * power);
            equation.add(c, third * power);
            power *= x;
        }
        equation.add(d_0, second);
        equation.g1 -= second * self.z_beta + third * polynomial(&self.z_s, x);
        for (sums, factors) in equation.chunks.iter_mut().zip(&factors) {
            for (sum, factor) in sums.iter_mut().zip(factors) {
                *sum += third * *factor;
            }
        }
        equation.add(&self.y, third);
        equation.add(&self.y_0, -(third * self.z_beta));
        for (key, z_r) in equation.keys.iter_mut().zip(&self.z_r) {
            *key -= third * *z_r;
        }
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.map(8);
        writer
            .text("first_move_y0")
            .bytes(&self.y_0.to_compressed());
        write_g1s(writer.text("first_move_b"), &self.b);
        write_g1s(writer.text("first_move_c"), &self.c);
        write_g1s(writer.text("second_move_d"), &self.d);
        writer.text("second_move_y").bytes(&self.y.to_compressed());
        write_scalars(writer.text("response_z_r"), &self.z_r);
        write_scalars(writer.text("response_z_s"), &self.z_s);
        writer
            .text("response_z_b")
            .bytes(&self.z_beta.to_be_bytes());
    }

    /// Reads what [`write`](Self::write) wrote, for at most so many receivers.
    pub(super) fn read(reader: &mut Reader<'_>, receivers: usize) -> Result<Self, DecodeError> {
        let (mut y_0, mut b, mut c, mut d) = (None, None, None, None);
        let (mut y, mut z_r, mut z_s, mut z_beta) = (None, None, None, None);
        let known = [
            "first_move_y0",
            "first_move_b",
            "first_move_c",
            "second_move_d",
            "second_move_y",
            "response_z_r",
            "response_z_s",
            "response_z_b",
        ];
        let what = "receivers of a dealing";
        let [points, scalars] = ["points of a proof", "scalars of a proof"];
        reader.fields(&known, |name, reader| {
            match name {
                "first_move_y0" => y_0 = Some(read_g1(reader)?),
                "first_move_b" => b = Some(read_array(reader, points, read_g1)?),
                "first_move_c" => c = Some(read_array(reader, points, read_g1)?),
                "second_move_d" => d = Some(reader.list(what, receivers + 1, read_g1)?),
                "second_move_y" => y = Some(read_g1(reader)?),
                "response_z_r" => z_r = Some(reader.list(what, receivers, read_scalar)?),
                "response_z_s" => z_s = Some(read_array(reader, scalars, read_scalar)?),
                _ => z_beta = Some(read_scalar(reader)?),
            }
            Ok(())
        })?;
        Ok(Self {
            y_0: required("first_move_y0", y_0)?,
            b: required("first_move_b", b)?,
            c: required("first_move_c", c)?,
            d: required("second_move_d", d)?,
            y: required("second_move_y", y)?,
            z_r: required("response_z_r", z_r)?,
            z_s: required("response_z_s", z_s)?,
            z_beta: required("response_z_b", z_beta)?,
        })
    }
}

/// A number below `range`, which has `bits` bits: as few bytes as it takes, the most significant first, drawn again while
/// the number is too large.
pub(super) fn below(range: u64, bits: u32, generator: &mut Generator) -> u64 {
    let unused = u64::BITS - bits;
    let length = usize::try_from(bits.div_ceil(8)).unwrap_or(8);
    loop {
        let mut bytes = Zeroizing::new([0; 8]);
        let (_, drawn) = bytes.split_at_mut(8_usize.saturating_sub(length));
        generator.fill(drawn);
        let number = u64::from_be_bytes(*bytes) << unused >> unused;
        if number < range {
            return number;
        }
    }
}

fn first_challenge(
    instance: &Instance<'_>,
    y_0: &G1Affine,
    b: &[G1Affine],
    c: &[G1Affine],
) -> Challenge {
    let first_move = oracle::map([
        ("y0", oracle::g1(y_0)),
        ("bb", oracle::g1_vector(b)),
        ("cc", oracle::g1_vector(c)),
    ]);
    let statement = oracle::map([
        ("instance", instance.hash),
        ("first-move", first_move),
        ("number-of-parallel-repetitions", oracle::integer(32)),
    ]);
    let mut stream = oracle::generator_from(Domain::ChunkingOracle, statement);
    let receivers = instance.receivers.iter();
    receivers
        .map(|_| std::array::from_fn(|_| oracle::low_bytes(&mut stream)))
        .collect()
}

fn second_challenge(challenge: &Challenge, z_s: &[Scalar], d: &[G1Affine], y: &G1Affine) -> Scalar {
    let bytes = |bytes: &[u8; REPETITIONS]| {
        oracle::vector(bytes.iter().map(|byte| oracle::byte_as_integer(*byte)))
    };
    let chunks = |chunks: &[[u8; REPETITIONS]; CHUNKS]| oracle::vector(chunks.iter().map(bytes));
    let second_move = oracle::map([
        ("z_s", oracle::vector(z_s.iter().map(oracle::scalar))),
        ("dd", oracle::g1_vector(d)),
        ("yy", oracle::g1(y)),
    ]);
    let statement = oracle::map([
        (
            "first-challenge",
            oracle::vector(challenge.iter().map(chunks)),
        ),
        ("second-move", second_move),
    ]);
    oracle::scalar_from(Domain::ChunkingChallenge, statement)
}

/// cᵢⱼ = Σₖ eᵢⱼₖ xᵏ⁺¹.
fn factors(challenge: &Challenge, x: Scalar) -> Vec<[Scalar; CHUNKS]> {
    let small: Vec<Scalar> = (0..=LARGEST_CHALLENGE).map(Scalar::from_u64).collect();
    let value = |e: &u8| small.get(usize::from(*e)).copied().unwrap_or_default();
    let sum = |bytes: &[u8; REPETITIONS]| {
        bytes
            .iter()
            .rev()
            .fold(Scalar::zero(), |sum, e| (sum + value(e)) * x)
    };
    challenge
        .iter()
        .map(|chunks| chunks.each_ref().map(sum))
        .collect()
}

/// Σₖ aₖ xᵏ⁺¹.
fn polynomial(coefficients: &[Scalar], x: Scalar) -> Scalar {
    coefficients
        .iter()
        .rev()
        .fold(Scalar::zero(), |sum, a| (sum + *a) * x)
}

fn to_affine(points: [G1; REPETITIONS]) -> [G1Affine; REPETITIONS] {
    let mut out = [G1Affine::default(); REPETITIONS];
    for (out, point) in out.iter_mut().zip(G1::to_affine_all(&points)) {
        *out = point;
    }
    out
}
