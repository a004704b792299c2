//! What one dealer sends to everybody: a random polynomial's shares, sealed, and the proof that they are what they should be.

use std::fmt;

use ic_types::NodeId;
use ic_types::codec::{DecodeError, Reader, Wire, Writer};

use super::chunking::{self, Chunks};
use super::codec::{read_g2, required, write_g2s};
use super::config::{Config, LARGEST_COMMITTEE};
use super::forward_secure::{Ciphertexts, EncryptionKey, Epoch, G2_TABLE};
use super::sharing;
use crate::Seed;
use crate::bls::arithmetic::{G2, G2Affine};
use crate::secret::SecretScalar;
use crate::threshold::polynomial::Polynomial;
use crate::threshold::{SecretShare, ShareIndex};

/// A dealing as received: its points are points of the groups, and nothing else is known about it.
///
/// Encoded as the network does: CBOR `{"Groth20_Bls12_381": {"public_coefficients", "ciphertexts", "zk_proof_decryptability",
/// "zk_proof_correct_sharing"}}`; 29 kB for 28 receivers.
#[derive(Clone, PartialEq, Eq)]
pub struct Dealing {
    pub(super) coefficients: Vec<G2Affine>,
    pub(super) ciphertexts: Ciphertexts,
    pub(super) chunking: chunking::Proof,
    pub(super) sharing: sharing::Proof,
}

/// Why no dealing is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotDeal {
    /// The configuration has no such dealer.
    #[error("{dealer} is not a dealer")]
    NotADealer {
        /// Who.
        dealer: NodeId,
    },
    /// A new key was asked for where one is to be handed on, or the other way round.
    #[error("the configuration is for {}", if *resharing { "handing a key on" } else { "a new key" })]
    WrongKind {
        /// Whether the configuration is for handing a key on.
        resharing: bool,
    },
    /// The share is not the dealer's share of the key that is to be handed on.
    #[error("{dealer} does not hold this share of the key that is to be handed on")]
    WrongShare {
        /// Who.
        dealer: NodeId,
    },
}

impl Dealing {
    /// Deals a share of a new key to each receiver. The seed has to be new, and nobody else's.
    ///
    /// All randomness is derived from the seed, the configuration and the dealer: the same three give the same dealing, and
    /// a seed that is used again by mistake deals nothing that was dealt before.
    ///
    /// # Errors
    /// Not a dealer, or the configuration is for handing a key on.
    pub fn create(config: &Config, dealer: &NodeId, seed: Seed) -> Result<Self, CannotDeal> {
        if config.previous().is_some() {
            return Err(CannotDeal::WrongKind { resharing: true });
        }
        let number = config
            .dealer_number(dealer)
            .ok_or(CannotDeal::NotADealer { dealer: *dealer })?;
        let polynomial = Self::polynomial(config, number, &seed);
        Ok(Self::deal(config, number, &polynomial, &seed))
    }

    /// Deals to each receiver a share of the dealer's own share, so that the receivers will share the same key.
    ///
    /// # Errors
    /// Not a dealer, not this dealer's share, or the configuration is for a new key.
    pub fn reshare(
        config: &Config,
        dealer: &NodeId,
        share: &SecretShare,
        seed: Seed,
    ) -> Result<Self, CannotDeal> {
        let dealer_ = *dealer;
        let previous = config
            .previous()
            .ok_or(CannotDeal::WrongKind { resharing: false })?;
        let number = config
            .dealer_number(dealer)
            .ok_or(CannotDeal::NotADealer { dealer: dealer_ })?;
        let public = G2_TABLE.mul(share.scalar()).to_affine();
        let expected = previous.share_key(share.index());
        if share.index().position() != number || expected.is_none_or(|key| *key.point() != public) {
            return Err(CannotDeal::WrongShare { dealer: dealer_ });
        }
        let polynomial = Self::polynomial(config, number, &seed).with_constant(share.scalar());
        Ok(Self::deal(config, number, &polynomial, &seed))
    }

    /// A seed for one purpose in the dealing of one dealer under one configuration.
    fn derive(seed: &Seed, label: &str, config: &Config, number: u32) -> Seed {
        let digest = config.digest();
        let context = [&digest.as_bytes()[..], &number.to_be_bytes()].concat();
        seed.derive_in(label, &context)
    }

    fn polynomial(config: &Config, number: u32, seed: &Seed) -> Polynomial {
        let seed = Self::derive(seed, "polynomial", config, number);
        let mut generator = seed.into_generator();
        Polynomial::random(config.threshold().required(), &mut generator)
    }

    fn deal(config: &Config, number: u32, polynomial: &Polynomial, seed: &Seed) -> Self {
        let seed = Self::derive(seed, "encryption", config, number);
        Self::of_polynomial(config.keys(), polynomial, number, config.epoch(), seed)
    }

    /// The dealing of this polynomial to receivers with these keys.
    pub(super) fn of_polynomial(
        receivers: &[EncryptionKey],
        polynomial: &Polynomial,
        number: u32,
        epoch: Epoch,
        encryption: Seed,
    ) -> Self {
        let shares: Vec<SecretScalar> = (1..)
            .zip(receivers)
            .filter_map(|(point, _)| ShareIndex::new(point))
            .map(|index| polynomial.evaluate(index))
            .collect();
        let chunks: Vec<Chunks> = shares.iter().map(|share| chunking::cut(share)).collect();
        Self::of_chunks(
            receivers, polynomial, &shares, &chunks, number, epoch, encryption,
        )
    }

    /// The same, with chunks that need not be those of the shares.
    pub(super) fn of_chunks(
        receivers: &[EncryptionKey],
        polynomial: &Polynomial,
        shares: &[SecretScalar],
        chunks: &[Chunks],
        number: u32,
        epoch: Epoch,
        encryption: Seed,
    ) -> Self {
        let coefficients: Vec<G2> = polynomial
            .coefficients()
            .iter()
            .map(|coefficient| G2_TABLE.mul(coefficient))
            .collect();
        let coefficients = G2::to_affine_all(&coefficients);
        let mut generator = encryption.into_generator();
        let associated = number.to_be_bytes();
        let (ciphertexts, randomness) =
            Ciphertexts::seal(receivers, chunks, epoch, &associated, &mut generator);
        let shared = ciphertexts.shared();
        let instance = chunking::Instance::new(receivers, &shared);
        let chunking = chunking::Proof::prove(&instance, &randomness, chunks, &mut generator);
        let instance = sharing::Instance::new(receivers, &coefficients, &ciphertexts);
        let shares = shares.iter().map(|share| &**share);
        let sharing = sharing::Proof::prove(&instance, &randomness, shares, &mut generator);
        Self {
            coefficients,
            ciphertexts,
            chunking,
            sharing,
        }
    }
}

/// The name of the scheme in encodings.
pub(super) const VARIANT: &str = "Groth20_Bls12_381";

/// The field of dealings and transcripts with the public polynomial.
pub(super) const COEFFICIENTS: &str = "public_coefficients";

const FIELDS: [&str; 4] = [
    COEFFICIENTS,
    "ciphertexts",
    "zk_proof_decryptability",
    "zk_proof_correct_sharing",
];

pub(super) fn write_coefficients(writer: &mut Writer, coefficients: &[G2Affine]) {
    writer.map(1);
    write_g2s(writer.text("coefficients"), coefficients);
}

pub(super) fn read_coefficients(reader: &mut Reader<'_>) -> Result<Vec<G2Affine>, DecodeError> {
    let mut coefficients = None;
    reader.fields(&["coefficients"], |_, reader| {
        coefficients = Some(reader.list("public coefficients", LARGEST_COMMITTEE, read_g2)?);
        Ok(())
    })?;
    required("coefficients", coefficients)
}

/// Reads a map with one field: the name of the scheme.
pub(super) fn read_variant<T>(
    bytes: &[u8],
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut value = None;
    reader.fields(&[VARIANT], |_, reader| {
        value = Some(read(reader)?);
        Ok(())
    })?;
    reader.finish()?;
    required(VARIANT, value)
}

impl Dealing {
    /// Writes what is inside the name of the scheme.
    pub(super) fn write(&self, writer: &mut Writer) {
        let [coefficients, ciphertexts, chunking, sharing] = FIELDS;
        writer.map(FIELDS.len());
        write_coefficients(writer.text(coefficients), &self.coefficients);
        self.ciphertexts.write(writer.text(ciphertexts));
        self.chunking.write(writer.text(chunking));
        self.sharing.write(writer.text(sharing));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut coefficients, mut ciphertexts, mut chunking, mut sharing) =
            (None, None, None, None);
        reader.fields(&FIELDS, |name, reader| {
            match name {
                COEFFICIENTS => coefficients = Some(read_coefficients(reader)?),
                "ciphertexts" => ciphertexts = Some(Ciphertexts::read(reader, LARGEST_COMMITTEE)?),
                "zk_proof_decryptability" => {
                    chunking = Some(chunking::Proof::read(reader, LARGEST_COMMITTEE)?);
                }
                _ => sharing = Some(sharing::Proof::read(reader)?),
            }
            Ok(())
        })?;
        let [for_coefficients, for_ciphertexts, for_chunking, for_sharing] = FIELDS;
        Ok(Self {
            coefficients: required(for_coefficients, coefficients)?,
            ciphertexts: required(for_ciphertexts, ciphertexts)?,
            chunking: required(for_chunking, chunking)?,
            sharing: required(for_sharing, sharing)?,
        })
    }
}

impl Wire for Dealing {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(writer.map(1).text(VARIANT));
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        read_variant(bytes, Self::read)
    }
}

impl fmt::Debug for Dealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receivers = self.ciphertexts.chunks.len();
        write!(
            f,
            "Dealing({} coefficients, {receivers} receivers)",
            self.coefficients.len()
        )
    }
}
