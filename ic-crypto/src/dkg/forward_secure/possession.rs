//! A receiver's public key, and the proof that the receiver knows the secret.

use std::fmt;

use ic_types::codec::{DecodeError, Reader, Wire, Writer};
use ic_types::{Digest, Domain, NodeId};
use zeroize::Zeroize;

use super::G1_TABLE;
use crate::InvalidKey;
use crate::bls::arithmetic::{G1, G1Affine, Scalar};
use crate::dkg::codec::{read_g1, read_scalar};
use crate::dkg::oracle;
use crate::generator::Generator;

/// A public key for dealings, of which it was proved that the node knows the secret.
///
/// Without the proof, a node could register another's key, times a number, and have shares opened as if they were its own.
/// Keys are equal if their bytes are.
#[derive(Clone, Copy)]
pub struct EncryptionKey {
    point: G1Affine,
    /// For whom possession was proved; `None` if that is the caller's knowledge.
    owner: Option<NodeId>,
}

impl PartialEq for EncryptionKey {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for EncryptionKey {}

impl EncryptionKey {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = G1Affine::BYTES;

    /// Reads the 48 bytes of a compressed point and checks that `owner` proved possession.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group, the identity, or a proof that is not of this key and node.
    pub fn new(
        bytes: &[u8; Self::BYTES],
        proof: &Possession,
        owner: &NodeId,
    ) -> Result<Self, InvalidKey> {
        let key = Self::assume_possession(bytes)?;
        if proof.is_of(&key, owner.as_slice()) {
            Ok(key.owned_by(owner))
        } else {
            Err(InvalidKey)
        }
    }

    /// Reads the 48 bytes of a key whose proof was checked when it was registered.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group, or the identity.
    pub fn assume_possession(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidKey> {
        match G1Affine::from_compressed(bytes) {
            Ok(point) if !point.is_identity() => Ok(Self { point, owner: None }),
            Ok(_) | Err(_) => Err(InvalidKey),
        }
    }

    /// The 48 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.point.to_compressed()
    }

    pub(in crate::dkg) fn of_secret(secret: &Scalar) -> Self {
        Self {
            point: G1_TABLE.mul(secret).to_affine(),
            owner: None,
        }
    }

    pub(super) fn owned_by(self, owner: &NodeId) -> Self {
        Self {
            owner: Some(*owner),
            ..self
        }
    }

    /// Whether possession was proved for another node than this one.
    pub(in crate::dkg) fn is_of_another(&self, node: &NodeId) -> bool {
        self.owner.is_some_and(|owner| owner != *node)
    }

    pub(in crate::dkg) fn point(&self) -> &G1Affine {
        &self.point
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// Proof that whoever registers an encryption key knows its secret: the equality of two discrete logarithms (Chaum and
/// Pedersen), of the key to the base g1 and of `pop_key` to a base that is a hash of key and owner.
///
/// Encoded as the registry holds it: CBOR `{"Groth20WithPop_Bls12_381": {"pop_key", "challenge", "response"}}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Possession {
    pop_key: G1Affine,
    challenge: Scalar,
    response: Scalar,
}

impl Possession {
    /// The proof for the key with this secret. Draws one scalar.
    pub(in crate::dkg) fn prove(
        key: &EncryptionKey,
        secret: &Scalar,
        owner: &[u8],
        generator: &mut Generator,
    ) -> Self {
        let mut nonce = Scalar::random(|bytes| generator.fill(bytes));
        let base = base(key, owner);
        let pop_key = (base * *secret).to_affine();
        let blinder = G1_TABLE.mul(&nonce).to_affine();
        let blinder_pop = (base * nonce).to_affine();
        let challenge = challenge(key, &base, &pop_key, &blinder, &blinder_pop);
        let response = challenge * *secret + nonce;
        nonce.zeroize();
        Self {
            pop_key,
            challenge,
            response,
        }
    }

    pub(in crate::dkg) fn is_of(&self, key: &EncryptionKey, owner: &[u8]) -> bool {
        let base = base(key, owner);
        let minus = -self.challenge;
        let blinder = G1::multi_mul(&[G1Affine::generator(), key.point], &[self.response, minus]);
        let blinder_pop = G1::multi_mul(&[base, self.pop_key], &[self.response, minus]);
        challenge(
            key,
            &base,
            &self.pop_key,
            &blinder.to_affine(),
            &blinder_pop.to_affine(),
        ) == self.challenge
    }

    pub(in crate::dkg) fn write(&self, writer: &mut Writer) {
        writer.map(3);
        writer.text("pop_key").bytes(&self.pop_key.to_compressed());
        writer
            .text("challenge")
            .bytes(&self.challenge.to_be_bytes());
        writer.text("response").bytes(&self.response.to_be_bytes());
    }

    pub(in crate::dkg) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (mut pop_key, mut challenge, mut response) = (None, None, None);
        reader.fields(&["pop_key", "challenge", "response"], |name, reader| {
            match name {
                "pop_key" => pop_key = Some(read_g1(reader)?),
                "challenge" => challenge = Some(read_scalar(reader)?),
                _ => response = Some(read_scalar(reader)?),
            }
            Ok(())
        })?;
        let missing = |field| DecodeError::MissingField { field };
        Ok(Self {
            pop_key: pop_key.ok_or(missing("pop_key"))?,
            challenge: challenge.ok_or(missing("challenge"))?,
            response: response.ok_or(missing("response"))?,
        })
    }
}

const VARIANT: &str = "Groth20WithPop_Bls12_381";

impl Wire for Possession {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(1).text(VARIANT);
        self.write(&mut writer);
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let mut proof = None;
        reader.fields(&[VARIANT], |_, reader| {
            proof = Some(Self::read(reader)?);
            Ok(())
        })?;
        reader.finish()?;
        proof.ok_or(DecodeError::MissingField { field: VARIANT })
    }
}

impl fmt::Debug for Possession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Possession(")?;
        crate::write_hex(f, &self.pop_key.to_compressed())?;
        f.write_str(", ..)")
    }
}

fn base(key: &EncryptionKey, owner: &[u8]) -> G1Affine {
    let statement = oracle::map([
        ("g1-generator", oracle::g1(&G1Affine::generator())),
        ("public-key", oracle::g1(&key.point)),
        ("associated-data", oracle::bytes(owner)),
    ]);
    oracle::point_from(Domain::EncryptionKeyPossession, statement)
}

fn challenge(
    key: &EncryptionKey,
    base: &G1Affine,
    pop_key: &G1Affine,
    blinder: &G1Affine,
    blinder_pop: &G1Affine,
) -> Scalar {
    let transcript: Digest = oracle::map([
        ("public-key", oracle::g1(&key.point)),
        ("pop-base", oracle::g1(base)),
        ("pop-key", oracle::g1(pop_key)),
        ("blinder-public-key", oracle::g1(blinder)),
        ("blinder-pop-key", oracle::g1(blinder_pop)),
    ]);
    oracle::scalar_from(Domain::EncryptionKeyPossession, transcript)
}
