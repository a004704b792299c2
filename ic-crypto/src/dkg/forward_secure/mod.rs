//! Encryption whose keys evolve: a key that was advanced to an epoch no longer opens what was sealed for earlier ones.
//!
//! Binary tree encryption after Boneh, Boyen and Goh in the form of the paper's section 5 ("Forward secure encryption"): the
//! epochs are the leaves of a tree of height 32; a key is a set of tree nodes, each of which can make the keys below it; to
//! forget an epoch is to replace a node by its right siblings. 256 more levels carry a hash of the ciphertext, which makes
//! the scheme secure against chosen ciphertexts. All 16 chunks of all receivers share their randomness R, S and Z.

use std::fmt;
use std::sync::LazyLock;

use ic_types::RegistryVersion;
use ic_types::domain::dst;

use crate::bls::arithmetic::{FixedBase, G1, G1Affine, G2, G2Affine, PreparedG2};

mod ciphertext;
mod key;
mod possession;

pub(super) use ciphertext::{Ciphertexts, Randomness, Shared};
pub use key::{BadDecryptionKey, DecryptionKey, Exhausted};
pub use possession::{EncryptionKey, Possession};

/// Height of the tree of epochs: λ_T of the paper.
pub(super) const EPOCH_BITS: usize = 32;

/// Bits of the hash in an identity: λ_H of the paper.
pub(super) const HASH_BITS: usize = 256;

/// When something was sealed: the registry version in force. Keys can only be moved to later epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(u32);

impl Epoch {
    /// The first epoch: that of a new key.
    pub const FIRST: Self = Self(0);

    /// The epoch with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The epoch of a registry version; `None` for the versions after 2³² - 1.
    pub fn of_registry(version: RegistryVersion) -> Option<Self> {
        u32::try_from(version.get()).ok().map(Self)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The way from the root to the leaf: the number's bits, the most significant first.
    fn path(self) -> impl Iterator<Item = bool> {
        (0..EPOCH_BITS).rev().map(move |bit| self.0 >> bit & 1 == 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The system parameters: points of G2 that nobody chose.
pub(super) struct Parameters {
    f_0: G2Affine,
    /// One for each level of the tree of epochs.
    f: Vec<G2Affine>,
    /// One for each bit of the hash.
    f_h: Vec<G2Affine>,
    h_lines: PreparedG2,
    h_table: FixedBase<G2>,
}

pub(super) static PARAMETERS: LazyLock<Parameters> = LazyLock::new(Parameters::new);

/// Multiples of g1.
pub(super) static G1_TABLE: LazyLock<FixedBase<G1>> =
    LazyLock::new(|| FixedBase::new(&G1Affine::generator()));

/// Multiples of g2.
pub(super) static G2_TABLE: LazyLock<FixedBase<G2>> =
    LazyLock::new(|| FixedBase::new(&G2Affine::generator()));

/// The lines of g2.
static G2_LINES: LazyLock<PreparedG2> = LazyLock::new(|| PreparedG2::new(&G2Affine::generator()));

impl Parameters {
    /// Hashes the 290 names to the curve.
    fn new() -> Self {
        let named =
            |name: &str| G2::hash(name.as_bytes(), dst::FORWARD_SECURE_PARAMETERS).to_affine();
        let h = named("h");
        Self {
            f_0: named("f0"),
            f: (1..=EPOCH_BITS).map(|i| named(&format!("f{i}"))).collect(),
            f_h: (0..HASH_BITS).map(|i| named(&format!("f_h{i}"))).collect(),
            h_lines: PreparedG2::new(&h),
            h_table: FixedBase::new(&h),
        }
    }

    /// f(τ) for the leaf of an epoch, extended by a hash.
    fn identity(&self, epoch: Epoch, hash: &TreeHash) -> G2 {
        let on_path = self.f.iter().zip(epoch.path());
        let in_hash = self.f_h.iter().zip(hash.bits());
        on_path
            .chain(in_hash)
            .filter(|(_, bit)| *bit)
            .fold(self.f_0.to_projective(), |sum, (point, _)| sum + *point)
    }
}

/// The hash of a ciphertext as the lower part of an identity: bits of each byte the least significant first.
pub(super) struct TreeHash([u8; HASH_BITS / 8]);

impl TreeHash {
    fn bits(&self) -> impl Iterator<Item = bool> {
        self.0
            .iter()
            .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1))
    }
}

#[cfg(test)]
mod tests {
    use ic_types::Digest;

    use super::*;

    #[test]
    fn known_parameters() {
        // dfinity/ic, rs/crypto/internal/crypto_lib/threshold_sig/bls12_381/tests/forward_secure.rs.
        let parameters = &*PARAMETERS;
        assert!(
            format!("{:?}", parameters.f_0)
                .contains("8422a9f8fdd31d70efea5a8fff9e0dab7707703cd0654d5b5c92a654b4cf60bb")
        );
        assert!(
            format!(
                "{:?}",
                G2::hash(b"h", dst::FORWARD_SECURE_PARAMETERS).to_affine()
            )
            .contains("a130c9e5530dc7d5f4bf5d40ad719f4a0d38e58502ab63ed27d3d9bdc545f21e")
        );
        let hash = |points: &[G2Affine]| {
            let bytes: Vec<u8> = points.iter().flat_map(G2Affine::to_compressed).collect();
            Digest::of(&bytes).to_string()
        };
        assert_eq!(
            hash(&parameters.f),
            "e3c7e40dc4a2793d0f95c591b220d9b60338691babeb41dd4affbaca2e3e6d4f"
        );
        assert_eq!(
            hash(&parameters.f_h),
            "e8333333283597a1965a7fb7c07efb9ee35c4f4089bb26008ba4d3edefa61b18"
        );
    }
}
