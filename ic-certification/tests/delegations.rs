//! The root subnet's word for another subnet: what has to be in it, and what it is worth.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use ic_certification::leaves::SubnetType;
use ic_certification::{
    Certificate, CertificateError, DelegationError, Freshness, LabeledTree, Lookup, RangesError,
    RootKey, Subject, SubnetDelegation, VerifiedCertificate, leaves, paths,
};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, CanisterRange, CanisterRanges, DerPublicKey, Path, SubnetId, Time};

const NOW: Time = Time::from_nanos(1_700_000_000_000_000_000);
const CANISTER: CanisterId = CanisterId::from_u64(7);
const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(Seed::from_bytes(name.as_bytes()))
}

fn root() -> RootKey {
    RootKey::new(key("root").public_key())
}

fn subnet() -> SubnetId {
    SubnetId::of_key(&key("subnet").public_key().to_der())
}

fn ago(days: u64) -> Time {
    let past = Duration::from_secs(days * 86_400);
    Time::from_nanos(NOW.as_nanos() - u64::try_from(past.as_nanos()).unwrap())
}

fn signed(by: &SecretKey, tree: &LabeledTree, delegation: Option<SubnetDelegation>) -> Certificate {
    Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: by.sign(&tree.root()).to_bytes(),
        delegation,
    }
}

/// What the root subnet knows of the other one.
fn known(key: &DerPublicKey, time: Time) -> LabeledTree {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &time);
    tree.put(&leaves::subnet::public_key(subnet()), key);
    tree.put(&leaves::subnet::kind(subnet()), &SubnetType::Application);
    let end = |counter| CanisterId::from_u64(counter).principal();
    let range = CanisterRange::new(end(5), end(9)).unwrap();
    let ranges = CanisterRanges::new(vec![range]).unwrap();
    tree.put_canister_ranges(subnet(), &ranges, 5);
    tree
}

fn delegation(certificate: &Certificate) -> SubnetDelegation {
    SubnetDelegation {
        subnet: subnet(),
        certificate: certificate.encode(),
    }
}

/// A certificate of the other subnet, of this time, with this delegation.
fn certificate(time: Time, delegation: Option<SubnetDelegation>) -> Certificate {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &time);
    signed(&key("subnet"), &tree, delegation)
}

fn verify(certificate: Certificate) -> Result<VerifiedCertificate, CertificateError> {
    let freshness = Freshness::Within {
        now: NOW,
        tolerance: FIVE_MINUTES,
    };
    certificate.verify(&root(), Subject::Canister(CANISTER), freshness)
}

fn der() -> DerPublicKey {
    key("subnet").public_key().to_der()
}

/// CERT-080, CERT-082, CERT-084: a delegation may be as old as it likes, the certificate may not; all that a delegation
/// should show can be read from it.
#[test]
fn cert_082_delegations_may_be_old() {
    for days in [0, 7, 400] {
        let of_root = signed(&key("root"), &known(&der(), ago(days)), None);
        let verified = verify(certificate(NOW, Some(delegation(&of_root)))).unwrap();
        assert_eq!(verified.subnet(), subnet());
        let shown = verified.delegation().unwrap();
        assert_eq!(shown.time(), Some(ago(days)));
        assert_eq!(shown.key(), &key("subnet").public_key());
        assert_eq!(shown.subnet_type(), Lookup::Found(b"application"));
        assert_eq!(shown.speaks_for(CANISTER), Ok(true));
        assert_eq!(shown.speaks_for(CanisterId::from_u64(4)), Ok(false));

        let stale = certificate(ago(1), Some(delegation(&of_root)));
        assert!(matches!(verify(stale), Err(CertificateError::Stale { .. })));
    }
    // It need not show a time.
    let mut tree = known(&der(), NOW);
    tree.remove(paths::time().labels());
    let of_root = signed(&key("root"), &tree, None);
    let verified = verify(certificate(NOW, Some(delegation(&of_root)))).unwrap();
    assert_eq!(verified.delegation().unwrap().time(), None);
}

/// CERT-061, CERT-080: who has to sign what.
#[test]
fn cert_080_signatures() {
    let of_root = signed(&key("root"), &known(&der(), NOW), None);
    // Without a delegation the subnet is nobody.
    assert!(matches!(
        verify(certificate(NOW, None)),
        Err(CertificateError::Signature(_))
    ));
    // A delegation by somebody else, or by the subnet itself.
    for other in ["other", "subnet"] {
        let forged = signed(&key(other), &known(&der(), NOW), None);
        let found = verify(certificate(NOW, Some(delegation(&forged)))).unwrap_err();
        assert!(
            matches!(
                found,
                CertificateError::Delegation(DelegationError::Signature(_))
                    | CertificateError::Signature(_)
            ),
            "{found}"
        );
    }
    // The right delegation, and somebody else's signature under it.
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &NOW);
    for other in ["other", "root"] {
        let forged = signed(&key(other), &tree, Some(delegation(&of_root)));
        assert!(verify(forged).is_err(), "{other}");
    }
    // The name of another subnet, whose key it does not show.
    let named = SubnetDelegation {
        subnet: SubnetId::of_key(&key("other").public_key().to_der()),
        certificate: of_root.encode(),
    };
    assert!(matches!(
        verify(certificate(NOW, Some(named))),
        Err(CertificateError::Delegation(DelegationError::NoKey { .. }))
    ));
}

/// CERT-080: one delegation, not a chain of them, be each as good as it can be.
#[test]
fn cert_080_no_delegation_in_a_delegation() {
    let of_root = signed(&key("root"), &known(&der(), NOW), None);
    let nested = signed(
        &key("subnet"),
        &known(&der(), NOW),
        Some(delegation(&of_root)),
    );
    assert_eq!(
        verify(certificate(NOW, Some(delegation(&nested)))).unwrap_err(),
        CertificateError::Delegation(DelegationError::Nested)
    );
    let bytes = SubnetDelegation {
        subnet: subnet(),
        certificate: vec![0xa0],
    };
    assert!(matches!(
        verify(certificate(NOW, Some(bytes))),
        Err(CertificateError::Delegation(DelegationError::Malformed(_)))
    ));
}

/// CERT-071, CERT-073, CERT-074: the key has one form of 133 bytes, and is a point that keys can be.
#[test]
fn cert_074_other_keys_are_none() {
    let good = der().into_vec();
    assert_eq!(good.len(), 133);
    let changed = |position: usize| {
        let mut der = good.clone();
        der[position] ^= 1;
        der
    };
    let mut identity = good.clone();
    identity[37..].fill(0);
    identity[37] = 0xc0;
    let mut not_compressed = good.clone();
    not_compressed[37] &= 0x7f;
    let mut cases: Vec<Vec<u8>> = (0..37).map(changed).collect();
    cases.extend([
        identity,
        not_compressed,
        good[..132].to_vec(),
        [&good[..], &[0]].concat(),
        good[37..].to_vec(),
        vec![],
    ]);
    for bytes in cases {
        assert!(RootKey::from_der(&bytes).is_err());
        let shown = known(&DerPublicKey::new(bytes.clone()), NOW);
        let of_root = signed(&key("root"), &shown, None);
        assert_eq!(
            verify(certificate(NOW, Some(delegation(&of_root)))).unwrap_err(),
            CertificateError::Delegation(DelegationError::InvalidKey { subnet: subnet() }),
            "{bytes:02x?}"
        );
    }
    // A signature that is the identity, or no point.
    let of_root = signed(&key("root"), &known(&der(), NOW), None);
    for first in [0xc0, 0x00, 0xff] {
        let mut forged = certificate(NOW, Some(delegation(&of_root)));
        forged.signature.fill(0);
        forged.signature[0] = first;
        assert!(matches!(
            verify(forged),
            Err(CertificateError::Signature(_))
        ));
    }
}

/// CERT-083: the shard that counts is the one with the greatest label up to the canister; while it may be hidden, the others
/// say nothing against the canister.
#[test]
fn cert_083_a_hidden_shard_is_no_refusal() {
    let id = |counter| CanisterId::from_u64(counter).principal();
    let ranges = [(5, 9), (20, 29), (40, 49)]
        .map(|(first, last)| CanisterRange::new(id(first), id(last)).unwrap());
    let mut tree = known(&der(), NOW);
    tree.remove(paths::canister_ranges(subnet()).labels());
    tree.put_canister_ranges(subnet(), &CanisterRanges::new(ranges.to_vec()).unwrap(), 1);
    let shown = |shards: &[u64]| {
        let shard = |first: &u64| {
            paths::canister_ranges(subnet()).child(CanisterId::from_u64(*first).as_slice())
        };
        let public_key = leaves::subnet::public_key(subnet());
        let paths: Vec<Path> = [public_key.path().clone()]
            .into_iter()
            .chain(shards.iter().map(shard))
            .collect();
        let of_root = Certificate {
            tree: tree.witness(&paths),
            signature: key("root").sign(&tree.root()).to_bytes(),
            delegation: None,
        };
        let verified = verify(certificate(NOW, Some(delegation(&of_root)))).unwrap();
        let delegation = verified.delegation().unwrap().clone();
        move |counter| delegation.speaks_for(CanisterId::from_u64(counter))
    };
    let hidden = Err(RangesError::NotShown { subnet: subnet() });

    let all = shown(&[5, 20, 40]);
    assert_eq!(
        [4, 7, 15, 25, 35, 45].map(all),
        [false, true, false, true, false, true].map(Ok)
    );
    let without_the_second = shown(&[5, 40]);
    assert_eq!(
        [4, 7, 15, 25, 35, 45, 50].map(without_the_second),
        [
            Ok(false),
            Ok(true),
            hidden.clone(),
            hidden.clone(),
            hidden.clone(),
            Ok(true),
            Ok(false)
        ]
    );
    let only_the_first = shown(&[5]);
    assert_eq!(
        [4, 7, 45].map(only_the_first),
        [Ok(false), Ok(true), hidden]
    );
}
