//! ECDSA on P-256 and secp256k1 with SHA-256: dispatch and strictness. The arithmetic is that of p256 and k256.
//!
//! Signatures are r and s, 32 bytes each, most significant first (HTTP-061, HTTP-062). Both values of s that verify are
//! accepted on both curves, as the network does: whoever needs one signature for a message must not rely on these bytes.

use std::fmt;

use ic_types::{DerPublicKey, Digest};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use crate::{InvalidKey, InvalidSignature};

/// `SubjectPublicKeyInfo` of an uncompressed point of P-256 up to and including the count of unused bits (HTTP-061).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The same of secp256k1 (HTTP-062).
const SECP256K1_PREFIX: [u8; 23] = [
    0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x0a, 0x03, 0x42, 0x00,
];

/// The first byte of an uncompressed point (SEC 1, section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key on P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct P256Key(p256::ecdsa::VerifyingKey);

impl P256Key {
    /// Reads the 65 bytes of an uncompressed point.
    ///
    /// # Errors
    /// Another form or length, or not a point of the curve.
    pub fn from_uncompressed(point: &[u8]) -> Result<Self, InvalidKey> {
        check_form(point)?;
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(Self)
            .map_err(|_| InvalidKey)
    }

    /// Reads the DER form of 91 bytes.
    ///
    /// # Errors
    /// Another prefix, form or length, or not a point of the curve.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_uncompressed(der.strip_prefix(&P256_PREFIX).ok_or(InvalidKey)?)
    }

    /// The 65 bytes of the uncompressed point.
    pub fn to_uncompressed(&self) -> Vec<u8> {
        self.0.to_sec1_point(false).as_bytes().to_vec()
    }

    /// The DER form of 91 bytes.
    pub fn to_der(&self) -> DerPublicKey {
        DerPublicKey::new([&P256_PREFIX[..], self.0.to_sec1_point(false).as_bytes()].concat())
    }

    /// Checks a signature of 64 bytes on a message.
    ///
    /// # Errors
    /// Another length, r or s zero or not below the group order, or not this key's signature on this message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let signature =
            p256::ecdsa::Signature::from_slice(signature).map_err(|_| InvalidSignature)?;
        self.0
            .verify_prehash(Digest::of(message).as_bytes(), &signature)
            .map_err(|_| InvalidSignature)
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256Key(")?;
        crate::write_hex(f, self.0.to_sec1_point(false).as_bytes())?;
        f.write_str(")")
    }
}

/// A public key on secp256k1.
#[derive(Clone, PartialEq, Eq)]
pub struct Secp256k1Key(k256::ecdsa::VerifyingKey);

impl Secp256k1Key {
    /// Reads the 65 bytes of an uncompressed point.
    ///
    /// # Errors
    /// Another form or length, or not a point of the curve.
    pub fn from_uncompressed(point: &[u8]) -> Result<Self, InvalidKey> {
        check_form(point)?;
        k256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(Self)
            .map_err(|_| InvalidKey)
    }

    /// Reads the DER form of 88 bytes.
    ///
    /// # Errors
    /// Another prefix, form or length, or not a point of the curve.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        Self::from_uncompressed(der.strip_prefix(&SECP256K1_PREFIX).ok_or(InvalidKey)?)
    }

    /// The DER form of 88 bytes.
    pub fn to_der(&self) -> DerPublicKey {
        DerPublicKey::new(
            [
                &SECP256K1_PREFIX[..],
                self.0.to_sec1_point(false).as_bytes(),
            ]
            .concat(),
        )
    }

    /// Checks a signature of 64 bytes on a message.
    ///
    /// # Errors
    /// Another length, r or s zero or not below the group order, or not this key's signature on this message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let signature =
            k256::ecdsa::Signature::from_slice(signature).map_err(|_| InvalidSignature)?;
        // k256 refuses the larger of the two values of s; the network accepts both.
        let signature = signature.normalize_s();
        self.0
            .verify_prehash(Digest::of(message).as_bytes(), &signature)
            .map_err(|_| InvalidSignature)
    }
}

impl fmt::Debug for Secp256k1Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secp256k1Key(")?;
        crate::write_hex(f, self.0.to_sec1_point(false).as_bytes())?;
        f.write_str(")")
    }
}

impl From<&p256::ecdsa::SigningKey> for P256Key {
    fn from(secret: &p256::ecdsa::SigningKey) -> Self {
        Self(*secret.verifying_key())
    }
}

impl From<&k256::ecdsa::SigningKey> for Secp256k1Key {
    fn from(secret: &k256::ecdsa::SigningKey) -> Self {
        Self(*secret.verifying_key())
    }
}

/// Compressed and hybrid points are refused: there is one way to write a key, so that it has one principal.
fn check_form(point: &[u8]) -> Result<(), InvalidKey> {
    if point.len() == 65 && point.first() == Some(&UNCOMPRESSED) {
        Ok(())
    } else {
        Err(InvalidKey)
    }
}
