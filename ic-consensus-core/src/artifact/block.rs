//! Blocks: what is ordered. A block is named by the hash of its header, which holds the hash of its body, so that
//! a name can be signed and checked without the body.

use std::fmt;
use std::sync::Arc;

use ic_types::codec::Wire;
use ic_types::{
    Call, Digest, DigestHasher, Domain, Envelope, Height, NodeId, Rank, RegistryVersion, Signable,
    SubnetId, Time,
};

use super::codec::{Canonical, MalformedArtifact, Reader, write_blob, write_count};
use super::share::NodeSignature;

/// The version of the protocol that this crate speaks; part of every block.
pub const PROTOCOL_VERSION: u16 = 1;

/// Calls in one block, at most, whatever the subnet's parameters say.
pub const MAX_CALLS: usize = 10_000;
/// Bytes of one encoded call, at most: the interface specification allows 3.5 MiB on the largest subnets.
pub const MAX_CALL_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of one encoded body, at most.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// The name of a block: the hash of its header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockHash(Digest);

impl BlockHash {
    /// The name with these bytes.
    pub const fn new(digest: Digest) -> Self {
        Self(digest)
    }

    /// The hash.
    pub const fn digest(&self) -> Digest {
        self.0
    }
}

impl fmt::Display for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for BlockHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Canonical for BlockHash {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Digest::read(input).map(Self)
    }
}

/// What a block's content was judged against, so that every node judges it alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The registry version that the maker had.
    pub registry: RegistryVersion,
    /// The newest height whose state the maker knew to be certified.
    pub certified: Height,
    /// The time of the block. Strictly later than its parent's.
    pub time: Time,
}

impl Context {
    /// Whether this may follow `parent`: no version and no certified height is taken back, and time moves on.
    pub fn follows(&self, parent: &Self) -> bool {
        self.registry >= parent.registry
            && self.certified >= parent.certified
            && self.time > parent.time
    }
}

impl Canonical for Context {
    fn write(&self, out: &mut Vec<u8>) {
        self.registry.write(out);
        self.certified.write(out);
        self.time.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            registry: RegistryVersion::read(input)?,
            certified: Height::read(input)?,
            time: Time::read(input)?,
        })
    }
}

/// What the first block of an interval says about the interval. It carries no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The registry version whose members and keys are in force in the interval that begins here.
    pub registry: RegistryVersion,
    /// How many data blocks follow this one in the interval.
    pub interval: u64,
    /// How many data blocks the interval after this one has.
    pub next_interval: u64,
}

impl Summary {
    /// The height of the next summary, if this one is at `height`.
    pub fn next_start(&self, height: Height) -> Height {
        Height::new(height.get().saturating_add(self.interval).saturating_add(1))
    }
}

impl Canonical for Summary {
    fn write(&self, out: &mut Vec<u8>) {
        self.registry.write(out);
        out.extend_from_slice(&self.interval.to_be_bytes());
        out.extend_from_slice(&self.next_interval.to_be_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            registry: RegistryVersion::read(input)?,
            interval: input.u64("interval")?,
            next_interval: input.u64("next interval")?,
        })
    }
}

/// The calls of one block, each with the proof of its sender: every node checks the proofs again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload {
    /// The calls, in the order in which they are executed.
    pub calls: Vec<Envelope<Call>>,
}

impl Canonical for Payload {
    fn write(&self, out: &mut Vec<u8>) {
        write_count(out, self.calls.len());
        for call in &self.calls {
            write_blob(out, &call.encode());
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        let count = input.count("calls", MAX_CALLS)?;
        let mut calls = Vec::new();
        for _ in 0..count {
            let bytes = input.blob("call", MAX_CALL_BYTES)?;
            let call = Envelope::<Call>::decode(bytes)
                .map_err(|_| MalformedArtifact::NotCanonical { what: "call" })?;
            // The envelope's own encoding leaves choices; the block's does not.
            if call.encode() != bytes {
                return Err(MalformedArtifact::NotCanonical { what: "call" });
            }
            calls.push(call);
        }
        Ok(Self { calls })
    }
}

/// What a block carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The first block of an interval.
    Summary(Summary),
    /// Every other block.
    Data(Payload),
}

impl Body {
    fn hash_of_encoding(encoding: &[u8]) -> Digest {
        let mut hasher = DigestHasher::with_domain(Domain::BlockPayload);
        hasher.update(encoding);
        hasher.finish()
    }
}

impl Canonical for Body {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Summary(summary) => {
                out.push(0);
                summary.write(out);
            }
            Self::Data(payload) => {
                out.push(1);
                payload.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        match input.u8("body")? {
            0 => Summary::read(input).map(Self::Summary),
            1 => Payload::read(input).map(Self::Data),
            found => Err(MalformedArtifact::UnknownTag {
                what: "body",
                found,
            }),
        }
    }
}

/// The part of a block that its hash is taken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the protocol under which the block was made.
    pub version: u16,
    /// The block that this one follows.
    pub parent: BlockHash,
    /// Its position.
    pub height: Height,
    /// The place of its maker in the round.
    pub rank: Rank,
    /// What its content was judged against.
    pub context: Context,
    /// The hash of its body.
    pub body: Digest,
}

impl Canonical for Header {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.version.to_be_bytes());
        self.parent.write(out);
        self.height.write(out);
        self.rank.write(out);
        self.context.write(out);
        self.body.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            version: input.array("version").map(u16::from_be_bytes)?,
            parent: BlockHash::read(input)?,
            height: Height::read(input)?,
            rank: Rank::read(input)?,
            context: Context::read(input)?,
            body: Digest::read(input)?,
        })
    }
}

struct Inner {
    header: Header,
    body: Body,
    hash: BlockHash,
}

/// A block: header, body, and the hash that was computed from them. Cloning it is cheap.
///
/// The three cannot disagree: a block is made by [`Block::new`] or decoded, and both hash.
#[derive(Clone)]
pub struct Block(Arc<Inner>);

impl Block {
    /// A block of this protocol version that follows `parent`.
    pub fn new(
        parent: BlockHash,
        height: Height,
        rank: Rank,
        context: Context,
        body: Body,
    ) -> Self {
        let digest = Body::hash_of_encoding(&body.canonical());
        let header = Header {
            version: PROTOCOL_VERSION,
            parent,
            height,
            rank,
            context,
            body: digest,
        };
        Self::seal(header, body)
    }

    fn seal(header: Header, body: Body) -> Self {
        let mut hasher = DigestHasher::with_domain(Domain::Block);
        hasher.update(&header.canonical());
        let hash = BlockHash::new(hasher.finish());
        Self(Arc::new(Inner { header, body, hash }))
    }

    /// The name of the block.
    pub fn hash(&self) -> BlockHash {
        self.0.hash
    }

    /// What the hash is taken of.
    pub fn header(&self) -> &Header {
        &self.0.header
    }

    /// Its position.
    pub fn height(&self) -> Height {
        self.0.header.height
    }

    /// The place of its maker in the round.
    pub fn rank(&self) -> Rank {
        self.0.header.rank
    }

    /// The block that this one follows.
    pub fn parent(&self) -> BlockHash {
        self.0.header.parent
    }

    /// What its content was judged against.
    pub fn context(&self) -> &Context {
        &self.0.header.context
    }

    /// What it carries.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// The summary, if this is the first block of an interval.
    pub fn summary(&self) -> Option<&Summary> {
        match &self.0.body {
            Body::Summary(summary) => Some(summary),
            Body::Data(_) => None,
        }
    }

    /// The calls; none in a summary.
    pub fn calls(&self) -> &[Envelope<Call>] {
        match &self.0.body {
            Body::Summary(_) => &[],
            Body::Data(payload) => &payload.calls,
        }
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.hash() == other.hash()
    }
}

impl Eq for Block {}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("hash", &self.hash())
            .field("header", self.header())
            .field("calls", &self.calls().len())
            .finish()
    }
}

impl Canonical for Block {
    fn write(&self, out: &mut Vec<u8>) {
        self.header().write(out);
        write_blob(out, &self.body().canonical());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        let header = Header::read(input)?;
        let encoding = input.blob("body", MAX_BODY_BYTES)?;
        if Body::hash_of_encoding(encoding) != header.body {
            return Err(MalformedArtifact::NotCanonical { what: "body" });
        }
        let mut reader = Reader::new(encoding);
        let body = Body::read(&mut reader)?;
        reader.finish()?;
        Ok(Self::seal(header, body))
    }
}

/// What a block maker signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockMetadata {
    /// The block.
    pub block: BlockHash,
    /// Its height.
    pub height: Height,
    /// The subnet whose chain it belongs to.
    pub subnet: SubnetId,
}

impl Signable for BlockMetadata {
    const DOMAIN: Domain = Domain::BlockMetadata;

    fn write_message(&self, out: &mut Vec<u8>) {
        self.block.write(out);
        self.height.write(out);
        self.subnet.write(out);
    }
}

/// A block under the signature of its maker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The block.
    pub block: Block,
    /// Who made it.
    pub maker: NodeId,
    /// The maker's signature of the [`BlockMetadata`].
    pub signature: NodeSignature,
}

impl Canonical for Proposal {
    fn write(&self, out: &mut Vec<u8>) {
        self.block.write(out);
        self.maker.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, MalformedArtifact> {
        Ok(Self {
            block: Block::read(input)?,
            maker: NodeId::read(input)?,
            signature: NodeSignature::read(input)?,
        })
    }
}
