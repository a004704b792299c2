//! The authenticated map against `BTreeMap`, and its witnesses against what is in it.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::ops::Bound;

use ic_certification::{AuthenticatedMap, HashTree, Hashed, Lookup, Show};
use ic_types::codec::Wire;
use proptest::prelude::*;

type Map = AuthenticatedMap<Vec<u8>, Vec<u8>>;

#[derive(Clone, Debug)]
enum Change {
    Insert(Vec<u8>, u8),
    Remove(Vec<u8>),
    Modify(Vec<u8>, u8),
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    // Few enough that keys meet, of several lengths so that some are prefixes of others.
    prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        (0u8..8, any::<u8>()).prop_map(|(high, low)| vec![high, low]),
        Just(vec![]),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (key(), any::<u8>()).prop_map(|(key, value)| Change::Insert(key, value)),
        3 => key().prop_map(Change::Remove),
        1 => (key(), any::<u8>()).prop_map(|(key, value)| Change::Modify(key, value)),
    ]
}

fn entries(map: &Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    map.iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The whole tree, hashed from its bytes, has the digest that the map keeps, and shows what the map holds.
fn check_whole(map: &Map, expected: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let whole = HashTree::decode(&map.witness_prefix([], Show::Values).encode()).unwrap();
    assert_eq!(whole.digest(), map.digest());
    assert_eq!(whole.well_formed(), Ok(()));
    let shown: Vec<_> = whole
        .whole()
        .children()
        .map(|(key, value)| (key.to_vec(), value.value().unwrap().to_vec()))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    assert_eq!(shown, expected);
    assert_eq!(entries(map), expected);
    assert_eq!(map.len(), expected.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn changes(start in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 1), 0..300),
               changes in prop::collection::vec(change(), 0..300), batches in any::<bool>()) {
        let mut expected = start.clone();
        let mut map: Map = start.into_iter().collect();
        check_whole(&map, &expected);
        let mut batch = map.batch();
        for change in changes {
            if !batches {
                drop(batch);
                batch = map.batch();
            }
            match change {
                Change::Insert(key, value) => {
                    prop_assert_eq!(batch.insert(key.clone(), vec![value]), expected.insert(key, vec![value]));
                }
                Change::Remove(key) => prop_assert_eq!(batch.remove(&key), expected.remove(&key)),
                Change::Modify(key, value) => {
                    let ours = batch.modify(&key, |place| place.push(value));
                    let theirs = expected.get_mut(&key).map(|place| place.push(value));
                    prop_assert_eq!(ours, theirs);
                }
            }
        }
        drop(batch);
        check_whole(&map, &expected);
        for (key, value) in &expected {
            prop_assert_eq!(map.get(key), Some(value));
        }
    }

    /// CERT-025 to CERT-031: a witness of a key shows it, or proves that it is not there, and nothing else.
    #[test]
    fn witnesses_of_keys(content in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 1), 0..200),
                         asked in prop::collection::vec(key(), 1..20)) {
        let map: Map = content.clone().into_iter().collect();
        for key in asked {
            let witness = map.witness(&key);
            prop_assert_eq!(witness.digest(), map.digest());
            prop_assert_eq!(witness.well_formed(), Ok(()));
            for (other, value) in &content {
                let expected = if other == &key { Lookup::Found(value) } else { Lookup::Unknown };
                prop_assert_eq!(witness.lookup([other]), expected);
            }
            if !content.contains_key(&key) {
                prop_assert_eq!(witness.lookup([&key]), Lookup::Absent);
            }
        }
    }

    /// The same for ranges and prefixes: everything within is shown or proved absent, values without are hidden.
    #[test]
    fn witnesses_of_ranges(content in prop::collection::btree_map(key(), prop::collection::vec(any::<u8>(), 1), 0..200),
                           from in key(), to in key(), kinds in any::<(u8, u8)>(), probes in prop::collection::vec(key(), 20),
                           prefix in key()) {
        let map: Map = content.clone().into_iter().collect();
        let bound = |kind: u8, key: &Vec<u8>| match kind % 3 {
            0 => Bound::Included(key.clone()),
            1 => Bound::Excluded(key.clone()),
            _ => Bound::Unbounded,
        };
        let range = (bound(kinds.0, &from), bound(kinds.1, &to));
        let within = |key: &Vec<u8>| {
            std::ops::RangeBounds::contains(&range, key)
        };
        let listed: Vec<_> = map.range(range.clone()).map(|(key, _)| key.clone()).collect();
        prop_assert_eq!(listed, content.keys().filter(|key| within(key)).cloned().collect::<Vec<_>>());
        let values = map.witness_range(range.clone(), Show::Values);
        let keys = map.witness_range(range.clone(), Show::Keys);
        let prefixed = map.witness_prefix(&prefix, Show::Values);
        for witness in [&values, &keys, &prefixed] {
            prop_assert_eq!(witness.digest(), map.digest());
            prop_assert_eq!(witness.well_formed(), Ok(()));
        }
        for (key, value) in &content {
            let hidden = Lookup::Unknown;
            prop_assert_eq!(values.lookup([key]), if within(key) { Lookup::Found(value) } else { hidden });
            prop_assert_eq!(keys.lookup([key]), Lookup::Unknown);
            let expected = if key.starts_with(&prefix) { Lookup::Found(value) } else { hidden };
            prop_assert_eq!(prefixed.lookup([key]), expected);
        }
        for probe in probes.iter().filter(|probe| !content.contains_key(*probe)) {
            if within(probe) {
                prop_assert_eq!(values.lookup([probe]), Lookup::Absent, "{:?} {:?}", range, probe);
                prop_assert_eq!(keys.lookup([probe]), Lookup::Absent);
            }
            if probe.starts_with(&prefix) {
                prop_assert_eq!(prefixed.lookup([probe]), Lookup::Absent);
            }
        }
    }
}

#[test]
fn large_maps_stay_balanced_whatever_the_order() {
    let scrambled = |number: u32| number.wrapping_mul(2_654_435_761).to_be_bytes();
    let mut map = AuthenticatedMap::new();
    let mut batch = map.batch();
    for number in 0..20_000 {
        batch.insert(scrambled(number), number.to_be_bytes());
    }
    for number in (0..20_000).filter(|number| number % 3 != 0) {
        assert_eq!(batch.remove(scrambled(number)), Some(number.to_be_bytes()));
    }
    drop(batch);
    let built: AuthenticatedMap<_, _> = (0..20_000)
        .filter(|number| number % 3 == 0)
        .map(|number| (scrambled(number), number.to_be_bytes()))
        .collect();
    assert!(map.iter().eq(built.iter()));
    assert_eq!(map.witness_prefix([], Show::Values).digest(), map.digest());
    for number in [0, 1, 2, 9_999, 19_998] {
        // log2(6667) is 13; forks of nodes that are not full, and labels around what is absent, add a few.
        let witness = map.witness(scrambled(number)).encode();
        assert!(witness.len() < 40 * 2 * 25, "{} bytes", witness.len());
    }
}

/// Nodes of every size come to be and go: what is hashed after each change is what would be hashed from nothing.
#[test]
fn every_size_of_node_is_hashed_right() {
    let check = |map: &AuthenticatedMap<[u8; 2], [u8; 2]>| {
        assert_eq!(map.witness_prefix([], Show::Values).digest(), map.digest());
    };
    let key = |number: u16| number.to_be_bytes();
    for step in [1, 7, 101] {
        let mut map = AuthenticatedMap::new();
        for number in 0..600 {
            map.insert(key(number * step % 600), key(number));
            if number % 5 == 0 {
                check(&map);
            }
        }
        // Whole leaves go, first and last ones among them.
        for number in (0..600).rev() {
            map.remove(key(number * step % 600));
            map.modify(key(number / 2), |value| *value = [1, 1]);
            if number % 3 == 0 {
                check(&map);
            }
        }
    }
}

/// A key may be shorter than its head, or differ from others only behind it.
#[test]
fn keys_with_the_same_first_bytes_are_told_apart() {
    let mut keys: Vec<Vec<u8>> = (0..40).map(|length| vec![0; length]).collect();
    keys.extend((0..=u8::MAX).map(|last| [b"/assets/images/".as_slice(), &[last]].concat()));
    keys.extend((0..=u8::MAX).map(|last| [b"/assets/".as_slice(), &[last]].concat()));
    keys.extend((0..40).map(|length| vec![u8::MAX; length]).skip(1));
    let mut map = Map::new();
    let mut expected = BTreeMap::new();
    for (number, key) in keys.iter().enumerate() {
        let value = number.to_be_bytes().to_vec();
        assert_eq!(
            map.insert(key.clone(), value.clone()),
            expected.insert(key.clone(), value)
        );
    }
    check_whole(&map, &expected);
    for key in &keys {
        assert_eq!(map.get(key), expected.get(key));
        let mut behind = key.clone();
        behind.push(0);
        assert_eq!(map.get(&behind), expected.get(&behind));
    }
    for key in keys.iter().step_by(2) {
        assert_eq!(map.remove(key), expected.remove(key));
    }
    check_whole(&map, &expected);
}

/// A change that panics half-way is hashed all the same.
#[test]
fn a_panic_within_a_change_leaves_no_wrong_hash() {
    let mut map: AuthenticatedMap<_, _> = (0..1000u32)
        .map(|number| (number.to_be_bytes(), [0; 4]))
        .collect();
    let before = map.digest();
    let change = std::panic::AssertUnwindSafe(|| {
        map.modify(500u32.to_be_bytes(), |value| {
            *value = [1; 4];
            panic!("half-way")
        })
    });
    assert!(std::panic::catch_unwind(change).is_err());
    assert_ne!(map.digest(), before);
    assert_eq!(map.witness_prefix([], Show::Values).digest(), map.digest());
    map.modify(500u32.to_be_bytes(), |value| *value = [0; 4]);
    assert_eq!(map.digest(), before);
}

/// A batch that is never dropped leaves a map that the next change brings up to date.
#[test]
fn a_leaked_batch_is_hashed_with_the_next_change() {
    let mut map: AuthenticatedMap<_, _> = (0..1000u32)
        .map(|number| (number.to_be_bytes(), [0; 4]))
        .collect();
    let mut batch = map.batch();
    batch.insert(5000u32.to_be_bytes(), [1; 4]);
    std::mem::forget(batch);
    map.modify(7u32.to_be_bytes(), |value| *value = [2; 4]);
    assert_eq!(map.witness_prefix([], Show::Values).digest(), map.digest());
}

/// Maps within maps, a part of one shown; long values hashed once.
#[test]
fn nested_maps() {
    let mut outer: AuthenticatedMap<&str, AuthenticatedMap<&str, Hashed<Vec<u8>>>> =
        AuthenticatedMap::new();
    let page = Hashed::new(vec![b'<'; 10_000]);
    outer.insert(
        "assets",
        [("/", page.clone()), ("/about", page)]
            .into_iter()
            .collect(),
    );
    outer.insert("redirects", AuthenticatedMap::new());
    let before = outer.digest();
    outer.modify("redirects", |inner| {
        inner.insert("/old", Hashed::new(b"/new".to_vec()))
    });
    assert_ne!(outer.digest(), before);
    let witness = outer.witness_with("redirects", |inner| inner.witness("/old"));
    assert_eq!(witness.digest(), outer.digest());
    assert_eq!(
        witness.lookup(["redirects", "/old"]),
        Lookup::Found(b"/new")
    );
    assert_eq!(witness.lookup(["assets", "/"]), Lookup::Unknown);
    let witness = outer.witness_with("assets", |inner| inner.witness_prefix("/", Show::Keys));
    assert_eq!(witness.digest(), outer.digest());
    assert_eq!(witness.lookup(["assets", "/about"]), Lookup::Unknown);
    assert_eq!(witness.lookup(["assets", "/absent"]), Lookup::Absent);
    assert_eq!(outer.remove("assets").unwrap().len(), 2);
    assert_eq!(outer.witness("assets").lookup(["assets"]), Lookup::Absent);
    assert_eq!(Map::new().digest(), HashTree::empty().digest());
    assert_eq!(Map::new().witness("a").lookup(["a"]), Lookup::Absent);
    assert_eq!(
        Map::new()
            .witness_range::<&str>(.., Show::Values)
            .lookup(["a"]),
        Lookup::Absent
    );
}
