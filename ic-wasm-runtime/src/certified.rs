//! The replicated state as the tree that the subnet certifies (specification of the state tree, CERT-120..140).
//!
//! The tree is kept from batch to batch. After a batch only the canisters and requests that it touched are looked
//! at, and a leaf whose value is as before keeps its hash.

use std::collections::{BTreeMap, BTreeSet};

use ic_certification::LabeledTree;
use ic_types::{
    CanisterId, CanisterRanges, Label, RequestId,
    codec::{Wire, Writer, leb128},
};

use crate::state::{Canister, ReplicatedState, RequestRecord, RequestStatus};

/// Ranges in one leaf under `canister_ranges`.
const RANGES_IN_LEAF: usize = 5;

/// The part of the tree that no batch changes.
pub(crate) fn genesis(state: &ReplicatedState) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    let subnet = state.subnet();
    let id = subnet.id.as_slice();
    tree.insert(
        [b"subnet".as_slice(), id, b"public_key"],
        subnet.public_key.as_slice(),
    );
    tree.insert(
        [b"subnet".as_slice(), id, b"type"],
        subnet.kind.name().as_bytes(),
    );
    tree.insert(
        [b"subnet".as_slice(), id, b"canister_ranges"],
        subnet.canister_ranges.encode(),
    );
    for (node, key) in &subnet.nodes {
        tree.insert(
            [
                b"subnet".as_slice(),
                id,
                b"node",
                node.as_slice(),
                b"public_key",
            ],
            key.as_slice(),
        );
    }
    for shard in subnet.canister_ranges.as_slice().chunks(RANGES_IN_LEAF) {
        // A part of sorted and disjoint ranges is sorted and disjoint.
        if let (Some(first), Ok(ranges)) = (shard.first(), CanisterRanges::new(shard.to_vec())) {
            tree.insert(
                [b"canister_ranges".as_slice(), id, first.start().as_slice()],
                ranges.encode(),
            );
        }
    }
    tree
}

/// Takes into `tree` what has changed in `state`.
pub(crate) fn refresh(
    tree: &mut LabeledTree,
    state: &ReplicatedState,
    canisters: &BTreeSet<CanisterId>,
    requests: &BTreeSet<RequestId>,
) {
    tree.insert(["time"], number(state.time().as_nanos()));
    set(
        tree,
        &[b"subnet", state.subnet().id.as_slice(), b"metrics"],
        metrics(state),
    );
    if !canisters.is_empty() {
        let changes = canisters
            .iter()
            .filter_map(|id| {
                let label = Label::from(id.as_slice());
                let path = [b"canister".as_slice(), id.as_slice()];
                let Some(canister) = state.canister(id) else {
                    return Some((label, None));
                };
                let before = tree.get(path);
                let mut after = before.cloned().unwrap_or_default();
                let changed = refresh_canister(&mut after, canister);
                (changed || before.is_none()).then_some((label, Some(after)))
            })
            .collect::<BTreeMap<_, _>>();
        apply(tree, "canister", changes);
    }
    if !requests.is_empty() {
        let changes = requests
            .iter()
            .map(|id| {
                (
                    Label::from(id.as_bytes().as_slice()),
                    state.request(id).map(request),
                )
            })
            .collect();
        apply(tree, "request_status", changes);
    }
}

fn apply(
    tree: &mut LabeledTree,
    label: &'static str,
    changes: BTreeMap<Label, Option<LabeledTree>>,
) {
    if changes.is_empty() {
        return;
    }
    let under = tree.children_mut().entry(Label::from(label));
    under.children_mut().apply(changes);
    // A label with nothing below it would be an extra fact to prove nothing about.
    if under.get::<[&[u8]; 0]>([]).is_some() && under.children_mut().is_empty() {
        tree.children_mut().remove(label.as_bytes());
    }
}

/// Sets a leaf if it has another value. Returns whether it had.
fn set(tree: &mut LabeledTree, path: &[&[u8]], value: Vec<u8>) -> bool {
    if tree.value(path) == Some(value.as_slice()) {
        return false;
    }
    tree.insert(path.iter().copied(), value);
    true
}

fn clear(tree: &mut LabeledTree, label: &[u8]) -> bool {
    tree.remove([label]).is_some()
}

fn refresh_canister(tree: &mut LabeledTree, canister: &Canister) -> bool {
    let controllers = &canister.settings.controllers;
    let mut list = Writer::self_described(8 + 32 * controllers.len());
    list.array(controllers.len());
    for controller in controllers {
        list.bytes(controller.as_slice());
    }
    let mut changed = set(tree, &[b"controllers"], list.into_vec());
    changed |= set(
        tree,
        &[b"canister_creation_timestamp"],
        number(canister.created.as_nanos()),
    );
    let Some(code) = &canister.code else {
        for label in [
            b"certified_data".as_slice(),
            b"module_hash",
            b"last_install_timestamp",
            b"metadata",
        ] {
            changed |= clear(tree, label);
        }
        return changed;
    };
    changed |= set(tree, &[b"certified_data"], canister.certified_data.clone());
    changed |= set(
        tree,
        &[b"last_install_timestamp"],
        number(code.installed.as_nanos()),
    );
    // Sections come with the module, so they are the same as long as its hash is.
    if set(
        tree,
        &[b"module_hash"],
        code.module_hash.as_bytes().to_vec(),
    ) {
        changed = true;
        clear(tree, b"metadata");
        for (name, section) in code.execution.module.metadata() {
            tree.insert(
                [b"metadata".as_slice(), name.as_bytes()],
                section.content.as_slice(),
            );
        }
    }
    changed
}

fn request(record: &RequestRecord) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    tree.insert(["status"], record.status.name().as_bytes());
    match &record.status {
        RequestStatus::Received | RequestStatus::Processing | RequestStatus::Done => {}
        RequestStatus::Replied(reply) => tree.insert(["reply"], reply.as_ref()),
        RequestStatus::Rejected(reject) => {
            tree.insert(["reject_code"], number(reject.code.number()));
            tree.insert(["reject_message"], reject.message.as_bytes());
            tree.insert(["error_code"], reject.error.name().as_bytes());
        }
    }
    tree
}

/// The metrics of the subnet, with numbers as keys as on the public network (CERT-128).
fn metrics(state: &ReplicatedState) -> Vec<u8> {
    let burned = state.burned.get();
    let low = u64::try_from(burned & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    let high = u64::try_from(burned >> 64).unwrap_or(u64::MAX);
    let mut map = Writer::self_described(64);
    map.map(4);
    map.nat(0)
        .nat(u64::try_from(state.canister_count()).unwrap_or(u64::MAX));
    map.nat(1).nat(state.memory_bytes());
    map.nat(2).map(2).nat(0).nat(low).nat(1);
    if high == 0 {
        map.null();
    } else {
        map.nat(high);
    }
    map.nat(3).nat(state.updates_executed);
    map.into_vec()
}

fn number(number: u64) -> Vec<u8> {
    leb128::unsigned(number.into()).as_slice().to_vec()
}
