//! Catch-up packages: enough to start from nothing, under one signature of the subnet.

use ic_types::{Digest, Domain, Height, RegistryVersion, Signable, StateRoot, Time};

use super::block::{Block, BlockHash, Body, Context, Summary};
use super::codec::{Canonical, MalformedArtifact, Reader};
use super::randomness::Beacon;
use super::share::{AtHeight, BlsSignature, Share};
use ic_types::Rank;

/// What a catch-up package signs: the first block of an interval, its beacon, and the state after it, by their hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatchUpContent {
    /// The height of all three.
    pub height: Height,
    /// The finalized summary block.
    pub block: BlockHash,
    /// The hash of the beacon.
    pub beacon: Digest,
    /// The root of the state after the block.
    pub root: StateRoot,
}

impl AtHeight for CatchUpContent {
    fn height(&self) -> Height {
        self.height
    }
}

impl Signable for CatchUpContent {
    const DOMAIN: Domain = Domain::CatchUpContent;

    fn write_message(&self, out: &mut Vec<u8>) {
        self.write(out);
    }
}

impl Canonical for CatchUpContent {
    fn write(&self, out: &mut Vec<u8>) {
        self.height.write(out);
        self.block.write(out);
        self.beacon.write(out);
        self.root.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            height: Height::read(input)?,
            block: BlockHash::read(input)?,
            beacon: Digest::read(input)?,
            root: StateRoot::read(input)?,
        })
    }
}

/// One node's part of a catch-up package. It names block and beacon by hash: who checks it has its own.
pub type CatchUpShare = Share<CatchUpContent>;

/// A finalized summary block, the beacon of its height and the root of the state after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUpPackage {
    /// The first block of an interval.
    pub block: Block,
    /// The beacon of the same height.
    pub beacon: Beacon,
    /// The root of the state after the block.
    pub root: StateRoot,
    /// The signature of the subnet over the [`CatchUpContent`]; zeros in a package that is trusted as a beginning.
    pub signature: BlsSignature,
}

impl CatchUpPackage {
    /// Where a new subnet begins: a summary at height 0 over the state with this root.
    ///
    /// It is not signed: each member is given it, or the parts of it, by whoever sets the subnet up.
    pub fn genesis(registry: RegistryVersion, time: Time, root: StateRoot, interval: u64) -> Self {
        let summary = Summary {
            registry,
            interval,
            next_interval: interval,
        };
        let context = Context {
            registry,
            certified: Height::GENESIS,
            time,
        };
        let parent = BlockHash::new(Digest::new([0; 32]));
        let block = Block::new(
            parent,
            Height::GENESIS,
            Rank::LEADER,
            context,
            Body::Summary(summary),
        );
        Self {
            block,
            beacon: Beacon::genesis(),
            root,
            signature: BlsSignature([0; 48]),
        }
    }

    /// The height at which it lets a node begin.
    pub fn height(&self) -> Height {
        self.block.height()
    }

    /// What is signed.
    pub fn content(&self) -> CatchUpContent {
        CatchUpContent {
            height: self.height(),
            block: self.block.hash(),
            beacon: self.beacon.hash(),
            root: self.root,
        }
    }

    /// Whether the parts belong together: a summary, and the beacon of its height.
    pub fn is_coherent(&self) -> bool {
        self.block.summary().is_some() && self.beacon.content.height == self.block.height()
    }
}

impl Canonical for CatchUpPackage {
    fn write(&self, out: &mut Vec<u8>) {
        self.block.write(out);
        self.beacon.write(out);
        self.root.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            block: Block::read(input)?,
            beacon: Beacon::read(input)?,
            root: StateRoot::read(input)?,
            signature: BlsSignature::read(input)?,
        })
    }
}
