//! The entries of an authenticated map, some sixteen at a time.

use std::mem;

use ic_types::Digest;

use super::Authenticated;
use super::node::{search, split_point};
use crate::hash_tree::hash::{self, Batch, Fork, Parts, Slot};

/// Entries in a leaf, at most.
pub(super) const ENTRIES: usize = 16;
/// Half of them.
const HALF: usize = ENTRIES / 2;
/// By how many entries a leaf grows: not to twice its size, as a vector would.
const GROWTH: usize = 2;

/// Entries in the order of their keys.
///
/// Hashes are kept of every pair and of both halves. Those of single entries would be half as large as the entries, and
/// those between are cheap to hash again: a change costs two entries and six forks.
#[derive(Clone)]
pub(super) struct Leaf<K, V> {
    entries: Vec<(K, V)>,
    /// If there is more than one pair.
    kept: Option<Box<Kept>>,
    /// One bit for each pair: whether its hash is out of date.
    stale: u16,
}

/// The hashes that a leaf keeps, as far as it has entries.
#[derive(Clone, Copy)]
struct Kept {
    pairs: [[Digest; HALF / 2]; 2],
    halves: [Digest; 2],
}

impl Kept {
    const fn new() -> Self {
        Self {
            pairs: [[hash::empty(); HALF / 2]; 2],
            halves: [hash::empty(); 2],
        }
    }

    fn set(&mut self, pair: usize, digest: Digest) {
        hash::put(self.pairs.as_flattened_mut(), pair, digest);
    }

    /// Hashes a half again, of a leaf with so many entries.
    fn rehash(&mut self, half: usize, len: usize) {
        let pairs = len.saturating_sub(half * HALF).div_ceil(2);
        if let (Some(half), Some(level)) = (self.halves.get_mut(half), self.pairs.get(half)) {
            *half = hash::fork_few(level, pairs);
        }
    }

    /// The hash of the whole leaf.
    fn top(&self, len: usize) -> Digest {
        let [left, right] = &self.halves;
        if len > HALF {
            Fork::new().over(left, right)
        } else {
            *left
        }
    }

    /// The hash of the fork over pairs of the same half.
    fn between(&self, from: usize, to: usize) -> Digest {
        let pairs = self.pairs.as_flattened().get(from..to).unwrap_or_default();
        let mut level = [hash::empty(); HALF / 2];
        for (place, pair) in level.iter_mut().zip(pairs) {
            *place = *pair;
        }
        hash::fork_few(&level, pairs.len())
    }
}

impl<K, V> Leaf<K, V> {
    /// A leaf that has not been hashed.
    pub(super) const fn new(entries: Vec<(K, V)>) -> Self {
        Self {
            entries,
            kept: None,
            stale: u16::MAX,
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

    /// Marks the pair of the entry at `position`.
    fn mark(&mut self, position: usize) {
        self.stale |= 1 << (position / 2);
    }

    /// Marks the pairs from that of the entry at `position` on: all of them get other entries.
    fn mark_from(&mut self, position: usize) {
        self.stale |= u16::MAX << (position / 2);
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

    /// The value of `key`, to be changed: its pair is marked.
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
        let kept = self.kept.as_deref().copied();
        let position = search(&self.entries, key).ok()?;
        // The mark stays if `change` panics.
        self.mark(position);
        let answer = change(&mut self.entries.get_mut(position)?.1);
        self.stale = 0;
        let (len, pair) = (self.entries.len(), position / 2);
        let [digest, _] = pairs(self.entries.chunks(2).nth(pair).unwrap_or_default());
        let (Some(mut kept), Some(place)) = (kept, &mut self.kept) else {
            return Some((answer, digest));
        };
        kept.set(pair, digest);
        kept.rehash(position / HALF, len);
        **place = kept;
        Some((answer, kept.top(len)))
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

    /// Brings the hashes up to date, and gives that of the whole.
    pub(super) fn rehash(&mut self) -> Digest {
        let stale = mem::take(&mut self.stale);
        let len = self.entries.len();
        if len <= 2 {
            self.kept = None;
            return self.between(0, len);
        }
        let is_new = self.kept.is_none();
        let kept = self.kept.get_or_insert_with(|| Box::new(Kept::new()));
        // Two pairs at a time: it takes hardly longer.
        for (number, entries) in self.entries.chunks(4).enumerate() {
            if is_new || stale >> (2 * number) & 0b11 != 0 {
                let [first, second] = pairs(entries);
                kept.set(2 * number, first);
                kept.set(2 * number + 1, second);
            }
        }
        for half in 0..len.div_ceil(HALF) {
            if is_new || stale >> (half * HALF / 2) & 0b1111 != 0 {
                kept.rehash(half, len);
            }
        }
        kept.top(len)
    }

    /// The hash of the fork over the entries from `from` to before `to`, which must be a fork of the shape, or of one
    /// entry.
    pub(super) fn between(&self, from: usize, to: usize) -> Digest {
        let len = self.entries.len();
        let is_pairs = from.is_multiple_of(2) && (to.is_multiple_of(2) || to == len);
        match &self.kept {
            Some(kept) if to - from > HALF => kept.top(len),
            Some(kept) if is_pairs => kept.between(from / 2, to.div_ceil(2)),
            Some(_) | None => {
                let [first, _] = pairs(self.entries.get(from..to).unwrap_or_default());
                first
            }
        }
    }
}

/// The hashes of up to four entries, in pairs.
fn pairs<K: AsRef<[u8]>, V: Authenticated>(entries: &[(K, V)]) -> [Digest; 2] {
    let mut level = [hash::empty(); 4];
    let len = entries.len().min(level.len());
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
    hash::fork_pairs(&mut batch, &mut level, len);
    let [first, second, ..] = level;
    [first, second]
}
