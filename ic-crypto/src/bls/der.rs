//! The DER form of a subnet's key: 133 bytes, of which the first 37 are always the same.

use ic_types::DerPublicKey;

use super::PublicKey;
use crate::InvalidKey;

/// `SubjectPublicKeyInfo` with the algorithm 1.3.6.1.4.1.44668.5.3.1.2.1 and the curve 1.3.6.1.4.1.44668.5.3.2.1, up to
/// and including the count of unused bits of the bit string.
const PREFIX: [u8; 37] = [
    0x30, 0x81, 0x82, 0x30, 0x1d, 0x06, 0x0d, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05,
    0x03, 0x01, 0x02, 0x01, 0x06, 0x0c, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0xdc, 0x7c, 0x05, 0x03,
    0x02, 0x01, 0x03, 0x61, 0x00,
];

impl PublicKey {
    /// Length of the DER form in bytes.
    pub const DER_BYTES: usize = 133;

    /// Reads the DER form. Only the canonical one exists: the fixed prefix and the 96 bytes of the raw form.
    ///
    /// # Errors
    /// Another prefix or length, or not a valid key.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let raw = der.strip_prefix(&PREFIX).ok_or(InvalidKey)?;
        Self::from_bytes(raw.try_into().map_err(|_| InvalidKey)?)
    }

    /// The DER form.
    pub fn to_der(&self) -> DerPublicKey {
        let mut der = Vec::with_capacity(Self::DER_BYTES);
        der.extend_from_slice(&PREFIX);
        der.extend_from_slice(&self.to_bytes());
        DerPublicKey::new(der)
    }
}
