//! Committee signatures: who signed, and whose keys may be added up.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::bls::arithmetic::{G1Affine, G2Affine, Scalar};
use ic_crypto::multisig::{
    BadMultiSignature, Committee, MultiSignature, ProofOfPossession, PublicKey, SecretKey,
    Signature,
};
use ic_crypto::{InvalidKey, InvalidSignature, Seed, node_key};
use ic_types::{Digest, NodeId, Principal, StateRoot};

fn message() -> StateRoot {
    StateRoot::new(Digest::of(b"a block"))
}

fn node(position: u8) -> NodeId {
    NodeId::new(Principal::try_from_slice(&[position, 2]).unwrap())
}

fn members(count: u8) -> (Vec<SecretKey>, Committee) {
    let secrets: Vec<SecretKey> = (0..count)
        .map(|position| SecretKey::from_seed(Seed::from_bytes(&[position])))
        .collect();
    let keys = secrets.iter().map(|secret| {
        PublicKey::new(&secret.public_key_bytes(), &secret.prove_possession()).unwrap()
    });
    let committee = Committee::new((0..count).map(node).zip(keys.collect::<Vec<_>>()));
    (secrets, committee)
}

#[test]
fn every_quorum_verifies() {
    let (secrets, committee) = members(7);
    for signers in [
        &[0, 1, 2, 3, 4][..],
        &[6, 2, 4, 0, 3],
        &[0, 1, 2, 3, 4, 5, 6],
        &[3],
    ] {
        let shares = signers.iter().map(|position| {
            (
                node(*position),
                secrets[usize::from(*position)].sign(&message()),
            )
        });
        let signature = committee.combine(shares).unwrap();
        assert_eq!(
            committee.verify(&message(), &signature, signers.len()),
            Ok(())
        );
        let too_many = committee.verify(&message(), &signature, signers.len() + 1);
        let found = signers.len();
        assert_eq!(
            too_many,
            Err(BadMultiSignature::TooFewSigners {
                required: found + 1,
                found
            })
        );
        let another = StateRoot::new(Digest::of(b"another block"));
        assert_eq!(
            committee.verify(&another, &signature, 1),
            Err(InvalidSignature.into())
        );
    }
}

#[test]
fn the_list_of_signers_is_part_of_the_signature() {
    let (secrets, committee) = members(4);
    let share = |position: u8| {
        (
            node(position),
            secrets[usize::from(position)].sign(&message()),
        )
    };
    let signature = committee.combine([share(0), share(1), share(2)]).unwrap();
    let with = |signers: &[u8]| {
        let signers = signers.iter().copied().map(node).collect();
        committee.verify(
            &message(),
            &MultiSignature {
                signers,
                ..signature.clone()
            },
            1,
        )
    };
    assert_eq!(with(&[0, 1, 2]), Ok(()));
    assert_eq!(with(&[0, 1]), Err(InvalidSignature.into()));
    assert_eq!(with(&[0, 1, 2, 3]), Err(InvalidSignature.into()));
    assert_eq!(with(&[0, 1, 3]), Err(InvalidSignature.into()));
    assert_eq!(
        with(&[0, 1, 2, 2]),
        Err(BadMultiSignature::OutOfOrder { signer: node(2) })
    );
    assert_eq!(
        with(&[1, 0, 2]),
        Err(BadMultiSignature::OutOfOrder { signer: node(0) })
    );
    assert_eq!(
        with(&[0, 1, 9]),
        Err(BadMultiSignature::UnknownSigner { signer: node(9) })
    );
    assert_eq!(
        with(&[]),
        Err(BadMultiSignature::TooFewSigners {
            required: 1,
            found: 0
        })
    );
    let nobody = MultiSignature {
        signers: vec![],
        ..signature
    };
    assert!(committee.verify(&message(), &nobody, 0).is_err());
}

#[test]
fn shares_are_checked_one_by_one() {
    let (secrets, committee) = members(4);
    let share = secrets[1].sign(&message());
    assert_eq!(committee.verify_share(&message(), &node(1), &share), Ok(()));
    assert_eq!(
        committee.verify_share(&message(), &node(2), &share),
        Err(InvalidSignature.into())
    );
    let stranger = node(9);
    let unknown = BadMultiSignature::UnknownSigner { signer: stranger };
    assert_eq!(
        committee.verify_share(&message(), &stranger, &share),
        Err(unknown.clone())
    );
    assert_eq!(committee.combine([(stranger, share)]), Err(unknown));
    let twice = committee.combine([(node(1), share), (node(1), share)]);
    assert_eq!(
        twice,
        Err(BadMultiSignature::OutOfOrder { signer: node(1) })
    );
    assert_eq!(
        committee.combine([]),
        Err(BadMultiSignature::TooFewSigners {
            required: 1,
            found: 0
        })
    );
}

#[test]
fn a_rogue_key_has_no_proof() {
    // Mallory wants to sign for Alice and herself with a key that cancels Alice's: g2 * m - alice.
    let alice = SecretKey::from_seed(Seed::from_bytes(b"alice"));
    let mallory = Scalar::from_u64(5);
    let alice_point = G2Affine::from_compressed(&alice.public_key_bytes()).unwrap();
    let rogue = (G2Affine::generator() * mallory + -alice_point)
        .to_affine()
        .to_compressed();
    // The sum of both keys is Mallory's own, so her signature would be theirs ...
    let message_hash = |secret: &SecretKey| secret.sign(&message());
    let by_mallory = SecretKey::from_bytes(&mallory.to_be_bytes()).unwrap();
    let signature = message_hash(&by_mallory);
    let unchecked = Committee::new([
        (
            node(0),
            PublicKey::assume_possession(&alice.public_key_bytes()).unwrap(),
        ),
        (node(1), PublicKey::assume_possession(&rogue).unwrap()),
    ]);
    let forged = MultiSignature {
        signature,
        signers: vec![node(0), node(1)],
    };
    assert_eq!(
        unchecked.verify(&message(), &forged, 2),
        Ok(()),
        "the attack that proofs of possession are for"
    );
    // ... but there is no proof for the rogue key.
    for proof in [by_mallory.prove_possession(), alice.prove_possession()] {
        assert_eq!(PublicKey::new(&rogue, &proof), Err(InvalidKey));
    }
}

#[test]
fn malformed_bytes_are_no_keys_and_no_signatures() {
    let mut identity = [0; 96];
    identity[0] = 0xc0;
    let secret = SecretKey::from_seed(Seed::from_bytes(b"alice"));
    let proof_of_nothing =
        ProofOfPossession::from_bytes(identity[..48].try_into().unwrap()).unwrap();
    assert_eq!(
        PublicKey::new(&identity, &proof_of_nothing),
        Err(InvalidKey)
    );
    assert_eq!(PublicKey::assume_possession(&identity), Err(InvalidKey));
    assert_eq!(PublicKey::assume_possession(&[0x80; 96]), Err(InvalidKey));
    assert!(Signature::from_bytes(&[0xff; 48]).is_err());
    assert!(ProofOfPossession::from_bytes(&[0xff; 48]).is_err());
    assert!(SecretKey::from_bytes(&[0; 32]).is_err());
    assert!(SecretKey::from_bytes(&[0xff; 32]).is_err());
    assert_eq!(
        SecretKey::from_bytes(&secret.export())
            .unwrap()
            .public_key_bytes(),
        secret.public_key_bytes()
    );
    assert_eq!(secret.public_key().to_bytes(), secret.public_key_bytes());
    let identity_signature = Signature::from_bytes(&G1Affine::default().to_compressed()).unwrap();
    assert!(
        secret
            .public_key()
            .verify(&message(), &identity_signature)
            .is_err()
    );
}

#[test]
fn a_node_is_named_by_its_key() {
    // github.com/dfinity/ic, rs/crypto/test_utils/keys/src/lib.rs (2024-06-30).
    let der =
        "302a300506032b657003210058d558c7586efb32f4667ee9a302877da97aa1136cda92af4d7a4f8873f9434f";
    let key = node_key::PublicKey::from_der(&hex::decode(der).unwrap()).unwrap();
    let name = "4inqb-2zcvk-f6yql-sowol-vg3es-z24jd-jrkow-mhnsd-ukvfp-fak5p-aae";
    assert_eq!(key.node_id().to_string(), name);
    assert_eq!(key.to_der().as_slice(), hex::decode(der).unwrap());
    let secret = node_key::SecretKey::from_seed(Seed::from_bytes(b"node"));
    let signature = secret.sign(&message());
    assert_eq!(secret.public_key().verify(&message(), &signature), Ok(()));
    assert_eq!(key.verify(&message(), &signature), Err(InvalidSignature));
    let again = node_key::SecretKey::from_bytes(&secret.export());
    assert_eq!(again.public_key(), secret.public_key());
}

#[test]
fn a_node_key_is_canonical_and_of_prime_order() {
    // The identity, a point of order 2, one of order 4, a non-canonical identity (y = p + 1).
    for bad in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let bytes: [u8; 32] = hex::decode(bad).unwrap().try_into().unwrap();
        assert_eq!(
            node_key::PublicKey::from_bytes(&bytes),
            Err(InvalidKey),
            "{bad}"
        );
    }
}
