//! Artifacts: all that travels between nodes, as received. Nothing here has been checked beyond its form.
//!
//! # Encoding
//! One tag byte for the kind, then the fields in the order of their declaration: integers big-endian and of fixed
//! width, lists and byte strings after their length as four bytes, principals after theirs as one byte. Each
//! artifact has exactly one encoding; [`Artifact::decode`] refuses every other.

mod block;
mod catch_up;
mod certification;
pub(crate) mod codec;
mod equivocation;
mod position;
mod randomness;
mod share;

use std::fmt;

use ic_types::{Digest, Height};

pub use block::{
    Block, BlockHash, BlockMetadata, Body, Context, Header, MAX_BODY_BYTES, MAX_CALL_BYTES,
    MAX_CALLS, PROTOCOL_VERSION, Payload, Proposal, Summary,
};
pub use catch_up::{CatchUpContent, CatchUpPackage, CatchUpShare};
pub use certification::{Certification, CertificationShare};
pub use codec::MalformedArtifact;
pub use equivocation::EquivocationProof;
pub use position::Position;
pub use randomness::{Beacon, BeaconContent, BeaconShare, Tape, TapeContent, TapeShare};
pub use share::{
    AtHeight, BlsSignature, CertifiedState, Finalization, FinalizationContent, FinalizationShare,
    GroupSigned, MAX_SIGNERS, MultiSigned, NodeSignature, Notarization, NotarizationContent,
    NotarizationShare, Share,
};

use codec::{Canonical, Reader};

/// The name of an artifact: the hash of its encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactId(Digest);

impl ArtifactId {
    pub(crate) const LEAST: Self = Self(Digest::new([0; 32]));
    pub(crate) const GREATEST: Self = Self(Digest::new([0xff; 32]));

    pub(crate) fn of_encoding(encoding: &[u8]) -> Self {
        Self(Digest::of(encoding))
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl fmt::Debug for ArtifactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! artifacts {
    ($($(#[$doc:meta])* $kind:ident($content:ty) = $tag:literal, $height:expr;)*) => {
        /// Anything that one node sends to another.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Artifact {
            $($(#[$doc])* $kind($content),)*
        }

        /// Which kind of artifact.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Artifact {
            /// Which kind this is.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$kind(_) => Kind::$kind,)*
                }
            }

            /// The height that it belongs to.
            pub fn height(&self) -> Height {
                match self {
                    $(Self::$kind(content) => {
                        let height: fn(&$content) -> Height = $height;
                        height(content)
                    })*
                }
            }

            /// The bytes that stand for it, between nodes and on disk.
            pub fn encode(&self) -> Vec<u8> {
                let mut out = Vec::new();
                match self {
                    $(Self::$kind(content) => {
                        out.push($tag);
                        content.write(&mut out);
                    })*
                }
                out
            }

            /// The artifact that `bytes` stand for.
            ///
            /// # Errors
            /// If they are not exactly one artifact in its canonical form, or are beyond a limit.
            pub fn decode(bytes: &[u8]) -> Result<Self, MalformedArtifact> {
                let mut input = Reader::new(bytes);
                let artifact = match input.u8("artifact")? {
                    $($tag => Self::$kind(<$content>::read(&mut input)?),)*
                    found => return Err(MalformedArtifact::UnknownTag { what: "artifact", found }),
                };
                input.finish()?;
                Ok(artifact)
            }
        }

        $(impl From<$content> for Artifact {
            fn from(content: $content) -> Self {
                Self::$kind(content)
            }
        })*
    };
}

artifacts! {
    /// The randomness that ranks the makers of the next height.
    Beacon(Beacon) = 1, |beacon| beacon.content.height;
    /// One node's part of it.
    BeaconShare(BeaconShare) = 2, |share| share.content.height;
    /// The randomness for execution.
    Tape(Tape) = 3, |tape| tape.content.height;
    /// One node's part of it.
    TapeShare(TapeShare) = 4, |share| share.content.height;
    /// A block under its maker's signature.
    Proposal(Proposal) = 5, |proposal| proposal.block.height();
    /// A quorum supports a block.
    Notarization(Notarization) = 6, |notarization| notarization.content.height;
    /// One notary supports a block.
    NotarizationShare(NotarizationShare) = 7, |share| share.content.height;
    /// A quorum supported nothing else.
    Finalization(Finalization) = 8, |finalization| finalization.content.height;
    /// One notary supported nothing else.
    FinalizationShare(FinalizationShare) = 9, |share| share.content.height;
    /// The subnet's signature over a state root.
    Certification(Certification) = 10, |certification| certification.content.height;
    /// One node's part of it.
    CertificationShare(CertificationShare) = 11, |share| share.content.height;
    /// Enough to start from nothing.
    CatchUp(CatchUpPackage) = 12, |package| package.height();
    /// One node's part of it.
    CatchUpShare(CatchUpShare) = 13, |share| share.content.height;
    /// Two blocks of one maker at one height.
    Equivocation(EquivocationProof) = 14, |proof| proof.height;
    /// Where the sender stands.
    Position(Position) = 15, |position| position.notarized;
}

impl Artifact {
    /// The hash of the encoding.
    pub fn id(&self) -> ArtifactId {
        ArtifactId::of_encoding(&self.encode())
    }
}
