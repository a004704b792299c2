//! Labels and paths of the state tree.

use std::borrow::Borrow;
use std::fmt;

use crate::digest::Hex;

/// One step of a path: any bytes, ordered as they are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Vec<u8>);

impl Label {
    /// A label of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for Label {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A map by label can be asked with bytes: both are ordered alike.
impl Borrow<[u8]> for Label {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&[u8]> for Label {
    fn from(bytes: &[u8]) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for Label {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// As text if it is printable and cannot be taken for something else, otherwise `0x` and hexadecimal digits.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match str::from_utf8(&self.0) {
            Ok(text)
                if !text.is_empty()
                    && !text.starts_with("0x")
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_graphic() && byte != b'/') =>
            {
                f.write_str(text)
            }
            _ => write!(f, "0x{}", Hex(&self.0)),
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A way from the root of the state tree: labels, outermost first.
///
/// ```
/// use ic_types::Path;
///
/// let path = Path::new(["subnet", "metrics"]);
/// assert_eq!(path.to_string(), "/subnet/metrics");
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Label>);

impl Path {
    /// The path through `labels`.
    pub fn new<L: Into<Label>>(labels: impl IntoIterator<Item = L>) -> Self {
        Self(labels.into_iter().map(Into::into).collect())
    }

    /// The labels, outermost first.
    pub fn labels(&self) -> &[Label] {
        &self.0
    }

    /// This path and one label more.
    #[must_use]
    pub fn child(mut self, label: impl Into<Label>) -> Self {
        self.0.push(label.into());
        self
    }

    /// Whether this path leads to `other` or past it on the way.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }
}

impl FromIterator<Label> for Path {
    fn from_iter<I: IntoIterator<Item = Label>>(labels: I) -> Self {
        Self(labels.into_iter().collect())
    }
}

impl From<Vec<Label>> for Path {
    fn from(labels: Vec<Label>) -> Self {
        Self(labels)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|label| write!(f, "/{label}"))
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_ambiguity() {
        let path = Path::new([b"canister".as_slice(), &[0, 1], b"a/b", b"", b"0x00"]);
        assert_eq!(path.to_string(), "/canister/0x0001/0x612f62/0x/0x30783030");
        assert_eq!(Path::default().to_string(), "/");
    }

    #[test]
    fn prefixes() {
        let short = Path::new(["a"]);
        let long = short.clone().child("b");
        assert!(short.is_prefix_of(&long));
        assert!(!long.is_prefix_of(&short));
    }
}
