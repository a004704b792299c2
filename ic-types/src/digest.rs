//! SHA-256 and the names that are made with it. The only file that names `sha2`.

use std::fmt;

use sha2::{Digest as _, Sha224, Sha256};

use crate::domain::{Domain, Signable};

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
        Self(Sha256::digest(bytes).into())
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

/// SHA-256 of what comes in pieces.
#[derive(Clone, Default)]
pub struct DigestHasher(Sha256);

impl DigestHasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// A hasher that has seen the prefix of `domain`: its length as one byte, then its name.
    pub fn with_domain(domain: Domain) -> Self {
        let mut hasher = Self::new();
        hasher.update(&[domain.length_byte()]);
        hasher.update(domain.name().as_bytes());
        hasher
    }

    /// Appends `bytes` to what is hashed.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all that was appended.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for DigestHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestHasher")
    }
}

/// SHA-224 of the concatenation, for principals (ID-012, ID-013).
pub(crate) fn sha224(parts: &[&[u8]]) -> [u8; 28] {
    let mut hasher = Sha224::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The name of a request: the representation-independent hash of its content (ID-040, HTTP-127).
///
/// Displayed as `0x` and lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(Digest);

impl RequestId {
    /// A request id that was computed or received elsewhere.
    pub const fn new(hash: Digest) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The bytes of the hash: the label under `request_status`.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for RequestId {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl TryFrom<&[u8]> for RequestId {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        Digest::try_from(bytes).map(Self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Signable for RequestId {
    const DOMAIN: Domain = Domain::Request;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

/// The root hash of a state tree: what a subnet signs, and what consensus and execution agree on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateRoot(Digest);

impl StateRoot {
    /// A root that was computed or received elsewhere.
    pub const fn new(hash: Digest) -> Self {
        Self(hash)
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl AsRef<[u8]> for StateRoot {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl TryFrom<&[u8]> for StateRoot {
    type Error = DigestLength;

    fn try_from(bytes: &[u8]) -> Result<Self, DigestLength> {
        Digest::try_from(bytes).map(Self)
    }
}

impl fmt::Display for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StateRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Signable for StateRoot {
    const DOMAIN: Domain = Domain::StateRoot;

    fn write_message(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

/// Bytes shown as lower-case hexadecimal digits.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_pieces_are_those_of_the_whole() {
        assert_eq!(Digest::of_parts(&[b"ab", b"", b"c"]), Digest::of(b"abc"));
        assert_eq!(
            Digest::of(b"").to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn id_040_request_ids_are_shown_with_0x() {
        assert_eq!(
            RequestId::new(Digest::new([0xab; 32])).to_string(),
            format!("0x{}", "ab".repeat(32))
        );
        assert_eq!(
            RequestId::try_from([0; 31].as_slice()),
            Err(DigestLength { found: 31 })
        );
    }
}
