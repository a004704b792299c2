//! Trees against the specification written down a second time, as plainly as possible.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    reason = "tests"
)]

mod oracle;

use std::collections::BTreeMap;

use ic_certification::{HashTree, LabeledTree, Lookup};
use ic_types::codec::Wire;
use ic_types::{Digest, Label, Path};
use oracle::{Answer, Naive};
use proptest::prelude::*;

fn label() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"abc".as_slice()), 0..3)
}

fn path() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(label(), 0..4)
}

/// Any tree at all, well-formed or not.
fn any_tree() -> impl Strategy<Value = Naive> {
    let leaf = prop_oneof![
        Just(Naive::Empty),
        label().prop_map(Naive::Leaf),
        any::<[u8; 32]>().prop_map(|hash| Naive::Pruned(Digest::new(hash))),
    ];
    leaf.prop_recursive(6, 40, 2, |tree| {
        prop_oneof![
            (tree.clone(), tree.clone())
                .prop_map(|(left, right)| Naive::Fork(Box::new(left), Box::new(right))),
            (label(), tree).prop_map(|(label, tree)| Naive::Labeled(label, Box::new(tree))),
        ]
    })
}

/// Many paths with values, none of which is on the way to another.
fn state() -> impl Strategy<Value = BTreeMap<Vec<Vec<u8>>, Vec<u8>>> {
    prop::collection::btree_map(prop::collection::vec(label(), 1..4), label(), 0..60).prop_map(
        |paths| {
            let mut kept: BTreeMap<Vec<Vec<u8>>, Vec<u8>> = BTreeMap::new();
            for (path, value) in paths {
                if !kept.keys().any(|other| path.starts_with(other)) {
                    kept.insert(path, value);
                }
            }
            kept
        },
    )
}

fn labeled(state: &BTreeMap<Vec<Vec<u8>>, Vec<u8>>) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    for (path, value) in state {
        tree.insert(path.iter().cloned(), value.as_slice());
    }
    tree
}

fn same(lookup: Lookup<'_>, answer: &Answer) -> bool {
    match (lookup, answer) {
        (Lookup::Found(value), Answer::Found(expected)) => value == expected,
        (Lookup::SubTree, Answer::Error)
        | (Lookup::Absent, Answer::Absent)
        | (Lookup::Unknown, Answer::Unknown) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// CERT-001 to CERT-005.
    #[test]
    fn digests(tree in any_tree()) {
        prop_assert_eq!(tree.to_hash_tree().digest(), tree.digest());
    }

    /// CERT-020 to CERT-032.
    #[test]
    fn lookups(tree in any_tree(), paths in prop::collection::vec(path(), 8)) {
        let ours = tree.to_hash_tree();
        for path in paths {
            let (found, expected) = (ours.lookup(&path), tree.lookup(&path));
            prop_assert!(same(found, &expected), "{ours:?} {path:?}: {found:?}, expected {expected:?}");
        }
    }

    /// CERT-040, CERT-041.
    #[test]
    fn well_formedness(tree in any_tree()) {
        prop_assert_eq!(tree.to_hash_tree().well_formed().is_ok(), tree.well_formed());
    }

    /// CERT-063, HTTP-176, HTTP-177: a witness has the root of the whole, is well-formed, and answers as the whole does for what was
    /// asked, whether it is there or not.
    #[test]
    fn witnesses(state in state(), paths in prop::collection::vec(path(), 0..6)) {
        let whole = labeled(&state);
        let full = whole.witness(&[Path::default()]);
        prop_assert_eq!(full.root(), whole.root());

        let paths: Vec<Path> = paths.into_iter().map(Path::new).collect();
        let witness = whole.witness(&paths);
        prop_assert_eq!(witness.root(), whole.root());
        prop_assert_eq!(witness.well_formed(), Ok(()));
        for path in &paths {
            prop_assert_eq!(witness.lookup(path.labels()), full.lookup(path.labels()), "{}", path);
        }
        // Everything below a path is shown; nothing else is, but for values that prove that nothing is below them.
        for (at, value) in &state {
            let at = Path::new(at.iter().cloned());
            let related = paths.iter().any(|path| path.is_prefix_of(&at) || at.is_prefix_of(path));
            let expected = if related { Lookup::Found(value) } else { Lookup::Unknown };
            prop_assert_eq!(witness.lookup(at.labels()), expected, "{}", at);
        }
    }

    /// Two witnesses of one root merge into the witness of both, those of two roots into nothing.
    #[test]
    fn merging(state in state(), one in prop::collection::vec(path(), 0..4), other in prop::collection::vec(path(), 0..4)) {
        let whole = labeled(&state);
        let paths = |paths: &[Vec<Vec<u8>>]| paths.iter().cloned().map(Path::new).collect::<Vec<_>>();
        let merged = whole.witness(&paths(&one)).merge(&whole.witness(&paths(&other))).unwrap();
        prop_assert_eq!(merged.root(), whole.root());
        prop_assert_eq!(&merged, &whole.witness(&paths(&[one, other].concat())));
        let mut changed = whole.clone();
        changed.insert(["z"], b"changed".as_slice());
        prop_assert!(merged.merge(&changed.witness(&[])).is_err());
    }

    /// What is listed is what is there.
    #[test]
    fn listing(state in state()) {
        let tree = labeled(&state).witness(&[Path::default()]);
        let mut listed = Vec::new();
        tree.whole().for_each_value(|path, value| {
            listed.push((path.iter().map(|label| label.to_vec()).collect::<Vec<_>>(), value.to_vec()));
        });
        let expected: Vec<_> = state.into_iter().collect();
        prop_assert_eq!(listed, expected);
    }

    /// Decoding never panics; what decodes encodes to the same bytes (CERT-013).
    #[test]
    fn decoding(tree in any_tree(), position in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let tree = tree.to_hash_tree();
        let mut bytes = tree.encode();
        prop_assert_eq!(&HashTree::decode(&bytes).unwrap(), &tree);
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok(changed) = HashTree::decode(&bytes) {
            prop_assert_eq!(&changed.encode(), &bytes);
        }
        bytes.truncate(position);
        prop_assert!(HashTree::decode(&bytes).is_err());
    }

    /// The order in which a tree came about, and what it shares with older ones, do not show.
    #[test]
    fn incremental(before in state(), after in state()) {
        let mut tree = labeled(&before);
        tree.root();
        let old = tree.clone();
        for path in before.keys() {
            tree.remove(path);
        }
        for (path, value) in &after {
            tree.insert(path.iter().cloned(), value.as_slice());
        }
        for path in after.keys() {
            prop_assert_eq!(tree.value(path), after.get(path).map(Vec::as_slice));
        }
        // Labels whose last child went away remain: compare with a tree that has them too.
        let mut fresh = LabeledTree::empty();
        for path in before.keys() {
            fresh.insert(path.iter().cloned(), b"".as_slice());
            fresh.remove(path);
        }
        for (path, value) in &after {
            fresh.insert(path.iter().cloned(), value.as_slice());
        }
        prop_assert_eq!(tree.root(), fresh.root());
        prop_assert_eq!(old.root(), labeled(&before).root());
    }

    /// Children over several pieces, changed one by one and all at once.
    #[test]
    fn pieces(
        first in prop::collection::btree_map(any::<u8>(), any::<u8>(), 0..200),
        changes in prop::collection::btree_map(any::<u8>(), any::<Option<u8>>(), 0..100),
        asked in prop::collection::vec(any::<u8>(), 0..5),
    ) {
        let tree = |value: u8| LabeledTree::leaf([value].as_slice());
        let name = |key: u8| Label::new(vec![key]);
        let mut one_by_one: LabeledTree = first.iter().map(|(key, value)| (name(*key), tree(*value))).collect();
        let mut at_once = one_by_one.clone();
        one_by_one.root();
        at_once.root();
        let mut expected = first;
        for (key, change) in &changes {
            match change {
                Some(value) => {
                    expected.insert(*key, *value);
                    one_by_one.insert([name(*key)], [*value].as_slice());
                }
                None => {
                    let removed = expected.remove(key);
                    prop_assert_eq!(one_by_one.remove([name(*key)]).is_some(), removed.is_some());
                }
            }
        }
        at_once.children_mut().apply(changes.iter().map(|(key, change)| (name(*key), change.map(tree))).collect());
        let naive = Naive::paired(
            expected.iter().map(|(key, value)| Naive::Labeled(vec![*key], Box::new(Naive::Leaf(vec![*value])))).collect(),
        );
        prop_assert_eq!(one_by_one.digest(), naive.digest());
        prop_assert_eq!(at_once.digest(), naive.digest());
        prop_assert_eq!(one_by_one.children_mut().len(), expected.len());

        let paths: Vec<Path> = asked.iter().map(|key| Path::new([name(*key)])).collect();
        let witness = at_once.witness(&paths);
        prop_assert_eq!(witness.digest(), naive.digest());
        for key in asked {
            let answer = expected.get(&key).map_or(Lookup::Absent, |value| Lookup::Found(std::slice::from_ref(value)));
            prop_assert_eq!(witness.lookup([[key]]), answer);
        }
        prop_assert_eq!(at_once.witness(&[Path::default()]), naive.to_hash_tree());
    }
}

#[test]
fn deep_trees_do_not_exhaust_the_stack() {
    let mut tree = HashTree::leaf(b"deep");
    for _ in 0..300 {
        tree = HashTree::labeled(b"a", &HashTree::fork(&HashTree::empty(), &tree));
    }
    assert_eq!(tree.lookup(["a"; 300]), Lookup::SubTree);
    assert_eq!(tree.lookup(["a"; 299]), Lookup::SubTree);
    assert_eq!(tree.lookup(["b"; 299]), Lookup::Absent);
    assert!(
        tree.well_formed().is_err(),
        "a leaf beside an empty side is not alone"
    );
}

/// CERT-013: deeper trees than any that exists are refused, before they cost anything.
#[test]
fn depth_is_bounded() {
    use ic_certification::hash_tree::codec::DEPTH;
    let nested = |depth: usize| [b"\x83\x02\x40".repeat(depth), vec![0x81, 0x00]].concat();
    assert!(HashTree::decode(&nested(DEPTH)).is_ok());
    assert!(HashTree::decode(&nested(DEPTH + 1)).is_err());
    assert!(HashTree::decode(&nested(1_000_000)).is_err());
    for wrong in [
        &b"\x80"[..],            // no kind
        b"\x81\x01",             // a fork without sides
        b"\x82\x00\x00",         // too much for an empty tree
        b"\x82\x04\x41\x00",     // a hash of one byte
        b"\x82\x05\x40",         // no such kind
        b"\x81\xc2\x40",         // a bignum as kind
        b"\x98\x01\x00",         // not the shortest length
        b"\x9f\x00\xff",         // no definite length
        b"\x82\x03\x60",         // text as value
        b"\x81\x00\x00",         // something after it
        b"\xd9\xd9\xf6\x81\x00", // another tag
    ] {
        assert!(HashTree::decode(wrong).is_err(), "{wrong:x?}");
    }
}
