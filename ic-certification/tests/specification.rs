//! Requirements of the interface specification that no vector shows by itself.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use ic_certification::leaves::{self, MalformedLeaf, Shown, SubnetMetrics, SubnetType};
use ic_certification::{HashTree, LabeledTree, Lookup, paths};
use ic_types::codec::Wire;
use ic_types::response::RejectCode;
use ic_types::{
    CanisterId, CanisterRange, CanisterRanges, DerPublicKey, Digest, Label, NodeId, Path,
    Principal, RequestId, SignedBytes, SubnetId, Time,
};

fn principal(name: &[u8]) -> Principal {
    Principal::try_from_slice(name).unwrap()
}

/// CERT-006, CERT-061: 14 bytes of separator and the 32 of the root.
#[test]
fn what_a_subnet_signs() {
    let root = HashTree::empty().root();
    let signed = SignedBytes::of(&root);
    assert_eq!(signed.as_slice().len(), 46);
    assert_eq!(signed.as_slice()[..14], *b"\x0dic-state-root");
    assert_eq!(signed.as_slice()[14..], *root.as_bytes());
}

/// CERT-001 to CERT-004, CERT-007 to CERT-011: separators are framed, labels and values are not.
#[test]
fn separators_of_trees() {
    let hash = |parts: &[&[u8]]| Digest::of_parts(parts);
    let (empty, leaf) = (HashTree::empty(), HashTree::leaf(b"value"));
    assert_eq!(empty.digest(), hash(&[b"\x11ic-hashtree-empty"]));
    assert_eq!(leaf.digest(), hash(&[b"\x10ic-hashtree-leaf", b"value"]));
    let labeled = HashTree::labeled(b"label", &leaf);
    assert_eq!(
        labeled.digest(),
        hash(&[
            b"\x13ic-hashtree-labeled",
            b"label",
            leaf.digest().as_bytes()
        ])
    );
    let fork = HashTree::fork(&empty, &labeled);
    let sides = [empty.digest(), labeled.digest()];
    assert_eq!(
        fork.digest(),
        hash(&[
            b"\x10ic-hashtree-fork",
            sides[0].as_bytes(),
            sides[1].as_bytes()
        ])
    );
}

/// CERT-012: alone with the tag, which need not be there; within something else without it.
#[test]
fn the_tag_before_a_tree() {
    let tree = HashTree::leaf(b"value");
    let encoded = tree.encode();
    assert_eq!(encoded[..3], [0xd9, 0xd9, 0xf7]);
    assert_eq!(HashTree::decode(&encoded).as_ref(), Ok(&tree));
    assert_eq!(HashTree::decode(&encoded[3..]).as_ref(), Ok(&tree));
    let mut inner = ic_types::codec::Reader::new(&encoded);
    assert!(HashTree::read(&mut inner).is_err());
}

/// CERT-014: every arrangement of forks that keeps the order of the labels is valid, has a root of its own and gives the
/// same answers; a side may be empty.
#[test]
fn the_shape_of_forks_is_free() {
    let child = |label: &[u8]| HashTree::labeled(label, &HashTree::leaf(label));
    let (a, b, c) = (child(b"a"), child(b"b"), child(b"c"));
    let shapes = [
        HashTree::fork(&HashTree::fork(&a, &b), &c),
        HashTree::fork(&a, &HashTree::fork(&b, &c)),
        HashTree::fork(
            &HashTree::fork(&a, &HashTree::empty()),
            &HashTree::fork(&b, &c),
        ),
    ];
    for (position, shape) in shapes.iter().enumerate() {
        assert_eq!(shape.well_formed(), Ok(()));
        assert_eq!(shape.lookup(["b"]), Lookup::Found(b"b"));
        assert_eq!(shape.lookup(["bb"]), Lookup::Absent);
        assert!(
            shapes[..position]
                .iter()
                .all(|other| other.root() != shape.root())
        );
    }
}

/// CERT-033: all values below a prefix, in the order of their labels.
#[test]
fn values_below_a_prefix() {
    let subnet = SubnetId::new(Principal::try_from_slice(b"subnet").unwrap());
    let blocks = [0, 2, 4, 6, 8, 10, 12];
    let ranges = CanisterRanges::new(
        blocks
            .into_iter()
            .filter_map(CanisterRange::block)
            .collect(),
    )
    .unwrap();
    let mut state = LabeledTree::empty();
    state.put_canister_ranges(subnet, &ranges, 5);
    let tree = state.witness(&[paths::canister_ranges(subnet)]);
    let shards = tree
        .subtree(paths::canister_ranges(subnet).labels())
        .found()
        .unwrap();
    let mut all = Vec::new();
    for (first, shard) in shards.children() {
        let shard = CanisterRanges::decode(shard.value().unwrap()).unwrap();
        // CERT-120: the label of a shard is the start of its first range.
        assert_eq!(shard.as_slice()[0].start().as_slice(), first);
        all.extend_from_slice(shard.as_slice());
    }
    assert_eq!(shards.children().len(), 2);
    assert_eq!(all, ranges.as_slice());
}

/// CERT-042: on an ill-formed tree two lookups may contradict each other, so there is something to ask before.
#[test]
fn ill_formed_trees_say_so() {
    let child = |label: &[u8]| HashTree::labeled(label, &HashTree::leaf(label));
    for tree in [
        HashTree::fork(&child(b"b"), &child(b"a")),
        HashTree::fork(&child(b"a"), &child(b"a")),
        HashTree::fork(&child(b"a"), &HashTree::leaf(b"stray")),
        HashTree::labeled(b"deep", &HashTree::fork(&child(b"b"), &child(b"a"))),
    ] {
        assert!(tree.well_formed().is_err(), "{tree:?}");
    }
}

/// CERT-120 to CERT-140: each path and each encoding, written once and read back.
#[test]
fn every_leaf_of_the_state_tree() {
    let (subnet, node) = (SubnetId::new(principal(b"s")), NodeId::new(principal(b"n")));
    let canister = CanisterId::new(principal(b"c"));
    let request = RequestId::new(Digest::new([9; 32]));
    let ranges = CanisterRanges::new(CanisterRange::block(1).into_iter().collect()).unwrap();
    let first = ranges.as_slice()[0].start();
    let mut state = LabeledTree::empty();
    let mut expected: Vec<(String, Vec<u8>)> = Vec::new();
    macro_rules! leaf {
        ($path:expr, $value:expr, $text:expr, $bytes:expr) => {{
            let (leaf, value) = ($path, $value);
            assert_eq!(leaf.path().to_string(), $text);
            assert!(state.put(&leaf, &value), "{:?}", leaf);
            assert!(!state.put(&leaf, &value), "the same again changes nothing");
            let tree = state.witness(&[leaf.path().clone()]);
            assert_eq!(tree.value_at(&leaf), Ok(Shown::Value(value)));
            expected.push(($text.to_string(), $bytes.to_vec()));
        }};
    }
    let key = || DerPublicKey::new(vec![1, 2, 3]);
    leaf!(leaves::time(), Time::from_nanos(300), "/time", [0xac, 0x02]);
    let shard = format!("/canister_ranges/s/0x{}", "00000000001000000101");
    leaf!(
        leaves::canister_ranges(subnet, first),
        ranges.clone(),
        shard,
        ranges.encode()
    );
    leaf!(
        leaves::api_boundary_node::domain(node),
        "a.b".to_owned(),
        "/api_boundary_nodes/n/domain",
        b"a.b"
    );
    leaf!(
        leaves::api_boundary_node::ipv4_address(node),
        "1.2.3.4".to_owned(),
        "/api_boundary_nodes/n/ipv4_address",
        b"1.2.3.4"
    );
    leaf!(
        leaves::api_boundary_node::ipv6_address(node),
        "::1".to_owned(),
        "/api_boundary_nodes/n/ipv6_address",
        b"::1"
    );
    leaf!(
        leaves::subnet::public_key(subnet),
        key(),
        "/subnet/s/public_key",
        [1, 2, 3]
    );
    leaf!(
        leaves::subnet::canister_ranges(subnet),
        ranges.clone(),
        "/subnet/s/canister_ranges",
        ranges.encode()
    );
    leaf!(
        leaves::subnet::kind(subnet),
        SubnetType::System,
        "/subnet/s/type",
        b"system"
    );
    let metrics = [
        0xd9, 0xd9, 0xf7, 0xa4, 0, 0, 1, 0, 2, 0xa2, 0, 0, 1, 0xf6, 3, 0,
    ];
    leaf!(
        leaves::subnet::metrics(subnet),
        SubnetMetrics::default(),
        "/subnet/s/metrics",
        metrics
    );
    leaf!(
        leaves::subnet::node_public_key(subnet, node),
        key(),
        "/subnet/s/node/n/public_key",
        [1, 2, 3]
    );
    let status = format!("/request_status/0x{}", "09".repeat(32));
    leaf!(
        leaves::request_status::status(&request),
        "rejected".to_owned(),
        format!("{status}/status"),
        b"rejected"
    );
    leaf!(
        leaves::request_status::reply(&request),
        vec![7],
        format!("{status}/reply"),
        [7]
    );
    leaf!(
        leaves::request_status::reject_code(&request),
        RejectCode::CanisterError,
        format!("{status}/reject_code"),
        [5]
    );
    leaf!(
        leaves::request_status::reject_message(&request),
        "no".to_owned(),
        format!("{status}/reject_message"),
        b"no"
    );
    leaf!(
        leaves::request_status::error_code(&request),
        "X1".to_owned(),
        format!("{status}/error_code"),
        b"X1"
    );
    leaf!(
        leaves::canister::certified_data(canister),
        vec![1; 32],
        "/canister/c/certified_data",
        [1; 32]
    );
    leaf!(
        leaves::canister::module_hash(canister),
        Digest::new([2; 32]),
        "/canister/c/module_hash",
        [2; 32]
    );
    let controllers = [0xd9, 0xd9, 0xf7, 0x82, 0x41, b'a', 0x41, b'b'];
    leaf!(
        leaves::canister::controllers(canister),
        vec![principal(b"a"), principal(b"b")],
        "/canister/c/controllers",
        controllers
    );
    leaf!(
        leaves::canister::creation_timestamp(canister),
        Time::from_nanos(1),
        "/canister/c/canister_creation_timestamp",
        [1]
    );
    leaf!(
        leaves::canister::last_install_timestamp(canister),
        Time::from_nanos(2),
        "/canister/c/last_install_timestamp",
        [2]
    );
    leaf!(
        leaves::canister::metadata(canister, "candid:service"),
        b"service".to_vec(),
        "/canister/c/metadata/candid:service",
        b"service"
    );

    expected.sort();
    let mut found = Vec::new();
    state
        .witness(&[Path::default()])
        .whole()
        .for_each_value(|path, value| {
            let path: Path = path.iter().map(|label| Label::from(*label)).collect();
            found.push((path.to_string(), value.to_vec()));
        });
    found.sort();
    assert_eq!(found, expected);
    // Golden: the root of this state, computed a second time by a script of twenty lines in another language. If it
    // changes, so does every certificate.
    let golden = "057adfa4695a94c98738b0536fe759f54b4a8925142c8cbbf58022cb24f6cdd3";
    assert_eq!(state.root().to_string(), golden);
}

/// HTTP-180, CERT-137: controllers come in any order, and keep it.
#[test]
fn http_180_controllers_in_any_order() {
    let canister = CanisterId::new(principal(b"c"));
    for controllers in [[b"b", b"a"], [b"a", b"b"]] {
        let controllers: Vec<Principal> = controllers.map(|name| principal(name)).into();
        let mut state = LabeledTree::empty();
        state.put(&leaves::canister::controllers(canister), &controllers);
        let found = state
            .witness(&[Path::default()])
            .value_at(&leaves::canister::controllers(canister));
        assert_eq!(found.unwrap().value(), Some(controllers));
    }
}

/// CERT-143: sections by the names that tools agree on are sections like any other.
#[test]
fn cert_143_names_of_sections() {
    let canister = CanisterId::new(principal(b"c"));
    for name in ["candid:service", "supported_certificate_versions", "größe"] {
        let leaf = leaves::canister::metadata(canister, name);
        assert_eq!(
            leaf.path().labels().last().unwrap().as_slice(),
            name.as_bytes()
        );
        let mut state = LabeledTree::empty();
        state.put(&leaf, &b"content".to_vec());
        let found = state.witness(&[paths::canister::metadata(canister, name)]);
        assert_eq!(
            found.value_at(&leaf).unwrap().value(),
            Some(b"content".to_vec())
        );
    }
}

/// A value of another type is an error, not an absence.
#[test]
fn other_types_are_errors() {
    let mut state = LabeledTree::empty();
    state.insert(["time"], b"\x80".as_slice());
    let tree = state.witness(&[Path::default()]);
    let error = MalformedLeaf {
        path: paths::time(),
        expected: "a time",
    };
    assert_eq!(tree.value_at(&leaves::time()), Err(error.clone()));
    state.insert(["time", "below"], b"".as_slice());
    assert_eq!(
        state.witness(&[Path::default()]).value_at(&leaves::time()),
        Err(error)
    );
}

/// CERT-141: a path has a value or children, whichever came last.
#[test]
fn values_and_children_exclude_each_other() {
    let mut state = LabeledTree::empty();
    state.insert(["a"], b"value".as_slice());
    state.insert(["a", "b"], b"below".as_slice());
    assert_eq!(state.value(["a"]), None);
    assert_eq!(state.value(["a", "b"]), Some(b"below".as_slice()));
    state.insert(["a"], b"again".as_slice());
    assert_eq!(state.value(["a", "b"]), None);
    assert_eq!(state.value(["a"]), Some(b"again".as_slice()));
}
