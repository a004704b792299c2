//! Canister signatures and what canisters make them with elsewhere (`ic-canister-sig-creation`). Its map of signatures asks
//! the system for the time, so that it works in a canister only: what it would certify is built from the map below it.

use std::collections::{BTreeMap, BTreeSet};

use ic_canister_sig_creation::{
    CanisterSigPublicKey, delegation_signature_msg, hash_with_domain, parse_canister_sig_cbor,
};
use ic_certification::{
    CanisterSignature, Certificate, HashTree, LabeledTree, Lookup, PrepareError, SignatureMap,
    leaves,
};
use ic_certified_map::{AsHashTree, RbTree, labeled, labeled_hash};
use ic_crypto::user_key::CanisterKey;
use ic_types::codec::Wire;
use ic_types::{CanisterId, Delegation, DerPublicKey, Digest, Path, SignedBytes, Time};
use peer_certification::{HashTree as PeerTree, LookupResult};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

const CANISTER: CanisterId = CanisterId::from_u64(7);
const DOMAIN: &[u8] = b"ic-request-auth-delegation";

fn peer(canister: CanisterId) -> candid_principal::Principal {
    candid_principal::Principal::from_slice(canister.as_slice())
}

fn signed(data: Digest) -> Certificate {
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.put(
        &leaves::canister::certified_data(CANISTER),
        &data.as_bytes().to_vec(),
    );
    Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: [7; 48],
        delegation: None,
    }
}

fn payload(message: &[u8]) -> Vec<u8> {
    [&[26], DOMAIN, message].concat()
}

proptest! {
    /// CERT-091, CERT-095: the peer reads our signatures, and finds in them what was signed and nothing else.
    #[test]
    fn ours_are_read(
        messages in btree_set((0_u8..3, 0_u8..6), 1..10),
        gone in btree_set((0_u8..3, 0_u8..6), 0..5),
    ) {
        let mut map = SignatureMap::new();
        for (seed, message) in messages.union(&gone) {
            let expires = if gone.contains(&(*seed, *message)) { 1 } else { 5 };
            map.add(&[*seed], &payload(&[*message]), Time::from_nanos(expires));
        }
        prop_assert_eq!(map.prune(Time::from_nanos(3), usize::MAX), gone.len());
        let certificate = signed(map.digest());
        for (seed, message) in messages.union(&gone) {
            let signature = map.signature(CANISTER, &[*seed], &payload(&[*message]), certificate.clone());
            if gone.contains(&(*seed, *message)) {
                prop_assert_eq!(signature, Err(PrepareError::NotAdded));
                continue;
            }
            let signature = signature.expect("it is there");
            let read = parse_canister_sig_cbor(&signature).expect("the peer reads it");
            // The peer does not show what it read, but writes it.
            let written = serde_cbor::to_vec(&read).expect("it has a form");
            let read = CanisterSignature::decode(&written).expect("we read what the peer writes");
            prop_assert_eq!(CanisterSignature::decode(&signature), Ok(read.clone()));
            let digest = map.digest();
            let tree: PeerTree = serde_cbor::from_slice(&read.tree.encode()).expect("the peer reads it");
            prop_assert_eq!(&tree.digest(), digest.as_bytes());
            let hash = hash_with_domain(DOMAIN, &[*message]);
            let seed = Digest::of(&[*seed]);
            let place = [b"sig".as_slice(), seed.as_bytes(), &hash];
            prop_assert_eq!(tree.lookup_path(place), LookupResult::Found(&[]));
        }
    }

    /// CERT-091: what canisters certify elsewhere, we find the signatures in.
    #[test]
    fn theirs_are_read(messages in btree_set((0_u8..3, 0_u8..6), 1..10), asked in (0_u8..3, 0_u8..6)) {
        let mut seeds = BTreeMap::<u8, BTreeSet<u8>>::new();
        for (seed, message) in &messages {
            seeds.entry(*seed).or_default().insert(*message);
        }
        let mut map = RbTree::<Vec<u8>, RbTree<[u8; 32], Vec<u8>>>::new();
        for (seed, of_seed) in seeds {
            let mut inner = RbTree::new();
            for message in of_seed {
                inner.insert(hash_with_domain(DOMAIN, &[message]), vec![]);
            }
            map.insert(Digest::of(&[seed]).as_bytes().to_vec(), inner);
        }
        let (seed, message) = (Digest::of(&[asked.0]), hash_with_domain(DOMAIN, &[asked.1]));
        let tree = labeled(b"sig", map.nested_witness(seed.as_bytes(), |inner| inner.witness(&message)));
        let tree = HashTree::decode(&serde_cbor::to_vec(&tree).expect("it has a form")).expect("we read it");
        let digest = tree.digest();
        prop_assert_eq!(digest.as_bytes(), &labeled_hash(b"sig", &map.root_hash()));
        let payload = Digest::of(&payload(&[asked.1]));
        let expected = if messages.contains(&asked) { Lookup::Found(&[]) } else { Lookup::Absent };
        prop_assert_eq!(tree.lookup([b"sig".as_slice(), seed.as_bytes(), payload.as_bytes()]), expected);
    }

    /// HTTP-064, HTTP-091: the same keys, and the same bytes to sign.
    #[test]
    fn keys_and_delegations(seed in vec(any::<u8>(), 0..64), key in vec(any::<u8>(), 0..60), expiration in any::<u64>(), targets in proptest::option::of(vec(any::<u64>(), 1..4))) {
        let theirs = CanisterSigPublicKey::new(peer(CANISTER), seed.clone()).to_der();
        let ours = CanisterKey { canister: CANISTER, seed };
        let der = ours.to_der();
        prop_assert_eq!(der.as_slice(), theirs.as_slice());
        prop_assert_eq!(CanisterKey::from_der(&theirs), Ok(ours));

        let targets: Option<Vec<CanisterId>> = targets.map(|targets| targets.into_iter().map(CanisterId::from_u64).collect());
        let raw = targets.as_ref().map(|targets| targets.iter().map(|target| target.as_slice().to_vec()).collect());
        let theirs = delegation_signature_msg(&key, expiration, raw.as_ref());
        let ours = Delegation { key: DerPublicKey::new(key), expiration: Time::from_nanos(expiration), targets, permissions: None };
        let signed = SignedBytes::of(&ours);
        prop_assert_eq!(signed.as_slice(), payload(&theirs));
    }
}
