//! What the subnet certifies, path by path, and that two nodes certify the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod subnet;

use ic_certification::LabeledTree;
use ic_types::codec::{Wire, leb128};
use ic_types::{CanisterRange, CanisterRanges, Content, Digest, Time};
use ic_wasm_runtime::ReplicatedState;
use subnet::*;

fn value(tree: &LabeledTree, path: &[&[u8]]) -> Option<Vec<u8>> {
    tree.value(path).map(<[u8]>::to_vec)
}

fn number(number: u64) -> Option<Vec<u8>> {
    Some(leb128::unsigned(number.into()).as_slice().to_vec())
}

#[test]
fn cert_120_to_129_the_subnet() {
    let subnet = TestSubnet::default();
    let tree = subnet.state.to_tree();
    let described = subnet.state.subnet();
    let id = described.id.as_slice();
    assert_eq!(value(&tree, &[b"time"]), number(START));
    assert_eq!(
        value(&tree, &[b"subnet", id, b"public_key"]),
        Some(vec![7; 133])
    );
    assert_eq!(
        value(&tree, &[b"subnet", id, b"type"]),
        Some(b"application".to_vec())
    );
    for (node, key) in &described.nodes {
        let path = [b"subnet", id, b"node", node.as_slice(), b"public_key"];
        assert_eq!(value(&tree, &path), Some(key.as_slice().to_vec()));
    }
    // Both places of the ranges (HTTP-226, CERT-120, CERT-121).
    let ranges = CanisterRanges::new((0..2).filter_map(CanisterRange::block).collect()).unwrap();
    assert_eq!(
        value(&tree, &[b"subnet", id, b"canister_ranges"]),
        Some(ranges.encode())
    );
    let first = ranges.as_slice()[0].start();
    assert_eq!(
        value(&tree, &[b"canister_ranges", id, first.as_slice()]),
        Some(ranges.encode())
    );
    // CERT-128: {0: canisters, 1: bytes, 2: {0: low, 1: null}, 3: updates}
    let expected = [
        0xd9, 0xd9, 0xf7, 0xa4, 0, 0, 1, 0, 2, 0xa2, 0, 0, 1, 0xf6, 3, 0,
    ];
    assert_eq!(
        value(&tree, &[b"subnet", id, b"metrics"]),
        Some(expected.to_vec())
    );
    assert!(tree.get([b"canister"]).is_none() && tree.get([b"request_status"]).is_none());
}

#[test]
fn cert_135_to_140_a_canister() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.create();
    let id = canister.as_slice();
    let created = subnet.state.time().as_nanos();
    let tree = subnet.state.to_tree();
    let path = |label: &'static [u8]| [&b"canister"[..], id, label];
    let mut controllers = vec![0xd9, 0xd9, 0xf7, 0x81, 0x58, 29];
    controllers.extend_from_slice(subnet.sender.as_slice());
    assert_eq!(value(&tree, &path(b"controllers")), Some(controllers));
    assert_eq!(
        value(&tree, &path(b"canister_creation_timestamp")),
        number(created)
    );
    for absent in [
        b"module_hash".as_slice(),
        b"certified_data",
        b"last_install_timestamp",
        b"metadata",
    ] {
        assert!(tree.get([&b"canister"[..], id, absent]).is_none());
    }

    let mut module = wat(UNIVERSAL);
    let section = b"icp:public note";
    module.extend_from_slice(&[
        0,
        u8::try_from(section.len() + 3).unwrap(),
        u8::try_from(section.len()).unwrap(),
    ]);
    module.extend_from_slice(section);
    module.extend_from_slice(b"ok");
    subnet
        .install(canister, Mode::install, &module, b"")
        .unwrap();
    let installed = subnet.state.time().as_nanos();
    subnet.request(canister, "certify", b"a root").unwrap();
    let tree = subnet.state.to_tree();
    let hash = Digest::of(&module).as_bytes().to_vec();
    assert_eq!(value(&tree, &path(b"module_hash")), Some(hash));
    assert_eq!(
        value(&tree, &path(b"certified_data")),
        Some(b"a root".to_vec())
    );
    assert_eq!(
        value(&tree, &path(b"last_install_timestamp")),
        number(installed)
    );
    assert_eq!(
        value(&tree, &path(b"canister_creation_timestamp")),
        number(created)
    );
    assert_eq!(
        value(&tree, &[b"canister", id, b"metadata", b"note"]),
        Some(b"ok".to_vec())
    );

    subnet.manage("uninstall_code", &about(canister)).unwrap();
    let tree = subnet.state.to_tree();
    for absent in [
        b"module_hash".as_slice(),
        b"certified_data",
        b"last_install_timestamp",
        b"metadata",
    ] {
        assert!(tree.get([&b"canister"[..], id, absent]).is_none());
    }
    subnet.manage("stop_canister", &about(canister)).unwrap();
    subnet.manage("delete_canister", &about(canister)).unwrap();
    assert!(subnet.state.to_tree().get([b"canister"]).is_none());
}

/// HTTP-206: a canister that refuses chooses the message, not the code.
#[test]
fn cert_130_to_134_a_request() {
    let mut subnet = TestSubnet::default();
    let canister = subnet.universal();
    let call = subnet.call(canister, "echo", b"reply");
    let refused = subnet.call(canister, "refuse", b"because");
    let (id, refused_id) = (call.id(), refused.id());
    subnet.batch(vec![call, refused]);
    let tree = subnet.state.to_tree();
    let get = |id: &ic_types::RequestId, label: &str| {
        value(&tree, &[b"request_status", id.as_bytes(), label.as_bytes()])
    };
    assert_eq!(get(&id, "status"), Some(b"replied".to_vec()));
    assert_eq!(get(&id, "reply"), Some(b"reply".to_vec()));
    assert_eq!(get(&id, "reject_code"), None);
    assert_eq!(get(&refused_id, "status"), Some(b"rejected".to_vec()));
    assert_eq!(get(&refused_id, "reject_code"), number(4));
    assert_eq!(
        get(&refused_id, "reject_message"),
        Some(b"because".to_vec())
    );
    assert_eq!(
        get(&refused_id, "error_code"),
        Some(b"rejected-by-canister".to_vec())
    );
    assert_eq!(get(&refused_id, "reply"), None);
}

/// The tree that is kept from batch to batch is the tree that the leaves make.
#[test]
fn the_kept_tree_is_the_tree_built_anew() {
    let mut subnet = TestSubnet::default();
    let canisters = [subnet.universal(), subnet.universal()];
    for round in 0..20u8 {
        let calls = canisters.map(|canister| subnet.call(canister, "certify", &[round; 4]));
        subnet.batch(calls.to_vec());
    }
    let tree = subnet.state.to_tree();
    fn rebuild(tree: &LabeledTree) -> LabeledTree {
        match tree {
            LabeledTree::Leaf(leaf) => LabeledTree::leaf(leaf.value()),
            LabeledTree::SubTree(children) => children
                .iter()
                .map(|(label, tree)| (label.clone(), rebuild(tree)))
                .collect(),
        }
    }
    assert_eq!(rebuild(&tree).root(), subnet.state.root());
    let witness = tree.witness(&[ic_certification::paths::time()]);
    assert_eq!(witness.root(), subnet.state.root());
}

/// Two nodes with the same batches certify the same at every height; a copy of a state is not touched by what
/// happens to the other.
#[test]
fn the_same_batches_give_the_same_roots() {
    let mut subnet = TestSubnet::default();
    let (a, b) = (subnet.universal(), subnet.universal());
    let mut roots = Vec::new();
    for round in 0..30u64 {
        let calls = [
            subnet.call(a, "inc", b""),
            subnet.call(
                a,
                "forward",
                &forward(b, "take", 0, 1_000_000 * round, &[255; 8]),
            ),
            subnet.call(b, "forward", &forward(a, "trap", 1, round, b"")),
            subnet.call(b, "silent", b""),
            subnet.call(b, "say", &round.to_be_bytes()),
        ];
        subnet.batch(calls.to_vec());
        roots.push((subnet.height(), subnet.state.root()));
    }
    let mut other = ReplicatedState::genesis(genesis(), Time::from_nanos(START));
    let executor = executor(Default::default());
    let mut copies = vec![other.clone()];
    for batch in &subnet.batches {
        executor.execute(&mut other, batch).unwrap();
        copies.push(other.clone());
    }
    for (height, root) in roots {
        let copy = &copies[usize::try_from(height.get()).unwrap()];
        assert_eq!((copy.height(), copy.root()), (height, root));
    }
    // A node that begins at a copy, with nothing in its caches, arrives at the same.
    let mut late = copies[20].clone();
    let fresh = subnet::executor(Default::default());
    for batch in &subnet.batches[20..] {
        fresh.execute(&mut late, batch).unwrap();
    }
    assert_eq!(late.root(), other.root());
    assert_eq!(late.ledger(), other.ledger());
}
