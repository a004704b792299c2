//! The nodes of an authenticated map that have nodes below them.

use std::{array, mem};

use ic_types::Digest;

use super::Authenticated;
use super::forks::{Forks, NEIGHBOURS};
use super::node::{Node, find_head, head, split_point};

/// Children of a node, at most. They have hashes for all of them.
pub(super) const CHILDREN: usize = NEIGHBOURS;
const ALL: u64 = u64::MAX;

/// Up to 32 nodes, with their hashes.
#[derive(Clone)]
pub(super) struct Inner<K, V> {
    /// The heads of `keys`, which nearly always tell where to go.
    heads: [u64; CHILDREN],
    /// As many as there are keys. In one piece with the rest: the fewer pieces, the fewer pages of memory to look up.
    children: [Node<K, V>; CHILDREN],
    /// The hashes of the children, and of the forks over them.
    forks: Forks,
    /// One bit for each child: whether its hash is out of date.
    stale: u64,
    /// One bit for each child: whether the forks over it are out of date, though it may not be.
    moved: u64,
    /// For each child a key that is at most its least one, and more than all of the child before it. The first counts
    /// for nothing.
    keys: Vec<K>,
}

impl<K, V> Inner<K, V> {
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn child(&self, position: usize) -> Option<&Node<K, V>> {
        self.children.get(..self.len())?.get(position)
    }

    pub(super) fn is_hashed(&self) -> bool {
        self.stale | self.moved == 0
    }

    pub(super) fn is_small(&self) -> bool {
        self.len() < CHILDREN / 2
    }

    /// The only child, if there is but one.
    pub(super) fn only_child(&mut self) -> Option<Node<K, V>> {
        let [only, ..] = &mut self.children;
        (self.keys.len() == 1).then(|| mem::take(only))
    }

    /// The hash of the fork over the children from `from` to before `to`, which must be a fork of the shape, or of one
    /// child.
    pub(super) fn between(&self, from: usize, to: usize) -> Digest {
        self.forks.between(from, to)
    }

    /// Marks the forks over what comes, goes or moves from `position` on. The child before it has lost a neighbour, or got
    /// one.
    const fn move_from(&mut self, position: usize) {
        self.moved |= ALL << position.saturating_sub(1);
    }

    /// The child, to be changed: it is marked.
    fn marked(&mut self, position: usize) -> Option<&mut Node<K, V>> {
        self.stale |= 1 << position;
        self.children.get_mut(position)
    }
}

impl<K: AsRef<[u8]> + Clone, V> Inner<K, V> {
    /// A node over these, or the first of them, none of which has been hashed.
    pub(super) fn new(children: impl IntoIterator<Item = (K, Node<K, V>)>) -> Self {
        let mut inner = Self {
            heads: [0; CHILDREN],
            children: array::from_fn(|_| Node::default()),
            forks: Forks::new(),
            stale: ALL,
            moved: ALL,
            keys: Vec::with_capacity(CHILDREN),
        };
        for ((key, child), place) in children.into_iter().zip(&mut inner.children) {
            inner.keys.push(key);
            *place = child;
        }
        inner.note_heads();
        inner
    }

    fn note_heads(&mut self) {
        for (place, key) in self.heads.iter_mut().zip(&self.keys) {
            *place = head(key.as_ref());
        }
    }

    /// The child in which `key` is, if it is anywhere.
    #[inline]
    pub(super) fn child_of(&self, key: &[u8]) -> usize {
        let heads = self.heads.get(1..self.len()).unwrap_or_default();
        let alike = find_head(heads.iter().copied(), head(key));
        let keys = self.keys.get(1 + alike.start..1 + alike.end);
        alike.start
            + keys.map_or(0, |keys| {
                keys.partition_point(|least| least.as_ref() <= key)
            })
    }

    /// Adds a child that has not been hashed, and gives back what no longer fits, with its least key.
    fn insert(&mut self, position: usize, key: K, child: Node<K, V>) -> Option<(K, Self)> {
        if self.len() < CHILDREN {
            self.put(position, key, child);
            return None;
        }
        let at = split_point(position, self.len());
        self.move_from(at);
        let mut right = Self::new(self.drain_from(at));
        match position.checked_sub(at) {
            Some(position) => right.put(position, key, child),
            None => self.put(position, key, child),
        }
        right.with_least()
    }

    fn put(&mut self, position: usize, key: K, child: Node<K, V>) {
        let below = (1 << position) - 1;
        self.stale = self.stale & below | (self.stale & !below) << 1 | 1 << position;
        self.move_from(position);
        self.forks.insert(position);
        let behind = self.children.get_mut(position..=self.keys.len());
        if let Some(places @ [_, ..]) = behind {
            places.rotate_right(1);
            if let [place, ..] = places {
                *place = child;
            }
        }
        self.keys.insert(position, key);
        self.note_heads();
    }

    fn take(&mut self, position: usize) -> (K, Node<K, V>) {
        let below = (1 << position) - 1;
        self.stale = self.stale & below | (self.stale >> 1) & !below;
        self.move_from(position);
        self.forks.remove(position);
        let behind = self.children.get_mut(position..self.keys.len());
        let child = match behind {
            Some(places @ [_, ..]) => {
                places.rotate_left(1);
                places.last_mut().map(mem::take)
            }
            Some([]) | None => None,
        };
        let key = self.keys.remove(position);
        self.note_heads();
        (key, child.unwrap_or_default())
    }

    /// The children from `at` on, with their keys.
    fn drain_from(&mut self, at: usize) -> impl Iterator<Item = (K, Node<K, V>)> {
        let children = self.children.iter_mut().skip(at).map(mem::take);
        self.keys.drain(at..).zip(children)
    }

    fn with_least(self) -> Option<(K, Self)> {
        self.keys.first().cloned().map(|least| (least, self))
    }

    /// Takes the children of `other`, which come next, the first of them with this key, and gives back half of all if they
    /// are too many.
    fn append(&mut self, mut other: Self, least: K) -> Option<(K, Self)> {
        // Until now it counted for nothing.
        if let Some(first) = other.keys.first_mut() {
            *first = least;
        }
        let len = self.len() + other.len();
        let mut all: Vec<_> = self.drain_from(0).chain(other.drain_from(0)).collect();
        let rest = all.split_off(if len > CHILDREN { len / 2 } else { len });
        *self = Self::new(all);
        Self::new(rest).with_least()
    }

    /// Makes the child at `position` as large as it should be, with the help of a neighbour.
    fn refill(&mut self, position: usize) {
        let is_small = match self.child(position) {
            Some(Node::Leaf(leaf)) => leaf.is_small(),
            Some(Node::Inner(inner)) => inner.is_small(),
            None => false,
        };
        if !is_small || self.len() < 2 {
            return;
        }
        let left = position.min(self.len() - 2);
        let (least, right) = self.take(left + 1);
        let rest = match (self.marked(left), right) {
            (Some(Node::Leaf(leaf)), Node::Leaf(others)) => leaf.append(others).and_then(|rest| {
                let (least, _) = rest.entries().first()?;
                Some((least.clone(), Node::Leaf(rest)))
            }),
            (Some(Node::Inner(inner)), Node::Inner(others)) => inner
                .append(*others, least)
                .map(|(least, rest)| (least, Node::Inner(Box::new(rest)))),
            // All children of a node are of one kind.
            (_, right) => Some((least, right)),
        };
        if let Some((least, node)) = rest {
            self.put(left + 1, least, node);
        }
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Inner<K, V> {
    /// The value of `key`, which is there, to be changed: everything above it is marked.
    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let position = self.child_of(key);
        self.marked(position)?.get_mut(key)
    }

    /// Changes the value of `key`, if it is there, and gives the new hash of the node, all of which must be hashed.
    pub(super) fn change<R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<(R, Digest)> {
        let position = self.child_of(key);
        let siblings = self.forks.siblings(position);
        // The mark stays if `change` panics.
        let changed = self.marked(position)?.change(key, change);
        self.stale = 0;
        let (answer, digest) = changed?;
        let len = self.len();
        Some((answer, self.forks.replace(position, digest, &siblings, len)))
    }

    /// What was there, and what of the node no longer fits into it. Recurses once for each level.
    pub(super) fn insert_entry(&mut self, key: K, value: V) -> (Option<V>, Option<(K, Self)>) {
        let position = self.child_of(key.as_ref());
        let Some(child) = self.marked(position) else {
            return (None, None);
        };
        let (before, rest) = child.insert_entry(key, value);
        let rest = rest.and_then(|(least, node)| self.insert(position + 1, least, node));
        (before, rest)
    }

    /// Takes away a key that is there. Recurses once for each level.
    pub(super) fn remove_entry(&mut self, key: &[u8]) -> Option<V> {
        let position = self.child_of(key);
        let removed = self.marked(position)?.remove_entry(key)?;
        self.refill(position);
        Some(removed)
    }

    /// Brings all hashes up to date, and gives that of the node. Recurses once for each level.
    pub(super) fn rehash(&mut self) -> Digest {
        let (stale, moved) = (mem::take(&mut self.stale), mem::take(&mut self.moved));
        for (position, child) in self.children.iter_mut().take(self.keys.len()).enumerate() {
            if stale >> position & 1 != 0 {
                self.forks.set(position, child.rehash());
            }
        }
        let len = self.len();
        self.forks.rehash(stale | moved, len)
    }
}
