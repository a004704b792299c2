//! A canister signs, and a client who knows the root key only believes it.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use ic_certification::leaves::{self, SubnetType};
use ic_certification::{
    CanisterSignature, CanisterSignatureError, CanisterSignatureVerifier, Certificate,
    CertificateError, HashTree, LabeledTree, PrepareError, RootKey, SignatureMap, SubnetDelegation,
    SubnetTypes,
};
use ic_crypto::bls::SecretKey;
use ic_crypto::user_key::CanisterKey;
use ic_crypto::{CanisterSignatures, Seed};
use ic_types::codec::Wire;
use ic_types::{
    CanisterId, CanisterRange, CanisterRanges, Digest, Path, RequestId, SignedBytes, SubnetId, Time,
};

struct Network {
    root: SecretKey,
    subnet: SecretKey,
}

fn whole(tree: &LabeledTree, key: &SecretKey, delegation: Option<SubnetDelegation>) -> Certificate {
    let signature = key.sign(&tree.root()).to_bytes();
    Certificate {
        tree: tree.witness(&[Path::default()]),
        signature,
        delegation,
    }
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

    fn delegation(&self, kind: Option<SubnetType>) -> SubnetDelegation {
        let subnet = self.subnet();
        let ranges = CanisterRanges::new(CanisterRange::block(0).into_iter().collect()).unwrap();
        let mut tree = LabeledTree::empty();
        tree.put(&leaves::time(), &Time::from_nanos(5));
        tree.put(
            &leaves::subnet::public_key(subnet),
            &self.subnet.public_key().to_der(),
        );
        tree.put_canister_ranges(subnet, &ranges, 5);
        if let Some(kind) = kind {
            tree.put(&leaves::subnet::kind(subnet), &kind);
        }
        SubnetDelegation {
            subnet,
            certificate: whole(&tree, &self.root, None).encode(),
        }
    }

    /// The data certificate of a canister on the other subnet.
    fn certify(&self, canister: CanisterId, data: Digest, kind: Option<SubnetType>) -> Certificate {
        let mut tree = LabeledTree::empty();
        tree.put(&leaves::time(), &Time::from_nanos(7));
        tree.put(
            &leaves::canister::certified_data(canister),
            &data.as_bytes().to_vec(),
        );
        whole(&tree, &self.subnet, Some(self.delegation(kind)))
    }
}

fn message(byte: u8) -> SignedBytes {
    SignedBytes::of(&RequestId::new(Digest::new([byte; 32])))
}

/// CERT-090 to CERT-096, CERT-153.
#[test]
fn signatures_hold_where_they_should() {
    let network = Network::new();
    let canister = CanisterId::from_u64(3);
    let key = CanisterKey {
        canister,
        seed: b"seed".to_vec(),
    };
    let mut signatures = SignatureMap::new();
    for byte in 0..40 {
        signatures.add(
            if byte % 2 == 0 { b"seed" } else { b"other" },
            message(byte).as_slice(),
            Time::from_nanos(byte.into()),
        );
    }
    let certificate = network.certify(canister, signatures.digest(), Some(SubnetType::Application));
    let signature = signatures
        .signature(
            canister,
            b"seed",
            message(4).as_slice(),
            certificate.clone(),
        )
        .unwrap();

    let verifier = CanisterSignatureVerifier::new(network.root_key());
    assert_eq!(verifier.check(&key, &message(4), &signature), Ok(()));
    assert_eq!(
        verifier.verify(&key.to_der(), &message(4), &signature, Time::EPOCH),
        Ok(())
    );
    assert_eq!(
        verifier.check(&key, &message(5), &signature),
        Err(CanisterSignatureError::NotSigned)
    );
    assert_eq!(
        verifier.check(&key, &message(6), &signature),
        Err(CanisterSignatureError::NotSigned)
    );
    assert!(
        verifier
            .verify(&key.to_der(), &message(5), &signature, Time::EPOCH)
            .is_err()
    );

    // What was not added is not signed, nor under another state.
    let missing = signatures.signature(
        canister,
        b"seed",
        message(5).as_slice(),
        certificate.clone(),
    );
    assert_eq!(missing, Err(PrepareError::NotAdded));
    signatures.add(b"seed", message(99).as_slice(), Time::MAX);
    let late = signatures.signature(canister, b"seed", message(4).as_slice(), certificate);
    assert_eq!(late, Err(PrepareError::OtherState));
}

/// CERT-093, CERT-094: where the canister is, and on what kind of subnet.
#[test]
fn subnets_speak_for_their_own_canisters_only() {
    let network = Network::new();
    let verifier = CanisterSignatureVerifier::new(network.root_key());
    let lenient = verifier.clone().with_subnet_types(SubnetTypes::ShownOrNot);
    let subnet = network.subnet();
    let sign = |canister: CanisterId, kind: Option<SubnetType>| {
        let mut signatures = SignatureMap::new();
        signatures.add(b"", message(1).as_slice(), Time::MAX);
        let certificate = network.certify(canister, signatures.digest(), kind);
        let key = CanisterKey {
            canister,
            seed: Vec::new(),
        };
        (
            key,
            signatures
                .signature(canister, b"", message(1).as_slice(), certificate)
                .unwrap(),
        )
    };
    for kind in [
        SubnetType::Application,
        SubnetType::System,
        SubnetType::VerifiedApplication,
    ] {
        let (key, signature) = sign(CanisterId::from_u64(3), Some(kind));
        assert_eq!(
            verifier.check(&key, &message(1), &signature),
            Ok(()),
            "{kind:?}"
        );
    }
    let (key, signature) = sign(CanisterId::from_u64(3), Some(SubnetType::CloudEngine));
    let refused = Err(CanisterSignatureError::SubnetType { subnet });
    assert_eq!(verifier.check(&key, &message(1), &signature), refused);
    assert_eq!(lenient.check(&key, &message(1), &signature), refused);
    let (key, signature) = sign(CanisterId::from_u64(3), None);
    assert_eq!(
        verifier.check(&key, &message(1), &signature),
        Err(CanisterSignatureError::NoSubnetType { subnet })
    );
    assert_eq!(lenient.check(&key, &message(1), &signature), Ok(()));
    let stranger = CanisterId::from_u64(1 << 20);
    let (key, signature) = sign(stranger, Some(SubnetType::Application));
    let out_of_range = CertificateError::OutOfRange {
        canister: stranger,
        subnet,
    };
    assert_eq!(
        verifier.check(&key, &message(1), &signature),
        Err(out_of_range.into())
    );
}

/// CERT-095: a tree that is not well-formed proves nothing, even if the canister certified it.
#[test]
fn ill_formed_trees_are_refused() {
    let network = Network::new();
    let canister = CanisterId::from_u64(3);
    let (seed, payload) = (Digest::of(b""), Digest::of(message(1).as_slice()));
    let leaf = HashTree::labeled(
        seed.as_bytes(),
        &HashTree::labeled(payload.as_bytes(), &HashTree::leaf(b"")),
    );
    let twice = HashTree::fork(
        &HashTree::labeled(b"sig", &leaf),
        &HashTree::labeled(b"sig", &leaf),
    );
    let full = HashTree::labeled(
        b"sig",
        &HashTree::labeled(
            seed.as_bytes(),
            &HashTree::labeled(payload.as_bytes(), &HashTree::leaf(b"x")),
        ),
    );
    let check = |tree: HashTree| {
        let certificate = network.certify(canister, tree.digest(), Some(SubnetType::System));
        let signature = CanisterSignature { certificate, tree }.encode();
        let key = CanisterKey {
            canister,
            seed: Vec::new(),
        };
        CanisterSignatureVerifier::new(network.root_key()).check(&key, &message(1), &signature)
    };
    assert_eq!(check(HashTree::labeled(b"sig", &leaf)), Ok(()));
    assert!(matches!(
        check(twice),
        Err(CanisterSignatureError::NotWellFormed(_))
    ));
    assert_eq!(
        check(full),
        Err(CanisterSignatureError::NotSigned),
        "the value has to be empty"
    );
}

#[test]
fn messages_expire() {
    let mut signatures = SignatureMap::new();
    let empty = signatures.digest();
    let at = |nanos| Time::from_nanos(nanos);
    signatures.add(b"a", b"1", at(10));
    signatures.add(b"a", b"2", at(20));
    signatures.add(b"b", b"1", at(30));
    signatures.add(b"a", b"1", at(25)); // later: stays longer
    signatures.add(b"a", b"2", at(15)); // earlier: changes nothing
    assert_eq!(signatures.len(), 3);
    assert_eq!(signatures.prune(at(20), 10), 0, "until its time has passed");
    assert_eq!(signatures.prune(at(26), 1), 1, "no more than it may cost");
    assert!(signatures.witness(b"a", b"2").is_none());
    assert!(signatures.witness(b"a", b"1").is_some());
    assert_eq!(signatures.prune(at(26), 10), 1);
    assert!(signatures.witness(b"b", b"1").is_some());
    assert_eq!(signatures.prune(Time::MAX, 10), 1);
    assert!(signatures.is_empty());
    assert_eq!(signatures.digest(), empty);
}
