//! The names under which a node keeps its secret keys: hashes of the public keys.
//!
//! A node that is given a transcript or a registry entry finds its own secret by the name, without trying each.

use std::fmt;

use ic_types::codec::Writer;
use ic_types::{Digest, Domain};

use crate::bls;
use crate::threshold::Transcript;

/// What a key is for, by the numbers of the public network's registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Committee signatures.
    MultiBls12_381,
    /// Certificates of the connections between nodes.
    Tls,
    /// A node's own signatures.
    Ed25519,
    /// An algorithm with another number.
    Other(u8),
}

impl Algorithm {
    /// The number in the registry.
    pub fn number(self) -> u8 {
        match self {
            Self::MultiBls12_381 => 1,
            Self::Tls => 6,
            Self::Ed25519 => 7,
            Self::Other(number) => number,
        }
    }
}

/// The name of a secret key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Digest);

impl KeyId {
    /// The name of the secret of a public key. (A key of more than four gigabytes has the name of none.)
    pub fn of_public_key(algorithm: Algorithm, key: &[u8]) -> Self {
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
        Self::hash(
            Domain::KeyId,
            &[&[algorithm.number()], &length.to_be_bytes(), key],
        )
    }

    /// The name of the secret of a key with which shares are encrypted in key generation: its point of G1, 48 bytes.
    pub fn of_dkg_encryption_key(key: &[u8; 48]) -> Self {
        const ALGORITHM: &[u8] = b"\x11Groth20_Bls12_381";
        Self::hash(Domain::KeyIdForwardSecure, &[ALGORITHM, key])
    }

    /// The name of a node's share of a key: alike on all nodes, and the same whenever the key has this transcript.
    pub fn of_threshold_key(transcript: &Transcript) -> Self {
        Self::of_coefficients(transcript.coefficients())
    }

    /// As [`of_threshold_key`](Self::of_threshold_key), from the public coefficients alone.
    pub fn of_coefficients(
        coefficients: impl ExactSizeIterator<Item = [u8; bls::PublicKey::BYTES]>,
    ) -> Self {
        let mut writer = Writer::new();
        writer
            .map(1)
            .text("Bls12_381")
            .map(1)
            .text("coefficients")
            .array(coefficients.len());
        for coefficient in coefficients {
            writer.bytes(&coefficient);
        }
        Self::hash(Domain::KeyIdThresholdCoefficients, &[&writer.into_vec()])
    }

    /// The name with these 32 bytes: one that was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::new(bytes))
    }

    /// The 32 bytes of the name.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    fn hash(domain: Domain, parts: &[&[u8]]) -> Self {
        let mut prefix = Vec::with_capacity(64);
        domain.write_prefix(&mut prefix);
        let parts: Vec<&[u8]> = std::iter::once(&prefix[..])
            .chain(parts.iter().copied())
            .collect();
        Self(Digest::of_parts(&parts))
    }
}

impl AsRef<[u8]> for KeyId {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.0)
    }
}
