//! HTTP responses that a canister certifies and a gateway checks: versions 1 and 2 of the response verification of the
//! HTTP gateway protocol.
//!
//! A gateway asks [`Gateway::verify`] and passes on what the [`Verdict`] says is certified. A canister puts its responses
//! into a [`ResponseTree`], certifies its [digest](ResponseTree::digest), and answers with the headers of
//! [`ResponseTree::headers`].
//!
//! ```
//! use ic_certification::http::{
//!     Expression, ExpressionPath, Gateway, Request, Response, ResponseSelection, ResponseTree, Version,
//! };
//! # use ic_certification::{Certificate, Freshness, LabeledTree, RootKey, leaves};
//! # use ic_crypto::{Seed, bls::SecretKey};
//! # use ic_types::{CanisterId, Digest, Path, Time, codec::Wire};
//! # let (canister, key) = (CanisterId::from_u64(7), SecretKey::from_seed(Seed::from_bytes(b"root")));
//! # let root = RootKey::new(key.public_key());
//! # let certificate_of = |data: Digest| {
//! #     let mut state = LabeledTree::empty();
//! #     state.put(&leaves::time(), &Time::from_nanos(7));
//! #     state.put(&leaves::canister::certified_data(canister), &data.as_bytes().to_vec());
//! #     let signature = key.sign(&state.root()).to_bytes();
//! #     Certificate { tree: state.witness(&[Path::default()]), signature, delegation: None }.encode()
//! # };
//! // The canister certifies a page, in an update.
//! let mut headers = vec![("Content-Type", "text/html")];
//! let page = Response::new(200, &headers, b"<p>a page</p>");
//! let expression = Expression::Response(ResponseSelection::Only(vec!["Content-Type".into()]));
//! let mut tree = ResponseTree::new();
//! let entry = tree.insert(ExpressionPath::exact("/page.html")?, &expression, None, &page)?;
//! let certified_data = tree.digest();
//!
//! // In a query it shows that it did, with the certificate that the system gives it.
//! let certificate = certificate_of(certified_data);
//! let proof = tree.headers(&entry, "/page.html?theme=dark", &certificate)?;
//!
//! // The gateway believes the root key, and nobody else.
//! headers.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
//! let page = Response::new(200, &headers, b"<p>a page</p>");
//! let gateway = Gateway { root, freshness: Freshness::AnyAge, minimum: Version::V2 };
//! let verdict = gateway.verify(canister, &Request::get("/page.html?theme=dark"), &page)?;
//! assert_eq!(verdict.headers(&page), [("Content-Type", "text/html")]);
//!
//! let other = Response::new(200, &headers, b"<p>another</p>");
//! assert!(gateway.verify(canister, &Request::get("/page.html"), &other).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A whole gateway begins with [`GatewayQuery::start`]: from there every [`Step`] says which call to make, in Candid, over
//! the parts of a body that is streamed and the update that a canister may ask for, to the response that is to be verified.
//!
//! Content encodings are undone by the caller, where version 1 wants that ([`Response::decoded_body`]): this crate does not
//! decompress.

mod base64;
mod build;
mod candid;
mod exchange;
mod expression;
mod hash;
mod header;
mod path;
mod protocol;
mod received;
mod requested;
mod verdict;
mod verify;

pub use base64::Base64Error;
pub use build::{BuildError, Entry, ResponseTree};
pub use candid::CandidError;
pub use exchange::{ExchangeError, GatewayQuery, GatewayUpdate, Step, StreamLimits};
pub use expression::{
    EXPRESSION_BYTES, Expression, ExpressionError, RequestSelection, ResponseSelection,
};
pub use hash::{request_hash, response_hash};
pub use header::{CertificateHeader, HEADER_BYTES, HeaderError, Version};
pub use path::{ExpressionPath, PathError, SEGMENTS};
pub use protocol::{
    Callback, HeaderField, HttpRequest, HttpResponse, HttpUpdateRequest,
    StreamingCallbackHttpResponse, StreamingStrategy, StreamingToken,
};
pub use received::{UnverifiedResponse, VerifiedResponse};
pub use verdict::{Certified, Verdict};
pub use verify::{DowngradeError, Gateway, HttpError, check_downgrade, verify_with};

/// The header with the certificate, the tree, and the place in the tree (GW-030).
pub const CERTIFICATE_HEADER: &str = "IC-Certificate";
/// The header with the expression (GW-033).
pub const EXPRESSION_HEADER: &str = "IC-CertificateExpression";

/// A request as it goes to the canister (GW-004).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// Path and query, percent-encoded, without scheme and host.
    pub url: &'a str,
    /// Names and values; repeated names are kept.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// A request to get what is at `url`, without headers.
    pub fn get(url: &'a str) -> Self {
        Self {
            method: "GET",
            url,
            headers: &[],
            body: &[],
        }
    }
}

/// A response as it comes from the canister, with its whole body (GW-007).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The status code.
    pub status: u16,
    /// Names and values; repeated names are kept.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body as it was sent (GW-075).
    pub body: &'a [u8],
    /// The body after its `Content-Encoding` was undone, if it has one: what version 1 certifies, whereas version 2 certifies
    /// the body as it was sent and takes no notice of this one (GW-075, GW-094).
    ///
    /// Only the caller can fill it in, and may wait until [`HttpError::EncodedBody`] says that it is wanted. It has to be
    /// made from `body`: nothing else ties the two together. Version 1 accepts the certified hash of `body` too.
    pub decoded_body: Option<&'a [u8]>,
}

impl<'a> Response<'a> {
    /// A response whose body is sent as it is.
    pub fn new(status: u16, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> Self {
        Self {
            status,
            headers,
            body,
            decoded_body: None,
        }
    }
}
