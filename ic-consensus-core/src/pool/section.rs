//! Where artifacts are kept, by kind and height: what was accepted, and what waits to be checked.

use std::collections::{BTreeMap, BTreeSet};

use ic_types::{Height, NodeId};

use crate::artifact::{Artifact, ArtifactId, Kind};
use crate::clock::Now;
use crate::config::Config;

/// Things that belong to a height, under a name that is unique at the height.
#[derive(Debug)]
pub(crate) struct ByHeight<K, T>(BTreeMap<Height, BTreeMap<K, T>>);

impl<K, T> Default for ByHeight<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T> ByHeight<K, T> {
    pub(crate) fn insert(&mut self, height: Height, name: K, value: T) {
        self.0.entry(height).or_default().insert(name, value);
    }

    pub(crate) fn get(&self, height: Height, name: &K) -> Option<&T> {
        self.0.get(&height)?.get(name)
    }

    pub(crate) fn get_mut(&mut self, height: Height, name: &K) -> Option<&mut T> {
        self.0.get_mut(&height)?.get_mut(name)
    }

    /// What is kept at `height`, in the order of the names.
    pub(crate) fn at(&self, height: Height) -> impl Iterator<Item = (&K, &T)> {
        self.0.get(&height).into_iter().flatten()
    }

    pub(crate) fn is_empty_at(&self, height: Height) -> bool {
        !self.0.contains_key(&height)
    }

    pub(crate) fn highest(&self) -> Option<Height> {
        self.0.keys().next_back().copied()
    }

    pub(crate) fn heights(&self) -> impl Iterator<Item = Height> {
        self.0.keys().copied()
    }

    /// The heights from `first` to `last`, both included, at which there is something.
    pub(crate) fn heights_between(
        &self,
        first: Height,
        last: Height,
    ) -> impl Iterator<Item = Height> {
        // An empty range where `first` is above `last`, which `range` would panic at.
        let range = self.0.range(first..=last.max(first));
        range
            .map(|(height, _)| *height)
            .filter(move |height| *height <= last)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.values().flat_map(BTreeMap::values)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn purge_below(&mut self, height: Height) {
        self.0 = self.0.split_off(&height);
    }

    /// Keeps, up to and including `height`, what `keep` wants.
    pub(crate) fn retain_to(&mut self, height: Height, mut keep: impl FnMut(Height, &K) -> bool) {
        for (at, names) in self.0.range_mut(..=height) {
            names.retain(|name, _| keep(*at, name));
        }
        self.0.retain(|_, names| !names.is_empty());
    }
}

/// An accepted artifact, and since when.
#[derive(Clone, Debug)]
pub(crate) struct Held<T> {
    pub(crate) value: T,
    /// `None`: it was restored, and when it first came is forgotten.
    pub(crate) since: Option<Now>,
}

/// A share, and how far it is believed.
#[derive(Clone, Debug)]
pub(crate) struct HeldShare<T> {
    pub(crate) share: T,
    pub(crate) standing: Standing,
}

/// How far a share is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The signature was checked, or this node made it.
    Checked,
    /// It came from its signer, who answers for it; its signature is checked when shares are combined.
    Claimed,
    /// The signature is wrong. Kept, so that the signer has no second try at the same content.
    Bad,
}

/// The place of an artifact that waits to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) height: Height,
    pub(crate) id: ArtifactId,
}

/// An artifact that waits to be checked.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) artifact: Artifact,
    pub(crate) from: NodeId,
    pub(crate) since: Now,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Account {
    /// Nearest height first.
    keys: BTreeSet<(Height, Kind, ArtifactId)>,
    bytes: usize,
}

/// Artifacts as they came, each on the account of the peer that sent it.
#[derive(Debug, Default)]
pub(crate) struct Unvalidated {
    waiting: BTreeMap<Key, Waiting>,
    accounts: BTreeMap<NodeId, Account>,
}

impl Unvalidated {
    /// Takes an artifact in, unless it is here already.
    ///
    /// A peer that is over its bounds loses what it sent for the farthest height: that is needed last, and can be
    /// asked for again.
    pub(crate) fn insert(&mut self, artifact: Artifact, from: NodeId, since: Now, config: &Config) {
        let encoding = artifact.encode();
        let id = ArtifactId::of_encoding(&encoding);
        let key = Key {
            kind: artifact.kind(),
            height: artifact.height(),
            id,
        };
        if self.waiting.contains_key(&key) {
            return;
        }
        let size = encoding.len();
        self.waiting.insert(
            key,
            Waiting {
                artifact,
                from,
                since,
                bytes: size,
            },
        );
        let account = self.accounts.entry(from).or_default();
        account.keys.insert((key.height, key.kind, key.id));
        account.bytes = account.bytes.saturating_add(size);
        while let Some(account) = self.accounts.get(&from) {
            if account.keys.len() <= config.peer_artifacts && account.bytes <= config.peer_bytes {
                break;
            }
            let Some((height, kind, id)) = account.keys.last().copied() else {
                break;
            };
            self.remove(&Key { kind, height, id });
        }
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<Waiting> {
        let waiting = self.waiting.remove(key)?;
        if let Some(account) = self.accounts.get_mut(&waiting.from) {
            account.keys.remove(&(key.height, key.kind, key.id));
            account.bytes = account.bytes.saturating_sub(waiting.bytes);
            if account.keys.is_empty() {
                self.accounts.remove(&waiting.from);
            }
        }
        Some(waiting)
    }

    /// What waits of one kind from one height to another, both included, lowest first.
    pub(crate) fn between(
        &self,
        kind: Kind,
        first: Height,
        last: Height,
    ) -> impl Iterator<Item = (&Key, &Waiting)> {
        let least = Key {
            kind,
            height: first,
            id: ArtifactId::LEAST,
        };
        // An empty range where `first` is above `last`, which `range` would panic at.
        let most = Key {
            kind,
            height: last.max(first),
            id: ArtifactId::GREATEST,
        };
        self.waiting
            .range(least..=most)
            .filter(move |(key, _)| key.height <= last)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.waiting.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
