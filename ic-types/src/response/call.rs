//! Answers to calls, asynchronous (v2) and synchronous (v3, v4) (HTTP-141 to HTTP-145).

use super::reject::{FIELDS, PartialReject};
use super::{CERTIFICATE, Reject, STATUS};
use crate::codec::{DecodeError, Excerpt, Reader, Wire, Writer, decode_whole};
use crate::request::required;

const REPLIED: &str = "replied";
const NON_REPLICATED_REJECTION: &str = "non_replicated_rejection";

/// The answer to `POST /api/v2/canister/<id>/call`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsyncCallAnswer {
    /// 202: the call is on its way, and its status can be read (HTTP-141).
    Accepted,
    /// 200: this node refused it before anything happened, which proves nothing (HTTP-142).
    Rejected(Reject),
}

impl AsyncCallAnswer {
    /// The HTTP status.
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Accepted => 202,
            Self::Rejected(_) => 200,
        }
    }

    /// The body.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Accepted => Vec::new(),
            Self::Rejected(reject) => reject.encode(),
        }
    }

    /// From the status, 200 or 202, and the body, which means nothing with 202 (HTTP-247).
    ///
    /// # Errors
    /// Another status, or a body that is no rejection.
    pub fn decode(http_status: u16, body: &[u8]) -> Result<Self, DecodeError> {
        if accepted(http_status)? {
            Ok(Self::Accepted)
        } else {
            Reject::decode(body).map(Self::Rejected)
        }
    }
}

/// The answer to `POST /api/v3/canister/<id>/call`, and to v4 of a canister or subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncCallAnswer {
    /// 202: the call took longer than the node waits; its status can be read (HTTP-145).
    Accepted,
    /// 200: there is an outcome, reply or rejection, and this certificate shows it (HTTP-143).
    Certified {
        /// The encoded certificate: `/request_status/<id>` and `/time`.
        certificate: Vec<u8>,
    },
    /// 200: this node refused it before anything happened, which proves nothing (HTTP-144).
    Rejected(Reject),
}

impl SyncCallAnswer {
    /// The HTTP status.
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Accepted => 202,
            Self::Certified { .. } | Self::Rejected(_) => 200,
        }
    }

    /// The body.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Accepted => Vec::new(),
            Self::Certified { certificate } => {
                let mut writer = Writer::self_described(certificate.len().saturating_add(64));
                writer
                    .map(2)
                    .text(STATUS)
                    .text(REPLIED)
                    .text(CERTIFICATE)
                    .bytes(certificate);
                writer.into_vec()
            }
            Self::Rejected(reject) => {
                let mut writer = Writer::self_described(128);
                writer
                    .map(1 + reject.field_count())
                    .text(STATUS)
                    .text(NON_REPLICATED_REJECTION);
                reject.write_fields(&mut writer);
                writer.into_vec()
            }
        }
    }

    /// From the status, 200 or 202, and the body, which means nothing with 202 (HTTP-247).
    ///
    /// # Errors
    /// Another status, or a body that is neither a certificate nor a rejection.
    pub fn decode(http_status: u16, body: &[u8]) -> Result<Self, DecodeError> {
        if accepted(http_status)? {
            Ok(Self::Accepted)
        } else {
            decode_whole(body, Self::read)
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [code, message, error_code] = FIELDS;
        let (mut replied, mut certificate, mut reject) = (None, None, PartialReject::default());
        reader.fields_among_others(
            &[STATUS, CERTIFICATE, code, message, error_code],
            |name, reader| {
                match name {
                    STATUS => replied = Some(read_status(reader)?),
                    CERTIFICATE => {
                        certificate =
                            reader.nullable(|reader| reader.bytes().map(<[u8]>::to_vec))?
                    }
                    name => reject.field(name, reader)?,
                }
                Ok(())
            },
        )?;
        if required(replied, STATUS)? {
            Ok(Self::Certified {
                certificate: required(certificate, CERTIFICATE)?,
            })
        } else {
            reject.complete().map(Self::Rejected)
        }
    }
}

/// Whether the status says that the answer will be found elsewhere.
fn accepted(http_status: u16) -> Result<bool, DecodeError> {
    match http_status {
        200 => Ok(false),
        202 => Ok(true),
        found => Err(DecodeError::UnexpectedNumber {
            position: 0,
            expected: "HTTP status 200 or 202",
            found: found.into(),
        }),
    }
}

/// Whether there is a certificate.
fn read_status(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let position = reader.position();
    match reader.text()? {
        REPLIED => Ok(true),
        NON_REPLICATED_REJECTION => Ok(false),
        other => Err(DecodeError::UnexpectedText {
            position,
            expected: "replied or non_replicated_rejection",
            found: Excerpt::of(other),
        }),
    }
}
