//! A canister without a node: what the system would sign for it, and a gateway that believes it.
#![allow(dead_code, reason = "no test needs all of it")]

use ic_certification::http::{Gateway, Version};
use ic_certification::{Certificate, Freshness, LabeledTree, RootKey, leaves};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest, Path, Time};

pub(crate) const CANISTER: CanisterId = CanisterId::from_u64(7);

fn key() -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(b"root"))
}

pub(crate) fn root() -> RootKey {
    RootKey::new(key().public_key())
}

pub(crate) fn signed(tree: &LabeledTree, shown: &[Path]) -> Certificate {
    Certificate {
        tree: tree.witness(shown),
        signature: key().sign(&tree.root()).to_bytes(),
        delegation: None,
    }
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

pub(crate) fn gateway() -> Gateway {
    Gateway {
        root: root(),
        freshness: Freshness::AnyAge,
        minimum: Version::V2,
    }
}
