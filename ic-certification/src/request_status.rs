//! From what a certificate shows under `/request_status/<request>` to what became of the request (CERT-130 to
//! CERT-134, CERT-151).

use ic_types::RequestId;
use ic_types::codec::leb128;
use ic_types::response::{Reject, RejectCode};

use crate::paths::label;
use crate::{HashTree, Lookup};

/// What became of a request (HTTP-185 to HTTP-189).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestStatus {
    /// The subnet knows nothing of it: not yet, or not any more. This is proved.
    Absent,
    /// It is in the state of the subnet.
    Received,
    /// Its execution has begun.
    Processing,
    /// It was answered with this.
    Replied(Vec<u8>),
    /// It was refused.
    Rejected(Reject),
    /// It was answered or refused, but the outcome was forgotten.
    Done,
}

/// The certificate does not say what became of a request, or says it in a way that no subnet would.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedStatus {
    /// The certificate does not show it, nor prove that there is nothing.
    #[error("the certificate does not show `{field}` of request {request}")]
    NotShown {
        /// The request.
        request: RequestId,
        /// The last label of what is missing.
        field: &'static str,
    },
    /// The certificate shows something that does not decode.
    #[error("`{field}` of request {request} is malformed")]
    Malformed {
        /// The request.
        request: RequestId,
        /// The last label of what is malformed.
        field: &'static str,
    },
}

impl RequestStatus {
    /// What `tree` shows about `request`.
    pub(crate) fn of(tree: &HashTree, request: &RequestId) -> Result<Self, MalformedStatus> {
        let fields = Fields { tree, request };
        let status = match fields.lookup(label::STATUS) {
            Lookup::Found(status) => status,
            Lookup::Absent => return Ok(Self::Absent),
            Lookup::Unknown | Lookup::SubTree => return Err(fields.not_shown("status")),
        };
        match status {
            b"received" => Ok(Self::Received),
            b"processing" => Ok(Self::Processing),
            b"replied" => Ok(Self::Replied(fields.found(label::REPLY, "reply")?.to_vec())),
            b"rejected" => Ok(Self::Rejected(Reject {
                code: fields.reject_code()?,
                message: fields.text(label::REJECT_MESSAGE, "reject_message")?,
                error_code: match fields.lookup(label::ERROR_CODE) {
                    // Old subnets have none, and a certificate may leave out what is optional.
                    Lookup::Absent | Lookup::Unknown => None,
                    Lookup::Found(_) | Lookup::SubTree => {
                        Some(fields.text(label::ERROR_CODE, "error_code")?)
                    }
                },
            })),
            b"done" => Ok(Self::Done),
            _ => Err(fields.malformed("status")),
        }
    }
}

struct Fields<'a> {
    tree: &'a HashTree,
    request: &'a RequestId,
}

impl<'a> Fields<'a> {
    fn lookup(&self, field: &[u8]) -> Lookup<'a> {
        self.tree
            .lookup([label::REQUEST_STATUS, self.request.as_bytes(), field])
    }

    fn found(&self, field: &[u8], name: &'static str) -> Result<&'a [u8], MalformedStatus> {
        self.lookup(field)
            .found()
            .ok_or_else(|| self.not_shown(name))
    }

    fn text(&self, field: &[u8], name: &'static str) -> Result<String, MalformedStatus> {
        let text = self.found(field, name)?;
        str::from_utf8(text)
            .map(str::to_owned)
            .map_err(|_| self.malformed(name))
    }

    fn reject_code(&self) -> Result<RejectCode, MalformedStatus> {
        let mut number = self.found(label::REJECT_CODE, "reject_code")?;
        let code = leb128::read_unsigned(&mut number)
            .ok()
            .filter(|_| number.is_empty());
        code.and_then(RejectCode::from_number)
            .ok_or_else(|| self.malformed("reject_code"))
    }

    fn not_shown(&self, field: &'static str) -> MalformedStatus {
        MalformedStatus::NotShown {
            request: *self.request,
            field,
        }
    }

    fn malformed(&self, field: &'static str) -> MalformedStatus {
        MalformedStatus::Malformed {
            request: *self.request,
            field,
        }
    }
}
