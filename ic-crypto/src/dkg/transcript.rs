//! The outcome of a key generation: the public key, and what each receiver needs to make its share.

use std::collections::BTreeMap;

use ic_types::NodeId;
use ic_types::codec::{DecodeError, Reader, Writer};
use zeroize::Zeroizing;

use super::config::{Config, LARGEST_COMMITTEE, index_among};
use super::dealing::{COEFFICIENTS, VARIANT, read_coefficients, read_variant, write_coefficients};
use super::forward_secure::{Ciphertexts, DecryptionKey, Epoch, G2_TABLE};
use super::opening::{CannotOpen, Opener};
use super::verification::VerifiedDealing;
use crate::bls::arithmetic::{G2, G2Affine, Scalar};
use crate::key_id::KeyId;
use crate::secret::SecretScalar;
use crate::threshold::polynomial::{IntegerLagrange, lagrange_at_zero};
use crate::threshold::{self, BadTranscript, SecretShare, ShareIndex, Threshold};

/// A key that the nodes of a committee share, and the sealed shares.
///
/// [`public`](Self::public) is what signatures are verified with; [`load`](Self::load) is what a node signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    public: threshold::Transcript,
    coefficients: Vec<G2Affine>,
    committee: Vec<NodeId>,
    epoch: Epoch,
    /// By the number of the dealer.
    sealed: BTreeMap<u32, Ciphertexts>,
}

/// Why dealings make no transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CannotCombine {
    /// Fewer dealings than it takes.
    #[error("{expected} dealings are needed, found {found}")]
    TooFew {
        /// See [`Config::dealings_needed`].
        expected: u32,
        /// Dealings of different dealers.
        found: usize,
    },
    /// A dealing was verified for another configuration.
    #[error("the dealing of {dealer} was verified for another configuration")]
    OtherConfig {
        /// Who dealt.
        dealer: NodeId,
    },
    /// Two different dealings of one dealer, which honest dealers do not make. Leave both out: those who got only one of them
    /// would else make another transcript.
    #[error("there are two different dealings of {dealer}")]
    TwoDealings {
        /// Who dealt.
        dealer: NodeId,
    },
    /// The dealings do not hand on the key that they should. This cannot happen with verified dealings.
    #[error("the dealings are of another key than the one to be handed on")]
    OtherKey,
    /// The sum of the polynomials is no key: a chance of 2⁻²⁵⁵.
    #[error("the dealings sum up to no key: {0}")]
    Degenerate(#[from] BadTranscript),
}

/// The bytes are not a transcript.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTranscriptBytes {
    /// Not the encoding of a transcript.
    #[error("not a transcript: {0}")]
    Encoding(#[from] DecodeError),
    /// The threshold or the ciphertexts are for another number of nodes than the committee has.
    #[error("a transcript for {found} nodes, expected {expected}")]
    Committee {
        /// Nodes of the committee.
        expected: usize,
        /// Nodes that the threshold or a dealing is for.
        found: usize,
    },
    /// The coefficients are not those of a shared key.
    #[error("no shared key: {0}")]
    Key(#[from] BadTranscript),
}

impl Transcript {
    /// Combines dealings: those of the dealers with the lowest numbers, as many as are
    /// [needed](Config::dealings_needed). All who have the same dealings get the same transcript, in whatever order. The same
    /// dealing twice counts once.
    ///
    /// # Errors
    /// See [`CannotCombine`].
    pub fn combine(
        config: &Config,
        dealings: impl IntoIterator<Item = VerifiedDealing>,
    ) -> Result<Self, CannotCombine> {
        let mut by_number = BTreeMap::new();
        for dealing in dealings {
            if dealing.config != config.digest() {
                return Err(CannotCombine::OtherConfig {
                    dealer: dealing.dealer,
                });
            }
            let dealer = dealing.dealer;
            let known = by_number.insert(dealing.number, dealing.dealing);
            if known.is_some_and(|known| by_number.get(&dealing.number) != Some(&known)) {
                return Err(CannotCombine::TwoDealings { dealer });
            }
        }
        let (expected, found) = (config.dealings_needed(), by_number.len());
        let needed = usize::try_from(expected).unwrap_or(usize::MAX);
        if found < needed {
            return Err(CannotCombine::TooFew { expected, found });
        }
        let used = by_number.into_iter().take(needed);
        let (numbers, dealings): (Vec<u32>, Vec<_>) = used.unzip();
        let polynomials: Vec<&[G2Affine]> = dealings
            .iter()
            .map(|dealing| &dealing.coefficients[..])
            .collect();
        let coefficients = combine_polynomials(&numbers, &polynomials);
        let public = threshold::Transcript::from_points(config.threshold(), coefficients.clone())?;
        if config
            .previous()
            .is_some_and(|previous| previous.group_key() != public.group_key())
        {
            return Err(CannotCombine::OtherKey);
        }
        let ciphertexts = dealings.into_iter().map(|dealing| dealing.ciphertexts);
        Ok(Self {
            public,
            coefficients,
            committee: config.receivers().to_vec(),
            epoch: config.epoch(),
            sealed: numbers.into_iter().zip(ciphertexts).collect(),
        })
    }

    /// What signature shares and signatures are verified with.
    pub fn public(&self) -> &threshold::Transcript {
        &self.public
    }

    /// Who shares the key, in order: the first has the share with index 1.
    pub fn committee(&self) -> &[NodeId] {
        &self.committee
    }

    /// The index of a node's share; `None` if it has none.
    pub fn index(&self, node: &NodeId) -> Option<ShareIndex> {
        index_among(&self.committee, node)
    }

    /// The epoch for which the shares are sealed.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Opens a node's share of the key.
    ///
    /// # Errors
    /// The node is not of the committee, its key has forgotten the epoch or is another node's, or the transcript was not made
    /// of verified dealings.
    ///
    /// # Cost
    /// For each dealing 16 products of four pairings. A chunk that a cheating dealer made too large costs up to 10 s more
    /// for 28 receivers, the first one a second and 64 MiB of memory while loading. So does, before the error, the first chunk
    /// if the key is another node's, or if the transcript was read from bytes that nobody vouches for: about a third of a
    /// second for each receiver, six minutes for [`LARGEST_COMMITTEE`]. Ask [`DecryptionKey::belongs_to`] once after a key
    /// was imported.
    pub fn load(&self, node: &NodeId, key: &DecryptionKey) -> Result<SecretShare, CannotOpen> {
        let node = *node;
        let index = self.index(&node).ok_or(CannotOpen::NotAReceiver { node })?;
        let indices: Vec<ShareIndex> = self
            .sealed
            .keys()
            .filter_map(|number| ShareIndex::of_position(*number))
            .collect();
        let factors = lagrange_at_zero(&indices).unwrap_or_default();
        let mut opener = Opener::new(index, key, self.epoch, self.committee.len());
        let mut sum = Zeroizing::new(Scalar::zero());
        for ((number, ciphertexts), factor) in self.sealed.iter().zip(factors) {
            *sum += *opener.open(ciphertexts, *number)? * factor;
        }
        let public = G2_TABLE.mul(&sum).to_affine();
        match self.public.share_key(index) {
            Some(expected) if *expected.point() == public => {
                Ok(SecretShare::new(index, SecretScalar::new(*sum)))
            }
            Some(_) | None => Err(CannotOpen::WrongShare { node }),
        }
    }

    /// The name under which the network keeps a share of this key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of_threshold_key(&self.public)
    }

    /// The coefficients and the sealed shares, as the network encodes them: CBOR `{"Groth20_Bls12_381":
    /// {"public_coefficients", "receiver_data": {number: ciphertexts}}}`. Committee, threshold and epoch are not in it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        write(
            writer.map(1).text(VARIANT),
            &self.coefficients,
            &self.sealed,
        );
        writer.into_vec()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. That it is the outcome of verified dealings is the caller's knowledge:
    /// from a finalized block, say.
    ///
    /// # Errors
    /// See [`BadTranscriptBytes`].
    pub fn from_bytes(
        bytes: &[u8],
        committee: impl IntoIterator<Item = NodeId>,
        threshold: Threshold,
        epoch: Epoch,
    ) -> Result<Self, BadTranscriptBytes> {
        let (coefficients, sealed) = read_variant(bytes, read)?;
        let mut committee: Vec<NodeId> = committee.into_iter().collect();
        committee.sort_unstable();
        committee.dedup();
        let expected = committee.len();
        let receivers = sealed.values().map(|ciphertexts| ciphertexts.chunks.len());
        let total = usize::try_from(threshold.total()).unwrap_or(usize::MAX);
        if let Some(found) = receivers.chain([total]).find(|found| *found != expected) {
            return Err(BadTranscriptBytes::Committee { expected, found });
        }
        let required = threshold.required();
        let found = coefficients.len();
        if u32::try_from(found) != Ok(required) {
            let expected = required;
            return Err(BadTranscript::WrongLength { expected, found }.into());
        }
        Ok(Self {
            public: threshold::Transcript::from_points(threshold, coefficients.clone())?,
            coefficients,
            committee,
            epoch,
            sealed,
        })
    }
}

const SEALED: &str = "receiver_data";

/// Writes what is inside the name of the scheme.
pub(super) fn write(
    writer: &mut Writer,
    coefficients: &[G2Affine],
    sealed: &BTreeMap<u32, Ciphertexts>,
) {
    write_coefficients(writer.map(2).text(COEFFICIENTS), coefficients);
    writer.text(SEALED).map(sealed.len());
    for (number, ciphertexts) in sealed {
        ciphertexts.write(writer.nat(u64::from(*number)));
    }
}

type Parts = (Vec<G2Affine>, BTreeMap<u32, Ciphertexts>);

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Parts, DecodeError> {
    let (mut coefficients, mut sealed) = (None, None);
    reader.fields(&[COEFFICIENTS, SEALED], |name, reader| {
        if name == COEFFICIENTS {
            coefficients = Some(read_coefficients(reader)?);
            return Ok(());
        }
        let mut by_number = BTreeMap::new();
        let at = reader.position();
        let found = reader.map()?;
        if !(1..=LARGEST_COMMITTEE).contains(&found) {
            return Err(DecodeError::Length {
                position: at,
                what: "dealers of a transcript",
                expected: LARGEST_COMMITTEE,
                found,
            });
        }
        for _ in 0..found {
            let position = reader.position();
            let number = u32::try_from(reader.nat()?).ok();
            let number = number
                .filter(|number| usize::try_from(*number).is_ok_and(|n| n < LARGEST_COMMITTEE))
                .ok_or(DecodeError::Value {
                    position,
                    expected: "the number of a dealer, below 1024",
                })?;
            let ciphertexts = Ciphertexts::read(reader, LARGEST_COMMITTEE)?;
            if by_number.insert(number, ciphertexts).is_some() {
                return Err(DecodeError::DuplicateKey { position });
            }
        }
        sealed = Some(by_number);
        Ok(())
    })?;
    let missing = |field| DecodeError::MissingField { field };
    Ok((
        coefficients.ok_or(missing(COEFFICIENTS))?,
        sealed.ok_or(missing(SEALED))?,
    ))
}

/// Σ λ · polynomial with the factors λ of the interpolation at 0, by coefficient. Coefficients at the end that are the
/// identity are dropped.
pub(super) fn combine_polynomials(numbers: &[u32], polynomials: &[&[G2Affine]]) -> Vec<G2Affine> {
    let indices: Vec<ShareIndex> = numbers
        .iter()
        .filter_map(|number| ShareIndex::of_position(*number))
        .collect();
    let length = polynomials
        .iter()
        .map(|polynomial| polynomial.len())
        .max()
        .unwrap_or_default();
    let column = |power: usize| -> Vec<G2Affine> {
        let terms = polynomials.iter().map(|polynomial| polynomial.get(power));
        terms
            .map(|term| term.copied().unwrap_or_default())
            .collect()
    };
    let sums: Vec<G2> = match IntegerLagrange::at_zero(&indices) {
        Some(integers) => {
            let (numerators, negative): (Vec<u128>, Vec<bool>) =
                integers.numerators.iter().copied().unzip();
            let sum = |power| {
                let mut points = column(power);
                for (point, negative) in points.iter_mut().zip(&negative) {
                    if *negative {
                        *point = -*point;
                    }
                }
                G2::multi_mul_short(&points, &numerators) * integers.inverse_denominator
            };
            (0..length).map(sum).collect()
        }
        None => {
            let factors = lagrange_at_zero(&indices).unwrap_or_default();
            (0..length)
                .map(|power| G2::multi_mul(&column(power), &factors))
                .collect()
        }
    };
    let mut coefficients = G2::to_affine_all(&sums);
    while coefficients.pop_if(|last| last.is_identity()).is_some() {}
    coefficients
}
