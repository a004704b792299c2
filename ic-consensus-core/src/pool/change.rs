//! The complete list of what a rule may ask for.

use std::time::Duration;

use ic_types::{Height, NodeId};

use super::section::Key;
use crate::artifact::{Artifact, BlockHash};
use crate::step::Fault;

/// One thing that a rule wants done. Rules see the pool only through a view; the engine applies their changes.
#[derive(Debug)]
pub(crate) enum Change {
    /// An artifact of this node's making: accept it, make it durable, send it to all.
    Add(Artifact),
    /// What waited is valid.
    Accept(Key),
    /// What waited is a share from its own signer: keep it, and check it when shares are combined.
    AcceptClaim(Key),
    /// What waited is of no use any more.
    Discard(Key),
    /// What waited can never be valid: whoever sent it is not honest.
    Refuse(Key, Fault),
    /// An accepted claim turned out to be wrong.
    Condemn(ShareName),
    /// Forget what is accepted below this height.
    PurgeBelow(Height),
    /// Forget, up to the finalized height, votes and blocks that lost.
    PurgeLosers,
    /// Forget what waits and is not wanted any more.
    PurgeUnwanted,
    /// Ask this rule again after so long, even if nothing happens.
    WakeAfter(Duration),
}

/// Which accepted share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShareName {
    Beacon(Height, NodeId),
    Tape(Height, NodeId),
    Notarization(Height, BlockHash, NodeId),
    Finalization(Height, BlockHash, NodeId),
    Certification(Height, NodeId),
    CatchUp(Height, NodeId),
}

impl ShareName {
    /// Whose share it is.
    pub(crate) fn signer(&self) -> NodeId {
        match *self {
            Self::Beacon(_, signer)
            | Self::Tape(_, signer)
            | Self::Notarization(_, _, signer)
            | Self::Finalization(_, _, signer)
            | Self::Certification(_, signer)
            | Self::CatchUp(_, signer) => signer,
        }
    }
}
