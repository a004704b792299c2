//! The answer to a request to read the state.

use super::CERTIFICATE;
use crate::codec::{DecodeError, Wire, Writer, decode_whole};
use crate::request::required;

/// The answer to a request to read the state, with status 200: a certificate, still encoded (HTTP-026).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadStateAnswer {
    /// The encoded certificate; `ic-certification` decodes and verifies it.
    pub certificate: Vec<u8>,
}

impl Wire for ReadStateAnswer {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(self.certificate.len().saturating_add(32));
        writer.map(1).text(CERTIFICATE).bytes(&self.certificate);
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, |reader| {
            let mut certificate = None;
            reader.fields_among_others(&[CERTIFICATE], |_, reader| {
                certificate = Some(reader.bytes()?.to_vec());
                Ok(())
            })?;
            Ok(Self {
                certificate: required(certificate, CERTIFICATE)?,
            })
        })
    }
}
