//! Answers to queries, and what a node signs about them (HTTP-149 to HTTP-152).

use super::reject::{FIELDS, PartialReject};
use super::{Reject, STATUS as STATUS_NAME};
use crate::codec::{DecodeError, Excerpt, Reader, Wire, Writer, decode_whole};
use crate::digest::{Digest, RequestId};
use crate::domain::{Domain, Signable};
use crate::ids::NodeId;
use crate::limits;
use crate::request::field::{
    ARG, ERROR_CODE, REJECT_CODE, REJECT_MESSAGE, REPLY, REQUEST_ID, STATUS, TIMESTAMP,
};
use crate::request::{MapHasher, required};
use crate::units::Time;

const REPLIED: &str = "replied";
const REJECTED: &str = "rejected";
const SIGNATURES: &str = "signatures";
const SIGNATURE: &str = "signature";
const IDENTITY: &str = "identity";

/// What became of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    /// The canister replied.
    Replied {
        /// The reply, as a rule in Candid.
        argument: Vec<u8>,
    },
    /// It did not.
    Rejected(Reject),
}

impl QueryOutcome {
    /// What a node signs when at `timestamp` this is its answer to the query `request` (HTTP-151).
    pub fn hash(&self, request: &RequestId, timestamp: Time) -> QueryResponseHash {
        let mut map = MapHasher::new();
        match self {
            Self::Replied { argument } => {
                map.blob(&STATUS, REPLIED.as_bytes());
                map.nat(&TIMESTAMP, timestamp.as_nanos());
                let mut reply = MapHasher::new();
                reply.blob(&ARG, argument);
                map.hashed(&REPLY, reply.finish());
                map.blob(&REQUEST_ID, request.as_bytes());
            }
            Self::Rejected(Reject {
                code,
                message,
                error_code,
            }) => {
                map.blob(&STATUS, REJECTED.as_bytes());
                map.nat(&REJECT_CODE, code.number());
                map.nat(&TIMESTAMP, timestamp.as_nanos());
                if let Some(error_code) = error_code {
                    map.blob(&ERROR_CODE, error_code.as_bytes());
                }
                map.blob(&REQUEST_ID, request.as_bytes());
                map.blob(&REJECT_MESSAGE, message.as_bytes());
            }
        }
        QueryResponseHash(map.finish())
    }
}

/// The representation-independent hash of an answer to a query: what a node signs. Made by [`QueryOutcome::hash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryResponseHash(Digest);

impl QueryResponseHash {
    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl Signable for QueryResponseHash {
    const DOMAIN: Domain = Domain::QueryResponse;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// One node's signature on an answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSignature {
    /// When the node answered, by its own account; part of what is signed.
    pub timestamp: Time,
    /// The signature on the [`QueryResponseHash`].
    pub signature: Vec<u8>,
    /// Which node it is; its key is in the state tree (HTTP-152).
    pub identity: NodeId,
}

/// The answer to a query, with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryResponse {
    /// What became of the query.
    pub outcome: QueryOutcome,
    /// The signatures of the nodes that say so: one today. There may be none in what is decoded, and then nobody
    /// vouches for the answer: whoever checks signatures has to refuse it (HTTP-150).
    pub signatures: Vec<NodeSignature>,
}

impl Wire for QueryResponse {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(256);
        match &self.outcome {
            QueryOutcome::Replied { argument } => {
                writer.map(3).text(STATUS_NAME).text(REPLIED);
                writer
                    .text(REPLY.name)
                    .map(1)
                    .text(ARG.name)
                    .bytes(argument);
            }
            QueryOutcome::Rejected(reject) => {
                writer
                    .map(2 + reject.field_count())
                    .text(STATUS_NAME)
                    .text(REJECTED);
                reject.write_fields(&mut writer);
            }
        }
        writer.text(SIGNATURES).array(self.signatures.len());
        for NodeSignature {
            timestamp,
            signature,
            identity,
        } in &self.signatures
        {
            writer.map(3).text(TIMESTAMP.name).nat(timestamp.as_nanos());
            writer.text(SIGNATURE).bytes(signature);
            writer.text(IDENTITY).bytes(identity.as_slice());
        }
        writer.into_vec()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode_whole(bytes, read)
    }
}

fn read(reader: &mut Reader<'_>) -> Result<QueryResponse, DecodeError> {
    let [code, message, error_code] = FIELDS;
    let known = [
        STATUS_NAME,
        REPLY.name,
        SIGNATURES,
        code,
        message,
        error_code,
    ];
    let (mut replied, mut reply, mut signatures) = (None, None, None);
    let mut reject = PartialReject::default();
    reader.fields_among_others(&known, |name, reader| {
        match name {
            STATUS_NAME => replied = Some(read_status(reader)?),
            "reply" => reply = reader.nullable(read_reply)?,
            SIGNATURES => {
                signatures =
                    Some(reader.list("node signatures", limits::NODE_SIGNATURES, read_signature)?)
            }
            name => reject.field(name, reader)?,
        }
        Ok(())
    })?;
    let outcome = if required(replied, STATUS_NAME)? {
        QueryOutcome::Replied {
            argument: required(reply, REPLY.name)?,
        }
    } else {
        QueryOutcome::Rejected(reject.complete()?)
    };
    Ok(QueryResponse {
        outcome,
        signatures: signatures.unwrap_or_default(),
    })
}

/// Whether there is a reply.
fn read_status(reader: &mut Reader<'_>) -> Result<bool, DecodeError> {
    let position = reader.position();
    match reader.text()? {
        REPLIED => Ok(true),
        REJECTED => Ok(false),
        other => Err(DecodeError::UnexpectedText {
            position,
            expected: "replied or rejected",
            found: Excerpt::of(other),
        }),
    }
}

fn read_reply(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let mut argument = None;
    reader.fields_among_others(&[ARG.name], |_, reader| {
        argument = Some(reader.bytes()?.to_vec());
        Ok(())
    })?;
    required(argument, ARG.name)
}

fn read_signature(reader: &mut Reader<'_>) -> Result<NodeSignature, DecodeError> {
    let (mut timestamp, mut signature, mut identity) = (None, None, None);
    reader.fields_among_others(&[TIMESTAMP.name, SIGNATURE, IDENTITY], |name, reader| {
        match name {
            "timestamp" => timestamp = Some(Time::from_nanos(reader.nat()?)),
            SIGNATURE => signature = Some(reader.bytes()?.to_vec()),
            _ => identity = Some(NodeId::new(reader.principal()?)),
        }
        Ok(())
    })?;
    Ok(NodeSignature {
        timestamp: required(timestamp, TIMESTAMP.name)?,
        signature: required(signature, SIGNATURE)?,
        identity: required(identity, IDENTITY)?,
    })
}
