//! The tree of an authenticated map: entries in the leaves, and nodes that know the hashes of what is below them.
//!
//! A leaf holds few entries and no hashes: hashing all of them again is cheap, and hashes would double its size. An inner
//! node holds the hashes of its children and of the forks between them, so that one changed child costs a handful of
//! forks. Changes mark what has to be hashed again; [`Node::rehash`] does it.

use std::mem;

use ic_types::Digest;

use super::Authenticated;
use crate::hash_tree::hash::{self, Batch, Slot};

/// Entries in a leaf, at most.
const ENTRIES: usize = 8;
/// Children of an inner node, at most. Not more than the bits of [`Inner::dirty`], less one.
const CHILDREN: usize = 16;

#[derive(Clone)]
pub(super) enum Node<K, V> {
    /// In the order of the keys.
    Leaf(Vec<(K, V)>),
    Inner(Box<Inner<K, V>>),
}

#[derive(Clone)]
pub(super) struct Inner<K, V> {
    /// For each child a key that is at most its least one, and more than all of the child before it. The first counts
    /// for nothing.
    keys: Vec<K>,
    children: Vec<Node<K, V>>,
    /// The hashes of the children, as far as they are not dirty.
    digests: Vec<Digest>,
    /// The hashes of the forks: those over two children, over two of those, and so on; an odd last one is carried up.
    forks: Vec<Digest>,
    /// One bit for each child: whether its hash is out of date.
    dirty: u32,
}

impl<K, V> Inner<K, V> {
    pub(super) fn child(&self, position: usize) -> Option<&Node<K, V>> {
        self.children.get(position)
    }

    pub(super) fn len(&self) -> usize {
        self.children.len()
    }

    fn mark(&mut self, position: usize) {
        self.dirty |= 1 << position;
    }

    /// Adds a child that has not been hashed.
    fn insert(&mut self, position: usize, key: K, child: Node<K, V>) {
        let below = (1 << position) - 1;
        self.dirty = self.dirty & below | (self.dirty & !below) << 1 | 1 << position;
        self.keys.insert(position, key);
        self.children.insert(position, child);
        self.digests.insert(position, hash::empty());
        self.forks.clear();
    }

    fn remove(&mut self, position: usize) -> (K, Node<K, V>) {
        let below = (1 << position) - 1;
        self.dirty = self.dirty & below | (self.dirty >> 1) & !below;
        self.digests.remove(position);
        self.forks.clear();
        (self.keys.remove(position), self.children.remove(position))
    }

    fn split_off(&mut self, at: usize) -> Self {
        let dirty = self.dirty >> at;
        self.dirty &= (1 << at) - 1;
        self.forks.clear();
        Self {
            keys: self.keys.split_off(at),
            children: self.children.split_off(at),
            digests: self.digests.split_off(at),
            forks: Vec::new(),
            dirty,
        }
    }

    fn append(&mut self, other: &mut Self, least: K) {
        // The key in front of the other's first child counts from now on.
        if let Some(first) = other.keys.first_mut() {
            *first = least;
        }
        self.dirty |= other.dirty << self.children.len();
        self.keys.append(&mut other.keys);
        self.children.append(&mut other.children);
        self.digests.append(&mut other.digests);
        self.forks.clear();
    }

    /// The hash of the fork over the children from `from` to before `to`, which must be a fork of the shape, or of one
    /// child.
    pub(super) fn digest_between(&self, from: usize, to: usize) -> Digest {
        let (mut level, mut start, mut span) = (self.digests.as_slice(), 0, 1);
        while span < to - from {
            let above = level.len().div_ceil(2);
            level = self.forks.get(start..start + above).unwrap_or_default();
            start += above;
            span *= 2;
        }
        level.get(from / span).copied().unwrap_or(hash::empty())
    }

    /// Brings the forks up to date where `dirty` says so, or all of them if there are none, and gives the topmost.
    fn rehash_forks(&mut self) -> Digest {
        let children = self.digests.len();
        if self.forks.is_empty() {
            self.dirty = u32::MAX;
            let mut level = children;
            while level > 1 {
                level = level.div_ceil(2);
                self.forks.resize(self.forks.len() + level, hash::empty());
            }
        }
        let mut dirty = mem::take(&mut self.dirty);
        let mut below = self.digests.as_slice();
        let mut rest = self.forks.as_mut_slice();
        while below.len() > 1 {
            let (level, above) = rest.split_at_mut(below.len().div_ceil(2));
            let mut dirty_above = 0;
            for (position, (pair, fork)) in below.chunks(2).zip(level.iter_mut()).enumerate() {
                if dirty >> (2 * position) & 0b11 != 0 {
                    *fork = over(pair);
                    dirty_above |= 1 << position;
                }
            }
            dirty = dirty_above;
            below = level;
            rest = above;
        }
        below.first().copied().unwrap_or(hash::empty())
    }
}

/// The hash above one or two neighbours.
fn over(pair: &[Digest]) -> Digest {
    match pair {
        [left, right] => hash::fork(left, right),
        [odd, ..] => *odd,
        [] => hash::empty(),
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Inner<K, V> {
    /// The child in which `key` is, if it is anywhere.
    pub(super) fn child_of(&self, key: &[u8]) -> usize {
        let others = self.keys.get(1..).unwrap_or_default();
        others.partition_point(|least| least.as_ref() <= key)
    }

    /// Makes the child at `position` as large as it should be, with the help of a neighbour.
    fn refill(&mut self, position: usize) {
        let small = match self.children.get(position) {
            Some(Node::Leaf(entries)) => entries.len() < ENTRIES / 2,
            Some(Node::Inner(inner)) => inner.children.len() < CHILDREN / 2,
            None => false,
        };
        if !small || self.children.len() < 2 {
            return;
        }
        let left = position.min(self.children.len() - 2);
        let (least, right) = self.remove(left + 1);
        self.mark(left);
        let rest = match (self.children.get_mut(left), right) {
            (Some(Node::Leaf(entries)), Node::Leaf(mut others)) => {
                entries.append(&mut others);
                let half = entries.len() / 2;
                if entries.len() <= ENTRIES {
                    None
                } else {
                    let others = entries.split_off(half);
                    others
                        .first()
                        .map(|(key, _)| key.clone())
                        .map(|key| (key, Node::Leaf(others)))
                }
            }
            (Some(Node::Inner(inner)), Node::Inner(mut others)) => {
                inner.append(&mut others, least);
                let half = inner.children.len() / 2;
                if inner.children.len() <= CHILDREN {
                    None
                } else {
                    let others = inner.split_off(half);
                    others
                        .keys
                        .first()
                        .cloned()
                        .map(|key| (key, Node::Inner(Box::new(others))))
                }
            }
            // All children of a node are of one kind.
            (_, right) => Some((least, right)),
        };
        if let Some((key, node)) = rest {
            self.insert(left + 1, key, node);
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
            level.push((least.clone(), Self::Leaf(leaf)));
        }
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len() / CHILDREN + 1);
            let mut nodes = level.into_iter();
            loop {
                let (keys, children): (Vec<K>, Vec<Self>) = nodes.by_ref().take(CHILDREN).unzip();
                let Some(least) = keys.first().cloned() else {
                    break;
                };
                above.push((least, Self::inner(keys, children)));
            }
            level = above;
        }
        level.pop().map_or(Self::Leaf(Vec::new()), |(_, root)| root)
    }

    fn inner(keys: Vec<K>, children: Vec<Self>) -> Self {
        let digests = vec![hash::empty(); children.len()];
        Self::Inner(Box::new(Inner {
            keys,
            children,
            digests,
            forks: Vec::new(),
            dirty: u32::MAX,
        }))
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&V> {
        let mut here = self;
        loop {
            match here {
                Self::Inner(inner) => here = inner.children.get(inner.child_of(key))?,
                Self::Leaf(entries) => {
                    let position = search(entries, key).ok()?;
                    return entries.get(position).map(|(_, value)| value);
                }
            }
        }
    }

    /// The value of `key`, to be changed: everything above it is marked.
    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        // Asked first, so that nothing is marked in vain.
        self.get(key)?;
        let mut here = self;
        loop {
            match here {
                Self::Inner(inner) => {
                    let position = inner.child_of(key);
                    inner.mark(position);
                    here = inner.children.get_mut(position)?;
                }
                Self::Leaf(entries) => {
                    let position = search(entries, key).ok()?;
                    return entries.get_mut(position).map(|(_, value)| value);
                }
            }
        }
    }

    pub(super) fn insert_at_root(&mut self, key: K, value: V) -> Option<V> {
        let (before, split) = self.insert(key, value);
        if let Some((least, right)) = split {
            let left = mem::replace(self, Self::Leaf(Vec::new()));
            *self = Self::inner(vec![least.clone(), least], vec![left, right]);
        }
        before
    }

    /// What was there, and what of the node no longer fits into it. Recurses once for each level.
    fn insert(&mut self, key: K, value: V) -> (Option<V>, Option<(K, Self)>) {
        match self {
            Self::Leaf(entries) => match search(entries, key.as_ref()) {
                Ok(position) => (
                    entries
                        .get_mut(position)
                        .map(|(_, place)| mem::replace(place, value)),
                    None,
                ),
                Err(position) => {
                    entries.insert(position, (key, value));
                    if entries.len() <= ENTRIES {
                        return (None, None);
                    }
                    let right = entries.split_off(split_point(position, entries.len()));
                    let least = right.first().map(|(key, _)| key.clone());
                    (None, least.map(|least| (least, Self::Leaf(right))))
                }
            },
            Self::Inner(inner) => {
                let position = inner.child_of(key.as_ref());
                inner.mark(position);
                let Some(child) = inner.children.get_mut(position) else {
                    return (None, None);
                };
                let (before, split) = child.insert(key, value);
                let Some((least, right)) = split else {
                    return (before, None);
                };
                inner.insert(position + 1, least, right);
                if inner.children.len() <= CHILDREN {
                    return (before, None);
                }
                let right = inner.split_off(split_point(position + 1, inner.children.len()));
                let least = right.keys.first().cloned();
                (
                    before,
                    least.map(|least| (least, Self::Inner(Box::new(right)))),
                )
            }
        }
    }

    pub(super) fn remove_at_root(&mut self, key: &[u8]) -> Option<V> {
        self.get(key)?;
        let removed = self.remove(key);
        if let Self::Inner(inner) = self
            && inner.children.len() == 1
            && let Some(only) = inner.children.pop()
        {
            *self = only;
        }
        removed
    }

    /// Recurses once for each level.
    fn remove(&mut self, key: &[u8]) -> Option<V> {
        match self {
            Self::Leaf(entries) => {
                let position = search(entries, key).ok()?;
                Some(entries.remove(position).1)
            }
            Self::Inner(inner) => {
                let position = inner.child_of(key);
                let removed = inner.children.get_mut(position)?.remove(key)?;
                inner.mark(position);
                inner.refill(position);
                Some(removed)
            }
        }
    }

    /// Brings all hashes up to date, and gives that of the node. Recurses once for each level.
    pub(super) fn rehash(&mut self) -> Digest {
        match self {
            Self::Leaf(entries) => entries_digest(entries),
            Self::Inner(inner) => {
                let dirty = inner.dirty;
                for (position, (child, digest)) in inner
                    .children
                    .iter_mut()
                    .zip(&mut inner.digests)
                    .enumerate()
                {
                    if dirty >> position & 1 != 0 {
                        *digest = child.rehash();
                    }
                }
                inner.rehash_forks()
            }
        }
    }
}

/// Where to split a node of `len` parts into which the one at `position` came last. Entries that come in order fill the
/// nodes; others leave room on both sides.
fn split_point(position: usize, len: usize) -> usize {
    if position + 1 == len {
        len - 1
    } else {
        len / 2
    }
}

pub(super) fn search<K: AsRef<[u8]>, V>(entries: &[(K, V)], key: &[u8]) -> Result<usize, usize> {
    entries.binary_search_by(|(found, _)| found.as_ref().cmp(key))
}

/// The hash of the fork over these entries of a leaf: neighbours paired, level by level.
pub(super) fn entries_digest<K: AsRef<[u8]>, V: Authenticated>(entries: &[(K, V)]) -> Digest {
    let mut level = [hash::empty(); ENTRIES];
    for (place, (_, value)) in level.iter_mut().zip(entries) {
        *place = value.digest();
    }
    let len = entries.len().min(ENTRIES);
    let write = |level: &[Digest], number: usize, slot: &mut Slot| {
        if let (Some((key, _)), Some(below)) = (entries.get(number), level.get(number)) {
            slot.write(hash::Parts::labeled(key.as_ref(), below));
        }
    };
    let mut batch = Batch::new();
    batch.hash(level.as_mut_slice(), 0..len, write, hash::put);
    hash::fork_all(&mut batch, level.get_mut(..len).unwrap_or_default())
}
