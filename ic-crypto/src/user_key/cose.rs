//! COSE keys: how authenticators write public keys (RFC 9052, RFC 9053; HTTP-065).

use ic_types::codec::{Kind, Reader, Writer};

use super::ecdsa::P256Key;
use super::{ed25519, rsa};
use crate::InvalidKey;

// Labels and values of the registries of COSE.
const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
const KEY_OPERATIONS: i128 = 4;
const OCTET_KEY_PAIR: i128 = 1;
const ELLIPTIC_CURVE: i128 = 2;
const RSA: i128 = 3;
const EDDSA: i128 = -8;
const ES256: i128 = -7;
const RS256: i128 = -257;
const P256: i128 = 1;
const ED25519: i128 = 6;

/// More labels than a key has anywhere.
const MAX_LABELS: usize = 32;

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
    /// Reads a COSE key as the network does: labels in any order, labels without meaning here ignored, `key_ops` (label
    /// 4), if there, the text `verify`. No label may occur twice.
    ///
    /// # Errors
    /// Another form or algorithm, or not a valid key of it.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, InvalidKey> {
        Parameters::read(bytes)
            .and_then(|parameters| Self::of_parameters(&parameters))
            .ok_or(InvalidKey)
    }

    fn of_parameters(parameters: &Parameters<'_>) -> Option<Self> {
        match parameters.get(KEY_OPERATIONS) {
            None | Some(Value::Text("verify")) => {}
            Some(_) => return None,
        }
        match (parameters.number(KEY_TYPE)?, parameters.number(ALGORITHM)?) {
            (ELLIPTIC_CURVE, ES256) if parameters.number(-1)? == P256 => {
                let x: &[u8; 32] = parameters.bytes(-2)?.try_into().ok()?;
                let y: &[u8; 32] = parameters.bytes(-3)?.try_into().ok()?;
                let point = [&[4], &x[..], &y[..]].concat();
                P256Key::from_uncompressed(&point).ok().map(Self::EcdsaP256)
            }
            (RSA, RS256) => {
                let (n, e) = (parameters.bytes(-1)?, parameters.bytes(-2)?);
                rsa::PublicKey::from_components(n, e).ok().map(Self::Rsa)
            }
            (OCTET_KEY_PAIR, EDDSA) if parameters.number(-1)? == ED25519 => {
                let x: &[u8; 32] = parameters.bytes(-2)?.try_into().ok()?;
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

/// The parameters of a key by their labels.
struct Parameters<'a>(Vec<(i128, Value<'a>)>);

enum Value<'a> {
    Number(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Other,
}

impl<'a> Value<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "values of every other kind are passed over, also of kinds to come"
    )]
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.kind().ok()? {
            Kind::Nat | Kind::Negative => Self::Number(reader.int().ok()?),
            Kind::Bytes => Self::Bytes(reader.bytes().ok()?),
            Kind::Text => Self::Text(reader.text().ok()?),
            _ => {
                reader.skip().ok()?;
                Self::Other
            }
        })
    }
}

impl<'a> Parameters<'a> {
    /// `None` if this is not one map, if it has too many labels, or one twice. Labels that are not numbers are left out.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut parameters = Self(Vec::new());
        for _ in 0..reader.map().ok().filter(|count| *count <= MAX_LABELS)? {
            let label = Value::read(&mut reader)?;
            let value = Value::read(&mut reader)?;
            if let Value::Number(label) = label {
                if parameters.get(label).is_some() {
                    return None;
                }
                parameters.0.push((label, value));
            }
        }
        reader.finish().ok()?;
        Some(parameters)
    }

    fn get(&self, label: i128) -> Option<&Value<'a>> {
        let mut found = self.0.iter().filter(|(other, _)| *other == label);
        found.next().map(|(_, value)| value)
    }

    fn number(&self, label: i128) -> Option<i128> {
        match self.get(label)? {
            Value::Number(number) => Some(*number),
            Value::Bytes(_) | Value::Text(_) | Value::Other => None,
        }
    }

    fn bytes(&self, label: i128) -> Option<&'a [u8]> {
        match self.get(label)? {
            Value::Bytes(bytes) => Some(bytes),
            Value::Number(_) | Value::Text(_) | Value::Other => None,
        }
    }
}
