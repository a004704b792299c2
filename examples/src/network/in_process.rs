//! Nodes that share a process: a letter box for each, and a switchboard that knows them all.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ic_consensus_core::Now;
use ic_types::NodeId;

/// Something to be done with a node on its own thread, at a time that it is told.
pub type Visit<N> = Box<dyn FnOnce(&mut N, Now) + Send>;

/// What a node finds in its box.
pub enum Letter<N> {
    /// An artifact, as bytes: the receiver decodes it, as it would from a socket.
    Artifact {
        /// The sender. In process it cannot be forged; over sockets, mutual TLS says it.
        from: NodeId,
        /// The encoded artifact.
        bytes: Arc<[u8]>,
    },
    /// A user's call that another node has accepted, as bytes: the receiver authenticates it for itself.
    Call(Arc<[u8]>),
    /// How the HTTP interface asks.
    Visit(Visit<N>),
    /// No more letters: the node's thread ends.
    Stop,
}

/// The receiving end of a letter box.
pub type Inbox<N> = Receiver<Letter<N>>;

/// How many unread letters a box holds. A node that falls further behind loses what comes, like any node behind a
/// slow link, and catches up when its peers say it again.
const BOX: usize = 16_384;

type Boxes<N> = BTreeMap<NodeId, SyncSender<Letter<N>>>;

/// Where letters are handed in.
pub struct Switchboard<N>(Arc<RwLock<Boxes<N>>>);

impl<N> Clone for Switchboard<N> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<N> Default for Switchboard<N> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<N> Switchboard<N> {
    /// Puts up a box for `node`, in place of an earlier one.
    pub fn connect(&self, node: NodeId) -> Inbox<N> {
        let (sender, inbox) = sync_channel(BOX);
        self.write().insert(node, sender);
        inbox
    }

    /// Takes the box of `node` down. What is in it can still be read.
    pub fn disconnect(&self, node: NodeId) {
        self.write().remove(&node);
    }

    /// Hands a letter to one node. Returns whether there was room for it.
    #[must_use]
    pub fn send(&self, to: NodeId, letter: Letter<N>) -> bool {
        match self.read().get(&to).map(|sender| sender.try_send(letter)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        }
    }

    /// Hands the same letter to every node but `from`. Who has no room misses it.
    pub fn broadcast(&self, from: NodeId, letter: impl Fn() -> Letter<N>) {
        for (to, sender) in self.read().iter() {
            if *to != from {
                let _missed = sender.try_send(letter());
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Boxes<N>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Boxes<N>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
