//! Public keys as they travel: bytes whose meaning is for `ic-crypto` to find out.

use std::fmt;

use crate::digest::Hex;

/// A public key as a DER `SubjectPublicKeyInfo`, as received: nothing about it has been checked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DerPublicKey(Vec<u8>);

impl DerPublicKey {
    /// Says in words that these bytes are meant as a public key.
    pub const fn new(der: Vec<u8>) -> Self {
        Self(der)
    }

    /// The DER bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The DER bytes, without a copy.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for DerPublicKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for DerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerPublicKey({})", Hex(&self.0))
    }
}
