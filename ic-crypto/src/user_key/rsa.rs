//! RSA with PKCS #1 v1.5 and SHA-256, which some authenticators have: dispatch and strictness. The arithmetic is the rsa
//! crate's.

use std::fmt;

use ic_types::Digest;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, Pkcs1v15Sign};

use crate::{InvalidKey, InvalidSignature};

/// Bits of the smallest and the largest modulus.
const SIZES: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Bits of the largest public exponent: larger ones only serve to keep verifiers busy.
const MAX_EXPONENT_BITS: u32 = 33;

/// What PKCS #1 v1.5 puts before a SHA-256 hash: the DER of `DigestInfo` up to the hash (RFC 8017, section 9.2).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// An RSA public key: a modulus of 2048 to 8192 bits and an exponent of at most 33, both odd, the exponent not 1.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(rsa::PublicKey);

impl PublicKey {
    /// The key with this modulus and exponent, most significant byte first; zero bytes before them do not count.
    ///
    /// # Errors
    /// Not the numbers of a key.
    pub fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, InvalidKey> {
        let [modulus, exponent] = [modulus, exponent].map(without_zeros);
        if modulus.len() > SIZES.end() / 8 || exponent == [1] || bits(exponent) > MAX_EXPONENT_BITS
        {
            return Err(InvalidKey);
        }
        let (n, e) = (
            BoxedUint::from_be_slice_vartime(modulus),
            BoxedUint::from_be_slice_vartime(exponent),
        );
        rsa::PublicKey::new_with_size_limits(n, e, SIZES)
            .map(Self)
            .map_err(|_| InvalidKey)
    }

    /// Modulus and exponent, most significant byte first, in as few bytes as possible.
    pub fn components(&self) -> (Box<[u8]>, Box<[u8]>) {
        let n: &BoxedUint = self.0.n().as_ref();
        (
            n.to_be_bytes_trimmed_vartime(),
            self.0.e().to_be_bytes_trimmed_vartime(),
        )
    }

    /// Checks a signature, of as many bytes as the modulus, on a message.
    ///
    /// # Errors
    /// It is not this key's signature on this message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let scheme = Pkcs1v15Sign {
            hash_len: Some(Digest::LENGTH),
            prefix: Box::new(DIGEST_INFO),
        };
        self.0
            .verify(scheme, Digest::of(message).as_bytes(), signature)
            .map_err(|_| InvalidSignature)
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Of a number without zero bytes before it; more than any limit if it is long.
fn bits(number: &[u8]) -> u32 {
    let all = u32::try_from(number.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(8);
    all.saturating_sub(number.first().map_or(0, |first| first.leading_zeros()))
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (modulus, exponent) = self.components();
        f.write_str("rsa::PublicKey(")?;
        crate::write_hex(f, &modulus)?;
        f.write_str(", ")?;
        crate::write_hex(f, &exponent)?;
        f.write_str(")")
    }
}
