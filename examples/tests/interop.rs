//! What a canister signs with our crates, a verifier written by others believes; what we refuse, it refuses.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use ic_certification::{
    CanisterSignatureVerifier, Certificate, LabeledTree, RootKey, SignatureMap, leaves,
};
use ic_crypto::Seed;
use ic_crypto::bls::SecretKey;
use ic_crypto::user_key::CanisterKey;
use ic_types::{CanisterId, Digest, Path, RequestId, SignedBytes, Time};

fn message(byte: u8) -> SignedBytes {
    SignedBytes::of(&RequestId::new(Digest::new([byte; 32])))
}

/// CERT-090 to CERT-096.
#[test]
fn canister_signatures() {
    let (root, other) = (Seed::from_bytes(b"root"), Seed::from_bytes(b"other"));
    let (root, other) = (SecretKey::from_seed(root), SecretKey::from_seed(other));
    let canister = CanisterId::from_u64(3);
    let key = CanisterKey {
        canister,
        seed: b"seed".to_vec(),
    };
    let mut signatures = SignatureMap::new();
    for byte in 0..9 {
        signatures.add(b"seed", message(byte).as_slice(), Time::EPOCH);
    }
    let mut tree = LabeledTree::empty();
    tree.put(&leaves::time(), &Time::from_nanos(7));
    tree.put(
        &leaves::canister::certified_data(canister),
        &signatures.digest().as_bytes().to_vec(),
    );
    let certificate = Certificate {
        tree: tree.witness(&[Path::default()]),
        signature: root.sign(&tree.root()).to_bytes(),
        delegation: None,
    };
    let signature = signatures
        .signature(canister, b"seed", message(4).as_slice(), certificate)
        .unwrap();

    let theirs = |message: &SignedBytes, signature: &[u8], root: &SecretKey| {
        ic_signature_verification::verify_canister_sig(
            message.as_slice(),
            signature,
            key.to_der().as_slice(),
            &root.public_key().to_bytes(),
        )
    };
    assert_eq!(theirs(&message(4), &signature, &root), Ok(()));
    assert!(theirs(&message(5), &signature, &root).is_err());
    assert!(theirs(&message(4), &signature, &other).is_err());

    let ours = CanisterSignatureVerifier::new(RootKey::new(root.public_key()));
    assert_eq!(ours.check(&key, &message(4), &signature), Ok(()));
    for position in (0..signature.len()).step_by(37) {
        let mut changed = signature.clone();
        changed[position] ^= 1;
        if ours.check(&key, &message(4), &changed).is_ok() {
            assert_eq!(theirs(&message(4), &changed, &root), Ok(()), "{position}");
        }
    }
}
