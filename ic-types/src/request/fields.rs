//! The fields of a content, as they come: any order, some of them optional (HTTP-040 to HTTP-044).

use super::field::{
    ARG, CANISTER_ID, INFO, INGRESS_EXPIRY, METHOD_NAME, NONCE, PATHS, REQUEST_TYPE, SENDER,
    SENDER_INFO, SIG, SIGNER,
};
use super::{Nonce, SenderInfo};
use crate::codec::{DecodeError, Excerpt, Reader, Writer};
use crate::ids::{CanisterId, UserId};
use crate::limits;
use crate::path::{Label, Path};
use crate::units::Time;

/// What a content may have: each kind of request takes what it must have with [`required`].
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) sender: Option<UserId>,
    pub(super) expiry: Option<Time>,
    pub(super) nonce: Option<Nonce>,
    pub(super) canister: Option<CanisterId>,
    pub(super) method: Option<&'a str>,
    pub(super) argument: Option<&'a [u8]>,
    pub(super) sender_info: Option<SenderInfo>,
    pub(super) paths: Option<Vec<Path>>,
}

/// The fields of calls and queries.
pub(super) const OF_CALLS: &[&str] = &[
    REQUEST_TYPE.name,
    SENDER.name,
    INGRESS_EXPIRY.name,
    NONCE.name,
    CANISTER_ID.name,
    METHOD_NAME.name,
    ARG.name,
    SENDER_INFO.name,
];

/// The fields of requests to read the state.
pub(super) const OF_READS: &[&str] = &[
    REQUEST_TYPE.name,
    SENDER.name,
    INGRESS_EXPIRY.name,
    NONCE.name,
    PATHS.name,
];

impl<'a> Fields<'a> {
    /// Reads a content of type `request_type` that has no other fields than `known`: an unknown one would be part of
    /// the request id without anybody knowing what it means (HTTP-024).
    pub(super) fn read(
        reader: &mut Reader<'a>,
        request_type: &'static str,
        known: &[&'static str],
    ) -> Result<Self, DecodeError> {
        let mut fields = Self::default();
        let mut typed = None;
        reader.fields(known, |name, reader| {
            match name {
                "request_type" => {
                    let position = reader.position();
                    let found = reader.text()?;
                    if found != request_type {
                        let found = Excerpt::of(found);
                        return Err(DecodeError::UnexpectedText {
                            position,
                            expected: request_type,
                            found,
                        });
                    }
                    typed = Some(());
                }
                "sender" => fields.sender = Some(UserId::new(reader.principal()?)),
                "ingress_expiry" => fields.expiry = Some(Time::from_nanos(reader.nat()?)),
                "nonce" => fields.nonce = reader.nullable(read_nonce)?,
                "canister_id" => fields.canister = Some(CanisterId::new(reader.principal()?)),
                "method_name" => fields.method = Some(reader.text()?),
                "arg" => fields.argument = Some(reader.bytes()?),
                "sender_info" => fields.sender_info = reader.nullable(read_sender_info)?,
                _ => fields.paths = Some(reader.list("paths", limits::PATHS, read_path)?),
            }
            Ok(())
        })?;
        required(typed, REQUEST_TYPE.name)?;
        Ok(fields)
    }
}

/// The value of a field that has to be there.
pub(crate) fn required<T>(value: Option<T>, field: &'static str) -> Result<T, DecodeError> {
    value.ok_or(DecodeError::MissingField { field })
}

fn read_nonce(reader: &mut Reader<'_>) -> Result<Nonce, DecodeError> {
    let bytes = reader.bytes()?;
    let over = |_| DecodeError::OverLimit {
        what: "bytes in a nonce",
        limit: limits::NONCE_BYTES,
        found: bytes.len(),
    };
    Nonce::try_from_slice(bytes).map_err(over)
}

fn read_path(reader: &mut Reader<'_>) -> Result<Path, DecodeError> {
    let label = |reader: &mut Reader<'_>| reader.bytes().map(Label::from);
    reader
        .list("labels in a path", limits::PATH_LABELS, label)
        .map(Path::from)
}

fn read_sender_info(reader: &mut Reader<'_>) -> Result<SenderInfo, DecodeError> {
    let (mut info, mut signer, mut signature) = (None, None, None);
    reader.fields(&[INFO.name, SIGNER.name, SIG.name], |name, reader| {
        match name {
            "info" => info = Some(reader.bytes()?.to_vec()),
            "signer" => signer = Some(CanisterId::new(reader.principal()?)),
            _ => signature = Some(reader.bytes()?.to_vec()),
        }
        Ok(())
    })?;
    Ok(SenderInfo {
        info: required(info, INFO.name)?,
        signer: required(signer, SIGNER.name)?,
        signature: required(signature, SIG.name)?,
    })
}

/// Writes the head of a content with `own` fields besides the shared ones, and the shared ones.
pub(super) fn write_shared(
    writer: &mut Writer,
    request_type: &str,
    sender: UserId,
    expiry: Time,
    nonce: Option<&Nonce>,
    own: usize,
) {
    writer.map(3 + usize::from(nonce.is_some()) + own);
    writer.text(REQUEST_TYPE.name).text(request_type);
    writer.text(SENDER.name).bytes(sender.as_slice());
    writer.text(INGRESS_EXPIRY.name).nat(expiry.as_nanos());
    if let Some(nonce) = nonce {
        writer.text(NONCE.name).bytes(nonce.as_slice());
    }
}

/// Writes what calls and queries have besides.
pub(super) fn write_call(
    writer: &mut Writer,
    canister: CanisterId,
    method: &str,
    argument: &[u8],
    sender_info: Option<&SenderInfo>,
) {
    writer.text(CANISTER_ID.name).bytes(canister.as_slice());
    writer.text(METHOD_NAME.name).text(method);
    writer.text(ARG.name).bytes(argument);
    if let Some(SenderInfo {
        info,
        signer,
        signature,
    }) = sender_info
    {
        writer.text(SENDER_INFO.name).map(3);
        writer.text(INFO.name).bytes(info);
        writer.text(SIGNER.name).bytes(signer.as_slice());
        writer.text(SIG.name).bytes(signature);
    }
}
