//! What follows from an event. What must be durable comes out first; what may be sent, only after that.

use ic_types::{Batch, Height, NodeId, Rank, StateRoot, Time};

use crate::artifact::{Artifact, BlockHash, Certification, Kind};

/// What one event led to.
///
/// There is nothing to send until the rest is on disk: a vote that was sent and forgotten could be cast twice.
#[must_use = "a dropped step loses votes that this node already counts as cast"]
#[derive(Debug, Default)]
pub struct Step {
    persist: Vec<Artifact>,
    outputs: Vec<Output>,
}

impl Step {
    /// Write these durably, in this order, then call [`Step::persisted`].
    pub fn to_persist(&self) -> &[Artifact] {
        &self.persist
    }

    /// Consumes the step: what to do next, which was out of reach until now.
    pub fn persisted(self) -> impl Iterator<Item = Output> {
        self.outputs.into_iter()
    }

    pub(crate) fn keep(&mut self, artifact: Artifact) {
        self.persist.push(artifact);
    }

    pub(crate) fn emit(&mut self, output: Output) {
        self.outputs.push(output);
    }
}

/// Something that the embedder does for the engine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Send this to every other member. Loss is made up for later.
    Broadcast(Artifact),
    /// Send this to one member. Loss is made up for later.
    Send {
        /// To whom.
        to: NodeId,
        /// What.
        artifact: Artifact,
    },
    /// Execute this, then answer with [`Event::Executed`](crate::Event::Executed). In order, without gaps.
    Deliver(Batch),
    /// The subnet signed the root that this node computed at this height.
    Certified(Certification),
    /// The batches up to this height are gone: fetch the state with this root from a peer, then answer with
    /// [`Event::Executed`](crate::Event::Executed) for this height. Repeated until then.
    FetchState {
        /// The height after which the state is wanted.
        height: Height,
        /// Its root.
        root: StateRoot,
    },
    /// The subnet agreed on another root than this node computed: its state is wrong. It must not go on with it.
    Diverged {
        /// At which height.
        height: Height,
        /// What this node computed.
        computed: StateRoot,
        /// What the subnet signed.
        agreed: StateRoot,
    },
    /// A peer sent what no honest node sends.
    Misbehaved {
        /// Who.
        peer: NodeId,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Something that a reader of a log may want to know. Needs no reaction.
    Progress(Milestone),
    /// Nothing that was persisted for heights below this one is needed any more. A store may drop it, or be replaced
    /// by what [`Engine::artifacts`](crate::Engine::artifacts) gives.
    Purged {
        /// The lowest height that is still needed.
        below: Height,
    },
}

/// How far a height has come, as this node sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Milestone {
    /// The beacon of a height is known: the makers of the next height are ranked.
    Beacon {
        /// The height.
        height: Height,
    },
    /// A block was found valid, or made by this node.
    Proposed {
        /// Its height.
        height: Height,
        /// Its name.
        block: BlockHash,
        /// Who made it.
        maker: NodeId,
        /// The maker's place in the round.
        rank: Rank,
        /// How many calls it carries.
        calls: usize,
    },
    /// A quorum supports a block.
    Notarized {
        /// Its height.
        height: Height,
        /// Its name.
        block: BlockHash,
        /// Its maker's place in the round.
        rank: Rank,
    },
    /// A block is final, and with it all before it.
    Finalized {
        /// Its height.
        height: Height,
        /// Its name.
        block: BlockHash,
        /// Its maker's place in the round.
        rank: Rank,
        /// Its time.
        time: Time,
    },
    /// There is a catch-up package: a node can start from this height.
    CatchUp {
        /// The height.
        height: Height,
        /// The root of the state after it.
        root: StateRoot,
    },
}

/// What no honest node does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A signature or share does not verify.
    #[error("{kind:?} at height {height}: the signature is wrong")]
    BadSignature {
        /// Of which kind of artifact.
        kind: Kind,
        /// At which height.
        height: Height,
    },
    /// The signer has no such role at this height.
    #[error("{kind:?} at height {height}: {signer} has no part in it")]
    NotEligible {
        /// Of which kind of artifact.
        kind: Kind,
        /// At which height.
        height: Height,
        /// Who signed.
        signer: NodeId,
    },
    /// Fewer signers than the quorum.
    #[error("{kind:?} at height {height}: {needed} signers needed, found {found}")]
    TooFewSigners {
        /// Of which kind of artifact.
        kind: Kind,
        /// At which height.
        height: Height,
        /// The quorum.
        needed: usize,
        /// The signers named.
        found: usize,
    },
    /// The artifact contradicts what is settled: another parent, another beacon, another root.
    #[error("{kind:?} at height {height} contradicts what is settled")]
    Contradiction {
        /// Of which kind of artifact.
        kind: Kind,
        /// At which height.
        height: Height,
    },
    /// The artifact's parts do not belong together.
    #[error("{kind:?} at height {height} is not coherent")]
    Incoherent {
        /// Of which kind of artifact.
        kind: Kind,
        /// At which height.
        height: Height,
    },
    /// A block breaks a rule.
    #[error("block at height {height}: {reason}")]
    BadBlock {
        /// At which height.
        height: Height,
        /// Which rule.
        reason: BadBlock,
    },
    /// Two blocks of one maker at one height.
    #[error("two blocks at height {height}")]
    Equivocation {
        /// At which height.
        height: Height,
    },
}

/// The rule that a block breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadBlock {
    /// The maker has another rank, or none.
    #[error("its maker does not have its rank")]
    Rank,
    /// Another version of the protocol.
    #[error("protocol version: expected {expected}, found {found}")]
    Version {
        /// The version of this crate.
        expected: u16,
        /// The version of the block.
        found: u16,
    },
    /// Registry version, certified height or time is taken back.
    #[error("its context does not follow its parent's")]
    Context,
    /// A summary where data belongs, or data where a summary belongs.
    #[error("summary and data are in the wrong place")]
    Interval,
    /// The summary is not the one that follows from the chain.
    #[error("its summary is not the one that follows")]
    Summary,
    /// The calls are not acceptable.
    #[error("its payload: {0}")]
    Payload(crate::payload::PayloadFault),
}
