//! The random oracle of the proofs: values of several types, hashed so that no two of them are confused.
//!
//! Each function gives the "unique hash" of a value; [`digest`], [`scalar_from`], [`generator_from`] and [`point_from`] turn
//! one into the oracle's answer in a domain. Paper: section 2, "Random oracle model".

use std::sync::LazyLock;

use ic_types::{Digest, DigestHasher, Domain};

use crate::bls::arithmetic::{G1, G1Affine, G2Affine, Scalar};
use crate::generator::Generator;

/// The hashes of the numbers below 256, which fill the challenges of the chunking proof.
static SMALL_INTEGERS: LazyLock<Vec<Digest>> = LazyLock::new(|| (0..256).map(integer).collect());

pub(super) fn integer(value: u64) -> Digest {
    hash(Domain::RandomOracleInteger, &value.to_be_bytes())
}

/// As [`integer`], from a table.
pub(super) fn byte_as_integer(value: u8) -> Digest {
    let known = SMALL_INTEGERS.get(usize::from(value)).copied();
    known.unwrap_or_else(|| integer(value.into()))
}

#[cfg(test)]
pub(super) fn text(value: &str) -> Digest {
    hash(Domain::RandomOracleString, value.as_bytes())
}

pub(super) fn bytes(value: &[u8]) -> Digest {
    hash(Domain::RandomOracleBytes, value)
}

pub(super) fn scalar(value: &Scalar) -> Digest {
    hash(Domain::RandomOracleScalar, &value.to_be_bytes())
}

pub(super) fn g1(value: &G1Affine) -> Digest {
    hash(Domain::RandomOracleG1, &value.to_compressed())
}

pub(super) fn g2(value: &G2Affine) -> Digest {
    hash(Domain::RandomOracleG2, &value.to_compressed())
}

pub(super) fn vector(elements: impl IntoIterator<Item = Digest>) -> Digest {
    let mut hasher = DigestHasher::with_domain(Domain::RandomOracleVector);
    for element in elements {
        hasher.update(element.as_bytes());
    }
    hasher.finish()
}

pub(super) fn g1_vector<'a>(points: impl IntoIterator<Item = &'a G1Affine>) -> Digest {
    vector(points.into_iter().map(g1))
}

pub(super) fn map<const N: usize>(entries: [(&str, Digest); N]) -> Digest {
    let mut entries = entries.map(|(key, value)| {
        let key = hash(Domain::RandomOracleString, key.as_bytes());
        (key, value)
    });
    entries.sort_by_key(|(key, _)| *key);
    let mut hasher = DigestHasher::with_domain(Domain::RandomOracleMap);
    for (key, value) in entries {
        hasher.update(key.as_bytes());
        hasher.update(value.as_bytes());
    }
    hasher.finish()
}

/// The oracle's answer in 32 bytes.
pub(super) fn digest(domain: Domain, value: Digest) -> Digest {
    hash(domain, value.as_bytes())
}

/// The oracle's answer as a stream.
pub(super) fn generator_from(domain: Domain, value: Digest) -> Generator {
    Generator::new(digest(domain, value).as_bytes())
}

/// The oracle's answer as a scalar.
pub(super) fn scalar_from(domain: Domain, value: Digest) -> Scalar {
    legacy_scalar(&mut generator_from(domain, value))
}

/// The oracle's answer as a point of G1.
pub(super) fn point_from(domain: Domain, value: Digest) -> G1Affine {
    let mut tag = Vec::new();
    domain.write_prefix(&mut tag);
    G1::hash(value.as_bytes(), &tag).to_affine()
}

/// The low byte of each of as many words: how the protocol draws an array of bytes.
pub(super) fn low_bytes<const N: usize>(generator: &mut Generator) -> [u8; N] {
    std::array::from_fn(|_| {
        let [low, ..] = generator.next_u32().to_le_bytes();
        low
    })
}

/// 510 bits, the first the most significant, modulo r; each byte gives its least significant bit first.
pub(super) fn legacy_scalar(generator: &mut Generator) -> Scalar {
    let bits = low_bytes::<64>(generator).map(u8::reverse_bits);
    // The last two of the 512 bits do not count: shift them out.
    let before = std::iter::once(&0).chain(&bits);
    let mut number = [0; 64];
    for (out, (byte, before)) in number.iter_mut().zip(bits.iter().zip(before)) {
        *out = before << 6 | byte >> 2;
    }
    Scalar::from_be_bytes_reduced(&number)
}

fn hash(domain: Domain, data: &[u8]) -> Digest {
    let mut hasher = DigestHasher::with_domain(domain);
    hasher.update(data);
    hasher.finish()
}
