//! What a gateway and a canister say to each other, in Candid (GW-100 to GW-107).

mod fields;

use fields::{
    BODY, CALLBACK, CERTIFICATE_VERSION, HEADERS, STATUS_CODE, STREAMING_STRATEGY, TOKEN, UPGRADE,
    add_body, add_callback, add_headers, add_request, finish, needed, optional, read_headers,
    read_request, read_strategy, read_token,
};
use ic_types::CanisterId;

use super::candid::{Definition, Primitive, Reader, Record, Table, Type, read_one};
use super::{CandidError, Request, Response};

/// Name and value (GW-100).
pub type HeaderField = (String, String);

/// The argument of the query `http_request` (GW-101).
///
/// ```
/// use ic_certification::http::HttpRequest;
///
/// let request = HttpRequest::new("get", "https://example.com/page?a=b#top");
/// assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "/page?a=b"));
/// assert_eq!(HttpRequest::decode(&request.encode())?, request);
/// # Ok::<(), ic_certification::http::CandidError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in upper case (GW-004).
    pub method: String,
    /// Path and query, percent-encoded, without scheme and host (GW-004).
    pub url: String,
    /// Repeated names are kept.
    pub headers: Vec<HeaderField>,
    /// The body, without the encodings that the gateway itself undid.
    pub body: Vec<u8>,
    /// The highest version of certification that the gateway verifies; without one, version 1 (GW-005).
    pub certificate_version: Option<u16>,
}

/// The argument of the update `http_request_update` (GW-102): a request without the version, for its answer is certified
/// by the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUpdateRequest {
    /// As in [`HttpRequest`].
    pub method: String,
    /// As in [`HttpRequest`].
    pub url: String,
    /// As in [`HttpRequest`].
    pub headers: Vec<HeaderField>,
    /// As in [`HttpRequest`].
    pub body: Vec<u8>,
}

/// The result of both methods (GW-103).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status_code: u16,
    /// Repeated names are kept.
    pub headers: Vec<HeaderField>,
    /// The body, or the first part of it.
    pub body: Vec<u8>,
    /// Whether the request is to be made once more as an update, and all else here to be forgotten (GW-083).
    pub upgrade: Option<bool>,
    /// Where the rest of the body comes from.
    pub streaming_strategy: Option<StreamingStrategy>,
}

/// Where the rest of a body comes from (GW-104).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamingStrategy {
    /// From a query method, called with a token.
    Callback {
        /// The method.
        callback: Callback,
        /// The token for the next part.
        token: StreamingToken,
    },
}

/// A method of a canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Whose it is: that of the canister that answers, or the response is refused (GW-080).
    pub canister: CanisterId,
    /// Its name.
    pub method: String,
}

/// What the callback answers (GW-105).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamingCallbackHttpResponse {
    /// The next part of the body.
    pub body: Vec<u8>,
    /// The token for the part after it, if there is one.
    pub token: Option<StreamingToken>,
}

/// A value of whatever type the canister chose, with that type: it goes back as it came (GW-081).
///
/// A canister makes one from the Candid message with the value alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamingToken {
    types: Vec<Definition>,
    kind: Type,
    value: Vec<u8>,
}

impl HttpRequest {
    /// A request without headers and body, for version 2. Of an absolute URL the path and the query are taken, and of any
    /// URL the fragment is left out.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_ascii_uppercase(),
            url: target_of(url),
            headers: Vec::new(),
            body: Vec::new(),
            certificate_version: Some(2),
        }
    }

    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut table = Table::default();
        let mut record = Record::default();
        let kind = table.add(Definition::Opt(Type::Primitive(Primitive::Nat16)));
        let version = self.certificate_version.map(u16::to_le_bytes);
        record.field(CERTIFICATE_VERSION, kind, optional(version));
        add_request(
            &mut table,
            &mut record,
            (&self.method, &self.url, &self.headers, &self.body),
        );
        finish(table, record)
    }

    /// The request of a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Not Candid, or not a request.
    pub fn decode(message: &[u8]) -> Result<Self, CandidError> {
        read_one(message, |reader, kind| {
            let mut version = None;
            let (method, url, headers, body) = read_request(reader, kind, |reader, id, kind| {
                let known = id == CERTIFICATE_VERSION;
                if known {
                    version = reader.optional(kind, Reader::nat16)?;
                }
                Ok(known)
            })?;
            Ok(Self {
                method,
                url,
                headers,
                body,
                certificate_version: version,
            })
        })
    }

    /// The same request as an update (GW-083).
    pub fn to_update(&self) -> HttpUpdateRequest {
        HttpUpdateRequest {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }

    /// What [`Gateway::verify`](super::Gateway::verify) and its like take.
    pub fn with<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        use_it(&Request {
            method: &self.method,
            url: &self.url,
            headers: &borrowed(&self.headers),
            body: &self.body,
        })
    }
}

impl HttpUpdateRequest {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut table = Table::default();
        let mut record = Record::default();
        add_request(
            &mut table,
            &mut record,
            (&self.method, &self.url, &self.headers, &self.body),
        );
        finish(table, record)
    }

    /// The request of a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Not Candid, or not a request.
    pub fn decode(message: &[u8]) -> Result<Self, CandidError> {
        read_one(message, |reader, kind| {
            let (method, url, headers, body) = read_request(reader, kind, |_, _, _| Ok(false))?;
            Ok(Self {
                method,
                url,
                headers,
                body,
            })
        })
    }
}

impl HttpResponse {
    /// A response with its whole body.
    pub fn new(status_code: u16, headers: Vec<HeaderField>, body: Vec<u8>) -> Self {
        Self {
            status_code,
            headers,
            body,
            upgrade: None,
            streaming_strategy: None,
        }
    }

    /// The message. What is `None` is left out of it (GW-107).
    pub fn encode(&self) -> Vec<u8> {
        let mut table = Table::default();
        let mut record = Record::default();
        let status = self.status_code.to_le_bytes().to_vec();
        record.field(STATUS_CODE, Type::Primitive(Primitive::Nat16), status);
        add_headers(&mut table, &mut record, &self.headers);
        let blob = add_body(&mut table, &mut record, &self.body);
        if let Some(upgrade) = self.upgrade {
            let kind = table.add(Definition::Opt(Type::Primitive(Primitive::Bool)));
            record.field(UPGRADE, kind, optional(Some([u8::from(upgrade)])));
        }
        if let Some(StreamingStrategy::Callback { callback, token }) = &self.streaming_strategy {
            let (kind, value) = add_callback(&mut table, blob, callback, token);
            let kind = table.add(Definition::Variant(vec![(CALLBACK, kind)]));
            let kind = table.add(Definition::Opt(kind));
            // There is a strategy, and it is the first of one.
            record.field(STREAMING_STRATEGY, kind, [&[1, 0], &value[..]].concat());
        }
        finish(table, record)
    }

    /// The response of a message. Fields that are not known are ignored, and so is a strategy of another kind (GW-107).
    ///
    /// # Errors
    /// Not Candid, or not a response.
    pub fn decode(message: &[u8]) -> Result<Self, CandidError> {
        read_one(message, |reader, kind| {
            let (mut status, mut headers, mut body) = (None, None, None);
            let (mut upgrade, mut streaming_strategy) = (None, None);
            reader.record(kind, |reader, id, kind| {
                match id {
                    STATUS_CODE => status = Some(reader.nat16(kind)?),
                    HEADERS => headers = Some(read_headers(reader, kind)?),
                    BODY => body = Some(reader.blob(kind)?.to_vec()),
                    UPGRADE => upgrade = reader.optional(kind, Reader::boolean)?,
                    STREAMING_STRATEGY => {
                        streaming_strategy = reader.optional(kind, read_strategy)?;
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            Ok(Self {
                status_code: needed(status, "status_code")?,
                headers: needed(headers, "headers")?,
                body: needed(body, "body")?,
                upgrade,
                streaming_strategy,
            })
        })
    }

    /// What [`Gateway::verify`](super::Gateway::verify) and its like take; for `decoded_body` see
    /// [`Response::decoded_body`].
    pub fn with<T>(
        &self,
        decoded_body: Option<&[u8]>,
        use_it: impl FnOnce(&Response<'_>) -> T,
    ) -> T {
        use_it(&Response {
            status: self.status_code,
            headers: &borrowed(&self.headers),
            body: &self.body,
            decoded_body,
        })
    }
}

impl StreamingCallbackHttpResponse {
    /// The message. A token that is `None` is left out of it (GW-107).
    pub fn encode(&self) -> Vec<u8> {
        let mut table = Table::default();
        let mut record = Record::default();
        add_body(&mut table, &mut record, &self.body);
        if let Some(token) = &self.token {
            let kind = table.embed(&token.types, token.kind);
            let kind = table.add(Definition::Opt(kind));
            record.field(TOKEN, kind, [&[1], &token.value[..]].concat());
        }
        finish(table, record)
    }

    /// The answer of a message. Fields that are not known are ignored.
    ///
    /// # Errors
    /// Not Candid, or not the answer of a callback.
    pub fn decode(message: &[u8]) -> Result<Self, CandidError> {
        read_one(message, |reader, kind| {
            let (mut body, mut token) = (None, None);
            reader.record(kind, |reader, id, kind| {
                match id {
                    BODY => body = Some(reader.blob(kind)?.to_vec()),
                    TOKEN => token = reader.optional(kind, read_token)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
            Ok(Self {
                body: needed(body, "body")?,
                token,
            })
        })
    }
}

impl StreamingToken {
    /// The message with the token alone: the argument of the callback.
    pub fn encode(&self) -> Vec<u8> {
        let mut table = Table::default();
        let kind = table.embed(&self.types, self.kind);
        table.message((kind, &self.value))
    }

    /// The first value of a message, whatever its type.
    ///
    /// # Errors
    /// Not Candid, or without a value.
    pub fn decode(message: &[u8]) -> Result<Self, CandidError> {
        read_one(message, read_token)
    }
}

/// Path and query of a URL, which may have a scheme and a host before them.
fn target_of(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    if url.starts_with('/') {
        return url.to_owned();
    }
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
    let target = after_scheme.get(host..).unwrap_or_default();
    if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    }
}

fn borrowed(headers: &[HeaderField]) -> Vec<(&str, &str)> {
    let pairs = headers.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}
