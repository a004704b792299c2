//! [`AuthenticatedMap`]: a map that proves what is in it, and what is not.

mod forks;
mod inner;
mod iter;
mod leaf;
mod node;
mod value;
mod witness;

use std::ops::RangeBounds;
use std::{fmt, mem};

use ic_types::{Digest, StateRoot};

pub use self::iter::Iter;
use self::node::Node;
pub use self::value::{Authenticated, Hashed};
pub use self::witness::Show;
use crate::HashTree;
use crate::hash_tree::hash;

/// A map from bytes to values, in the order of the bytes, with a hash tree over it.
///
/// The hash is kept up to date: whoever certifies takes [`digest`](Self::digest) after a change and shows a
/// [`witness`](Self::witness) later. Many changes at once cost less through [`batch`](Self::batch), and a map that is
/// [collected](FromIterator) is hashed once.
///
/// Values may be maps themselves. Values of more than a few hundred bytes are better [`Hashed`].
///
/// ```
/// use ic_certification::{AuthenticatedMap, Lookup};
///
/// let mut map = AuthenticatedMap::new();
/// map.insert("alice", b"7".to_vec());
/// map.insert("carol", b"9".to_vec());
/// let certified = map.digest(); // to be certified
///
/// let witness = map.witness("alice");
/// assert_eq!(witness.digest(), certified);
/// assert_eq!(witness.lookup(["alice"]), Lookup::Found(b"7"));
///
/// let witness = map.witness("bob"); // shows that "alice" and "carol" are neighbours, but not their values
/// assert_eq!(witness.digest(), certified);
/// assert_eq!(witness.lookup(["bob"]), Lookup::Absent);
/// assert_eq!(witness.lookup(["alice"]), Lookup::Unknown);
/// ```
///
/// # Shape
/// A tree of forks over the entries in order; which forks is our own choice and depends on the history of the map
/// (CERT-014 leaves it open), so two maps with the same entries may have different digests.
///
/// # Cost
/// Every operation is logarithmic. Beyond keys and values, an entry takes some thirty bytes, or fifty if keys came one by
/// one in no order. A value beside a changed one may be hashed again.
#[derive(Clone)]
pub struct AuthenticatedMap<K, V> {
    root: Node<K, V>,
    len: usize,
    digest: Digest,
}

impl<K, V> Default for AuthenticatedMap<K, V> {
    fn default() -> Self {
        Self {
            root: Node::default(),
            len: 0,
            digest: hash::empty(),
        }
    }
}

impl<K, V> AuthenticatedMap<K, V> {
    /// The map without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The hash of the whole map.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The same as [`digest`](Self::digest), for a map that is the whole of a state.
    pub fn root(&self) -> StateRoot {
        StateRoot::new(self.digest)
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> AuthenticatedMap<K, V> {
    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&V> {
        self.root.get(key.as_ref())
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: impl AsRef<[u8]>) -> bool {
        self.get(key).is_some()
    }

    /// Puts a value under a key, and says what was there. If the key was there, the old one stays.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let mut value = Some(value);
        // Most often a key that is there gets another value: then only that has to be hashed again.
        self.modify(&key, |place| {
            value.take().map(|value| mem::replace(place, value))
        })
        .unwrap_or_else(|| self.batch().insert(key, value?))
    }

    /// Takes away a key, and says what was under it.
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Option<V> {
        self.batch().remove(key)
    }

    /// Changes the value of a key in place, if it is there.
    pub fn modify<R>(
        &mut self,
        key: impl AsRef<[u8]>,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R> {
        self.batch().modify_alone(key.as_ref(), change)
    }

    /// Many changes, after which the map is hashed once: when the batch is dropped.
    ///
    /// ```
    /// # use ic_certification::AuthenticatedMap;
    /// let mut map = AuthenticatedMap::new();
    /// let mut batch = map.batch();
    /// for number in 0..1000_u32 {
    ///     batch.insert(number.to_be_bytes(), vec![0]);
    /// }
    /// drop(batch);
    /// assert_eq!(map.len(), 1000);
    /// ```
    pub fn batch(&mut self) -> Batch<'_, K, V> {
        Batch {
            map: self,
            changed: false,
        }
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.root.iter()
    }

    /// The entries whose keys lie within `range`, in order.
    pub fn range<'a, Q: AsRef<[u8]> + 'a>(
        &'a self,
        range: impl RangeBounds<Q> + 'a,
    ) -> impl Iterator<Item = (&'a K, &'a V)> {
        let from = iter::from_bound(&range);
        let entries = self.root.iter_from(from);
        entries.take_while(move |(key, _)| iter::ends_after(&range, key.as_ref()))
    }

    /// The entries whose keys begin with `prefix`, in order.
    pub fn prefix<'a, Q: AsRef<[u8]> + 'a>(
        &'a self,
        prefix: Q,
    ) -> impl Iterator<Item = (&'a K, &'a V)> {
        let entries = self
            .root
            .iter_from(std::ops::Bound::Included(prefix.as_ref()));
        entries.take_while(move |(key, _)| key.as_ref().starts_with(prefix.as_ref()))
    }

    /// A tree with the digest of the map that shows the value of `key`, or proves that there is none.
    pub fn witness(&self, key: impl AsRef<[u8]>) -> HashTree {
        witness::of_key(self, key.as_ref(), &witness::show)
    }

    /// The same, with `show` saying what of the value: a part of it, for instance a witness of an inner map. What it gives
    /// must have the digest of the value.
    pub fn witness_with(&self, key: impl AsRef<[u8]>, show: impl Fn(&V) -> HashTree) -> HashTree {
        witness::of_key(self, key.as_ref(), &|value, out| out.tree(&show(value), 0))
    }

    /// A tree with the digest of the map that shows all entries whose keys lie within `range`, and proves that there are
    /// no others.
    pub fn witness_range<Q: AsRef<[u8]>>(
        &self,
        range: impl RangeBounds<Q>,
        show: Show,
    ) -> HashTree {
        witness::of_range(self, &range, show)
    }

    /// A tree with the digest of the map that shows all entries whose keys begin with `prefix`, and proves that there are
    /// no others.
    pub fn witness_prefix(&self, prefix: impl AsRef<[u8]>, show: Show) -> HashTree {
        witness::of_prefix(self, prefix.as_ref(), show)
    }
}

/// Changes of a map that is hashed when this is dropped.
pub struct Batch<'a, K: AsRef<[u8]> + Clone, V: Authenticated> {
    map: &'a mut AuthenticatedMap<K, V>,
    changed: bool,
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Batch<'_, K, V> {
    /// Puts a value under a key, and says what was there. If the key was there, the old one stays.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.changed = true;
        let before = self.map.root.insert(key, value);
        self.map.len += usize::from(before.is_none());
        before
    }

    /// Takes away a key, and says what was under it.
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Option<V> {
        let removed = self.map.root.remove(key.as_ref())?;
        self.changed = true;
        self.map.len -= 1;
        Some(removed)
    }

    /// Changes the value of a key in place, if it is there.
    pub fn modify<R>(
        &mut self,
        key: impl AsRef<[u8]>,
        change: impl FnOnce(&mut V) -> R,
    ) -> Option<R> {
        let key = key.as_ref();
        // Asked first, so that nothing is marked in vain.
        self.map.root.get(key)?;
        self.changed = true;
        self.map.root.get_mut(key).map(change)
    }

    /// The same as the only change of the batch: it is hashed at once.
    fn modify_alone<R>(mut self, key: &[u8], change: impl FnOnce(&mut V) -> R) -> Option<R> {
        // A batch that was leaked has left marks.
        if !self.map.root.is_hashed() {
            return self.modify(key, change);
        }
        // If `change` panics, what it has left is hashed.
        self.changed = true;
        let changed = self.map.root.change(key, change);
        self.changed = false;
        let (answer, digest) = changed?;
        self.map.digest = digest;
        Some(answer)
    }

    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&V> {
        self.map.get(key)
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Drop for Batch<'_, K, V> {
    fn drop(&mut self) {
        if self.changed {
            self.map.digest = self.map.root.rehash();
        }
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> FromIterator<(K, V)> for AuthenticatedMap<K, V> {
    /// If a key comes twice, the last counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        if !entries.is_sorted_by(|one, next| one.0.as_ref() < next.0.as_ref()) {
            entries.sort_by(|one, next| one.0.as_ref().cmp(next.0.as_ref()));
            // Stable, so of equal keys the last is the last: keep it by looking from the back.
            entries.reverse();
            entries.dedup_by(|later, kept| later.0.as_ref() == kept.0.as_ref());
            entries.reverse();
        }
        let len = entries.len();
        let mut root = Node::build(entries);
        let digest = root.rehash();
        Self { root, len, digest }
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Extend<(K, V)> for AuthenticatedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let mut batch = self.batch();
        for (key, value) in entries {
            batch.insert(key, value);
        }
    }
}

impl<'a, K: AsRef<[u8]> + Clone, V: Authenticated> IntoIterator for &'a AuthenticatedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}

impl<K: AsRef<[u8]> + Clone + fmt::Debug, V: Authenticated + fmt::Debug> fmt::Debug
    for AuthenticatedMap<K, V>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
