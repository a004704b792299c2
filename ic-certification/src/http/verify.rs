//! Checks a response as a gateway does (GW-010 to GW-023, GW-090 to GW-095).

use ic_types::{CanisterId, Digest};

use super::hash::{request_hash, response_hash};
use super::header::{CertificateHeader, HeaderError, Version};
use super::path::{ExpressionPath, PathError};
use super::requested::{Requested, path_of};
use super::verdict::{Certified, Verdict};
use super::{
    CERTIFICATE_HEADER, EXPRESSION_HEADER, Expression, ExpressionError, Request, Response,
};
use crate::certificate::ranges;
use crate::paths::label;
use crate::{
    Certificate, CertificateError, Freshness, HashTree, Lookup, NotWellFormed, RootKey,
    SubTreeLookup, Subject, VerifiedCertificate,
};

/// Whom a gateway believes, and what it accepts.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The key of the root subnet.
    pub root: RootKey,
    /// How old a certificate may be: five minutes, say (GW-021).
    pub freshness: Freshness,
    /// The least version that is accepted. [`Version::V1`] only if [`check_downgrade`] allows it (GW-092).
    pub minimum: Version,
}

/// Why a response must not be passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// A header is missing (GW-010, GW-014).
    #[error("the header {name} is missing")]
    MissingHeader {
        /// The header.
        name: &'static str,
    },
    /// A header that says what is certified comes twice: which of them counts cannot be told.
    #[error("the header {name} comes more than once")]
    RepeatedHeader {
        /// The header.
        name: &'static str,
    },
    /// The header `IC-Certificate` is malformed.
    #[error("the header IC-Certificate: {0}")]
    Header(#[source] HeaderError),
    /// Verified by a version that the gateway does not accept (GW-092).
    #[error("expected version {minimum} or later, found {found}")]
    Version {
        /// The least that is accepted.
        minimum: Version,
        /// The version of the response.
        found: Version,
    },
    /// The certificate is not believed (GW-020 to GW-022).
    #[error("the certificate: {0}")]
    Certificate(#[source] CertificateError),
    /// The certificate does not show the data of the canister (GW-023).
    #[error("the certificate does not show the certified data of canister {canister}")]
    NoCertifiedData {
        /// The canister.
        canister: CanisterId,
    },
    /// The tree is not what the canister certified (GW-023).
    #[error("the canister did not certify the tree, whose root is {found}")]
    OtherTree {
        /// The root of the tree.
        found: Digest,
    },
    /// The tree is not one that can be looked up in.
    #[error("the tree: {0}")]
    NotWellFormed(#[source] NotWellFormed),
    /// The URL of the request has no path that could be looked up.
    #[error(transparent)]
    Url(PathError),
    /// The response is certified for other requests (GW-043, GW-044).
    #[error("a response for {path}, which the requested URL does not match")]
    OtherPath {
        /// For which.
        path: ExpressionPath,
    },
    /// Something more specific is certified, or the tree does not prove that nothing is (GW-044).
    #[error("a response for {path}, but the tree does not prove that nothing is at {other}")]
    MoreSpecific {
        /// For which the response is.
        path: ExpressionPath,
        /// What would come before it.
        other: ExpressionPath,
        /// Whether the tree shows that there is something.
        shown: bool,
    },
    /// The tree does not show the path of the expression (GW-045).
    #[error("the tree does not show anything at {path}")]
    PathNotShown {
        /// The path.
        path: ExpressionPath,
    },
    /// The expression is malformed.
    #[error("the header IC-CertificateExpression: {0}")]
    Expression(#[source] ExpressionError),
    /// The tree does not have this expression at the path (GW-015).
    #[error("the tree does not show the expression with the hash {hash} at {path}")]
    OtherExpression {
        /// The path.
        path: ExpressionPath,
        /// The hash of the expression.
        hash: Digest,
    },
    /// The tree does not have this response to this request (GW-017, GW-018).
    #[error("the tree does not show the response with the hash {response} at {path}")]
    OtherResponse {
        /// The path.
        path: ExpressionPath,
        /// The hash of the request, if that is certified.
        request: Option<Digest>,
        /// The hash of the response.
        response: Digest,
    },
    /// The tree does not show what the body should be (version 1, GW-093).
    #[error("the tree shows no body for the requested URL")]
    BodyNotShown,
    /// The body has a content encoding, the body as it was sent is not the one that was certified, and the decoded one was
    /// not given (version 1, GW-094): decode it, and verify again with [`Response::decoded_body`].
    #[error(
        "version 1 certifies the body without its content encoding {encoding}, and it was not given"
    )]
    EncodedBody {
        /// The encoding, as the response names it.
        encoding: String,
    },
    /// The body is another (version 1, GW-093).
    #[error("the body with the hash {found} is not the one that was certified")]
    OtherBody {
        /// The hash of the body.
        found: Digest,
    },
}

impl Gateway {
    /// Checks that `response` is what `canister` certified as the answer to `request`.
    ///
    /// # Errors
    /// See [`HttpError`]: the response must not be passed on.
    pub fn verify(
        &self,
        canister: CanisterId,
        request: &Request<'_>,
        response: &Response<'_>,
    ) -> Result<Verdict, HttpError> {
        let believe = |certificate| self.believe(certificate, canister);
        verify_with(canister, request, response, self.minimum, believe)
    }

    pub(super) fn believe(
        &self,
        certificate: Certificate,
        canister: CanisterId,
    ) -> Result<VerifiedCertificate, CertificateError> {
        certificate.verify(&self.root, Subject::Canister(canister), self.freshness)
    }
}

/// The same with `believe` saying whether the certificate is genuine: a [`Verifier`](crate::Verifier) that remembers, for
/// instance. That the subnet speaks for the canister is checked here once more.
///
/// # Errors
/// As [`Gateway::verify`].
pub fn verify_with(
    canister: CanisterId,
    request: &Request<'_>,
    response: &Response<'_>,
    minimum: Version,
    believe: impl FnOnce(Certificate) -> Result<VerifiedCertificate, CertificateError>,
) -> Result<Verdict, HttpError> {
    let header = only(response, CERTIFICATE_HEADER)?;
    let header = CertificateHeader::parse(header).map_err(HttpError::Header)?;
    let found = header.version();
    if found < minimum {
        return Err(HttpError::Version { minimum, found });
    }
    header
        .tree
        .well_formed()
        .map_err(HttpError::NotWellFormed)?;
    // What costs least comes first: the certificate, which costs most, comes last.
    let certified = match header.path {
        None => {
            check_body(&header.tree, request, response)?;
            Certified::Body
        }
        Some(path) => {
            let expression = check_response(&header.tree, &path, request, response)?;
            Certified::Expression { path, expression }
        }
    };
    let certificate = believe(header.certificate).map_err(HttpError::Certificate)?;
    check_range(&certificate, canister)?;
    check_root(&certificate, canister, &header.tree)?;
    Ok(Verdict {
        time: certificate.time(),
        certified,
    })
}

/// The value of a header that comes once.
fn only<'a>(response: &Response<'a>, name: &'static str) -> Result<&'a str, HttpError> {
    let mut values = response
        .headers
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (None, _) => Err(HttpError::MissingHeader { name }),
        (Some((_, value)), None) => Ok(value),
        (Some(_), Some(_)) => Err(HttpError::RepeatedHeader { name }),
    }
}

/// GW-022.
pub(super) fn check_range(
    certificate: &VerifiedCertificate,
    canister: CanisterId,
) -> Result<(), HttpError> {
    certificate
        .delegation()
        .map_or(Ok(()), |delegation| delegation.check_canister(canister))
        .map_err(HttpError::Certificate)
}

/// GW-023.
fn check_root(
    certificate: &VerifiedCertificate,
    canister: CanisterId,
    tree: &HashTree,
) -> Result<(), HttpError> {
    let certified = certificate
        .certified_data(canister)
        .ok_or(HttpError::NoCertifiedData { canister })?;
    let found = tree.digest();
    if certified == found.as_bytes() {
        Ok(())
    } else {
        Err(HttpError::OtherTree { found })
    }
}

/// Version 2 (GW-013 to GW-019).
fn check_response(
    tree: &HashTree,
    path: &ExpressionPath,
    request: &Request<'_>,
    response: &Response<'_>,
) -> Result<Expression, HttpError> {
    let requested = Requested::of(request.url).map_err(HttpError::Url)?;
    if !requested.is_answered_at(path) {
        return Err(HttpError::OtherPath { path: path.clone() });
    }
    for index in 0..requested.count_before(path) {
        let other = requested.nth(index);
        match tree.subtree(other.labels()) {
            SubTreeLookup::Absent => {}
            found @ (SubTreeLookup::Found(_) | SubTreeLookup::Unknown) => {
                return Err(HttpError::MoreSpecific {
                    path: path.clone(),
                    other: other.to_path(),
                    shown: found.found().is_some(),
                });
            }
        }
    }
    let Some(place) = tree.subtree(path.labels()).found() else {
        return Err(HttpError::PathNotShown { path: path.clone() });
    };

    let text = only(response, EXPRESSION_HEADER)?;
    let expression = Expression::parse(text).map_err(HttpError::Expression)?;
    let hash = Digest::of(text.as_bytes());
    // The label is what counts: under it there may be anything, if nothing else is certified (GW-110).
    if place
        .child_up_to(hash.as_ref())
        .is_none_or(|(label, _)| label != hash.as_ref())
    {
        return Err(HttpError::OtherExpression {
            path: path.clone(),
            hash,
        });
    }
    let Some(selection) = expression.response() else {
        return Ok(expression);
    };
    let request_hash = expression
        .request()
        .map(|selection| request_hash(request, selection));
    let response_hash = response_hash(response, selection, text);
    let of_request = request_hash.as_ref().map_or(&[][..], AsRef::as_ref);
    match place.lookup([hash.as_ref(), of_request, response_hash.as_ref()]) {
        Lookup::Found([]) => Ok(expression),
        Lookup::Found(_) | Lookup::SubTree | Lookup::Absent | Lookup::Unknown => {
            Err(HttpError::OtherResponse {
                path: path.clone(),
                request: request_hash,
                response: response_hash,
            })
        }
    }
}

/// Version 1 (GW-093, GW-094).
fn check_body(
    tree: &HashTree,
    request: &Request<'_>,
    response: &Response<'_>,
) -> Result<(), HttpError> {
    let path = path_of(request.url).map_err(HttpError::Url)?;
    let at = |path: &str| tree.lookup(["http_assets", path]);
    let certified = match at(&path) {
        // Only if it is proved that the path has no body of its own.
        Lookup::Absent => at("/index.html"),
        lookup @ (Lookup::Found(_) | Lookup::SubTree | Lookup::Unknown) => lookup,
    };
    let certified = certified.found().ok_or(HttpError::BodyNotShown)?;
    // The decoded body is what should be certified, and the body as it was sent is accepted too.
    let found = Digest::of(response.decoded_body.unwrap_or(response.body));
    let is_certified = |hash: &Digest| certified == hash.as_bytes();
    if is_certified(&found) || is_certified(&Digest::of(response.body)) {
        return Ok(());
    }
    match content_encoding(response) {
        Some(encoding) if response.decoded_body.is_none() => Err(HttpError::EncodedBody {
            encoding: encoding.to_owned(),
        }),
        Some(_) | None => Err(HttpError::OtherBody { found }),
    }
}

/// What the body was encoded with, if it was.
fn content_encoding<'a>(response: &Response<'a>) -> Option<&'a str> {
    let mut headers = response.headers.iter();
    let named = headers.find(|(name, _)| name.eq_ignore_ascii_case("Content-Encoding"));
    named
        .map(|(_, value)| value.trim())
        .filter(|encoding| !encoding.eq_ignore_ascii_case("identity"))
}

/// Why a response of version 1 must not be accepted in the place of one of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DowngradeError {
    /// The certificate does not show whether the canister says which versions it supports.
    #[error("the certificate does not show which versions the canister supports")]
    NotShown,
    /// The subnet does not speak for the canister, or that cannot be told.
    #[error("the certificate is not of the subnet of canister {canister}")]
    OtherSubnet {
        /// The canister.
        canister: CanisterId,
    },
    /// The canister supports version 2.
    #[error("the canister supports version 2")]
    Version2,
    /// The canister supports neither.
    #[error("the canister supports neither version 1 nor version 2")]
    NoCommonVersion,
}

/// Whether version 1 may be accepted from a canister (GW-090 to GW-092): if `certificate`, of an answer to read_state, proves
/// that the canister has no section `supported_certificate_versions`, or version 1 is the highest in it that is known.
///
/// The root subnet's state has nothing of the canisters of other subnets, so without a delegation absence counts only if the
/// certificate shows that the canister is on the root subnet: its ranges (CERT-083), or something of the canister.
///
/// # Errors
/// See [`DowngradeError`]: responses of version 1 must not be passed on.
pub fn check_downgrade(
    certificate: &VerifiedCertificate,
    canister: CanisterId,
) -> Result<(), DowngradeError> {
    check_range(certificate, canister).map_err(|_| DowngradeError::OtherSubnet { canister })?;
    let section: &[u8] = b"supported_certificate_versions";
    let place = [
        label::CANISTER,
        canister.as_slice(),
        label::METADATA,
        section,
    ];
    match certificate.lookup(place) {
        Lookup::Absent if speaks_of(certificate, canister) => Ok(()),
        Lookup::Absent | Lookup::Unknown | Lookup::SubTree => Err(DowngradeError::NotShown),
        Lookup::Found(list) => {
            let supports = |version: &[u8]| {
                list.split(|byte| *byte == b',')
                    .any(|found| found.trim_ascii() == version)
            };
            match (supports(b"1"), supports(b"2")) {
                (_, true) => Err(DowngradeError::Version2),
                (true, false) => Ok(()),
                (false, false) => Err(DowngradeError::NoCommonVersion),
            }
        }
    }
}

/// Whether what is absent of the canister is absent because it has none, not because it is on another subnet.
///
/// With a delegation the range was checked before.
fn speaks_of(certificate: &VerifiedCertificate, canister: CanisterId) -> bool {
    certificate.delegation().is_some()
        || certificate
            .subtree([label::CANISTER, canister.as_slice()])
            .found()
            .is_some()
        || ranges::contains(certificate.tree(), certificate.subnet(), canister) == Ok(true)
}
