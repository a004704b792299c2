//! The three forms that a signed content takes: one node's share, the signatures of a committee, and the signature
//! of the subnet.

use std::fmt;

use ic_types::{Digest, Domain, Height, NodeId, Signable, StateRoot};

use super::block::BlockHash;
use super::codec::{Canonical, MalformedArtifact, Reader, write_count};

/// Signers of one committee signature, at most: more than any subnet has members.
pub const MAX_SIGNERS: usize = 1_000;

macro_rules! signature_bytes {
    ($(#[$doc:meta])* $name:ident, $length:expr, $what:literal) => {
        $(#[$doc])*
        ///
        /// As received: that it is well formed shows when it is checked.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str("..")
            }
        }

        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
                input.array($what).map(Self)
            }
        }
    };
}

signature_bytes!(
    /// A signature under a node's own key (Ed25519).
    NodeSignature, 64, "node signature"
);
signature_bytes!(
    /// A BLS signature or share of one: a compressed point of G1.
    BlsSignature, 48, "BLS signature"
);

impl BlsSignature {
    /// The signature as a point, for whoever checks it or puts it into a certificate.
    ///
    /// # Errors
    /// If the bytes are not the canonical encoding of a point of the group.
    pub fn to_bls(&self) -> Result<ic_crypto::bls::Signature, ic_crypto::InvalidSignature> {
        ic_crypto::bls::Signature::from_bytes(&self.0)
    }
}

/// What one node contributes to the signature of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<C> {
    /// What is signed.
    pub content: C,
    /// Who signs.
    pub signer: NodeId,
    /// The contribution.
    pub signature: BlsSignature,
}

/// A content under the signatures of a committee, with the list of who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiSigned<C> {
    /// What is signed.
    pub content: C,
    /// Who signed, each once, in the order of their ids.
    pub signers: Vec<NodeId>,
    /// The sum of their signatures.
    pub signature: BlsSignature,
}

/// A content under the key of the subnet: nothing shows who contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSigned<C> {
    /// What is signed.
    pub content: C,
    /// The signature, the same whoever contributed.
    pub signature: BlsSignature,
}

impl<C: Canonical> Canonical for Share<C> {
    fn write(&self, out: &mut Vec<u8>) {
        self.content.write(out);
        self.signer.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            content: C::read(input)?,
            signer: NodeId::read(input)?,
            signature: BlsSignature::read(input)?,
        })
    }
}

impl<C: Canonical> Canonical for MultiSigned<C> {
    fn write(&self, out: &mut Vec<u8>) {
        self.content.write(out);
        write_count(out, self.signers.len());
        self.signers.iter().for_each(|signer| signer.write(out));
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        let content = C::read(input)?;
        let count = input.count("signers", MAX_SIGNERS)?;
        let mut signers: Vec<NodeId> = Vec::new();
        for _ in 0..count {
            let signer = NodeId::read(input)?;
            if signers.last().is_some_and(|last| *last >= signer) {
                return Err(MalformedArtifact::NotCanonical { what: "signers" });
            }
            signers.push(signer);
        }
        Ok(Self {
            content,
            signers,
            signature: BlsSignature::read(input)?,
        })
    }
}

impl<C: Canonical> Canonical for GroupSigned<C> {
    fn write(&self, out: &mut Vec<u8>) {
        self.content.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            content: C::read(input)?,
            signature: BlsSignature::read(input)?,
        })
    }
}

/// A content that belongs to one height.
pub trait AtHeight {
    /// The height.
    fn height(&self) -> Height;
}

macro_rules! block_vote {
    ($(#[$doc:meta])* $name:ident, $domain:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            /// The height of the block.
            pub height: Height,
            /// The block.
            pub block: BlockHash,
        }

        impl AtHeight for $name {
            fn height(&self) -> Height {
                self.height
            }
        }

        impl Signable for $name {
            const DOMAIN: Domain = Domain::$domain;

            fn write_message(&self, out: &mut Vec<u8>) {
                self.write(out);
            }
        }

        impl Canonical for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.height.write(out);
                self.block.write(out);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
                Ok(Self { height: Height::read(input)?, block: BlockHash::read(input)? })
            }
        }
    };
}

block_vote!(
    /// What a notary says: this block is valid, and the best that I know at its height.
    NotarizationContent, NotarizationContent
);
block_vote!(
    /// What a finalizer says: I supported no other block at this height.
    FinalizationContent, FinalizationContent
);

/// One notary's support of a block.
pub type NotarizationShare = Share<NotarizationContent>;
/// The support of so many notaries that the block may be built upon.
pub type Notarization = MultiSigned<NotarizationContent>;
/// One notary's word that it supported no other block.
pub type FinalizationShare = Share<FinalizationContent>;
/// The word of so many that no other block at this height can be notarized.
pub type Finalization = MultiSigned<FinalizationContent>;

/// The root of the certified state after a height.
///
/// Only the root is signed, as the interface specification has it; a node believes the height because it computed
/// the same root at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertifiedState {
    /// The height of the batch after which the state has this root.
    pub height: Height,
    /// The root.
    pub root: StateRoot,
}

impl AtHeight for CertifiedState {
    fn height(&self) -> Height {
        self.height
    }
}

impl Signable for CertifiedState {
    const DOMAIN: Domain = StateRoot::DOMAIN;

    fn write_message(&self, out: &mut Vec<u8>) {
        self.root.write_message(out);
    }
}

impl Canonical for StateRoot {
    fn write(&self, out: &mut Vec<u8>) {
        self.digest().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Digest::read(input).map(Self::new)
    }
}

impl Canonical for CertifiedState {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.root.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            height: Height::read(input)?,
            root: StateRoot::read(input)?,
        })
    }
}
