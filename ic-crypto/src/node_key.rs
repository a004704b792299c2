//! The key that a node signs with: block proposals, dealings and answers to queries. Its hash is the node's name.

use std::fmt;

use ed25519_dalek::Signer as _;
use ic_types::{DerPublicKey, NodeId, Principal, Signable, SignedBytes};

use crate::secret::Exported;
use crate::user_key::ed25519;
use crate::{InvalidKey, InvalidSignature, Seed};

/// A node's public key: Ed25519, in canonical encoding and of prime order.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(ed25519::PublicKey);

impl PublicKey {
    /// Length of the raw form in bytes.
    pub const BYTES: usize = 32;

    /// Reads the 32 bytes of a point.
    ///
    /// # Errors
    /// Not a point, not the canonical encoding of it, or not of prime order.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Result<Self, InvalidKey> {
        let key = ed25519::PublicKey::from_bytes(bytes)?;
        if key.is_canonical() && key.has_prime_order() {
            Ok(Self(key))
        } else {
            Err(InvalidKey)
        }
    }

    /// Reads the DER form of 44 bytes.
    ///
    /// # Errors
    /// Another prefix or length, or not a valid key.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_bytes(&ed25519::strip_der(der)?)
    }

    /// The 32 bytes of the point.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        *self.0.as_bytes()
    }

    /// The DER form of 44 bytes.
    pub fn to_der(&self) -> DerPublicKey {
        self.0.to_der()
    }

    /// The name of the node: the self-authenticating principal of the DER form.
    pub fn node_id(&self) -> NodeId {
        NodeId::new(Principal::self_authenticating(&self.to_der()))
    }

    /// Checks a signature of this node on a message.
    ///
    /// # Errors
    /// It is not this key's signature on this message.
    pub fn verify<S: Signable>(
        &self,
        message: &S,
        signature: &Signature,
    ) -> Result<(), InvalidSignature> {
        self.0
            .verify(SignedBytes::of(message).as_slice(), &signature.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("node_key::PublicKey(")?;
        crate::write_hex(f, self.0.as_bytes())?;
        f.write_str(")")
    }
}

/// A node's signature: 64 bytes of which nothing is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length of the encoding in bytes.
    pub const BYTES: usize = 64;

    /// The signature with these bytes.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        Self(*bytes)
    }

    /// The 64 bytes.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("node_key::Signature(")?;
        crate::write_hex(f, &self.0)?;
        f.write_str(")")
    }
}

/// A node's secret key.
///
/// ```
/// use ic_crypto::{Seed, node_key::SecretKey};
/// use ic_types::{Digest, StateRoot};
///
/// let secret = SecretKey::from_seed(Seed::from_bytes(b"an example has no entropy"));
/// let message = StateRoot::new(Digest::of(b"any message of the protocol"));
/// assert!(secret.public_key().verify(&message, &secret.sign(&message)).is_ok());
/// ```
pub struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    /// The key that a seed determines.
    pub fn from_seed(seed: Seed) -> Self {
        let mut bytes = Exported::new([0; 32]);
        seed.into_generator().fill(&mut *bytes);
        Self::from_bytes(&bytes)
    }

    /// The key with these 32 bytes, which RFC 8032 calls the private key.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// The secret itself: 32 bytes.
    pub fn export(&self) -> Exported<32> {
        Exported::new(self.0.to_bytes())
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(ed25519::PublicKey::from(&self.0))
    }

    /// Signs a message.
    pub fn sign<S: Signable>(&self, message: &S) -> Signature {
        Signature(self.0.sign(SignedBytes::of(message).as_slice()).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("node_key::SecretKey(..)")
    }
}
