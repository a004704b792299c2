//! Proof that a block maker signed two blocks at one height.

use ic_types::{Height, NodeId, SubnetId};

use super::block::{BlockHash, BlockMetadata};
use super::codec::{Canonical, MalformedArtifact, Reader};
use super::share::NodeSignature;

/// Two blocks of one maker at one height. It disqualifies the maker at that height and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EquivocationProof {
    /// Who signed twice.
    pub maker: NodeId,
    /// At which height.
    pub height: Height,
    /// The subnet whose chain it is.
    pub subnet: SubnetId,
    /// The blocks, the smaller hash first, each with the signature over its metadata.
    pub blocks: [(BlockHash, NodeSignature); 2],
}

impl EquivocationProof {
    /// The two statements that the maker signed.
    pub fn statements(&self) -> [(BlockMetadata, NodeSignature); 2] {
        self.blocks.map(|(block, signature)| {
            (
                BlockMetadata {
                    block,
                    height: self.height,
                    subnet: self.subnet,
                },
                signature,
            )
        })
    }
}

impl Canonical for EquivocationProof {
    fn write(&self, out: &mut Vec<u8>) {
        self.maker.write(out);
        self.height.write(out);
        self.subnet.write(out);
        for (block, signature) in &self.blocks {
            block.write(out);
            signature.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        let (maker, height, subnet) = (
            NodeId::read(input)?,
            Height::read(input)?,
            SubnetId::read(input)?,
        );
        let first = (BlockHash::read(input)?, NodeSignature::read(input)?);
        let second = (BlockHash::read(input)?, NodeSignature::read(input)?);
        if first.0 >= second.0 {
            return Err(MalformedArtifact::NotCanonical {
                what: "equivocation proof",
            });
        }
        Ok(Self {
            maker,
            height,
            subnet,
            blocks: [first, second],
        })
    }
}
