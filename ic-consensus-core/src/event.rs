//! Everything that can happen to a node.

use ic_types::{Height, NodeId, StateRoot};

use crate::artifact::Artifact;

/// Something that happened, for [`Engine::handle`](crate::Engine::handle).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "events are made one at a time and moved into the engine"
)]
pub enum Event {
    /// A member sent an artifact. The transport vouches for who sent it.
    Received {
        /// The member at the other end of the connection.
        from: NodeId,
        /// What it sent.
        artifact: Artifact,
    },
    /// The state after the batch of this height is here and has this root: it was executed, fetched from a peer, or
    /// loaded from disk.
    Executed {
        /// The height.
        height: Height,
        /// The root of the state.
        root: StateRoot,
    },
    /// Time passed, the registry has a new version, or a call came in: look again.
    Tick,
}
