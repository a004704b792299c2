//! `ic-certification` and its peers on the same random inputs: equal, or the difference is known and said to be one.

use std::collections::BTreeMap;

use ic_certificate_verification::VerifyCertificate;
use ic_certification::leaves;
use ic_certification::{
    AuthenticatedMap, Certificate, Freshness, HashTree, LabeledTree, Lookup, RootKey, Show, Subject,
};
use ic_certified_map::{AsHashTree, RbTree};
use ic_types::codec::Wire;
use ic_types::{CanisterId, Path};
use peer_certification::{HashTree as PeerTree, LookupResult};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn label() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(b"abc".as_slice()), 0..3)
}

fn path() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(label(), 1..4)
}

/// Paths with values, none of which is on the way to another.
fn state() -> impl Strategy<Value = LabeledTree> {
    btree_map(path(), label(), 1..40).prop_map(|paths| {
        let mut tree = LabeledTree::empty();
        for (path, value) in paths {
            tree.insert(path, value);
        }
        tree
    })
}

fn peer(tree: &HashTree) -> PeerTree {
    serde_cbor::from_slice(&tree.encode()).expect("the peer reads what we write")
}

fn answer(lookup: Lookup<'_>) -> LookupResult<'_> {
    match lookup {
        Lookup::Found(value) => LookupResult::Found(value),
        Lookup::SubTree => LookupResult::Error,
        Lookup::Absent => LookupResult::Absent,
        Lookup::Unknown => LookupResult::Unknown,
    }
}

proptest! {
    /// Witnesses, as the system makes them: the same bytes, the same digest, the same answers.
    #[test]
    fn witnesses(state in state(), shown in vec(path(), 0..4), asked in vec(path(), 10)) {
        let paths: Vec<Path> = shown.iter().cloned().map(Path::new).collect();
        let ours = state.witness(&paths);
        let theirs = peer(&ours);
        let digest = ours.digest();
        prop_assert_eq!(&theirs.digest(), digest.as_bytes());
        prop_assert_eq!(HashTree::decode(&serde_cbor::to_vec(&theirs).expect("it has a form")), Ok(ours.clone()));
        for path in shown.iter().chain(&asked) {
            let (ours, theirs) = (answer(ours.lookup(path)), theirs.lookup_path(path));
            // The peer knows that something is below a label only if the label is the last one of the path.
            prop_assert!(ours == theirs || (ours == LookupResult::Absent && theirs == LookupResult::Error),
                "{:?} in {:?}: {:?}, the peer {:?}", path, state, ours, theirs);
        }
    }

    /// The peer reads our map's witnesses, and we read those of theirs.
    #[test]
    fn maps(entries in btree_map(label(), label(), 0..30), asked in vec(label(), 10)) {
        let ours: AuthenticatedMap<Vec<u8>, Vec<u8>> = entries.clone().into_iter().collect();
        let mut theirs = RbTree::new();
        for (key, value) in entries.clone() {
            theirs.insert(key, value);
        }
        for key in &asked {
            let witness = peer(&ours.witness(key));
            let digest = ours.digest();
            prop_assert_eq!(&witness.digest(), digest.as_bytes());
            let expected = entries.get(key).map_or(Lookup::Absent, |value| Lookup::Found(value));
            prop_assert_eq!(witness.lookup_path([key]), answer(expected));
            let bytes = serde_cbor::to_vec(&theirs.witness(key)).expect("it has a form");
            let witness = HashTree::decode(&bytes).expect("we read what the peer writes");
            let digest = witness.digest();
            prop_assert_eq!(digest.as_bytes(), &theirs.root_hash());
            prop_assert_eq!(witness.lookup([key]), expected);
        }
        let whole = ours.witness_prefix([], Show::Values);
        let found: BTreeMap<_, _> = whole
            .whole()
            .children()
            .map(|(key, value)| (key.to_vec(), value.value().expect("a leaf").to_vec()))
            .collect();
        prop_assert_eq!(found, entries);
    }
}

/// CERT-024, CERT-030: forks are flattened before labels are compared. The peer (4.0.1) compares within forks, and takes
/// for absent what is there, or may be.
#[test]
fn the_peer_is_wrong_about_empty_and_pruned_sides() {
    let found = HashTree::fork(
        &HashTree::empty(),
        &HashTree::labeled(b"a", &HashTree::leaf(b"v")),
    );
    assert_eq!(found.lookup(["a"]), Lookup::Found(b"v"));
    assert_eq!(peer(&found).lookup_path(["a"]), LookupResult::Absent);
    let unknown = HashTree::fork(&HashTree::pruned(&found.digest()), &HashTree::empty());
    assert_eq!(unknown.lookup(["a"]), Lookup::Unknown);
    assert_eq!(peer(&unknown).lookup_path(["a"]), LookupResult::Absent);
}

/// Real certificates, right and wrong: the same verdict, but where the peer lets pass what shows no ranges.
#[test]
fn certificates() {
    let vectors = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../ic-certification/tests/vectors/"
    );
    let table = std::fs::read_to_string(format!("{vectors}certificates.txt"))
        .expect("the vectors are there");
    let root = RootKey::mainnet();
    let mut verdicts = [0, 0];
    for row in table.lines().filter(|row| !row.starts_with(';')) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        let (name, kind, canister) = (columns[0], columns[1], columns[3]);
        let Ok(canister) = canister.parse::<CanisterId>() else {
            continue;
        };
        let bytes =
            std::fs::read(format!("{vectors}certificates/{name}")).expect("the vectors are there");
        if kind != "certificate" || !canister.to_string().ends_with("-cai") {
            continue;
        }
        let ours = Certificate::decode(&bytes).ok();
        let time = ours
            .as_ref()
            .and_then(|certificate| certificate.tree.value_at(&leaves::time()).ok()?.value());
        let ours = ours.map(|certificate| {
            certificate
                .verify(&root, Subject::Canister(canister), Freshness::AnyAge)
                .is_ok()
        });
        let theirs = serde_cbor::from_slice::<peer_certification::Certificate>(&bytes)
            .ok()
            .map(|certificate| {
                let now = time.map_or(0, |time| time.as_nanos().into());
                certificate
                    .verify(canister.as_slice(), root.to_der().as_slice(), &now, &1)
                    .is_ok()
            });
        assert_eq!(ours, theirs, "{name}");
        verdicts[usize::from(ours == Some(true))] += 1;
    }
    assert!(verdicts[0] >= 6 && verdicts[1] >= 3, "{verdicts:?}");
}
