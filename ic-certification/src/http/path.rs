//! The place of an expression in the tree, and which places come before it (GW-040 to GW-045, GW-093).

use std::borrow::Cow;

use ic_types::codec::{DecodeError, Reader, Writer};

const ROOT: &str = "http_expr";
const EXACT: &str = "<$>";
const WILDCARD: &str = "<*>";

/// Segments in the path of a URL or an expression, at most. Ours: the specification has no limit.
pub const SEGMENTS: usize = 256;

/// Where in the tree an expression is: for one path, or for all that begin alike.
///
/// ```
/// use ic_certification::http::ExpressionPath;
///
/// let path = ExpressionPath::exact("/app/")?; // ["http_expr", "app", "", "<$>"]
/// assert!(path.matches("/app/?page=1")?);
/// assert!(!path.matches("/app")?);
/// assert!(ExpressionPath::wildcard("/app")?.matches("/app/main.js")?);
///
/// // URLs are percent-encoded, what is in the tree is not.
/// let path = ExpressionPath::exact("/a%20page")?; // ["http_expr", "a page", "<$>"]
/// assert_eq!(path.labels().nth(1), Some("a page"));
/// # Ok::<(), ic_certification::http::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExpressionPath {
    segments: Vec<String>,
    wildcard: bool,
}

/// Why a path of an expression or a URL is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Not CBOR, or no list of text.
    #[error("the path of the expression: {0}")]
    Encoding(#[source] DecodeError),
    /// The list does not begin with `http_expr`.
    #[error("the path of the expression does not begin with http_expr")]
    Root,
    /// The list does not end with `<$>` or `<*>`, or has one of them before (GW-040).
    #[error("the path of the expression does not have <$> or <*> at its end, and only there")]
    Terminator,
    /// More than [`SEGMENTS`].
    #[error("the path has more than {limit} segments")]
    TooManySegments {
        /// How many it may have.
        limit: usize,
    },
    /// The URL does not begin with a slash: scheme and host are not part of it (GW-004).
    #[error("the URL does not begin with a slash")]
    NotAPath,
    /// What is percent-encoded in the path of the URL is not UTF-8.
    #[error("the path of the URL is not percent-encoded UTF-8")]
    NotUtf8,
}

impl ExpressionPath {
    /// The place for exactly the path of this URL. Query and fragment do not count.
    ///
    /// # Errors
    /// Not a path, too long, or a segment that is a terminator.
    pub fn exact(url: &str) -> Result<Self, PathError> {
        Self::new(segments(&path_of(url)?)?, false)
    }

    /// The place for all paths that begin with that of this URL.
    ///
    /// The path `/` stands for everything: its place has no segments.
    ///
    /// # Errors
    /// As [`exact`](Self::exact).
    pub fn wildcard(url: &str) -> Result<Self, PathError> {
        let path = path_of(url)?;
        let mut segments = segments(&path)?;
        if segments == [""] {
            segments.clear();
        }
        Self::new(segments, true)
    }

    fn new<S: Into<String> + AsRef<str>>(
        segments: Vec<S>,
        wildcard: bool,
    ) -> Result<Self, PathError> {
        if segments
            .iter()
            .any(|segment| matches!(segment.as_ref(), EXACT | WILDCARD))
        {
            return Err(PathError::Terminator);
        }
        Ok(Self {
            segments: segments.into_iter().map(Into::into).collect(),
            wildcard,
        })
    }

    /// Whether it is for all paths that begin alike.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The labels in the tree.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        let terminator = if self.wildcard { WILDCARD } else { EXACT };
        std::iter::once(ROOT)
            .chain(self.segments.iter().map(String::as_str))
            .chain(std::iter::once(terminator))
    }

    /// Reads the list of labels.
    ///
    /// # Errors
    /// See [`PathError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PathError> {
        let labels = read(bytes).map_err(PathError::Encoding)?;
        let Some((first, rest)) = labels.split_first() else {
            return Err(PathError::Root);
        };
        if *first != ROOT {
            return Err(PathError::Root);
        }
        match rest.split_last() {
            Some((&EXACT, segments)) => Self::new(segments.to_vec(), false),
            Some((&WILDCARD, segments)) => Self::new(segments.to_vec(), true),
            Some(_) | None => Err(PathError::Terminator),
        }
    }

    /// The list of labels as CBOR (GW-031).
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::self_described(64);
        writer.array(self.segments.len() + 2);
        for label in self.labels() {
            writer.text(label);
        }
        writer.into_vec()
    }

    /// Whether the place is one for the path of this URL (GW-043, GW-044). There may be a more specific one.
    ///
    /// # Errors
    /// The URL is not a path, or too long.
    pub fn matches(&self, url: &str) -> Result<bool, PathError> {
        let path = path_of(url)?;
        let requested = segments(&path)?;
        Ok(if self.wildcard {
            let own = self.stem().iter().map(String::as_str);
            let requested = stem(&requested);
            requested.len() >= own.len()
                && own.zip(requested).all(|(own, requested)| own == *requested)
        } else {
            requested == self.segments
        })
    }

    /// The places for the path of this URL that come before this one: it counts only if nothing is at any of them.
    ///
    /// # Errors
    /// The URL is not a path, or too long.
    pub fn more_specific(&self, url: &str) -> Result<Vec<Self>, PathError> {
        let path = path_of(url)?;
        let requested = segments(&path)?;
        if !self.wildcard {
            return Ok(Vec::new());
        }
        let place = |segments: &[&str], slash: bool, wildcard| {
            let slash = slash.then_some("");
            let segments = segments.iter().copied().chain(slash);
            Self {
                segments: segments.map(str::to_owned).collect(),
                wildcard,
            }
        };
        let stem = stem(&requested);
        let slash = stem.len() < requested.len();
        let own = self.stem().len();
        let own = (own, own < self.segments.len());
        let mut places = vec![place(stem, slash, false)];
        for length in (0..=stem.len()).rev() {
            let prefix = stem.get(..length).unwrap_or_default();
            // A wildcard below a slash that the URL lacks may answer, but precedes nothing.
            let forms: &[bool] = if length < stem.len() || slash {
                &[true, false]
            } else {
                &[false]
            };
            for slash in forms {
                if (length, *slash) == own {
                    return Ok(places);
                }
                places.push(place(prefix, *slash, true));
            }
            if (length, true) == own {
                return Ok(places);
            }
        }
        Ok(places)
    }

    /// The segments without an empty one at the end.
    fn stem(&self) -> &[String] {
        stem(&self.segments)
    }
}

impl std::fmt::Display for ExpressionPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.labels()).finish()
    }
}

fn read(bytes: &[u8]) -> Result<Vec<&str>, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    let labels = reader.list("labels", SEGMENTS + 2, Reader::text)?;
    reader.finish()?;
    Ok(labels)
}

/// The path of a URL, without query and fragment, percent-decoded (GW-041, GW-067, GW-093).
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

/// The query of a URL, without question mark and fragment.
pub(super) fn query_of(url: &str) -> Option<&str> {
    let without_fragment = url.split('#').next().unwrap_or_default();
    without_fragment.split_once('?').map(|(_, query)| query)
}

/// The segments without an empty one at the end.
fn stem<S: AsRef<str>>(segments: &[S]) -> &[S] {
    match segments.split_last() {
        Some((last, stem)) if last.as_ref().is_empty() => stem,
        Some(_) | None => segments,
    }
}

/// The segments of a path: the empty ones are left out, but for one at the end (GW-042).
fn segments(path: &str) -> Result<Vec<&str>, PathError> {
    let mut segments = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if segments.len() + 1 == SEGMENTS {
            return Err(PathError::TooManySegments { limit: SEGMENTS });
        }
        segments.push(segment);
    }
    if path.ends_with('/') {
        segments.push("");
    }
    Ok(segments)
}
