//! COSE keys: how authenticators write public keys (RFC 9052, RFC 9053; HTTP-065).

use ic_types::codec::{Kind, Reader, Writer};

use super::ecdsa::P256Key;
use super::{ed25519, rsa};
use crate::InvalidKey;

// Labels and values of the registries of COSE.
const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
const OCTET_KEY_PAIR: i128 = 1;
const ELLIPTIC_CURVE: i128 = 2;
const RSA: i128 = 3;
const EDDSA: i128 = -8;
const ES256: i128 = -7;
const RS256: i128 = -257;
const P256: i128 = 1;
const ED25519: i128 = 6;

/// A key in one of the three forms that are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoseKey {
    /// ES256: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`.
    EcdsaP256(P256Key),
    /// RS256: `{1: 3, 3: -257, -1: n, -2: e}`.
    Rsa(rsa::PublicKey),
    /// EdDSA: `{1: 1, 3: -8, -1: 6, -2: x}`.
    Ed25519(ed25519::PublicKey),
}

impl CoseKey {
    /// Reads a COSE key. Only the canonical encoding is accepted (the labels in this order and no others), so that a key
    /// has one principal.
    ///
    /// # Errors
    /// Another form or algorithm, or not a valid key of it.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, InvalidKey> {
        let key = Self::read(bytes).ok_or(InvalidKey)?;
        if key.to_cbor() == bytes {
            Ok(key)
        } else {
            Err(InvalidKey)
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut numbers = Vec::new();
        let mut strings = Vec::new();
        for _ in 0..reader.map().ok().filter(|entries| *entries <= 5)? {
            let label = reader.int().ok()?;
            if reader.kind().ok()? == Kind::Bytes {
                strings.push((label, reader.bytes().ok()?));
            } else {
                numbers.push((label, reader.int().ok()?));
            }
        }
        reader.finish().ok()?;
        match (&numbers[..], &strings[..]) {
            ([(KEY_TYPE, ELLIPTIC_CURVE), (ALGORITHM, ES256), (-1, P256)], [(-2, x), (-3, y)]) => {
                let point = [&[4], *x, *y].concat();
                P256Key::from_uncompressed(&point).ok().map(Self::EcdsaP256)
            }
            ([(KEY_TYPE, RSA), (ALGORITHM, RS256)], [(-1, n), (-2, e)]) => {
                rsa::PublicKey::from_components(n, e).ok().map(Self::Rsa)
            }
            (
                [
                    (KEY_TYPE, OCTET_KEY_PAIR),
                    (ALGORITHM, EDDSA),
                    (-1, ED25519),
                ],
                [(-2, x)],
            ) => {
                let x: &[u8; 32] = (*x).try_into().ok()?;
                ed25519::PublicKey::from_bytes(x).ok().map(Self::Ed25519)
            }
            _ => None,
        }
    }

    /// The canonical encoding.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        // A negative number -1 - n is written as n.
        match self {
            Self::EcdsaP256(key) => {
                let point = key.to_uncompressed();
                let (x, y) = point
                    .get(1..)
                    .unwrap_or_default()
                    .split_at_checked(32)
                    .unwrap_or_default();
                writer
                    .map(5)
                    .nat(1)
                    .nat(2)
                    .nat(3)
                    .negative(6)
                    .negative(0)
                    .nat(1);
                writer.negative(1).bytes(x).negative(2).bytes(y);
            }
            Self::Rsa(key) => {
                let (n, e) = key.components();
                writer
                    .map(4)
                    .nat(1)
                    .nat(3)
                    .nat(3)
                    .negative(256)
                    .negative(0)
                    .bytes(&n)
                    .negative(1)
                    .bytes(&e);
            }
            Self::Ed25519(key) => {
                writer
                    .map(4)
                    .nat(1)
                    .nat(1)
                    .nat(3)
                    .negative(7)
                    .negative(0)
                    .nat(6)
                    .negative(1)
                    .bytes(key.as_bytes());
            }
        }
        writer.into_vec()
    }
}
