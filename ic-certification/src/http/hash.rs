//! The hashes of requests and responses (GW-060 to GW-075).

use std::collections::BTreeSet;

use ic_types::{Digest, HashValue, hash_of_map};

use super::requested::query_of;
use super::{
    CERTIFICATE_HEADER, EXPRESSION_HEADER, Request, RequestSelection, Response, ResponseSelection,
};

/// The hash of what is selected of a request (GW-060 to GW-067).
///
/// Follows what is deployed where the specification can be read in two ways: the certified part of the query is hashed
/// once (GW-064), and left out if it is empty (GW-065). Names of parameters are compared exactly (GW-066).
pub fn request_hash(request: &Request<'_>, selection: &RequestSelection) -> Digest {
    let wanted = Names::of(&selection.headers);
    let headers: Vec<(String, &str)> = request
        .headers
        .iter()
        .filter(|(name, _)| wanted.contains(name))
        .map(|(name, value)| (name.to_ascii_lowercase(), *value))
        .collect();
    let parameters: BTreeSet<&str> = selection.query.iter().map(String::as_str).collect();
    let query: Vec<&str> = query_of(request.url)
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(|part| parameters.contains(part.split('=').next().unwrap_or_default()))
        .collect();
    let query = query.join("&");

    let mut pairs = texts(&headers);
    pairs.push((":ic-cert-method", HashValue::Text(request.method)));
    if !query.is_empty() {
        pairs.push((":ic-cert-query", HashValue::Text(&query)));
    }
    with_body(&pairs, request.body)
}

/// The hash of what is selected of a response under this expression (GW-070 to GW-075).
///
/// Headers of the response that are named like those of the certification count for nothing: the
/// expression is taken from the argument.
pub fn response_hash(
    response: &Response<'_>,
    selection: &ResponseSelection,
    expression: &str,
) -> Digest {
    let headers: Vec<(String, &str)> = certified_headers(response.headers, selection)
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let mut pairs = texts(&headers);
    pairs.push(("ic-certificateexpression", HashValue::Text(expression)));
    pairs.push((
        ":ic-cert-status",
        HashValue::Nat(u128::from(response.status)),
    ));
    with_body(&pairs, response.body)
}

/// The headers that a selection certifies, but for those of the certification itself.
pub(super) fn certified_headers<'a>(
    headers: &'a [(&'a str, &'a str)],
    selection: &ResponseSelection,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let names = Names::of(selection.names());
    let only = matches!(selection, ResponseSelection::Only(_));
    headers.iter().copied().filter(move |(name, _)| {
        !name.eq_ignore_ascii_case(CERTIFICATE_HEADER)
            && !name.eq_ignore_ascii_case(EXPRESSION_HEADER)
            && names.contains(name) == only
    })
}

/// Names of headers, among which letters of either case are looked for.
enum Names<'a> {
    /// As most expressions have them: looked through.
    Few(&'a [String]),
    /// In lower case, so that many names and many headers are no more work than they are bytes.
    Many(BTreeSet<String>),
}

impl<'a> Names<'a> {
    fn of(names: &'a [String]) -> Self {
        if names.len() <= 8 {
            Self::Few(names)
        } else {
            Self::Many(names.iter().map(|name| name.to_ascii_lowercase()).collect())
        }
    }

    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Few(names) => names.iter().any(|found| found.eq_ignore_ascii_case(name)),
            Self::Many(names) => names.contains(&name.to_ascii_lowercase()),
        }
    }
}

fn texts<'a>(headers: &'a [(String, &'a str)]) -> Vec<(&'a str, HashValue<'a>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), HashValue::Text(value)))
        .collect()
}

fn with_body(pairs: &[(&str, HashValue<'_>)], body: &[u8]) -> Digest {
    Digest::of_parts(&[hash_of_map(pairs).as_bytes(), Digest::of(body).as_bytes()])
}
