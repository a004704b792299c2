//! A canister without a node: what the system would sign for it, and a gateway that believes it.
#![allow(dead_code, reason = "no test needs all of it")]

use ic_certification::http::{Gateway, Version};
use ic_certification::{Certificate, Freshness, LabeledTree, RootKey, SubnetDelegation, leaves};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, CanisterRange, CanisterRanges, Digest, Path, SubnetId, Time};

pub(crate) const CANISTER: CanisterId = CanisterId::from_u64(7);

fn key() -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(b"root"))
}

pub(crate) fn root() -> RootKey {
    RootKey::new(key().public_key())
}

pub(crate) fn signed(tree: &LabeledTree, shown: &[Path]) -> Certificate {
    Certificate::sign(tree, shown, &key())
}

/// The data certificate that the system would give the canister.
pub(crate) fn certify(data: Digest) -> Vec<u8> {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.put(
        &leaves::canister::certified_data(CANISTER),
        &data.as_bytes().to_vec(),
    );
    signed(&tree, &[Path::default()]).encode()
}

/// The same by another subnet, which the root subnet says has the canisters with these counters.
pub(crate) fn certify_by_delegation(data: Digest, first: u64, last: u64) -> Vec<u8> {
    let key = SecretKey::from_seed(Seed::from_bytes(b"subnet"));
    let subnet = SubnetId::of_key(&key.public_key().to_der());
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    let public_key = key.public_key().to_der();
    tree.put(&leaves::subnet::public_key(subnet), &public_key);
    let range = CanisterRange::new(
        CanisterId::from_u64(first).principal(),
        CanisterId::from_u64(last).principal(),
    );
    let ranges = CanisterRanges::new(range.into_iter().collect()).unwrap();
    tree.put_canister_ranges(subnet, &ranges, 5);
    let delegation = SubnetDelegation {
        subnet,
        certificate: signed(&tree, &[Path::default()]).encode(),
    };
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.put(
        &leaves::canister::certified_data(CANISTER),
        &data.as_bytes().to_vec(),
    );
    Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: key.sign(&tree.root()).to_bytes(),
        delegation: Some(delegation),
    }
    .encode()
}

pub(crate) fn gateway() -> Gateway {
    Gateway {
        root: root(),
        freshness: Freshness::AnyAge,
        minimum: Version::V2,
    }
}
