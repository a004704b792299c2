//! Signatures of a committee: the sum of its members' signatures on one message, and the list of who signed.
//!
//! BLS signatures in the ciphersuite `BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_POP_`. A sum of keys is only as good as the
//! proof that whoever brought a key knows its secret; without it, a key chosen as "mine minus all of yours" signs for
//! everybody. So a [`PublicKey`] here is made from a key with its [`ProofOfPossession`], or by saying in words that the
//! proof was checked before.
//!
//! ```
//! use ic_crypto::Seed;
//! use ic_crypto::multisig::{Committee, PublicKey, SecretKey};
//! use ic_types::{Digest, NodeId, Principal, StateRoot};
//!
//! let secrets: Vec<SecretKey> = (0..4).map(|node| SecretKey::from_seed(Seed::from_bytes(&[node]))).collect();
//! let node = |position: usize| NodeId::new(Principal::try_from_slice(&[position as u8]).unwrap());
//! let committee = Committee::new((0..4).map(|position| {
//!     let secret = &secrets[position];
//!     let key = PublicKey::new(&secret.public_key_bytes(), &secret.prove_possession()).unwrap();
//!     (node(position), key)
//! }));
//! let message = StateRoot::new(Digest::of(b"any message of the protocol"));
//! let shares = [0, 2, 3].map(|position| (node(position), secrets[position].sign(&message)));
//! let signature = committee.combine(shares).unwrap();
//! assert!(committee.verify(&message, &signature, 3).is_ok());
//! assert!(committee.verify(&message, &signature, 4).is_err());
//! ```

use std::collections::BTreeMap;
use std::fmt;

use ic_types::domain::dst;
use ic_types::{Domain, NodeId, Signable, SignedBytes};

use crate::bls::arithmetic::{G1, G1Affine, G2, G2Affine, PreparedG2, Scalar};
use crate::bls::{self, equation_holds};
use crate::secret::{Exported, SecretScalar};
use crate::{InvalidKey, InvalidSignature, Seed};

/// A member's public key, of which it was proved that somebody knows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(bls::PublicKey);

impl PublicKey {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = bls::PublicKey::BYTES;

    /// Reads the 96 bytes of a compressed point and checks the proof.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group, the identity, or a proof that is not of this key.
    pub fn new(bytes: &[u8; Self::BYTES], proof: &ProofOfPossession) -> Result<Self, InvalidKey> {
        let key = bls::PublicKey::from_bytes(bytes)?;
        let hash = possession_hash(bytes).to_affine();
        if equation_holds(&proof.0, &hash, &PreparedG2::new(key.point())) {
            Ok(Self(key))
        } else {
            Err(InvalidKey)
        }
    }

    /// Reads the 96 bytes of a key whose proof was checked when it was registered.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group, or the identity.
    pub fn assume_possession(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidKey> {
        bls::PublicKey::from_bytes(bytes).map(Self)
    }

    /// The 96 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_bytes()
    }

    /// Checks the signature of this member alone.
    ///
    /// # Errors
    /// It is not this key's signature on this message.
    pub fn verify<S: Signable>(
        &self,
        message: &S,
        signature: &Signature,
    ) -> Result<(), InvalidSignature> {
        let hash = hash_message(&SignedBytes::of(message)).to_affine();
        if equation_holds(&signature.0, &hash, self.0.lines()) {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("multisig::PublicKey(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// One member's signature. Nothing is known about it but that it is a point of the group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(G1Affine);

impl Signature {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = G1Affine::BYTES;

    /// Reads the 48 bytes of a compressed point.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidSignature> {
        G1Affine::from_compressed(bytes)
            .map(Self)
            .map_err(|_| InvalidSignature)
    }

    /// The 48 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_compressed()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("multisig::Signature(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// Proof that whoever registers a public key knows its secret: the signature on the key itself, in a ciphersuite that
/// signs nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProofOfPossession(G1Affine);

impl ProofOfPossession {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = G1Affine::BYTES;

    /// Reads the 48 bytes of a compressed point.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidSignature> {
        G1Affine::from_compressed(bytes)
            .map(Self)
            .map_err(|_| InvalidSignature)
    }

    /// The 48 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_compressed()
    }
}

impl fmt::Debug for ProofOfPossession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofOfPossession(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// A member's secret key.
///
/// ```compile_fail,E0599
/// # use ic_crypto::{Seed, multisig::SecretKey};
/// let secret = SecretKey::from_seed(Seed::from_bytes(b"entropy"));
/// let copy = secret.clone(); // a secret has one owner
/// ```
pub struct SecretKey(SecretScalar);

impl SecretKey {
    /// The key that a seed determines.
    pub fn from_seed(seed: Seed) -> Self {
        Self(seed.into_scalar())
    }

    /// Reads 32 bytes, most significant first.
    ///
    /// # Errors
    /// Zero, or not below the group order.
    pub fn from_bytes(bytes: &[u8; Scalar::BYTES]) -> Result<Self, InvalidKey> {
        let scalar = Scalar::from_be_bytes(bytes).map_err(|_| InvalidKey)?;
        if scalar.is_zero() {
            Err(InvalidKey)
        } else {
            Ok(Self(SecretScalar::new(scalar)))
        }
    }

    /// The secret itself: 32 bytes, most significant first.
    pub fn export(&self) -> Exported<{ Scalar::BYTES }> {
        Exported::new(self.0.to_be_bytes())
    }

    /// The 96 bytes of the public key: what is registered, together with [`prove_possession`](Self::prove_possession).
    pub fn public_key_bytes(&self) -> [u8; PublicKey::BYTES] {
        (G2::generator() * *self.0).to_affine().to_compressed()
    }

    /// The public key. Whoever holds the secret needs no proof.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(bls::PublicKey::of_secret(&self.0))
    }

    /// The proof that goes with the public key into the registry.
    pub fn prove_possession(&self) -> ProofOfPossession {
        ProofOfPossession((possession_hash(&self.public_key_bytes()) * *self.0).to_affine())
    }

    /// Signs a message.
    pub fn sign<S: Signable>(&self, message: &S) -> Signature {
        Signature((hash_message(&SignedBytes::of(message)) * *self.0).to_affine())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("multisig::SecretKey(..)")
    }
}

/// The signature of some of the members of a committee, and who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiSignature {
    /// The sum of the members' signatures.
    pub signature: Signature,
    /// Who signed. A committee accepts them in increasing order only, so there is one way to write them.
    pub signers: Vec<NodeId>,
}

/// Why a multi-signature is not what a committee requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadMultiSignature {
    /// Fewer signers than required. A signature of nobody is never accepted.
    #[error("{required} signers are required, found {found}")]
    TooFewSigners {
        /// How many are required.
        required: usize,
        /// How many there are.
        found: usize,
    },
    /// A signer is not in the committee.
    #[error("node {signer} is not in the committee")]
    UnknownSigner {
        /// The node.
        signer: NodeId,
    },
    /// The signers are not in increasing order, or one of them occurs twice.
    #[error("signer {signer} is out of order")]
    OutOfOrder {
        /// The first that is not larger than the one before.
        signer: NodeId,
    },
    /// The signers are right, the signature is not.
    #[error(transparent)]
    Signature(#[from] InvalidSignature),
}

/// The members of a committee and their keys.
#[derive(Clone, Debug, Default)]
pub struct Committee {
    members: BTreeMap<NodeId, PublicKey>,
}

impl Committee {
    /// A committee of these members. For a node that occurs twice, the last key counts.
    pub fn new(members: impl IntoIterator<Item = (NodeId, PublicKey)>) -> Self {
        Self {
            members: members.into_iter().collect(),
        }
    }

    /// The members, in increasing order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = (&NodeId, &PublicKey)> {
        self.members.iter()
    }

    /// The key of a member.
    pub fn key(&self, node: &NodeId) -> Option<&PublicKey> {
        self.members.get(node)
    }

    /// Checks the signature of one member.
    ///
    /// # Errors
    /// Not a member, or not its signature on this message.
    pub fn verify_share<S: Signable>(
        &self,
        message: &S,
        signer: &NodeId,
        share: &Signature,
    ) -> Result<(), BadMultiSignature> {
        let key = self
            .key(signer)
            .ok_or(BadMultiSignature::UnknownSigner { signer: *signer })?;
        Ok(key.verify(message, share)?)
    }

    /// Adds up signatures of members on one message. They are not checked again.
    ///
    /// # Errors
    /// There are none, one is of no member, or one member occurs twice.
    pub fn combine(
        &self,
        shares: impl IntoIterator<Item = (NodeId, Signature)>,
    ) -> Result<MultiSignature, BadMultiSignature> {
        let mut by_signer = BTreeMap::new();
        for (signer, share) in shares {
            self.key(&signer)
                .ok_or(BadMultiSignature::UnknownSigner { signer })?;
            if by_signer.insert(signer, share).is_some() {
                return Err(BadMultiSignature::OutOfOrder { signer });
            }
        }
        if by_signer.is_empty() {
            return Err(BadMultiSignature::TooFewSigners {
                required: 1,
                found: 0,
            });
        }
        let sum: G1 = by_signer.values().map(|share| share.0).sum();
        Ok(MultiSignature {
            signature: Signature(sum.to_affine()),
            signers: by_signer.into_keys().collect(),
        })
    }

    /// Checks that at least `required` distinct members signed the message, and that those who are listed did.
    ///
    /// # Errors
    /// Too few signers, one that is unknown or listed twice, or a wrong signature.
    ///
    /// # Cost
    /// One addition in G2 for each signer; then as one signature.
    pub fn verify<S: Signable>(
        &self,
        message: &S,
        signature: &MultiSignature,
        required: usize,
    ) -> Result<(), BadMultiSignature> {
        let (found, required) = (signature.signers.len(), required.max(1));
        if found < required {
            return Err(BadMultiSignature::TooFewSigners { required, found });
        }
        let mut sum = G2::identity();
        let mut before: Option<&NodeId> = None;
        for signer in &signature.signers {
            if before.is_some_and(|before| before >= signer) {
                return Err(BadMultiSignature::OutOfOrder { signer: *signer });
            }
            before = Some(signer);
            let key = self
                .key(signer)
                .ok_or(BadMultiSignature::UnknownSigner { signer: *signer })?;
            sum += *key.0.point();
        }
        let key: G2Affine = sum.to_affine();
        let hash = hash_message(&SignedBytes::of(message)).to_affine();
        // The keys come with proofs of possession, so that they cancel only if their owners wanted them to.
        if !key.is_identity()
            && equation_holds(&signature.signature.0, &hash, &PreparedG2::new(&key))
        {
            Ok(())
        } else {
            Err(InvalidSignature.into())
        }
    }
}

fn hash_message(message: &SignedBytes) -> G1 {
    G1::hash(message.as_slice(), dst::BLS_MULTI_SIGNATURE)
}

fn possession_hash(key: &[u8; PublicKey::BYTES]) -> G1 {
    let mut message = Vec::with_capacity(128);
    Domain::MultiSignaturePossession.write_prefix(&mut message);
    message.extend_from_slice(key);
    G1::hash(&message, dst::BLS_POSSESSION)
}
