//! Known answers of other implementations: see the head of each file under `vectors/` for its source.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::bls::arithmetic::{
    G1, G1Affine, G2, G2Affine, Gt, PreparedG2, Scalar, expand_message, pairing, products_cancel,
};
use ic_crypto::bls::{Claim, PublicKey, SecretKey, Signature, verify_all};
use ic_crypto::key_id::{Algorithm, KeyId};
use ic_crypto::randomness::{Purpose, committee, generator, ranking};
use ic_crypto::{Generator, Seed, multisig};
use ic_types::domain::dst;
use ic_types::{Digest, Randomness, SignedBytes, StateRoot};
use rows::{array, bytes, rows};

#[allow(dead_code, reason = "each test uses what it needs")]
mod rows;

#[test]
fn bls12_381() {
    let mut power = Gt::one();
    let base = pairing(&G1Affine::generator(), &G2Affine::generator());
    for (line, row) in rows(include_str!("vectors/bls12_381.txt")) {
        match row[..] {
            ["scalar_random", seed, scalars] => {
                let mut generator = Generator::new(&array(seed));
                for expected in scalars.split(',') {
                    let scalar = Scalar::random(|bytes| generator.fill(bytes));
                    assert_eq!(scalar.to_be_bytes(), array(expected), "line {line}");
                }
            }
            ["g1_valid", point] => {
                let decoded = G1Affine::from_compressed(&array(point)).unwrap();
                assert_eq!(decoded.to_compressed(), array(point), "line {line}");
            }
            ["g2_valid", point] => {
                let decoded = G2Affine::from_compressed(&array(point)).unwrap();
                assert_eq!(decoded.to_compressed(), array(point), "line {line}");
            }
            ["g1_invalid", point] => assert!(
                G1Affine::from_compressed(&array(point)).is_err(),
                "line {line}"
            ),
            ["g2_invalid", point] => assert!(
                G2Affine::from_compressed(&array(point)).is_err(),
                "line {line}"
            ),
            ["gt_tag", exponent, hash] => {
                power *= base;
                assert_eq!(
                    power,
                    base.pow(&Scalar::from_u64(exponent.parse().unwrap()))
                );
                assert_eq!(
                    *Digest::of(&power.to_tag_bytes()).as_bytes(),
                    array(hash),
                    "line {line}"
                );
            }
            _ => panic!("line {line}"),
        }
    }
}

#[test]
fn hash_to_curve() {
    for (line, row) in rows(include_str!("vectors/hash_to_curve.txt")) {
        let [group, tag, message, point] = row[..] else {
            panic!("line {line}: four columns")
        };
        let (tag, message) = (bytes(tag), bytes(message));
        match group {
            "g1" => assert_eq!(
                G1::hash(&message, &tag).to_affine().to_compressed(),
                array(point),
                "line {line}"
            ),
            "g2" => assert_eq!(
                G2::hash(&message, &tag).to_affine().to_compressed(),
                array(point),
                "line {line}"
            ),
            _ => panic!("line {line}"),
        }
    }
}

/// The equation of a signature, from the groups alone: for signed bytes that no message of the protocol has.
fn equation_holds(signature: &[u8; 48], hash: G1, key: &[u8; 96]) -> bool {
    let key = PreparedG2::new(&G2Affine::from_compressed(key).unwrap());
    let minus_g2 = PreparedG2::new(&-G2Affine::generator());
    let signature = G1Affine::from_compressed(signature).unwrap();
    products_cancel(&[(signature, &minus_g2), (hash.to_affine(), &key)])
}

#[test]
fn bls_signatures() {
    for (line, row) in rows(include_str!("vectors/bls_signatures.txt")) {
        match row[..] {
            ["sign", secret, message, signature] => {
                let secret = Scalar::from_be_bytes(&array(secret)).unwrap();
                let signed = (G1::hash(&bytes(message), dst::BLS_SIGNATURE) * secret).to_affine();
                assert_eq!(signed.to_compressed(), array(signature), "line {line}");
            }
            [verdict, signature, message, key] => {
                let (Ok(key_point), Ok(signature_point)) = (
                    PublicKey::from_bytes(&array(key)),
                    Signature::from_bytes(&array(signature)),
                ) else {
                    assert_eq!(verdict, "invalid", "line {line}");
                    continue;
                };
                let message = bytes(message);
                let hash = G1::hash(&message, dst::BLS_SIGNATURE);
                assert_eq!(
                    equation_holds(&array(signature), hash, &array(key)),
                    verdict == "valid",
                    "line {line}"
                );
                if let Some(root) = message.strip_prefix(b"\x0dic-state-root") {
                    let root = StateRoot::new(Digest::new(root.try_into().unwrap()));
                    assert_eq!(
                        key_point.verify(&root, &signature_point).is_ok(),
                        verdict == "valid",
                        "line {line}"
                    );
                }
            }
            _ => panic!("line {line}"),
        }
    }
}

#[test]
fn signatures_together() {
    let mut claims = Vec::new();
    for (_, row) in rows(include_str!("vectors/bls_signatures.txt")) {
        let ["valid", signature, message, key] = row[..] else {
            continue;
        };
        let Some(root) = bytes(message)
            .strip_prefix(b"\x0dic-state-root")
            .map(|root| root.try_into().unwrap())
        else {
            continue;
        };
        let message = SignedBytes::of(&StateRoot::new(Digest::new(root)));
        let key = PublicKey::from_bytes(&array(key)).unwrap();
        claims.push((
            key,
            message,
            Signature::from_bytes(&array(signature)).unwrap(),
        ));
    }
    assert!(claims.len() >= 2);
    let as_claims = |claims: &[(PublicKey, SignedBytes, Signature)]| {
        let claims: Vec<_> = claims
            .iter()
            .map(|(key, message, signature)| Claim {
                key,
                message,
                signature,
            })
            .collect();
        verify_all(&claims)
    };
    assert_eq!(as_claims(&claims), Ok(()));
    assert!(as_claims(&[]).is_err(), "nothing to check is not a pass");
    let (first, second) = (claims[0].2, claims[1].2);
    (claims[0].2, claims[1].2) = (second, first);
    assert!(as_claims(&claims).is_err());
}

#[test]
fn subnet_key_der() {
    for (line, row) in rows(include_str!("vectors/subnet_key_der.txt")) {
        let [raw, der] = row[..] else {
            panic!("line {line}: two columns")
        };
        let key = PublicKey::from_bytes(&array(raw)).unwrap();
        assert_eq!(key.to_der().as_slice(), bytes(der), "line {line}");
        assert_eq!(PublicKey::from_der(&bytes(der)), Ok(key), "line {line}");
        for changed in 0..PublicKey::DER_BYTES {
            let mut der = bytes(der);
            der[changed] ^= 1;
            assert_ne!(
                PublicKey::from_der(&der).ok(),
                PublicKey::from_bytes(&array(raw)).ok(),
                "byte {changed}"
            );
        }
    }
}

#[test]
fn multi_signatures() {
    let message = b"\x14signable_mock_domaindata";
    let hash = || G1::hash(message, dst::BLS_MULTI_SIGNATURE);
    let mut signatures = Vec::new();
    let mut keys = Vec::new();
    for (line, row) in rows(include_str!("vectors/multi_signatures.txt")) {
        match row[..] {
            ["member", secret, key, proof, signature] => {
                let member = multisig::SecretKey::from_bytes(&array(secret)).unwrap();
                assert_eq!(member.public_key_bytes(), array(key), "line {line}");
                assert_eq!(
                    member.prove_possession().to_bytes(),
                    array(proof),
                    "line {line}"
                );
                let proof = multisig::ProofOfPossession::from_bytes(&array(proof)).unwrap();
                assert!(
                    multisig::PublicKey::new(&array(key), &proof).is_ok(),
                    "line {line}"
                );
                let signed = hash() * Scalar::from_be_bytes(&array(secret)).unwrap();
                assert_eq!(
                    signed.to_affine().to_compressed(),
                    array(signature),
                    "line {line}"
                );
                assert!(
                    equation_holds(&array(signature), hash(), &array(key)),
                    "line {line}"
                );
                signatures.push(G1Affine::from_compressed(&array(signature)).unwrap());
                keys.push((array::<96>(key), proof));
            }
            ["sum_of_first_two", sum] => {
                let total: G1 = signatures[..2].iter().copied().sum();
                assert_eq!(total.to_affine().to_compressed(), array(sum), "line {line}");
            }
            ["registered", key, proof] => {
                let proof = multisig::ProofOfPossession::from_bytes(&array(proof)).unwrap();
                assert!(
                    multisig::PublicKey::new(&array(key), &proof).is_ok(),
                    "line {line}"
                );
                keys.push((array(key), proof));
            }
            _ => panic!("line {line}"),
        }
    }
    let (_, another_proof) = keys[0];
    for (key, _) in &keys[1..] {
        assert!(multisig::PublicKey::new(key, &another_proof).is_err());
    }
}

#[test]
fn randomness() {
    let purpose = |bytes: &str| match array(bytes) {
        [1] => Purpose::Committee,
        [2] => Purpose::BlockMakerRanking,
        [3] => Purpose::DkgCommittee,
        _ => panic!("purpose {bytes}"),
    };
    let purpose = |column: &str| match bytes(column)[..] {
        [4, ref thread @ ..] => {
            Purpose::ExecutionThread(u32::from_be_bytes(thread.try_into().unwrap()))
        }
        _ => purpose(column),
    };
    for (line, row) in rows(include_str!("vectors/randomness.txt")) {
        match row[..] {
            ["first", seed, for_purpose, word] => {
                let mut generator = generator(&Randomness::new(array(seed)), purpose(for_purpose));
                assert_eq!(generator.next_u32(), word.parse().unwrap(), "line {line}");
            }
            ["fill", seed, for_purpose, key, words, filled] => {
                let seed = Randomness::new(array(seed));
                let mut by_key = Generator::new(&array(key));
                let mut by_purpose = generator(&seed, purpose(for_purpose));
                for word in words.split(',') {
                    let word = word.parse().unwrap();
                    assert_eq!(
                        (by_key.next_u32(), by_purpose.next_u32()),
                        (word, word),
                        "line {line}"
                    );
                }
                let mut out = [0; 32];
                generator(&seed, purpose(for_purpose)).fill(&mut out);
                assert_eq!(out, array(filled), "line {line}");
            }
            ["shuffle", seed, for_purpose, count, expected] => {
                let seed = Randomness::new(array(seed));
                let count: u32 = count.parse().unwrap();
                let expected: Vec<u32> = expected
                    .split(',')
                    .map(|place| place.parse().unwrap())
                    .collect();
                let mut list: Vec<u32> = (0..count).collect();
                generator(&seed, purpose(for_purpose)).shuffle(&mut list);
                assert_eq!(list, expected, "line {line}");
                match purpose(for_purpose) {
                    Purpose::BlockMakerRanking => {
                        assert_eq!(ranking(&seed, (0..count).rev()), expected)
                    }
                    Purpose::Committee => {
                        assert_eq!(committee(&seed, (0..count).rev(), 3), expected[..3])
                    }
                    Purpose::DkgCommittee | Purpose::ExecutionThread(_) | _ => {}
                }
            }
            _ => panic!("line {line}"),
        }
    }
}

#[test]
fn seeds() {
    let first_bytes = |seed: Seed| {
        let mut out = [0; 32];
        seed.into_generator().fill(&mut out);
        out
    };
    let seed = || Seed::from_bytes(&[0x2a; 32]);
    for (line, row) in rows(include_str!("vectors/seeds.txt")) {
        let found = match row[..] {
            ["xmd", message, tag, out] if out.len() == 256 => {
                assert_eq!(
                    expand_message::<128>(&bytes(message), &bytes(tag)),
                    array(out),
                    "line {line}"
                );
                continue;
            }
            ["xmd", message, tag, _] => expand_message::<32>(&bytes(message), &bytes(tag)),
            ["from_bytes", _] => first_bytes(seed()),
            ["derive_label1", _] => first_bytes(seed().derive("label1")),
            ["derive_label1_label2", _] => first_bytes(seed().derive("label1").derive("label2")),
            ["from_generator_first", _] => {
                first_bytes(Seed::from_generator(&mut seed().into_generator()))
            }
            ["from_generator_second", _] => {
                let mut generator = seed().into_generator();
                Seed::from_generator(&mut generator);
                first_bytes(Seed::from_generator(&mut generator))
            }
            _ => panic!("line {line}"),
        };
        assert_eq!(found, array(row[row.len() - 1]), "line {line}");
    }
}

#[test]
fn secret_keys_sign_as_the_groups_do() {
    let root = StateRoot::new(Digest::of(b"root"));
    let secret = SecretKey::from_seed(Seed::from_bytes(b"test"));
    let scalar = Scalar::from_be_bytes(&secret.export()).unwrap();
    let hash = G1::hash(SignedBytes::of(&root).as_slice(), dst::BLS_SIGNATURE);
    assert_eq!(
        secret.sign(&root).to_bytes(),
        (hash * scalar).to_affine().to_compressed()
    );
    let member = multisig::SecretKey::from_bytes(&secret.export()).unwrap();
    let hash = G1::hash(SignedBytes::of(&root).as_slice(), dst::BLS_MULTI_SIGNATURE);
    assert_eq!(
        member.sign(&root).to_bytes(),
        (hash * scalar).to_affine().to_compressed()
    );
}

#[test]
fn key_ids() {
    for (line, row) in rows(include_str!("vectors/key_ids.txt")) {
        let (found, expected) = match row[..] {
            ["algorithm", number, key, id] => {
                let named = match number {
                    "1" => Algorithm::MultiBls12_381,
                    "6" => Algorithm::Tls,
                    "7" => Algorithm::Ed25519,
                    _ => Algorithm::Other(number.parse().unwrap()),
                };
                assert_eq!(named.number(), number.parse().unwrap());
                (KeyId::of_public_key(named, &bytes(key)), id)
            }
            ["dkg", key, id] => (KeyId::of_dkg_encryption_key(&array(key)), id),
            ["coefficients", coefficient, id] => {
                (KeyId::of_coefficients([array(coefficient)].into_iter()), id)
            }
            _ => panic!("line {line}"),
        };
        assert_eq!(*found.as_bytes(), array(expected), "line {line}");
    }
}
