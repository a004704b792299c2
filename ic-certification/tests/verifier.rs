//! A verifier with a memory, and batches: the same answers as one certificate at a time.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

mod rows;

use std::time::Duration;

use ic_certification::{
    Capacity, Certificate, CertificateError, Freshness, LabeledTree, RootKey, Subject,
    SubnetDelegation, VerifiedCertificate, Verifier, paths,
};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_types::codec::{Wire, leb128};
use ic_types::{CanisterId, CanisterRange, CanisterRanges, SubnetId, Time};
use rows::{file, rows, text};

fn answer(
    result: &Result<VerifiedCertificate, CertificateError>,
) -> Result<(Time, SubnetId), CertificateError> {
    result
        .as_ref()
        .map(|verified| (verified.time(), verified.subnet()))
        .map_err(Clone::clone)
}

/// Every certificate of the vectors under the key of the public network, with all canisters and subnets of the table.
fn questions() -> Vec<(Certificate, Subject)> {
    let mut questions = Vec::new();
    for (_, row) in rows(&text("certificates.txt")) {
        let Ok(certificate) = Certificate::decode(&file(&format!("certificates/{}", row[0])))
        else {
            continue;
        };
        for subject in ["ivg37-qiaaa-aaaab-aaaga-cai", "ryjl3-tyaaa-aaaaa-aaaba-cai"] {
            questions.push((
                certificate.clone(),
                Subject::Canister(subject.parse().unwrap()),
            ));
        }
        if let Some(delegation) = &certificate.delegation {
            questions.push((certificate.clone(), Subject::Subnet(delegation.subnet)));
        }
    }
    assert!(questions.len() > 40);
    questions
}

#[test]
fn memory_and_batches_change_no_answer() {
    let root = RootKey::mainnet();
    let now = Time::from_nanos(1_645_601_880_652_705_378);
    for freshness in [
        Freshness::AnyAge,
        Freshness::Within {
            now,
            tolerance: Duration::from_secs(60),
        },
    ] {
        let questions = questions();
        let expected: Vec<_> = questions
            .iter()
            .map(|(certificate, subject)| {
                answer(&certificate.clone().verify(&root, *subject, freshness))
            })
            .collect();
        for capacity in [
            Capacity::default(),
            Capacity {
                delegations: 0,
                signatures: 0,
            },
            Capacity {
                delegations: 1,
                signatures: 2,
            },
        ] {
            let mut one_by_one = Verifier::new(root.clone(), capacity);
            let mut batch = Verifier::new(root.clone(), capacity);
            for round in 0..2 {
                let found: Vec<_> = questions
                    .iter()
                    .map(|(certificate, subject)| {
                        answer(&one_by_one.verify(certificate.clone(), *subject, freshness))
                    })
                    .collect();
                assert_eq!(found, expected, "{capacity:?}, round {round}");
                let found: Vec<_> = batch
                    .verify_batch(questions.clone(), freshness)
                    .iter()
                    .map(answer)
                    .collect();
                assert_eq!(found, expected, "{capacity:?}, round {round}");
                for verifier in [&one_by_one, &batch] {
                    assert!(verifier.delegations().count() <= capacity.delegations);
                    assert!(verifier.signatures() <= capacity.signatures);
                }
            }
        }
    }
}

/// A root subnet and another one, whose keys are known here.
struct Network {
    root: SecretKey,
    subnet: SecretKey,
}

impl Network {
    fn new() -> Self {
        let key = |name: &[u8]| SecretKey::from_seed(Seed::from_bytes(name));
        Self {
            root: key(b"root"),
            subnet: key(b"subnet"),
        }
    }

    fn root_key(&self) -> RootKey {
        RootKey::new(self.root.public_key())
    }

    fn subnet(&self) -> SubnetId {
        SubnetId::of_key(&self.subnet.public_key().to_der())
    }

    fn delegation(&self, time: u64) -> SubnetDelegation {
        let ranges = CanisterRanges::new(CanisterRange::block(0).into_iter().collect()).unwrap();
        let mut tree = LabeledTree::empty();
        tree.insert(
            paths::time().labels().to_vec(),
            leb128::unsigned(time.into()).as_slice(),
        );
        let key = self.subnet.public_key().to_der();
        tree.insert(
            paths::subnet::public_key(self.subnet()).labels().to_vec(),
            key.as_slice(),
        );
        tree.insert(
            paths::subnet::canister_ranges(self.subnet())
                .labels()
                .to_vec(),
            ranges.encode(),
        );
        let certificate = sign(&tree, &self.root, None);
        SubnetDelegation {
            subnet: self.subnet(),
            certificate: certificate.encode(),
        }
    }

    fn certificate(&self, time: u64) -> Certificate {
        let mut tree = LabeledTree::empty();
        tree.insert(["time"], leb128::unsigned(time.into()).as_slice());
        sign(&tree, &self.subnet, Some(self.delegation(1)))
    }
}

fn sign(tree: &LabeledTree, key: &SecretKey, delegation: Option<SubnetDelegation>) -> Certificate {
    let signature = key.sign(&tree.root()).to_bytes();
    Certificate {
        tree: tree.witness(&[ic_types::Path::default()]),
        signature,
        delegation,
    }
}

#[test]
fn culprits_are_named() {
    let network = Network::new();
    let subject = Subject::Canister(CanisterId::from_u64(7));
    let mut certificates: Vec<(Certificate, Subject)> = (0..20)
        .map(|time| (network.certificate(time), subject))
        .collect();
    // One with the signature of another, one under a delegation that the root never signed, one out of range.
    certificates[3].0.signature = certificates[4].0.signature;
    let stranger = Network {
        root: SecretKey::from_seed(Seed::from_bytes(b"stranger")),
        ..Network::new()
    };
    certificates[11].0.delegation = Some(stranger.delegation(1));
    certificates[12].0.delegation = Some(stranger.delegation(2));
    certificates[15].1 = Subject::Canister(CanisterId::from_u64(1 << 20));
    let mut verifier = Verifier::new(network.root_key(), Capacity::default());
    let answers = verifier.verify_batch(certificates, Freshness::AnyAge);
    for (position, answer) in answers.iter().enumerate() {
        match (position, answer) {
            (3, Err(CertificateError::Signature(_)))
            | (11 | 12, Err(CertificateError::Delegation(_)))
            | (15, Err(CertificateError::OutOfRange { .. })) => {}
            (_, Ok(verified)) => {
                assert!(![3, 11, 12, 15].contains(&position), "{position}");
                assert_eq!(
                    verified.time(),
                    Time::from_nanos(position.try_into().unwrap())
                );
            }
            (_, Err(error)) => panic!("{position}: {error}"),
        }
    }
    assert_eq!(
        verifier.delegations().count(),
        1,
        "what was refused is not remembered"
    );
    assert_eq!(verifier.signatures(), 16);
    verifier.forget_subnet(network.subnet());
    assert_eq!(verifier.delegations().count(), 0);
    assert!(verifier.verify_batch([], Freshness::AnyAge).is_empty());
}

/// Errors that cancel out in a plain sum must not pass: two signatures exchanged between two messages of one key.
#[test]
fn exchanged_signatures_do_not_cancel_out() {
    let network = Network::new();
    let subject = Subject::Subnet(network.subnet());
    let (mut one, mut other) = (network.certificate(1), network.certificate(2));
    std::mem::swap(&mut one.signature, &mut other.signature);
    let mut verifier = Verifier::new(network.root_key(), Capacity::default());
    let answers = verifier.verify_batch([(one, subject), (other, subject)], Freshness::AnyAge);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Err(CertificateError::Signature(_))))
    );
}
