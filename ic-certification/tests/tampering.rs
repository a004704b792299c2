//! Every byte of a certificate, and of a canister signature, changed: it is refused, or it says the same.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod rows;

use ic_certification::{
    CanisterSignature, Certificate, Freshness, RootKey, Subject, SubnetTypes, VerifiedCertificate,
};
use ic_crypto::user_key::CanisterKey;
use ic_types::codec::Wire;
use rows::{bytes, file, rows, text};

/// Each byte changed in one bit, another one for each neighbour, and in all.
fn tampered(original: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..original.len()).flat_map(|position| {
        [1 << (position % 8), 0xff].map(|mask| {
            let mut changed = original.to_vec();
            changed[position] ^= mask;
            (position, changed)
        })
    })
}

fn means_the_same(one: &VerifiedCertificate, other: &VerifiedCertificate) -> bool {
    let delegations = match (one.delegation(), other.delegation()) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one.subnet() == other.subnet() && one.key() == other.key() && one.tree() == other.tree()
        }
        (None, Some(_)) | (Some(_), None) => false,
    };
    one.time() == other.time()
        && one.subnet() == other.subnet()
        && one.tree() == other.tree()
        && delegations
}

/// CERT-060 to CERT-084: with a delegation of each layout, and without one.
#[test]
fn certificates() {
    let root = RootKey::mainnet();
    for (name, subject) in [
        ("mainnet_sample_2022.cbor", "ivg37-qiaaa-aaaab-aaaga-cai"),
        (
            "mainnet_delegation_2022.cbor",
            "ivg37-qiaaa-aaaab-aaaga-cai",
        ),
    ] {
        let original = file(&format!("certificates/{name}"));
        let subject = Subject::Canister(subject.parse().unwrap());
        let verify = |bytes: &[u8]| {
            let certificate = Certificate::decode(bytes).ok()?;
            certificate.verify(&root, subject, Freshness::AnyAge).ok()
        };
        let expected = verify(&original).unwrap();
        let mut survivors = Vec::new();
        for (position, changed) in tampered(&original) {
            if let Some(verified) = verify(&changed) {
                assert!(
                    means_the_same(&verified, &expected),
                    "{name}: byte {position}"
                );
                survivors.push(position);
            }
        }
        // None: not even the tag before the certificate, or the name of a field, may be another.
        assert_eq!(survivors, [], "{name}");
        // A part of it, or more than it, is nothing.
        for length in 0..original.len() {
            assert!(
                Certificate::decode(&original[..length]).is_err(),
                "{name}: {length} bytes"
            );
        }
        assert!(
            Certificate::decode(&[original, vec![0]].concat()).is_err(),
            "{name}"
        );
    }
}

/// CERT-091 to CERT-095.
#[test]
fn canister_signatures() {
    let keys = text("root_keys.txt");
    let signatures = text("canister_signatures.txt");
    let (_, row) = rows(&signatures)
        .find(|(_, row)| row[0] == "sharded_ranges_2025")
        .unwrap();
    let (_, root) = rows(&keys).find(|(_, key)| key[0] == row[2]).unwrap();
    let root = RootKey::from_der(&bytes(root[1])).unwrap();
    let key = CanisterKey::from_der(&bytes(row[3])).unwrap();
    let original = file(&format!("canister-signatures/{}", row[1]));
    let message = bytes(row[4]);
    let holds = |signature: &[u8], message: &[u8]| {
        CanisterSignature::decode(signature).is_ok_and(|signature| {
            signature
                .verify(&root, &key, message, SubnetTypes::ShownOrNot)
                .is_ok()
        })
    };
    assert!(holds(&original, &message));
    let survivors: Vec<usize> = tampered(&original)
        .filter(|(_, changed)| holds(changed, &message))
        .map(|(position, _)| position)
        .collect();
    assert_eq!(survivors, []);
    for (position, changed) in tampered(&message) {
        assert!(
            !holds(&original, &changed),
            "byte {position} of the message"
        );
    }
}
