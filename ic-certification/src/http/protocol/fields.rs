//! The fields of the messages, and how each is written and read.

use ic_types::{CanisterId, Principal};

use super::{Callback, HeaderField, StreamingStrategy, StreamingToken};
use crate::http::CandidError;
use crate::http::candid::{
    Definition, Function, Primitive, Reader, Record, Table, Type, field_id, length, with_length,
};

pub(super) const METHOD: u32 = field_id("method");
pub(super) const URL: u32 = field_id("url");
pub(super) const HEADERS: u32 = field_id("headers");
pub(super) const BODY: u32 = field_id("body");
pub(super) const CERTIFICATE_VERSION: u32 = field_id("certificate_version");
pub(super) const STATUS_CODE: u32 = field_id("status_code");
pub(super) const UPGRADE: u32 = field_id("upgrade");
pub(super) const STREAMING_STRATEGY: u32 = field_id("streaming_strategy");
pub(super) const CALLBACK: u32 = field_id("Callback");
pub(super) const CALLBACK_METHOD: u32 = field_id("callback");
pub(super) const TOKEN: u32 = field_id("token");
/// The annotation of a function that is a query.
pub(super) const QUERY: u8 = 1;

pub(super) type RequestParts = (String, String, Vec<HeaderField>, Vec<u8>);

pub(super) fn needed<T>(value: Option<T>, field: &'static str) -> Result<T, CandidError> {
    value.ok_or(CandidError::MissingField { field })
}

/// An `opt` of something whose value is these bytes.
pub(super) fn optional<const N: usize>(value: Option<[u8; N]>) -> Vec<u8> {
    value.map_or_else(|| vec![0], |value| [&[1], &value[..]].concat())
}

pub(super) fn finish(mut table: Table, record: Record) -> Vec<u8> {
    let (kind, value) = table.record(record);
    table.message((kind, &value))
}

pub(super) fn add_request(
    table: &mut Table,
    record: &mut Record,
    (method, url, headers, body): (&str, &str, &[HeaderField], &[u8]),
) {
    for (id, text) in [(METHOD, method), (URL, url)] {
        let value = with_length(text.as_bytes());
        record.field(id, Type::Primitive(Primitive::Text), value);
    }
    add_headers(table, record, headers);
    add_body(table, record, body);
}

pub(super) fn add_headers(table: &mut Table, record: &mut Record, headers: &[HeaderField]) {
    let text = Type::Primitive(Primitive::Text);
    let pair = table.add(Definition::Record(vec![(0, text), (1, text)]));
    let kind = table.add(Definition::Vec(pair));
    let mut value = length(headers.len());
    for (name, content) in headers {
        value.extend(with_length(name.as_bytes()));
        value.extend(with_length(content.as_bytes()));
    }
    record.field(HEADERS, kind, value);
}

/// Says what blobs are called.
pub(super) fn add_body(table: &mut Table, record: &mut Record, body: &[u8]) -> Type {
    let blob = table.add(Definition::Vec(Type::Primitive(Primitive::Nat8)));
    record.field(BODY, blob, with_length(body));
    blob
}

/// The record of a callback and its token.
pub(super) fn add_callback(
    table: &mut Table,
    blob: Type,
    callback: &Callback,
    token: &StreamingToken,
) -> (Type, Vec<u8>) {
    let token_kind = table.embed(&token.types, token.kind);
    let next = table.add(Definition::Opt(token_kind));
    let mut fields = vec![(BODY, blob), (TOKEN, next)];
    fields.sort_by_key(|(id, _)| *id);
    let answer = table.add(Definition::Record(fields));
    let function = table.add(Definition::Func(Box::new(Function {
        arguments: vec![token_kind],
        results: vec![answer],
        annotations: vec![QUERY],
    })));
    let name = [
        // Neither the function nor its canister is opaque.
        &[1, 1],
        &with_length(callback.canister.as_slice())[..],
        &with_length(callback.method.as_bytes()),
    ];
    let mut record = Record::default();
    record.field(CALLBACK_METHOD, function, name.concat());
    record.field(TOKEN, token_kind, token.value.clone());
    table.record(record)
}

/// The four fields that both kinds of request have; `others` reads what else it knows.
pub(super) fn read_request<'a, 't>(
    reader: &mut Reader<'a, 't>,
    kind: Type,
    mut others: impl FnMut(&mut Reader<'a, 't>, u32, Type) -> Result<bool, CandidError>,
) -> Result<RequestParts, CandidError> {
    let (mut method, mut url, mut headers, mut body) = (None, None, None, None);
    reader.record(kind, |reader, id, kind| {
        match id {
            METHOD => method = Some(reader.text(kind)?.to_owned()),
            URL => url = Some(reader.text(kind)?.to_owned()),
            HEADERS => headers = Some(read_headers(reader, kind)?),
            BODY => body = Some(reader.blob(kind)?.to_vec()),
            _ => return others(reader, id, kind),
        }
        Ok(true)
    })?;
    Ok((
        needed(method, "method")?,
        needed(url, "url")?,
        needed(headers, "headers")?,
        needed(body, "body")?,
    ))
}

pub(super) fn read_headers(
    reader: &mut Reader<'_, '_>,
    kind: Type,
) -> Result<Vec<HeaderField>, CandidError> {
    reader.list(kind, |reader, kind| {
        let (mut name, mut value) = (None, None);
        reader.record(kind, |reader, id, kind| {
            match id {
                0 => name = Some(reader.text(kind)?.to_owned()),
                1 => value = Some(reader.text(kind)?.to_owned()),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok((needed(name, "0")?, needed(value, "1")?))
    })
}

pub(super) fn read_strategy(
    reader: &mut Reader<'_, '_>,
    kind: Type,
) -> Result<StreamingStrategy, CandidError> {
    let (CALLBACK, kind) = reader.variant(kind)? else {
        return Err(CandidError::OtherType {
            expected: "the alternative Callback",
        });
    };
    let (mut callback, mut token) = (None, None);
    reader.record(kind, |reader, id, kind| {
        match id {
            CALLBACK_METHOD => {
                let (canister, method): (Principal, _) = reader.function(kind)?;
                callback = Some(Callback {
                    canister: CanisterId::new(canister),
                    method: method.to_owned(),
                });
            }
            TOKEN => token = Some(read_token(reader, kind)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(StreamingStrategy::Callback {
        callback: needed(callback, "callback")?,
        token: needed(token, "token")?,
    })
}

pub(super) fn read_token(
    reader: &mut Reader<'_, '_>,
    kind: Type,
) -> Result<StreamingToken, CandidError> {
    let (types, kind, value) = reader.any(kind)?;
    Ok(StreamingToken {
        types,
        kind,
        value: value.to_vec(),
    })
}
