//! The replicated state as the tree that the subnet certifies (specification of the state tree, CERT-120 to CERT-140).
//!
//! The tree is kept from batch to batch. After a batch only the canisters and requests that it touched are looked
//! at, and a leaf whose value is as before keeps its hash.

use std::collections::{BTreeMap, BTreeSet};

use ic_certification::{
    LabeledTree,
    leaves::{self, LeafValue, SubnetMetrics},
};
use ic_types::{CanisterId, Label, Principal, RequestId};

use crate::state::{Canister, ReplicatedState, RequestRecord, RequestStatus};

/// Ranges in one leaf under `canister_ranges`.
const RANGES_IN_LEAF: usize = 5;

/// The part of the tree that no batch changes.
pub(crate) fn genesis(state: &ReplicatedState) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    let subnet = state.subnet();
    let id = subnet.id;
    tree.put(&leaves::subnet::public_key(id), &subnet.public_key);
    tree.put(&leaves::subnet::kind(id), &subnet.kind);
    tree.put(
        &leaves::subnet::canister_ranges(id),
        &subnet.canister_ranges,
    );
    tree.put_canister_ranges(id, &subnet.canister_ranges, RANGES_IN_LEAF);
    for (node, key) in &subnet.nodes {
        tree.put(&leaves::subnet::node_public_key(id, *node), key);
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
    tree.put(&leaves::time(), &state.time());
    tree.put(&leaves::subnet::metrics(state.subnet().id), &metrics(state));
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

/// Sets the leaf under `label` if it has another value. Returns whether it had.
fn set(tree: &mut LabeledTree, label: &'static str, value: &impl LeafValue) -> bool {
    let bytes = value.encode();
    if tree.value([label]) == Some(bytes.as_slice()) {
        return false;
    }
    tree.insert([label], bytes);
    true
}

fn clear(tree: &mut LabeledTree, label: &'static str) -> bool {
    tree.remove([label]).is_some()
}

/// What is under `/canister/<id>`.
fn refresh_canister(tree: &mut LabeledTree, canister: &Canister) -> bool {
    let controllers: Vec<Principal> = canister.settings.controllers.iter().copied().collect();
    let mut changed = set(tree, "controllers", &controllers);
    changed |= set(tree, "canister_creation_timestamp", &canister.created);
    let Some(code) = &canister.code else {
        for label in [
            "certified_data",
            "module_hash",
            "last_install_timestamp",
            "metadata",
        ] {
            changed |= clear(tree, label);
        }
        return changed;
    };
    changed |= set(tree, "certified_data", &canister.certified_data);
    changed |= set(tree, "last_install_timestamp", &code.installed);
    // Sections come with the module, so they are the same as long as its hash is.
    if set(tree, "module_hash", &code.module_hash) {
        changed = true;
        clear(tree, "metadata");
        for (name, section) in code.execution.module.metadata() {
            tree.insert(["metadata", name], section.content.as_slice());
        }
    }
    changed
}

/// What is under `/request_status/<id>`.
fn request(record: &RequestRecord) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    tree.insert(["status"], record.status.name().as_bytes());
    match &record.status {
        RequestStatus::Received | RequestStatus::Processing | RequestStatus::Done => {}
        RequestStatus::Replied(reply) => tree.insert(["reply"], reply.as_ref()),
        RequestStatus::Rejected(reject) => {
            tree.insert(["reject_code"], reject.code.encode());
            tree.insert(["reject_message"], reject.message.as_bytes());
            tree.insert(["error_code"], reject.error.name().as_bytes());
        }
    }
    tree
}

fn metrics(state: &ReplicatedState) -> SubnetMetrics {
    SubnetMetrics {
        num_canisters: u64::try_from(state.canister_count()).unwrap_or(u64::MAX),
        canister_state_bytes: state.memory_bytes(),
        consumed_cycles_total: state.burned.get(),
        update_transactions_total: state.updates_executed,
    }
}
