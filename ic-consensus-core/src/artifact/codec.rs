//! The canonical encoding of artifacts: fixed-width big-endian integers, length-prefixed byte strings, no choices.
//!
//! Every value has exactly one encoding, so the digest of the encoding names the value. Decoding copies no more
//! than the input holds: a length is checked against the bytes that are there before anything is allocated.

use ic_types::{Digest, Height, NodeId, Principal, Rank, RegistryVersion, SubnetId, Time};

/// Why bytes are not an artifact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedArtifact {
    /// The input ends inside a field.
    #[error("the input ends inside {what}: {needed} bytes needed, {found} there")]
    Truncated {
        /// The field.
        what: &'static str,
        /// Bytes that the field takes.
        needed: usize,
        /// Bytes that were left.
        found: usize,
    },
    /// Bytes follow the end of the artifact.
    #[error("{found} bytes follow the artifact")]
    TrailingBytes {
        /// How many.
        found: usize,
    },
    /// A tag byte has no meaning here.
    #[error("{what} has no variant {found}")]
    UnknownTag {
        /// The choice that was expected.
        what: &'static str,
        /// The byte found.
        found: u8,
    },
    /// A count or length is beyond its limit.
    #[error("{what}: limit {limit}, found {found}")]
    OverLimit {
        /// What is counted.
        what: &'static str,
        /// The most that is allowed.
        limit: usize,
        /// What the input says.
        found: usize,
    },
    /// The field holds bytes that no encoder writes.
    #[error("{what} is not in its canonical form")]
    NotCanonical {
        /// The field.
        what: &'static str,
    },
}

/// What has one encoding.
pub(crate) trait Canonical: Sized {
    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads one value from the front of the input.
    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact>;

    /// The encoding on its own.
    fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

/// Reads from the front of a byte string.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(
        &mut self,
        count: usize,
        what: &'static str,
    ) -> Result<&'a [u8], MalformedArtifact> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(MalformedArtifact::Truncated {
                what,
                needed: count,
                found: self.rest.len(),
            }),
        }
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        what: &'static str,
    ) -> Result<[u8; N], MalformedArtifact> {
        let found = self.rest.len();
        match self.rest.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(*taken)
            }
            None => Err(MalformedArtifact::Truncated {
                what,
                needed: N,
                found,
            }),
        }
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, MalformedArtifact> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, MalformedArtifact> {
        self.array(what).map(u64::from_be_bytes)
    }

    /// A count or length of at most `limit`.
    pub(crate) fn count(
        &mut self,
        what: &'static str,
        limit: usize,
    ) -> Result<usize, MalformedArtifact> {
        let found = u32::from_be_bytes(self.array(what)?);
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        if found > limit {
            return Err(MalformedArtifact::OverLimit { what, limit, found });
        }
        Ok(found)
    }

    /// A byte string with its length in front.
    pub(crate) fn blob(
        &mut self,
        what: &'static str,
        limit: usize,
    ) -> Result<&'a [u8], MalformedArtifact> {
        let length = self.count(what, limit)?;
        self.take(length, what)
    }

    /// Refuses what follows the value.
    pub(crate) fn finish(self) -> Result<(), MalformedArtifact> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(MalformedArtifact::TrailingBytes {
                found: self.rest.len(),
            })
        }
    }
}

/// Appends a count or length.
///
/// What is encoded here is bounded far below 2^32 when it is made; a longer one would saturate and fail to decode.
pub(crate) fn write_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

/// Appends a byte string with its length in front.
pub(crate) fn write_blob(out: &mut Vec<u8>, bytes: &[u8]) {
    write_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

impl Canonical for Height {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get().to_be_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        input.u64("height").map(Self::new)
    }
}

impl Canonical for Rank {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get().to_be_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        input
            .array("rank")
            .map(|bytes| Self::new(u32::from_be_bytes(bytes)))
    }
}

impl Canonical for RegistryVersion {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get().to_be_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        input.u64("registry version").map(Self::new)
    }
}

impl Canonical for Time {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.as_nanos().to_be_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        input.u64("time").map(Self::from_nanos)
    }
}

impl Canonical for Digest {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        input.array("digest").map(Self::new)
    }
}

impl Canonical for Principal {
    fn write(&self, out: &mut Vec<u8>) {
        // At most 29 bytes, by the type.
        out.push(u8::try_from(self.as_slice().len()).unwrap_or(u8::MAX));
        out.extend_from_slice(self.as_slice());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        let length = usize::from(input.u8("principal")?);
        let bytes = input.take(length, "principal")?;
        Self::try_from(bytes).map_err(|_| MalformedArtifact::NotCanonical { what: "principal" })
    }
}

impl Canonical for NodeId {
    fn write(&self, out: &mut Vec<u8>) {
        self.principal().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Principal::read(input).map(Self::new)
    }
}

impl Canonical for SubnetId {
    fn write(&self, out: &mut Vec<u8>) {
        self.principal().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Principal::read(input).map(Self::new)
    }
}
