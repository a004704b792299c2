//! The place of an expression in the tree, and which places come before it (GW-040 to GW-045, GW-093).

use ic_types::codec::{DecodeError, Reader, Writer};

use super::requested::Requested;

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
        Requested::of(url)?.exact().to_path().checked()
    }

    /// The place for all paths that begin with that of this URL.
    ///
    /// The path `/` stands for everything: its place has no segments.
    ///
    /// # Errors
    /// As [`exact`](Self::exact).
    pub fn wildcard(url: &str) -> Result<Self, PathError> {
        Requested::of(url)?.wildcard().to_path().checked()
    }

    pub(super) fn at(segments: Vec<String>, wildcard: bool) -> Self {
        Self { segments, wildcard }
    }

    fn checked(self) -> Result<Self, PathError> {
        let mut segments = self.segments.iter().map(String::as_str);
        if segments.any(|segment| matches!(segment, EXACT | WILDCARD)) {
            return Err(PathError::Terminator);
        }
        Ok(self)
    }

    /// Whether it is for all paths that begin alike.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The labels in the tree.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        labels(self.segments.iter().map(String::as_str), self.wildcard)
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
        let (segments, wildcard) = match rest.split_last() {
            Some((&EXACT, segments)) => (segments, false),
            Some((&WILDCARD, segments)) => (segments, true),
            Some(_) | None => return Err(PathError::Terminator),
        };
        let segments = segments.iter().map(|&segment| segment.to_owned());
        Self::at(segments.collect(), wildcard).checked()
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
        Ok(Requested::of(url)?.is_answered_at(self))
    }

    /// The places for the path of this URL that come before this one: it counts only if nothing is at any of them.
    ///
    /// # Errors
    /// The URL is not a path, or too long.
    pub fn more_specific<'u>(
        &self,
        url: &'u str,
    ) -> Result<impl ExactSizeIterator<Item = Self> + use<'u>, PathError> {
        let requested = Requested::of(url)?;
        let count = requested.count_before(self);
        Ok((0..count).map(move |index| requested.nth(index).to_path()))
    }

    /// The segments without an empty one at the end, and whether there is one.
    pub(super) fn stem(&self) -> (&[String], bool) {
        match self.segments.split_last() {
            Some((last, stem)) if last.is_empty() => (stem, true),
            Some(_) | None => (&self.segments, false),
        }
    }
}

impl std::fmt::Display for ExpressionPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.labels()).finish()
    }
}

/// The labels in the tree that segments stand for.
pub(super) fn labels<'a>(
    segments: impl Iterator<Item = &'a str>,
    wildcard: bool,
) -> impl Iterator<Item = &'a str> {
    let terminator = if wildcard { WILDCARD } else { EXACT };
    std::iter::once(ROOT)
        .chain(segments)
        .chain(std::iter::once(terminator))
}

fn read(bytes: &[u8]) -> Result<Vec<&str>, DecodeError> {
    let mut reader = Reader::new(bytes);
    reader.self_described()?;
    let labels = reader.list("labels", SEGMENTS + 2, Reader::text)?;
    reader.finish()?;
    Ok(labels)
}
