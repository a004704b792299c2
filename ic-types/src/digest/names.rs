//! What is named by a digest: requests and states.

use std::fmt;

use super::{Digest, DigestLength};
use crate::domain::{Domain, Signable};

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

#[cfg(test)]
mod tests {
    use super::*;

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
