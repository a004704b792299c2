//! A canister certifies 32 bytes and shows parts of the tree that they are the root of (CERT-004, CERT-063, CERT-135).
#![allow(clippy::unwrap_used, reason = "tests")]

mod gateway;

use gateway::{CANISTER, certify, certify_by_delegation, root};
use ic_certification::{
    AuthenticatedMap, Certificate, Freshness, HashTree, Subject, VerifiedCertificate, WitnessError,
};
use ic_types::codec::Wire;
use ic_types::{CanisterId, Digest};

fn map() -> AuthenticatedMap<&'static str, &'static str> {
    [("alice", "7"), ("carol", "9")].into_iter().collect()
}

fn verified(certificate: &[u8], subject: Subject) -> VerifiedCertificate {
    let certificate = Certificate::decode(certificate).unwrap();
    certificate
        .verify(&root(), subject, Freshness::AnyAge)
        .unwrap()
}

/// CERT-063, CERT-135: every part of what was certified, and nothing else.
#[test]
fn what_the_canister_certified() {
    let map = map();
    let certificate = verified(&certify(map.digest()), Subject::Canister(CANISTER));
    for key in ["alice", "bob", "carol", "dave"] {
        assert_eq!(
            certificate.verify_witness(CANISTER, &map.witness(key)),
            Ok(())
        );
    }
    let mut other = map;
    other.insert("bob", "8");
    assert_eq!(
        certificate.verify_witness(CANISTER, &other.witness("bob")),
        Err(WitnessError::OtherTree {
            found: other.digest()
        })
    );
    let canister = CanisterId::from_u64(8);
    assert_eq!(
        certificate.verify_witness(canister, &map_witness()),
        Err(WitnessError::NoCertifiedData { canister })
    );
}

fn map_witness() -> HashTree {
    map().witness("alice")
}

/// CERT-081: a certificate that was asked for a subnet's sake is none for the canisters of others.
#[test]
fn a_canister_of_another_subnet() {
    let data = map().digest();
    let bytes = certify_by_delegation(data, 0, 9);
    let certificate = verified(&bytes, Subject::Canister(CANISTER));
    assert_eq!(certificate.verify_witness(CANISTER, &map_witness()), Ok(()));

    let bytes = certify_by_delegation(data, 8, 9);
    let subnet = Certificate::decode(&bytes)
        .unwrap()
        .delegation
        .unwrap()
        .subnet;
    let certificate = verified(&bytes, Subject::Subnet(subnet));
    assert_eq!(
        certificate.verify_witness(CANISTER, &map_witness()),
        Err(WitnessError::OutOfRange {
            canister: CANISTER,
            subnet
        })
    );
}

/// CERT-040: a tree whose labels are out of order has a root that a canister may certify, but proves nothing absent.
#[test]
fn a_tree_out_of_order() {
    let leaf = |name: &[u8]| HashTree::labeled(name, &HashTree::leaf(b"value"));
    let tree = HashTree::fork(&leaf(b"b"), &leaf(b"a"));
    let certificate = verified(&certify(tree.digest()), Subject::Canister(CANISTER));
    assert!(matches!(
        certificate.verify_witness(CANISTER, &tree),
        Err(WitnessError::NotWellFormed(_))
    ));
    let pruned = HashTree::pruned(&Digest::of(b"another"));
    assert!(matches!(
        certificate.verify_witness(CANISTER, &pruned),
        Err(WitnessError::OtherTree { .. })
    ));
}
