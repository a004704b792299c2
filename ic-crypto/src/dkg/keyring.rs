//! A node's secrets: its decryption key, and the shares that it has opened and still needs.

use std::collections::BTreeMap;
use std::fmt;

use ic_types::NodeId;

use super::forward_secure::{DecryptionKey, Exhausted};
use super::opening::CannotOpen;
use super::transcript::Transcript;
use crate::Seed;
use crate::key_id::KeyId;
use crate::threshold::SecretShare;

/// The shares of one node, by the key that they are of.
///
/// Opened shares stay until [`retain`](Self::retain) says which are still needed; the others are erased, and the decryption
/// key forgets the epochs before the oldest that is needed, so that nobody can open them again.
pub struct Keyring {
    node: NodeId,
    key: DecryptionKey,
    shares: BTreeMap<KeyId, SecretShare>,
}

impl Keyring {
    /// For a node and its decryption key.
    pub fn new(node: NodeId, key: DecryptionKey) -> Self {
        Self {
            node,
            key,
            shares: BTreeMap::new(),
        }
    }

    /// Opens this node's share of a key, unless that was done before, and keeps it.
    ///
    /// # Errors
    /// See [`Transcript::load`].
    pub fn load(&mut self, transcript: &Transcript) -> Result<&SecretShare, CannotOpen> {
        match self.shares.entry(transcript.key_id()) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(unknown) => {
                Ok(unknown.insert(transcript.load(&self.node, &self.key)?))
            }
        }
    }

    /// This node's share of a key; `None` if it was not loaded or not retained.
    pub fn share(&self, transcript: &Transcript) -> Option<&SecretShare> {
        self.shares.get(&transcript.key_id())
    }

    /// Erases all shares but those of these transcripts, and moves the decryption key to the first of their epochs. Does
    /// nothing without transcripts. The seed has to be new each time.
    ///
    /// # Errors
    /// The decryption key has no epoch left.
    pub fn retain<'a>(
        &mut self,
        needed: impl IntoIterator<Item = &'a Transcript>,
        seed: Seed,
    ) -> Result<(), Exhausted> {
        let needed: BTreeMap<KeyId, &Transcript> = needed
            .into_iter()
            .map(|transcript| (transcript.key_id(), transcript))
            .collect();
        let Some(first) = needed.values().map(|transcript| transcript.epoch()).min() else {
            return Ok(());
        };
        self.shares.retain(|key_id, _| needed.contains_key(key_id));
        self.key.advance(first, seed)
    }

    /// The decryption key, to store it.
    pub fn decryption_key(&self) -> &DecryptionKey {
        &self.key
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} shares of {})", self.shares.len(), self.node)
    }
}
