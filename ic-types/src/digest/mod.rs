//! SHA-256 and the names that are made with it.

mod names;
mod pairs;
mod sha;
mod short;
mod text;

use std::fmt;

pub use names::{RequestId, StateRoot};
pub(crate) use pairs::PairsHasher;
pub use sha::DigestHasher;
pub(crate) use sha::sha224;
pub use short::ShortMessage;
pub use text::DigestTextError;

/// A SHA-256 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The number of bytes in a digest.
    pub const LENGTH: usize = 32;

    /// A digest that was computed elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash of `bytes`.
    ///
    /// ```
    /// use ic_types::Digest;
    ///
    /// let hash = Digest::of(b"abc");
    /// assert!(hash.to_string().starts_with("ba7816bf8f01cfea"));
    /// ```
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha::state_bytes(&sha::hash(sha::SHA_256, bytes)))
    }

    /// The hash of the concatenation of `parts`.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = DigestHasher::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finish()
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&[u8]> for Digest {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| DigestLength { found: bytes.len() })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hex(&self.0), f)
    }
}

/// A digest, request id or state root of another length than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a hash of 32 bytes, found {found}")]
pub struct DigestLength {
    /// The number of bytes that were given.
    pub found: usize,
}

/// Bytes shown as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
