//! WebAuthn: signatures of authenticators, which sign not the message but what a browser says about it (HTTP-063 and
//! HTTP-065 to HTTP-067).

use std::fmt;

use ic_types::codec::{Kind, Reader, Writer};
use ic_types::{DerPublicKey, Digest};

use super::cose::CoseKey;
use super::{client_data, der};
use crate::{InvalidKey, InvalidSignature};

/// The object identifier 1.3.6.1.4.1.56387.1.1 with its tag and length (HTTP-063).
const ALGORITHM: [u8; 12] = [
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb8, 0x43, 0x01, 0x01,
];

/// The public key of an authenticator: a COSE key in a DER wrapper.
///
/// A COSE key can be written in several ways, and a principal is of one of them: the bytes that were read are kept, and two
/// ways of writing one key are not equal.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAuthnKey {
    key: CoseKey,
    /// The key as it was written.
    cbor: Vec<u8>,
}

impl WebAuthnKey {
    /// The authenticator's key, in its canonical encoding.
    pub fn new(key: CoseKey) -> Self {
        let cbor = key.to_cbor();
        Self { key, cbor }
    }

    /// Reads the DER form.
    ///
    /// # Errors
    /// Another algorithm, or not a COSE key that is accepted.
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let cbor = der::key_of_algorithm(&ALGORITHM, der)?;
        let key = CoseKey::from_cbor(cbor)?;
        Ok(Self {
            key,
            cbor: cbor.to_vec(),
        })
    }

    /// The DER form, as it was read.
    pub fn to_der(&self) -> DerPublicKey {
        DerPublicKey::new(der::wrap(&ALGORITHM, &self.cbor))
    }

    /// The key in the wrapper.
    pub fn cose(&self) -> &CoseKey {
        &self.key
    }

    /// Checks a signature on a message: the message has to be the challenge of the client data (HTTP-067 a), and the
    /// authenticator has to have signed its data and the hash of the client data (HTTP-067 b).
    ///
    /// # Errors
    /// Not the CBOR of a [`WebAuthnSignature`], client data that is not a browser's with this challenge, or a wrong
    /// signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let signature = WebAuthnSignature::from_cbor(signature)?;
        let challenge =
            client_data::challenge(&signature.client_data_json).ok_or(InvalidSignature)?;
        if challenge != client_data::base64url(message) {
            return Err(InvalidSignature);
        }
        let client_data = Digest::of(signature.client_data_json.as_bytes());
        let signed = [&signature.authenticator_data[..], client_data.as_bytes()].concat();
        match &self.key {
            CoseKey::EcdsaP256(key) => {
                key.verify(&signed, &der::ecdsa_signature(&signature.signature)?)
            }
            CoseKey::Rsa(key) => key.verify(&signed, &signature.signature),
            CoseKey::Ed25519(key) => key.verify(
                &signed,
                signature
                    .signature
                    .as_slice()
                    .try_into()
                    .map_err(|_| InvalidSignature)?,
            ),
        }
    }
}

impl fmt::Debug for WebAuthnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebAuthnKey").field(&self.key).finish()
    }
}

/// What stands in place of a plain signature: what was signed travels with the signature (HTTP-066).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthnSignature {
    /// What the authenticator says about itself.
    pub authenticator_data: Vec<u8>,
    /// What the browser says: JSON with the message in `challenge`.
    pub client_data_json: String,
    /// The authenticator's signature: DER for ECDSA, otherwise the plain bytes.
    pub signature: Vec<u8>,
}

impl WebAuthnSignature {
    /// Reads a map of exactly these three fields; the self-describing tag before it may be missing.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, InvalidSignature> {
        let mut reader = Reader::new(bytes);
        let (mut authenticator_data, mut client_data_json, mut signature) = (None, None, None);
        let mut read = || {
            reader.self_described()?;
            reader.fields(
                &["authenticator_data", "client_data_json", "signature"],
                |field, reader| {
                    match field {
                        "authenticator_data" => authenticator_data = Some(reader.bytes()?.to_vec()),
                        // A text by the specification; clients write bytes.
                        "client_data_json" if reader.kind()? == Kind::Text => {
                            client_data_json = Some(reader.text()?.as_bytes().to_vec());
                        }
                        "client_data_json" => client_data_json = Some(reader.bytes()?.to_vec()),
                        _ => signature = Some(reader.bytes()?.to_vec()),
                    }
                    Ok(())
                },
            )
        };
        read().map_err(|_| InvalidSignature)?;
        reader.finish().map_err(|_| InvalidSignature)?;
        match (authenticator_data, client_data_json, signature) {
            (Some(authenticator_data), Some(client_data_json), Some(signature)) => Ok(Self {
                authenticator_data,
                client_data_json: String::from_utf8(client_data_json)
                    .map_err(|_| InvalidSignature)?,
                signature,
            }),
            _ => Err(InvalidSignature),
        }
    }

    /// Writes what [`from_cbor`](Self::from_cbor) reads, with the tag.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(128);
        writer
            .map(3)
            .text("authenticator_data")
            .bytes(&self.authenticator_data);
        writer.text("client_data_json").text(&self.client_data_json);
        writer.text("signature").bytes(&self.signature);
        writer.into_vec()
    }
}
