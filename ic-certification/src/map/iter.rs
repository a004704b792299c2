//! The entries of an authenticated map in order.

use std::ops::{Bound, RangeBounds};
use std::slice;

use super::Authenticated;
use super::inner::Inner;
use super::node::{Node, search};

/// Entries in the order of their keys.
pub struct Iter<'a, K, V> {
    /// The nodes above, each with the child that comes next.
    above: Vec<(&'a Inner<K, V>, usize)>,
    leaf: slice::Iter<'a, (K, V)>,
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Node<K, V> {
    pub(super) fn iter(&self) -> Iter<'_, K, V> {
        self.iter_from(Bound::Unbounded)
    }

    /// The entries from a bound on.
    pub(super) fn iter_from(&self, from: Bound<&[u8]>) -> Iter<'_, K, V> {
        let mut above = Vec::new();
        let mut here = self;
        loop {
            match here {
                Self::Inner(inner) => {
                    let position = match from {
                        Bound::Included(key) | Bound::Excluded(key) => inner.child_of(key),
                        Bound::Unbounded => 0,
                    };
                    above.push((&**inner, position + 1));
                    let Some(child) = inner.child(position) else {
                        return Iter {
                            above,
                            leaf: [].iter(),
                        };
                    };
                    here = child;
                }
                Self::Leaf(leaf) => {
                    let entries = leaf.entries();
                    let start = match from {
                        Bound::Included(key) => {
                            search(entries, key).unwrap_or_else(|position| position)
                        }
                        Bound::Excluded(key) => {
                            search(entries, key).map_or_else(|position| position, |found| found + 1)
                        }
                        Bound::Unbounded => 0,
                    };
                    return Iter {
                        above,
                        leaf: entries.get(start..).unwrap_or_default().iter(),
                    };
                }
            }
        }
    }

    /// The last entry before `key`.
    pub(super) fn before(&self, key: &[u8]) -> Option<&(K, V)> {
        match self {
            Self::Leaf(leaf) => {
                let entries = leaf.entries();
                let position = search(entries, key).unwrap_or_else(|position| position);
                entries.get(position.checked_sub(1)?)
            }
            // The child in which the key would be may hold nothing before it; then it is the last of the child before.
            Self::Inner(inner) => (0..=inner.child_of(key))
                .rev()
                .find_map(|position| inner.child(position)?.before(key)),
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((key, value)) = self.leaf.next() {
                return Some((key, value));
            }
            let (inner, next) = self.above.last_mut()?;
            let Some(child) = inner.child(*next) else {
                self.above.pop();
                continue;
            };
            *next += 1;
            match child {
                Node::Leaf(leaf) => self.leaf = leaf.entries().iter(),
                Node::Inner(inner) => self.above.push((&**inner, 0)),
            }
        }
    }
}

pub(super) fn from_bound<'a, Q: AsRef<[u8]> + 'a>(
    range: &'a impl RangeBounds<Q>,
) -> Bound<&'a [u8]> {
    match range.start_bound() {
        Bound::Included(key) => Bound::Included(key.as_ref()),
        Bound::Excluded(key) => Bound::Excluded(key.as_ref()),
        Bound::Unbounded => Bound::Unbounded,
    }
}

/// Whether the range ends after `key`.
pub(super) fn ends_after<Q: AsRef<[u8]>>(range: &impl RangeBounds<Q>, key: &[u8]) -> bool {
    match range.end_bound() {
        Bound::Included(end) => key <= end.as_ref(),
        Bound::Excluded(end) => key < end.as_ref(),
        Bound::Unbounded => true,
    }
}
