//! What the published crates sign verifies here, what is signed here verifies there, and what one refuses the other refuses.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::user_key::{PublicKey, SecretKey, ed25519};
use ic_crypto::{Generator, Seed, bls};
use ic_types::{Digest, SignedBytes, StateRoot};
use proptest::prelude::*;

fn random<const N: usize>(seed: u64) -> [u8; N] {
    let mut out = [0; N];
    Generator::new(Digest::of(&seed.to_be_bytes()).as_bytes()).fill(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn ed25519_with_ic_ed25519(seed: u64, message: Vec<u8>, flip in 0_usize..512) {
        let theirs = ic_ed25519::PrivateKey::deserialize_raw_32(&random(seed));
        let ours = SecretKey::ed25519_from_bytes(&random(seed));
        let der = theirs.public_key().serialize_rfc8410_der();
        prop_assert_eq!(ours.der_public_key().into_vec(), &der[..]);
        let mut signature = theirs.sign_message(&message);
        prop_assert_eq!(ours.sign_raw(&message), &signature[..]);
        let key = ed25519::PublicKey::from_der(&der).unwrap();
        prop_assert_eq!(key.verify(&message, &signature), Ok(()));
        signature[flip / 8] ^= 1 << (flip % 8);
        let verdict = theirs.public_key().verify_signature(&message, &signature);
        prop_assert_eq!(key.verify(&message, &signature).is_ok(), verdict.is_ok());
    }

    #[test]
    fn secp256k1_with_ic_secp256k1(seed: u64, message: Vec<u8>, flip in 0_usize..512) {
        let theirs = ic_secp256k1::PrivateKey::deserialize_sec1(&random::<32>(seed)).unwrap();
        let ours = SecretKey::ecdsa_secp256k1_from_bytes(&random(seed)).unwrap();
        let der = theirs.public_key().serialize_der();
        prop_assert_eq!(ours.der_public_key().into_vec(), &der[..]);
        let mut signature = theirs.sign_message_with_ecdsa(&message);
        prop_assert_eq!(ours.sign_raw(&message), &signature[..]);
        let PublicKey::EcdsaSecp256k1(key) = PublicKey::from_der(&der).unwrap() else { panic!("secp256k1") };
        prop_assert_eq!(key.verify(&message, &signature), Ok(()));
        signature[flip / 8] ^= 1 << (flip % 8);
        let verdict = theirs.public_key().verify_ecdsa_signature_with_malleability(&message, &signature);
        prop_assert_eq!(key.verify(&message, &signature).is_ok(), verdict);
    }

    #[test]
    fn p256_with_ic_secp256r1(seed: u64, message: Vec<u8>, flip in 0_usize..512) {
        let theirs = ic_secp256r1::PrivateKey::deserialize_sec1(&random::<32>(seed)).unwrap();
        let ours = SecretKey::ecdsa_p256_from_bytes(&random(seed)).unwrap();
        let der = theirs.public_key().serialize_der();
        prop_assert_eq!(ours.der_public_key().into_vec(), &der[..]);
        let mut signature = theirs.sign_message(&message);
        prop_assert_eq!(ours.sign_raw(&message), &signature[..]);
        let PublicKey::EcdsaP256(key) = PublicKey::from_der(&der).unwrap() else { panic!("P-256") };
        prop_assert_eq!(key.verify(&message, &signature), Ok(()));
        signature[flip / 8] ^= 1 << (flip % 8);
        let verdict = theirs.public_key().verify_signature(&message, &signature);
        prop_assert_eq!(key.verify(&message, &signature).is_ok(), verdict);
    }

    #[test]
    fn bls_with_ic_verify_bls_signature(seed: u64, flip in 0_usize..384) {
        let ours = bls::SecretKey::from_seed(Seed::from_bytes(&seed.to_be_bytes()));
        let theirs = ic_verify_bls_signature::PrivateKey::deserialize(&*ours.export()).unwrap();
        let root = StateRoot::new(Digest::of(&seed.to_le_bytes()));
        let message = SignedBytes::of(&root);
        let key = ours.public_key().to_bytes();
        prop_assert_eq!(theirs.public_key().serialize(), key);
        let mut signature = ours.sign(&root).to_bytes();
        prop_assert_eq!(theirs.sign(message.as_slice()).serialize(), signature);
        prop_assert!(ic_verify_bls_signature::verify_bls_signature(&signature, message.as_slice(), &key).is_ok());
        signature[flip / 8] ^= 1 << (flip % 8);
        let verdict = ic_verify_bls_signature::verify_bls_signature(&signature, message.as_slice(), &key);
        let ours = bls::Signature::from_bytes(&signature).and_then(|signature| ours.public_key().verify(&root, &signature));
        prop_assert_eq!(ours.is_ok(), verdict.is_ok());
    }
}

#[test]
fn points_of_small_order_with_ic_ed25519() {
    // s = 0 and any points of small order: valid by ZIP 215, which is where verifiers differ.
    let encodings = include_str!("vectors/ed25519.txt")
        .lines()
        .filter_map(|line| {
            let point = line
                .strip_prefix("non_canonical_with_torsion ")
                .or(line.strip_prefix("non_canonical_torsion_free "))?;
            Some(<[u8; 32]>::try_from(hex::decode(point).unwrap()).unwrap())
        });
    let encodings: Vec<[u8; 32]> = encodings.chain([[0; 32]]).collect();
    assert!(encodings.len() >= 7);
    for key in &encodings {
        for r in &encodings {
            let signature: [u8; 64] = [*r, [0; 32]].concat().try_into().unwrap();
            let theirs = ic_ed25519::PublicKey::deserialize_raw(key)
                .unwrap()
                .verify_signature(b"Zcash", &signature);
            let ours = ed25519::PublicKey::from_bytes(key)
                .unwrap()
                .verify(b"Zcash", &signature);
            assert_eq!(
                ours.is_ok(),
                theirs.is_ok(),
                "{} {}",
                hex::encode(key),
                hex::encode(r)
            );
            assert_eq!(ours, Ok(()));
        }
    }
}
