//! Targets of what canisters and nodes certify: operations out of the input, and a plain map beside that must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use ic_certification::{
    AuthenticatedMap, HashTree, LabeledTree, Lookup, Show, SignatureMap, SubTreeLookup,
};
use ic_types::{Path, Time};

use crate::source::Source;

/// The map holds what was put into it, and each witness has its digest and shows what it should (CERT-014, CERT-030,
/// CERT-031, CERT-063).
pub fn authenticated_map(input: &[u8]) {
    let mut source = Source(input);
    let mut map = AuthenticatedMap::<Vec<u8>, Vec<u8>>::new();
    let mut model = BTreeMap::new();
    while source.more() {
        match source.below(8) {
            0..=2 => {
                let (key, value) = (source.key(), vec![source.byte()]);
                assert_eq!(
                    map.insert(key.clone(), value.clone()),
                    model.insert(key, value)
                );
            }
            3 => {
                let key = source.key();
                assert_eq!(map.remove(&key), model.remove(&key));
            }
            4 => {
                let (key, byte) = (source.key(), source.byte());
                let changed = map.modify(&key, |value| value.push(byte));
                assert_eq!(changed, model.get_mut(&key).map(|value| value.push(byte)));
            }
            5 => {
                let mut batch = map.batch();
                for _ in 0..source.below(32) {
                    let key = source.key();
                    if source.below(3) == 0 {
                        assert_eq!(batch.remove(&key), model.remove(&key));
                    } else {
                        let value = vec![source.byte()];
                        assert_eq!(
                            batch.insert(key.clone(), value.clone()),
                            model.insert(key, value)
                        );
                    }
                }
            }
            6 => show_range(&mut source, &map, &model),
            _ => {
                let prefix = source.key();
                let tree = map.witness_prefix(&prefix, Show::Values);
                let within = |key: &[u8]| key.starts_with(&prefix);
                shows(
                    &map,
                    &model,
                    &tree,
                    Show::Values,
                    within,
                    &[prefix.clone(), source.key()],
                );
            }
        }
        assert_eq!(map.len(), model.len());
    }
    assert!(map.iter().eq(model.iter()));
    let rebuilt: AuthenticatedMap<_, _> = model.clone().into_iter().collect();
    assert!(rebuilt.iter().eq(model.iter()));
    for key in model.keys().take(8) {
        let next = [key.as_slice(), b"\0"].concat();
        for key in [key, &next] {
            let expected = model
                .get(key)
                .map_or(Lookup::Absent, |value| Lookup::Found(value));
            for map in [&map, &rebuilt] {
                let tree = map.witness(key);
                assert_eq!(tree.digest(), map.digest());
                assert_eq!(tree.well_formed(), Ok(()));
                assert_eq!(tree.lookup([key]), expected);
            }
        }
    }
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn show_range(source: &mut Source<'_>, map: &AuthenticatedMap<Vec<u8>, Vec<u8>>, model: &Model) {
    let mut bound = || {
        let key = source.key();
        match source.below(3) {
            0 => Bound::Unbounded,
            1 => Bound::Included(key),
            _ => Bound::Excluded(key),
        }
    };
    let range = (bound(), bound());
    let show = if source.below(2) == 0 {
        Show::Keys
    } else {
        Show::Values
    };
    let within = |key: &[u8]| {
        let after = match &range.0 {
            Bound::Unbounded => true,
            Bound::Included(start) => start.as_slice() <= key,
            Bound::Excluded(start) => start.as_slice() < key,
        };
        let before = match &range.1 {
            Bound::Unbounded => true,
            Bound::Included(end) => key <= end.as_slice(),
            Bound::Excluded(end) => key < end.as_slice(),
        };
        after && before
    };
    let found: Vec<_> = map.range(range.clone()).collect();
    assert!(
        found
            .into_iter()
            .eq(model.iter().filter(|(key, _)| within(key)))
    );
    let tree = map.witness_range(range.clone(), show);
    shows(
        map,
        model,
        &tree,
        show,
        within,
        &[source.key(), source.key()],
    );
}

/// The tree shows all that is within, and proves that nothing else is.
fn shows(
    map: &AuthenticatedMap<Vec<u8>, Vec<u8>>,
    model: &Model,
    tree: &HashTree,
    show: Show,
    within: impl Fn(&[u8]) -> bool,
    asked: &[Vec<u8>],
) {
    assert_eq!(tree.digest(), map.digest());
    assert_eq!(tree.well_formed(), Ok(()));
    let keys = model.keys().filter(|key| within(key));
    for key in keys.chain(asked.iter().filter(|key| within(key))) {
        let expected = match (model.get(key), show) {
            (Some(value), Show::Values) => Lookup::Found(value),
            (Some(_), Show::Keys) => Lookup::Unknown,
            (None, _) => Lookup::Absent,
        };
        assert_eq!(tree.lookup([key]), expected);
    }
}

/// A message has a witness from when it was signed until it is pruned, and pruning takes the oldest first (CERT-095).
pub fn signature_map(input: &[u8]) {
    let mut source = Source(input);
    let mut signatures = SignatureMap::new();
    let mut model = BTreeMap::<([u8; 1], [u8; 1]), u8>::new();
    let time = |byte: u8| Time::from_nanos(byte.into());
    while source.more() {
        let (seed, message) = ([source.byte() & 3], [source.byte() & 15]);
        match source.below(4) {
            0 | 1 => {
                let expires = source.byte();
                signatures.add(&seed, &message, time(expires));
                let known = model.entry((seed, message)).or_default();
                *known = expires.max(*known);
            }
            2 => {
                let (now, at_most) = (source.byte(), source.below(8));
                let expired: BTreeSet<_> =
                    model.values().filter(|expires| **expires < now).collect();
                let count = model.values().filter(|expires| **expires < now).count();
                assert_eq!(signatures.prune(time(now), at_most), count.min(at_most));
                // Of those with the same time any may go.
                let oldest = expired.first().map(|oldest| **oldest);
                let (mut gone, before) = (0, model.clone());
                model.retain(|(seed, message), _| signatures.witness(seed, message).is_some());
                for (place, expires) in before {
                    if !model.contains_key(&place) {
                        gone += 1;
                        assert!(expires < now);
                        assert!(model.values().all(|left| *left >= expires));
                        assert!(oldest.is_some_and(|oldest| oldest <= expires));
                    }
                }
                assert_eq!(gone, count.min(at_most));
            }
            _ => {
                let witness = signatures.witness(&seed, &message);
                assert_eq!(witness.is_some(), model.contains_key(&(seed, message)));
                if let Some(witness) = witness {
                    assert_eq!(witness.digest(), signatures.digest());
                    assert_eq!(witness.well_formed(), Ok(()));
                }
            }
        }
        assert_eq!(signatures.len(), model.len());
    }
}

/// A tree that grew has the hash of one that is built at once; witnesses have it too, show what they were made for, and
/// merge (CERT-010 to CERT-042, CERT-063, CERT-141).
pub fn labeled_tree(input: &[u8]) {
    let mut source = Source(input);
    let mut tree = LabeledTree::empty();
    // Each part that is set elsewhere may double the tree.
    let mut copies = 6;
    while source.more() {
        let path = path(&mut source);
        match source.below(6) {
            0..=2 => {
                let value = [source.byte()];
                tree.insert(path.iter().cloned(), value);
                assert_eq!(tree.value(&path), Some(&value[..]));
            }
            3 => {
                let there = tree.get(&path).cloned();
                let kept = tree.clone();
                assert_eq!(tree.remove(&path), there);
                assert!(path.is_empty() || tree.get(&path).is_none());
                assert!(path.is_empty() || there.is_none() || kept != tree);
            }
            4 => {
                // Asked for in between, so that what changes later was hashed before.
                tree.digest();
                if copies > 0
                    && let Some(part) = tree.get(&path).cloned()
                {
                    copies -= 1;
                    tree.set(self::path(&mut source).iter().cloned(), part);
                }
            }
            _ => show_paths(&tree, &path, &self::path(&mut source)),
        }
    }
    assert_eq!(tree.digest(), rebuilt(&tree).digest());
    show_paths(&tree, &[b"a".to_vec()], &[]);
}

fn path(source: &mut Source<'_>) -> Vec<Vec<u8>> {
    (0..source.below(4)).map(|_| source.key()).collect()
}

fn rebuilt(tree: &LabeledTree) -> LabeledTree {
    match tree {
        LabeledTree::Leaf(leaf) => LabeledTree::leaf(leaf.value()),
        LabeledTree::SubTree(children) => {
            let children = children.iter();
            children
                .map(|(label, tree)| (label.clone(), rebuilt(tree)))
                .collect()
        }
    }
}

fn show_paths(tree: &LabeledTree, one: &[Vec<u8>], other: &[Vec<u8>]) {
    let [first, second] = [one, other].map(|path| tree.witness(&[Path::new(path.iter().cloned())]));
    let both = tree.witness(&[one, other].map(|path| Path::new(path.iter().cloned())));
    assert_eq!(
        first.merge(&second).map(|tree| tree.digest()),
        Ok(tree.digest())
    );
    assert_eq!(first.merge(&second), second.merge(&first));
    for (witness, paths) in [
        (&first, [one, one]),
        (&second, [other, other]),
        (&both, [one, other]),
    ] {
        assert_eq!(witness.digest(), tree.digest());
        assert_eq!(witness.well_formed(), Ok(()));
        for path in paths {
            match (tree.get(path), witness.subtree(path)) {
                (Some(part), SubTreeLookup::Found(shown)) => {
                    assert_eq!(part.digest(), shown.digest());
                    match part {
                        LabeledTree::Leaf(leaf) => assert_eq!(shown.value(), Some(leaf.value())),
                        LabeledTree::SubTree(_) => assert!(shown.is_complete()),
                    }
                }
                (None, SubTreeLookup::Absent) => {}
                // Nothing is below the label: the specification says absent (CERT-024).
                (Some(LabeledTree::SubTree(children)), SubTreeLookup::Absent) => {
                    assert!(children.is_empty());
                }
                answers => panic!("{answers:?}"),
            }
        }
    }
}
