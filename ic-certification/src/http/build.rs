//! Certifies responses as a canister does (GW-110, GW-111).

use ic_types::{Digest, Label, Path};

use super::hash::{request_hash, response_hash};
use super::header::CertificateHeader;
use super::path::{ExpressionPath, PathError};
use super::requested::Requested;
use super::{
    CERTIFICATE_HEADER, EXPRESSION_HEADER, Expression, ExpressionError, HttpResponse, Request,
    Response,
};
use crate::LabeledTree;

/// The responses that a canister certifies.
#[derive(Clone, Debug, Default)]
pub struct ResponseTree {
    tree: LabeledTree,
}

/// A response in a [`ResponseTree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    path: ExpressionPath,
    expression: String,
    /// Below the path.
    labels: Vec<Label>,
}

/// Why a response cannot be certified, or be shown to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The expression has no text.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// The URL has no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The expression certifies the request, and none was given.
    #[error("the expression certifies the request, but there is none")]
    MissingRequest,
    /// The response is not one to this URL.
    #[error("the response is certified for {path}, which the URL does not match")]
    OtherPath {
        /// For which it is.
        path: ExpressionPath,
    },
    /// Another response comes first.
    #[error("the response is certified for {path}, but something is certified for {other}")]
    MoreSpecific {
        /// For which it is.
        path: ExpressionPath,
        /// What comes before it.
        other: ExpressionPath,
    },
    /// The response is not in the tree.
    #[error("nothing of the kind is in the tree")]
    Absent,
}

impl Entry {
    /// Where in the tree it is.
    pub fn path(&self) -> &ExpressionPath {
        &self.path
    }

    /// The text of its expression.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    fn place(&self) -> Vec<Label> {
        let path = self.path.labels().map(Label::from);
        path.chain(self.labels.iter().cloned()).collect()
    }
}

impl ResponseTree {
    /// Nothing certified.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hash to certify: 32 bytes of certified data.
    pub fn digest(&self) -> Digest {
        self.tree.digest()
    }

    /// Certifies a response under an expression. The header with the expression is certified with it and need not be
    /// among those of the response.
    ///
    /// # Errors
    /// The expression has no text, or certifies the request and there is none.
    pub fn insert(
        &mut self,
        path: ExpressionPath,
        expression: &Expression,
        request: Option<&Request<'_>>,
        response: &Response<'_>,
    ) -> Result<Entry, BuildError> {
        let text = expression.to_text()?;
        let label = |digest: Digest| Label::new(digest.as_bytes().as_slice());
        let mut labels = vec![label(Digest::of(text.as_bytes()))];
        if let Some(selection) = expression.response() {
            labels.push(match (expression.request(), request) {
                (None, _) => Label::new([]),
                (Some(selection), Some(request)) => label(request_hash(request, selection)),
                (Some(_), None) => return Err(BuildError::MissingRequest),
            });
            labels.push(label(response_hash(response, selection, &text)));
        }
        let entry = Entry {
            path,
            expression: text,
            labels,
        };
        self.tree.insert(entry.place(), []);
        Ok(entry)
    }

    /// Takes a response out. Says whether it was there.
    pub fn remove(&mut self, entry: &Entry) -> bool {
        self.take(&entry.place())
    }

    /// The two headers that prove the response to be certified for this URL, with the certificate that the system gave.
    ///
    /// # Errors
    /// The response is not in the tree, is not for this URL, or is not the most specific one.
    pub fn headers(
        &self,
        entry: &Entry,
        url: &str,
        certificate: &[u8],
    ) -> Result<[(&'static str, String); 2], BuildError> {
        let path = &entry.path;
        let place = entry.place();
        self.tree.get(&place).ok_or(BuildError::Absent)?;
        let requested = Requested::of(url)?;
        if !requested.is_answered_at(path) {
            return Err(BuildError::OtherPath { path: path.clone() });
        }
        let mut shown = vec![Path::new(place)];
        for index in 0..requested.count_before(path) {
            let other = requested.nth(index);
            let Some(absent) = self.absent(other.labels()) else {
                return Err(BuildError::MoreSpecific {
                    path: path.clone(),
                    other: other.to_path(),
                });
            };
            // What is missing in the way of many places is shown to be missing once.
            if shown.last() != Some(&absent) {
                shown.push(absent);
            }
        }
        let tree = self.tree.witness(&shown);
        Ok([
            (
                CERTIFICATE_HEADER,
                CertificateHeader::write(certificate, &tree, Some(path)),
            ),
            (EXPRESSION_HEADER, entry.expression.clone()),
        ])
    }

    /// The response as the canister replies it: with the two headers of [`headers`](Self::headers) after its own.
    ///
    /// # Errors
    /// As [`headers`](Self::headers).
    pub fn answer(
        &self,
        entry: &Entry,
        url: &str,
        certificate: &[u8],
        response: &Response<'_>,
    ) -> Result<HttpResponse, BuildError> {
        let added = self.headers(entry, url, certificate)?;
        let owned = response
            .headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let headers = owned
            .chain(added)
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Ok(HttpResponse::new(
            response.status,
            headers,
            response.body.to_vec(),
        ))
    }

    /// Certifies the body at a path for gateways that know version 1 only. The path is not percent-encoded; bodies
    /// are certified without content encoding (GW-093, GW-094).
    pub fn insert_body(&mut self, path: &str, body: &[u8]) {
        let hash = Digest::of(body);
        self.tree
            .insert(["http_assets", path], hash.as_bytes().as_slice());
    }

    /// Takes out the body at a path. Says whether it was there.
    pub fn remove_body(&mut self, path: &str) -> bool {
        self.take(&[Label::from("http_assets"), Label::from(path)])
    }

    /// The header that proves the body at a path to be certified by version 1. A path without a body of its own
    /// has that of `/index.html`.
    ///
    /// # Errors
    /// There is neither.
    pub fn body_header(
        &self,
        path: &str,
        certificate: &[u8],
    ) -> Result<(&'static str, String), BuildError> {
        let place = |path| ["http_assets", path];
        let mut shown = vec![Path::new(place(path))];
        if self.tree.get(place(path)).is_none() {
            self.tree
                .get(place("/index.html"))
                .ok_or(BuildError::Absent)?;
            shown.push(Path::new(place("/index.html")));
        }
        let tree = self.tree.witness(&shown);
        Ok((
            CERTIFICATE_HEADER,
            CertificateHeader::write(certificate, &tree, None),
        ))
    }

    /// The labels down to the first that is not in the tree; none if all are.
    fn absent<'a>(&self, labels: impl Iterator<Item = &'a str>) -> Option<Path> {
        let mut way = Vec::new();
        let mut here = &self.tree;
        for label in labels {
            way.push(label);
            match here.get([label]) {
                Some(below) => here = below,
                None => return Some(Path::new(way)),
            }
        }
        None
    }

    /// Takes out what is at a place, and the labels above that have nothing else below them.
    fn take(&mut self, place: &[Label]) -> bool {
        if self.tree.remove(place).is_none() {
            return false;
        }
        let mut above = place;
        while let Some((_, rest)) = above.split_last() {
            above = rest;
            match self.tree.get(above) {
                Some(LabeledTree::SubTree(children)) if children.is_empty() => {
                    self.tree.remove(above);
                }
                Some(_) | None => break,
            }
        }
        true
    }
}
