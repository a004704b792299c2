//! Trees that show a run of an authenticated map's entries, with the neighbours that prove that nothing is missing.

use std::ops::{Bound, RangeBounds};

use super::inner::Inner;
use super::leaf::Leaf;
use super::node::{Node, search};
use super::{Authenticated, AuthenticatedMap, iter};
use crate::HashTree;
use crate::hash_tree::builder::Builder;
use crate::hash_tree::left_side;

/// Room for a witness of one key of a large map: more is made when it is needed.
const NODES: usize = 48;
const BYTES: usize = 1024;

/// What to show of the entries that a witness is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Keys and values.
    Values,
    /// Keys only.
    Keys,
}

/// Entries from one key to another, both of which are in the map.
#[derive(Clone, Copy)]
struct Run<'a> {
    first: &'a [u8],
    last: &'a [u8],
}

/// Writes what is shown under a key.
type Content<'a, K, V> = &'a dyn Fn(&K, &V, &mut Builder);

/// Shows a value, whole.
pub(super) fn show<V: Authenticated>(value: &V, out: &mut Builder) {
    match value.as_leaf() {
        Some(bytes) => out.leaf(bytes),
        None => out.tree(&value.tree(), 0),
    }
}

pub(super) fn of_key<K: AsRef<[u8]> + Clone, V: Authenticated>(
    map: &AuthenticatedMap<K, V>,
    key: &[u8],
    show: &dyn Fn(&V, &mut Builder),
) -> HashTree {
    let run = if map.get(key).is_some() {
        Some(Run {
            first: key,
            last: key,
        })
    } else {
        let before = map.root.before(key).map(|(before, _)| before.as_ref());
        let after = map
            .root
            .iter_from(Bound::Excluded(key))
            .next()
            .map(|(after, _)| after.as_ref());
        match (before, after) {
            (Some(first), Some(last)) => Some(Run { first, last }),
            (Some(only), None) | (None, Some(only)) => Some(Run {
                first: only,
                last: only,
            }),
            (None, None) => None,
        }
    };
    write(map, run, &|found, value, out| {
        if found.as_ref() == key {
            show(value, out);
        } else {
            out.pruned(&value.digest());
        }
    })
}

pub(super) fn of_range<K: AsRef<[u8]> + Clone, V: Authenticated, Q: AsRef<[u8]>>(
    map: &AuthenticatedMap<K, V>,
    range: &impl RangeBounds<Q>,
    show: Show,
) -> HashTree {
    let start = iter::from_bound(range);
    // What lies before the range: nothing if its first key is there.
    let before = match start {
        Bound::Included(start) if map.get(start).is_some() => None,
        Bound::Excluded(start) if map.get(start).is_some() => map.root.get_entry(start),
        Bound::Included(start) | Bound::Excluded(start) => {
            map.root.before(start).map(|(key, _)| key)
        }
        Bound::Unbounded => None,
    };
    let within = |key: &[u8]| iter::ends_after(range, key);
    of_run(map, start, before, within, show)
}

pub(super) fn of_prefix<K: AsRef<[u8]> + Clone, V: Authenticated>(
    map: &AuthenticatedMap<K, V>,
    prefix: &[u8],
    show: Show,
) -> HashTree {
    // The prefix itself is the first key that may begin with it.
    let before = if map.get(prefix).is_some() {
        None
    } else {
        map.root.before(prefix).map(|(key, _)| key)
    };
    of_run(
        map,
        Bound::Included(prefix),
        before,
        |key| key.starts_with(prefix),
        show,
    )
}

/// Shows the entries from `start` on that are `within`, and the labels around them.
fn of_run<K: AsRef<[u8]> + Clone, V: Authenticated>(
    map: &AuthenticatedMap<K, V>,
    start: Bound<&[u8]>,
    before: Option<&K>,
    within: impl Fn(&[u8]) -> bool,
    show: Show,
) -> HashTree {
    let (mut first, mut last, mut after) = (None, None, None);
    for (key, _) in map.root.iter_from(start) {
        if !within(key.as_ref()) {
            after = Some(key);
            break;
        }
        first = first.or(Some(key));
        last = Some(key);
    }
    let shown = first.zip(last);
    let ends = before.or(first).or(after).zip(after.or(last).or(before));
    let run = ends.map(|(first, last)| Run {
        first: first.as_ref(),
        last: last.as_ref(),
    });
    write(map, run, &|key, value, out| {
        let is_shown = shown.is_some_and(|(first, last)| {
            first.as_ref() <= key.as_ref() && key.as_ref() <= last.as_ref()
        });
        match show {
            Show::Values if is_shown => self::show(value, out),
            Show::Values | Show::Keys => out.pruned(&value.digest()),
        }
    })
}

fn write<K: AsRef<[u8]> + Clone, V: Authenticated>(
    map: &AuthenticatedMap<K, V>,
    run: Option<Run<'_>>,
    content: Content<'_, K, V>,
) -> HashTree {
    let mut out = Builder::with_room(NODES, BYTES);
    match run {
        Some(run) => map.root.write(run, content, &mut out),
        // Nothing to show: the map is empty, or there was nothing to ask.
        None if map.is_empty() => out.empty(),
        None => out.pruned(&map.digest),
    }
    out.finish()
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Node<K, V> {
    fn get_entry(&self, key: &[u8]) -> Option<&K> {
        self.iter_from(Bound::Included(key))
            .next()
            .map(|(found, _)| found)
    }

    /// Writes the run, and the hashes of everything else. Recurses once for each level.
    fn write(&self, run: Run<'_>, content: Content<'_, K, V>, out: &mut Builder) {
        match self {
            Self::Leaf(leaf) => {
                let entries = leaf.entries();
                let from = search(entries, run.first).unwrap_or_else(|position| position);
                let to =
                    search(entries, run.last).map_or_else(|position| position, |found| found + 1);
                leaf.write(0, entries.len(), (from, to), content, out);
            }
            Self::Inner(inner) => {
                let first = inner.child_of(run.first);
                let last = if run.first == run.last {
                    first
                } else {
                    inner.child_of(run.last)
                };
                let shown = (first, last + 1);
                inner.write(0, inner.len(), shown, run, content, out);
            }
        }
    }
}

impl<K: AsRef<[u8]> + Clone, V: Authenticated> Inner<K, V> {
    /// Writes the fork over the children from `from` to before `to`. Recurses once for each level of forks.
    fn write(
        &self,
        from: usize,
        to: usize,
        shown: (usize, usize),
        run: Run<'_>,
        content: Content<'_, K, V>,
        out: &mut Builder,
    ) {
        if to <= shown.0 || shown.1 <= from {
            out.pruned(&self.between(from, to));
        } else if to - from > 1 {
            let middle = from + left_side(to - from);
            out.fork();
            self.write(from, middle, shown, run, content, out);
            self.write(middle, to, shown, run, content, out);
        } else if let Some(child) = self.child(from) {
            child.write(run, content, out);
        }
    }
}

impl<K: AsRef<[u8]>, V: Authenticated> Leaf<K, V> {
    /// Writes the fork over the entries from `from` to before `to`. Recurses once for each level of forks.
    fn write(
        &self,
        from: usize,
        to: usize,
        shown: (usize, usize),
        content: Content<'_, K, V>,
        out: &mut Builder,
    ) {
        if to <= shown.0 || shown.1 <= from {
            out.pruned(&self.between(from, to));
        } else if to - from > 1 {
            let middle = from + left_side(to - from);
            out.fork();
            self.write(from, middle, shown, content, out);
            self.write(middle, to, shown, content, out);
        } else if let Some((key, value)) = self.entries().get(from) {
            out.labeled(key.as_ref());
            content(key, value, out);
        }
    }
}
