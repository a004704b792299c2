//! The entries of an authenticated map, some sixteen at a time.

use std::mem;

use ic_types::Digest;

use super::Authenticated;
use super::node::{search, split_point};
use crate::hash_tree::hash::{self, Batch, Parts, Slot};

/// Entries in a leaf, at most.
pub(super) const ENTRIES: usize = 16;
/// Entries in a group, at most.
const GROUP: usize = 4;
const GROUPS: usize = ENTRIES / GROUP;
/// By how many entries a leaf grows: not to twice its size, as a vector would.
const GROWTH: usize = 2;

/// Entries in the order of their keys, in groups of four.
///
/// The hash of a group is kept, those within are not: hashing a few entries again is cheap, and their hashes would be
/// half as large as the entries.
#[derive(Clone)]
pub(super) struct Leaf<K, V> {
    entries: Vec<(K, V)>,
    /// The hashes of the groups, if there is more than one.
    groups: Option<Box<[Digest; GROUPS]>>,
    /// One bit for each group: whether its hash is out of date.
    stale: u8,
}

impl<K, V> Leaf<K, V> {
    /// A leaf that has not been hashed.
    pub(super) const fn new(entries: Vec<(K, V)>) -> Self {
        Self {
            entries,
            groups: None,
            stale: u8::MAX,
        }
    }

    pub(super) fn entries(&self) -> &[(K, V)] {
        &self.entries
    }

    pub(super) fn is_hashed(&self) -> bool {
        self.stale == 0
    }

    pub(super) fn is_small(&self) -> bool {
        self.entries.len() < ENTRIES / 2
    }

    /// Marks the group of the entry at `position`.
    fn mark(&mut self, position: usize) {
        self.stale |= 1 << (position / GROUP);
    }

    /// Marks the groups from that of the entry at `position` on: all of them get other entries.
    fn mark_from(&mut self, position: usize) {
        self.stale |= u8::MAX << (position / GROUP);
    }

    /// Takes the entries of `other`, which come next, and gives back half of all if they are too many.
    pub(super) fn append(&mut self, mut other: Self) -> Option<Self> {
        self.mark_from(self.entries.len());
        self.entries.append(&mut other.entries);
        let half = self.entries.len() / 2;
        (self.entries.len() > ENTRIES).then(|| self.split_off(half))
    }

    fn split_off(&mut self, at: usize) -> Self {
        self.mark_from(at);
        let right = self.entries.split_off(at);
        self.entries.shrink_to_fit();
        Self::new(right)
    }
}

impl<K: AsRef<[u8]>, V: Authenticated> Leaf<K, V> {
    pub(super) fn get(&self, key: &[u8]) -> Option<&V> {
        let position = search(&self.entries, key).ok()?;
        self.entries.get(position).map(|(_, value)| value)
    }

    /// The value of `key`, to be changed: its group is marked.
    pub(super) fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let position = search(&self.entries, key).ok()?;
        self.mark(position);
        self.entries.get_mut(position).map(|(_, value)| value)
    }

    /// Changes the value of `key`, if it is there, and gives the new hash of the leaf, all of which must be hashed.
    pub(super) fn change<R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<(R, Digest)> {
        // Memory is asked for them now, so that they are there when they are needed.
        let groups = self.groups.as_deref().copied();
        let position = search(&self.entries, key).ok()?;
        // The mark stays if `change` panics.
        self.mark(position);
        let answer = change(&mut self.entries.get_mut(position)?.1);
        self.stale = 0;
        let number = position / GROUP;
        let entries = self.entries.chunks(GROUP).nth(number);
        let digest = entries_digest(entries.unwrap_or_default());
        let (Some(mut groups), Some(kept)) = (groups, &mut self.groups) else {
            return Some((answer, digest));
        };
        hash::put(&mut groups, number, digest);
        hash::put(kept.as_mut_slice(), number, digest);
        let used = self.entries.len().div_ceil(GROUP);
        Some((answer, hash::fork_few(&groups, used)))
    }

    /// What was there, and what no longer fits.
    pub(super) fn insert(&mut self, key: K, value: V) -> (Option<V>, Option<Self>) {
        let position = match search(&self.entries, key.as_ref()) {
            Ok(position) => {
                self.mark(position);
                let place = self.entries.get_mut(position);
                return (place.map(|(_, place)| mem::replace(place, value)), None);
            }
            Err(position) => position,
        };
        let len = self.entries.len();
        if len < ENTRIES {
            self.put(position, (key, value));
            return (None, None);
        }
        let at = split_point(position, len);
        let mut right = self.split_off(at);
        match position.checked_sub(at) {
            Some(position) => right.put(position, (key, value)),
            None => self.put(position, (key, value)),
        }
        (None, Some(right))
    }

    fn put(&mut self, position: usize, entry: (K, V)) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(GROWTH);
        }
        self.entries.insert(position, entry);
        self.mark_from(position);
    }

    pub(super) fn remove(&mut self, key: &[u8]) -> Option<V> {
        let position = search(&self.entries, key).ok()?;
        self.mark_from(position);
        Some(self.entries.remove(position).1)
    }

    /// Brings the hashes of the groups up to date, and gives that of the whole.
    pub(super) fn rehash(&mut self) -> Digest {
        let stale = mem::take(&mut self.stale);
        if self.entries.len() <= GROUP {
            self.groups = None;
            return entries_digest(&self.entries);
        }
        let is_new = self.groups.is_none();
        let groups = self
            .groups
            .get_or_insert_with(|| Box::new([hash::empty(); GROUPS]));
        for (number, (entries, group)) in self
            .entries
            .chunks(GROUP)
            .zip(groups.iter_mut())
            .enumerate()
        {
            if is_new || stale >> number & 1 != 0 {
                *group = entries_digest(entries);
            }
        }
        self.between(0, self.entries.len())
    }

    /// The hash of the fork over the entries from `from` to before `to`, which must be a fork of the shape, or of one
    /// entry.
    pub(super) fn between(&self, from: usize, to: usize) -> Digest {
        let is_groups =
            from.is_multiple_of(GROUP) && (to.is_multiple_of(GROUP) || to == self.entries.len());
        match &self.groups {
            Some(groups) if is_groups => {
                let groups = groups.iter().take(to.div_ceil(GROUP)).skip(from / GROUP);
                let mut level = [hash::empty(); GROUPS];
                let len = groups.len();
                for (place, group) in level.iter_mut().zip(groups) {
                    *place = *group;
                }
                hash::fork_few(&level, len)
            }
            Some(_) | None => entries_digest(self.entries.get(from..to).unwrap_or_default()),
        }
    }
}

/// The hash of the fork over a few entries: neighbours paired, level by level.
fn entries_digest<K: AsRef<[u8]>, V: Authenticated>(entries: &[(K, V)]) -> Digest {
    let mut level = [hash::empty(); GROUP];
    let len = entries.len().min(GROUP);
    let value = |_: &[Digest], number: usize, slot: &mut Slot| {
        if let Some((_, value)) = entries.get(number) {
            match value.unhashed_leaf() {
                Some(bytes) => slot.write(Parts::leaf(bytes)),
                None => slot.known(value.digest()),
            }
        }
    };
    let labeled = |level: &[Digest], number: usize, slot: &mut Slot| {
        if let (Some((key, _)), Some(below)) = (entries.get(number), level.get(number)) {
            slot.write(Parts::labeled(key.as_ref(), below));
        }
    };
    let mut batch = Batch::new();
    batch.hash(level.as_mut_slice(), 0..len, value, hash::put);
    batch.hash(level.as_mut_slice(), 0..len, labeled, hash::put);
    hash::fork_few(&level, len)
}
