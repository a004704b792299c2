//! BLS signatures on the curve BLS12-381 as a subnet makes them: signatures in G1, keys in G2, ciphersuite
//! `BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_`.
//!
//! These are the keys and signatures of subnets (certificates, random beacons), which no single node could make: see
//! [`threshold`](crate::threshold). Signatures of a committee, which are sums, are of another ciphersuite and therefore of
//! another type: see [`multisig`](crate::multisig).

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use ic_types::domain::dst;
use ic_types::{Signable, SignedBytes};

use crate::secret::{Exported, SecretScalar};
use crate::{InvalidKey, InvalidSignature, Seed};
use arithmetic::{G1, G1Affine, G2, G2Affine, PreparedG2, Scalar, products_cancel};

pub mod arithmetic;
mod batch;
mod der;

pub(crate) use batch::Weights;
pub use batch::{Claim, verify_all};

/// The lines of -g2, which is in every equation.
pub(crate) static MINUS_G2: LazyLock<PreparedG2> =
    LazyLock::new(|| PreparedG2::new(&-G2Affine::generator()));

/// Whether `signature` is the one of `message_hash` under `key`: e(signature, -g2) · e(message_hash, key) = 1.
pub(crate) fn equation_holds(
    signature: &G1Affine,
    message_hash: &G1Affine,
    key: &PreparedG2,
) -> bool {
    products_cancel(&[(*signature, &*MINUS_G2), (*message_hash, key)])
}

/// A public key: a point of G2 on the curve, in the subgroup, not the identity.
///
/// The first verification computes the lines of the key's Miller loop and keeps them (19.6 kB, shared between clones), so
/// a key that verifies often is decoded once and kept.
#[derive(Clone)]
pub struct PublicKey {
    point: G2Affine,
    lines: Arc<OnceLock<PreparedG2>>,
}

impl PublicKey {
    /// Length of the raw form in bytes.
    pub const BYTES: usize = 96;

    /// Reads the 96 bytes of a compressed point.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group, or the identity.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidKey> {
        let point = G2Affine::from_compressed(bytes).map_err(|_| InvalidKey)?;
        Self::from_point(point)
    }

    pub(crate) fn from_point(point: G2Affine) -> Result<Self, InvalidKey> {
        if point.is_identity() {
            Err(InvalidKey)
        } else {
            Ok(Self {
                point,
                lines: Arc::default(),
            })
        }
    }

    /// The key of a secret, which is not zero.
    pub(crate) fn of_secret(secret: &Scalar) -> Self {
        Self {
            point: (G2::generator() * *secret).to_affine(),
            lines: Arc::default(),
        }
    }

    /// The 96 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.point.to_compressed()
    }

    /// Checks a signature on a message.
    ///
    /// # Errors
    /// It is not this key's signature on this message.
    pub fn verify<S: Signable>(
        &self,
        message: &S,
        signature: &Signature,
    ) -> Result<(), InvalidSignature> {
        self.verify_bytes(&SignedBytes::of(message), signature)
    }

    /// As [`verify`](Self::verify), for a message whose signed bytes are at hand.
    ///
    /// # Errors
    /// It is not this key's signature on these bytes.
    pub fn verify_bytes(
        &self,
        message: &SignedBytes,
        signature: &Signature,
    ) -> Result<(), InvalidSignature> {
        let hash = hash_message(message.as_slice()).to_affine();
        if equation_holds(&signature.0, &hash, self.lines()) {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }

    pub(crate) fn point(&self) -> &G2Affine {
        &self.point
    }

    pub(crate) fn lines(&self) -> &PreparedG2 {
        self.lines.get_or_init(|| PreparedG2::new(&self.point))
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bls::PublicKey(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// A signature: a point of G1 on the curve and in the subgroup.
///
/// There is one signature for each key and message, so equal signatures have equal bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(G1Affine);

impl Signature {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = 48;

    /// Reads the 48 bytes of a compressed point.
    ///
    /// The identity is read like any other point; no key verifies it.
    ///
    /// # Errors
    /// Not the canonical encoding of a point of the group.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidSignature> {
        G1Affine::from_compressed(bytes)
            .map(Self)
            .map_err(|_| InvalidSignature)
    }

    /// As [`from_bytes`](Self::from_bytes), for bytes of any length.
    ///
    /// # Errors
    /// Not 48 bytes, or not the canonical encoding of a point of the group.
    pub fn try_from_slice(bytes: &[u8]) -> Result<Self, InvalidSignature> {
        Self::from_bytes(bytes.try_into().map_err(|_| InvalidSignature)?)
    }

    /// The 48 bytes of the compressed point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0.to_compressed()
    }

    pub(crate) fn from_point(point: G1Affine) -> Self {
        Self(point)
    }

    pub(crate) fn point(&self) -> &G1Affine {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bls::Signature(")?;
        crate::write_hex(f, &self.to_bytes())?;
        f.write_str(")")
    }
}

/// A secret key that one party holds whole. A subnet's key is never whole anywhere: this one is for tests, tools and
/// fixed roots of trust.
///
/// ```
/// use ic_crypto::{Seed, bls::SecretKey};
/// use ic_types::{Digest, StateRoot};
///
/// let secret = SecretKey::from_seed(Seed::from_bytes(b"an example has no entropy"));
/// let root = StateRoot::new(Digest::of(b"a state"));
/// let signature = secret.sign(&root);
/// assert!(secret.public_key().verify(&root, &signature).is_ok());
/// assert!(secret.public_key().verify(&StateRoot::new(Digest::of(b"another")), &signature).is_err());
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

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::of_secret(&self.0)
    }

    /// Signs a message.
    pub fn sign<S: Signable>(&self, message: &S) -> Signature {
        self.sign_bytes(&SignedBytes::of(message))
    }

    /// As [`sign`](Self::sign), for a message whose signed bytes are at hand.
    pub fn sign_bytes(&self, message: &SignedBytes) -> Signature {
        Signature((hash_message(message.as_slice()) * *self.0).to_affine())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bls::SecretKey(..)")
    }
}

/// The point of G1 that is multiplied by the key.
pub(crate) fn hash_message(signed_bytes: &[u8]) -> G1 {
    G1::hash(signed_bytes, dst::BLS_SIGNATURE)
}
