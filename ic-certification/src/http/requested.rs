//! The path that a request asks for, and the places in the tree that an answer may be at, the most specific first
//! (GW-041 to GW-044, GW-067, GW-093).

use std::borrow::Cow;
use std::ops::Range;

use super::path::{ExpressionPath, PathError, SEGMENTS, labels};

/// The path of a URL, divided into segments: the empty ones are left out, but for one at the end (GW-042).
pub(super) struct Requested<'u> {
    path: Cow<'u, str>,
    /// Where in `path` they are, without the empty one at the end.
    segments: Vec<Range<usize>>,
    /// Whether there is an empty one at the end.
    slash: bool,
}

/// One of the places, without a copy of its segments: there are twice as many places as segments.
#[derive(Clone, Copy)]
pub(super) struct Place<'r> {
    requested: &'r Requested<'r>,
    /// How many of the segments.
    length: usize,
    /// Whether there is an empty one behind them.
    slash: bool,
    wildcard: bool,
}

impl<'u> Requested<'u> {
    pub(super) fn of(url: &'u str) -> Result<Self, PathError> {
        let path = path_of(url)?;
        let mut segments = Vec::new();
        let mut start = 0;
        for segment in path.split('/') {
            let end = start + segment.len();
            if start < end {
                if segments.len() + 1 == SEGMENTS {
                    return Err(PathError::TooManySegments { limit: SEGMENTS });
                }
                segments.push(start..end);
            }
            start = end + 1;
        }
        let slash = path.ends_with('/');
        Ok(Self {
            path,
            segments,
            slash,
        })
    }

    /// The place for exactly this path.
    pub(super) fn exact(&self) -> Place<'_> {
        self.place(self.segments.len(), self.slash, false)
    }

    /// The place for all paths that begin with this one.
    pub(super) fn wildcard(&self) -> Place<'_> {
        let slash = self.slash && !self.segments.is_empty();
        self.place(self.segments.len(), slash, true)
    }

    /// Whether an expression at `path` is for this path.
    pub(super) fn is_answered_at(&self, path: &ExpressionPath) -> bool {
        let (own, slash) = path.stem();
        let shared = self.segments(own.len()).eq(own.iter().map(String::as_str));
        shared && (path.is_wildcard() || (own.len() == self.segments.len() && slash == self.slash))
    }

    /// How many places come before `path`: the first so many of [`nth`](Self::nth). All, if an expression there is not
    /// for this path.
    pub(super) fn count_before(&self, path: &ExpressionPath) -> usize {
        if !path.is_wildcard() {
            return 0;
        }
        let (own, slash) = path.stem();
        let with_slash = usize::from(self.slash);
        match self.segments.len().checked_sub(own.len()) {
            // A wildcard below a slash that the URL lacks may answer, but precedes nothing.
            Some(0) if slash && !self.slash => 2,
            Some(cut_off) => 2 * cut_off + usize::from(!slash) + with_slash,
            None => 2 * self.segments.len() + 2 + with_slash,
        }
    }

    /// The place at `index` in the order of precedence: first the exact one, then wildcards with ever fewer segments,
    /// each with a slash before the one without.
    pub(super) fn nth(&self, index: usize) -> Place<'_> {
        // A path without a slash has no wildcard with a slash behind all of its segments.
        match index.checked_sub(usize::from(self.slash)) {
            None => self.exact(),
            Some(0) if !self.slash => self.exact(),
            Some(wildcard) => {
                let length = self.segments.len().saturating_sub(wildcard / 2);
                self.place(length, wildcard.is_multiple_of(2), true)
            }
        }
    }

    fn place(&self, length: usize, slash: bool, wildcard: bool) -> Place<'_> {
        Place {
            requested: self,
            length,
            slash,
            wildcard,
        }
    }

    fn segments(&self, length: usize) -> impl Iterator<Item = &str> {
        let ranges = self.segments.iter().take(length).cloned();
        ranges.map(|range| self.path.get(range).unwrap_or_default())
    }
}

impl<'r> Place<'r> {
    pub(super) fn segments(self) -> impl Iterator<Item = &'r str> {
        let slash = self.slash.then_some("");
        self.requested.segments(self.length).chain(slash)
    }

    /// The labels in the tree.
    pub(super) fn labels(self) -> impl Iterator<Item = &'r str> {
        labels(self.segments(), self.wildcard)
    }

    /// The same place with its own copy of the segments.
    pub(super) fn to_path(self) -> ExpressionPath {
        let segments = self.segments().map(str::to_owned).collect();
        ExpressionPath::at(segments, self.wildcard)
    }
}

/// The path of a URL, without query and fragment, percent-decoded.
///
/// It is decoded before it is divided, so that `%2F` divides too: that is what gateways do and what canisters
/// therefore certify, where the specification would have the segments encoded (decision 0051).
pub(super) fn path_of(url: &str) -> Result<Cow<'_, str>, PathError> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    if path.starts_with('/') {
        percent_decoded(path)
    } else {
        Err(PathError::NotAPath)
    }
}

/// The query of a URL, without question mark and fragment.
pub(super) fn query_of(url: &str) -> Option<&str> {
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment.split_once('?').map(|(_, query)| query)
}

/// The text that a percent-encoded path stands for. A percent sign without two digits after it stands for itself, as
/// in browsers ("percent-decode" of the URL standard).
fn percent_decoded(path: &str) -> Result<Cow<'_, str>, PathError> {
    if !path.contains('%') {
        return Ok(Cow::Borrowed(path));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let encoded = |rest: &[u8]| {
        let (&[high, low], _) = rest.split_first_chunk::<2>()?;
        u8::try_from(digit(high)? << 4 | digit(low)?).ok()
    };
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        rest = others;
        match encoded(others).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => bytes.push(first),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| PathError::NotUtf8)?;
    Ok(Cow::Owned(text))
}
