//! Keys and signatures of users: which scheme a DER key is for, and the exact forms that are accepted.

use ic_types::DerPublicKey;

use crate::{InvalidKey, InvalidSignature};

mod canister;
mod client_data;
mod cose;
mod der;
pub mod ecdsa;
pub mod ed25519;
pub mod rsa;
mod secret;
mod webauthn;

pub use canister::CanisterKey;
pub use cose::CoseKey;
pub use secret::SecretKey;
pub use webauthn::{WebAuthnKey, WebAuthnSignature};

/// A user's public key, of one of the schemes of the interface specification (HTTP-060 to HTTP-064).
///
/// ```
/// use ic_crypto::user_key::PublicKey;
///
/// // The P-256 prefix, and the generator of the curve.
/// let mut der = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04\
///     \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
///     \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5".to_vec();
/// assert!(matches!(PublicKey::from_der(&der), Ok(PublicKey::EcdsaP256(_))));
/// der.push(0); // nothing may follow
/// assert!(PublicKey::from_der(&der).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// Ed25519 (HTTP-060).
    Ed25519(ed25519::PublicKey),
    /// ECDSA on P-256 (HTTP-061).
    EcdsaP256(ecdsa::P256Key),
    /// ECDSA on secp256k1 (HTTP-062).
    EcdsaSecp256k1(ecdsa::Secp256k1Key),
    /// An authenticator's (HTTP-063).
    WebAuthn(WebAuthnKey),
    /// A canister's (HTTP-064).
    Canister(CanisterKey),
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`. Each key has exactly one form that is accepted, so it has one principal; but for
    /// [`WebAuthnKey`]s, which keep theirs.
    ///
    /// # Errors
    /// An unknown scheme, another form, or not a valid key of its scheme (HTTP-069).
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        ed25519::PublicKey::from_der(der)
            .map(Self::Ed25519)
            .or_else(|_| ecdsa::P256Key::from_der(der).map(Self::EcdsaP256))
            .or_else(|_| ecdsa::Secp256k1Key::from_der(der).map(Self::EcdsaSecp256k1))
            .or_else(|_| WebAuthnKey::from_der(der).map(Self::WebAuthn))
            .or_else(|_| CanisterKey::from_der(der).map(Self::Canister))
    }

    /// The DER form.
    pub fn to_der(&self) -> DerPublicKey {
        match self {
            Self::Ed25519(key) => key.to_der(),
            Self::EcdsaP256(key) => key.to_der(),
            Self::EcdsaSecp256k1(key) => key.to_der(),
            Self::WebAuthn(key) => key.to_der(),
            Self::Canister(key) => key.to_der(),
        }
    }

    /// Checks a signature on bytes; `None` for a canister's key, whose signatures are certificates.
    pub(crate) fn verify(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Option<Result<(), InvalidSignature>> {
        Some(match self {
            Self::Ed25519(key) => signature
                .try_into()
                .map_err(|_| InvalidSignature)
                .and_then(|signature| key.verify(message, signature)),
            Self::EcdsaP256(key) => key.verify(message, signature),
            Self::EcdsaSecp256k1(key) => key.verify(message, signature),
            Self::WebAuthn(key) => key.verify(message, signature),
            Self::Canister(_) => return None,
        })
    }
}
