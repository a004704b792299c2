//! The tree of an authenticated map: entries in the leaves, and nodes that know the hashes of what is below them.
//!
//! A large map waits for memory more than for anything else. So the nodes are wide, each lies in few pieces of memory, and
//! what a change has to look at beside its way lies beside it. Changes mark what has to be hashed again, and
//! [`Node::rehash`] does it; or, for one change alone, [`Node::change`] hashes on the way back up.

use std::mem;
use std::ops::Range;

use ic_types::Digest;

use super::Authenticated;
use super::inner::{CHILDREN, Inner};
use super::leaf::{ENTRIES, Leaf};

#[derive(Clone)]
pub(super) enum Node<K, V> {
    Leaf(Leaf<K, V>),
    Inner(Box<Inner<K, V>>),
}

/// Without entries.
impl<K, V> Default for Node<K, V> {
    fn default() -> Self {
        Self::Leaf(Leaf::new(Vec::new()))
    }
}

impl<K, V> Node<K, V> {
    pub(super) fn is_hashed(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_hashed(),
            Self::Inner(inner) => inner.is_hashed(),
        }
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Node<K, V> {
    /// The tree over entries in the order of their keys, without hashes.
    pub(super) fn build(entries: Vec<(K, V)>) -> Self {
        let mut level: Vec<(K, Self)> = Vec::with_capacity(entries.len() / ENTRIES + 1);
        let mut entries = entries.into_iter();
        loop {
            let leaf: Vec<(K, V)> = entries.by_ref().take(ENTRIES).collect();
            let Some((least, _)) = leaf.first() else {
                break;
            };
            level.push((least.clone(), Self::Leaf(Leaf::new(leaf))));
        }
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len() / CHILDREN + 1);
            let mut nodes = level.into_iter().peekable();
            while let Some((least, _)) = nodes.peek() {
                let least = least.clone();
                let inner = Inner::new(nodes.by_ref().take(CHILDREN));
                above.push((least, Self::Inner(Box::new(inner))));
            }
            level = above;
        }
        level.pop().map(|(_, root)| root).unwrap_or_default()
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&V> {
        let mut here = self;
        loop {
            match here {
                Self::Inner(inner) => here = inner.child(inner.child_of(key))?,
                Self::Leaf(leaf) => return leaf.get(key),
            }
        }
    }

    /// The value of `key`, which is there, to be changed: everything above it is marked. Recurses once for each level.
    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        match self {
            Self::Inner(inner) => inner.get_mut(key),
            Self::Leaf(leaf) => leaf.get_mut(key),
        }
    }

    /// Changes the value of `key`, if it is there, and gives the new hash of the node, all of which must be hashed.
    /// Recurses once for each level.
    pub(super) fn change<R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<(R, Digest)> {
        match self {
            Self::Inner(inner) => inner.change(key, change),
            Self::Leaf(leaf) => leaf.change(key, change),
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (before, rest) = self.insert_entry(key, value);
        if let Some((least, right)) = rest {
            let left = mem::take(self);
            let children = [(least.clone(), left), (least, right)];
            *self = Self::Inner(Box::new(Inner::new(children)));
        }
        before
    }

    /// What was there, and what of the node no longer fits into it, with its least key. Recurses once for each level.
    pub(super) fn insert_entry(&mut self, key: K, value: V) -> (Option<V>, Option<(K, Self)>) {
        match self {
            Self::Leaf(leaf) => {
                let (before, rest) = leaf.insert(key, value);
                let rest = rest.and_then(|rest| {
                    let (least, _) = rest.entries().first()?;
                    Some((least.clone(), Self::Leaf(rest)))
                });
                (before, rest)
            }
            Self::Inner(inner) => {
                let (before, rest) = inner.insert_entry(key, value);
                let rest = rest.map(|(least, rest)| (least, Self::Inner(Box::new(rest))));
                (before, rest)
            }
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<V> {
        // Asked first, so that nothing is marked in vain.
        self.get(key)?;
        let removed = self.remove_entry(key);
        if let Self::Inner(inner) = self
            && let Some(only) = inner.only_child()
        {
            *self = only;
        }
        removed
    }

    /// Takes away a key that is there. Recurses once for each level.
    pub(super) fn remove_entry(&mut self, key: &[u8]) -> Option<V> {
        match self {
            Self::Leaf(leaf) => leaf.remove(key),
            Self::Inner(inner) => inner.remove_entry(key),
        }
    }

    /// Brings all hashes up to date, and gives that of the node. Recurses once for each level.
    pub(super) fn rehash(&mut self) -> Digest {
        match self {
            Self::Leaf(leaf) => leaf.rehash(),
            Self::Inner(inner) => inner.rehash(),
        }
    }
}

/// Where to split a full node of `len` parts for another one at `position`. What comes in order fills the nodes;
/// otherwise there is room on both sides.
pub(super) fn split_point(position: usize, len: usize) -> usize {
    if position == len { len } else { len / 2 }
}

/// The first bytes of a key as a number: of two keys with different heads the one with the lesser head is less.
#[inline]
pub(super) fn head(key: &[u8]) -> u64 {
    if let Some(head) = key.first_chunk() {
        return u64::from_be_bytes(*head);
    }
    let mut head = [0; 8];
    head.iter_mut()
        .zip(key)
        .for_each(|(place, byte)| *place = *byte);
    u64::from_be_bytes(head)
}

/// Which of `heads`, in order, are this one: none of them, and before which it would be, or those that are.
///
/// Looks at all of them. A bisection would look at few, but wait for one before it asks memory for the next.
#[inline]
pub(super) fn find_head(heads: impl Iterator<Item = u64>, head: u64) -> Range<usize> {
    let (mut before, mut up_to) = (0, 0);
    for other in heads {
        before += usize::from(other < head);
        up_to += usize::from(other <= head);
    }
    before..up_to
}

/// Where `key` is among the entries of a leaf, or where it would be.
pub(super) fn search<K: AsRef<[u8]>, V>(entries: &[(K, V)], key: &[u8]) -> Result<usize, usize> {
    let heads = entries.iter().map(|(found, _)| self::head(found.as_ref()));
    let alike = find_head(heads, head(key));
    let start = alike.start;
    entries
        .get(alike)
        .unwrap_or_default()
        .binary_search_by(|(found, _)| found.as_ref().cmp(key))
        .map(|position| start + position)
        .map_err(|position| start + position)
}
