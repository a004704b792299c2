//! Signatures of users, scheme by scheme, against the known answers of others (HTTP-060 to HTTP-069).
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::user_key::ecdsa::{P256Key, Secp256k1Key};
use ic_crypto::user_key::{
    CanisterKey, CoseKey, PublicKey, SecretKey, WebAuthnKey, WebAuthnSignature, ed25519, rsa,
};
use ic_types::{CanisterId, DerPublicKey, Principal};
use rows::{array, bytes, rows};

#[allow(dead_code, reason = "each test uses what it needs")]
mod rows;

/// HTTP-060, HTTP-070: signatures as RFC 8032 writes them.
#[test]
fn ed25519_known_answers() {
    for (line, row) in rows(include_str!("vectors/ed25519.txt")) {
        match row[..] {
            ["sign", secret, public, message, signature] => {
                let key = ed25519::PublicKey::from_bytes(&array(public)).unwrap();
                let secret = SecretKey::ed25519_from_bytes(&array(secret));
                assert_eq!(
                    secret.public_key(),
                    PublicKey::Ed25519(key.clone()),
                    "line {line}"
                );
                assert_eq!(
                    key.verify(&bytes(message), &array(signature)),
                    Ok(()),
                    "line {line}"
                );
                let mut other = bytes(message);
                other.push(0);
                assert!(
                    key.verify(&other, &array(signature)).is_err(),
                    "line {line}"
                );
                let mut other: [u8; 64] = array(signature);
                other[3] ^= 1;
                assert!(key.verify(&bytes(message), &other).is_err(), "line {line}");
            }
            ["der", raw, der] => {
                let key = ed25519::PublicKey::from_bytes(&array(raw)).unwrap();
                assert_eq!(key.to_der().as_slice(), bytes(der), "line {line}");
                assert_eq!(
                    ed25519::PublicKey::from_der(&bytes(der)),
                    Ok(key),
                    "line {line}"
                );
            }
            ["verify", der, message, signature] => {
                let key = ed25519::PublicKey::from_der(&bytes(der)).unwrap();
                assert_eq!(
                    key.verify(&bytes(message), &array(signature)),
                    Ok(()),
                    "line {line}"
                );
            }
            ["rejected_not_on_curve", point] => {
                assert!(ed25519::PublicKey::from_bytes(&array(point)).is_err())
            }
            [what, point] => {
                let key = ed25519::PublicKey::from_bytes(&array(point)).unwrap();
                let (canonical, torsion) = match what {
                    "non_canonical_torsion_free" => (false, false),
                    "canonical_with_torsion" => (true, true),
                    "non_canonical_with_torsion" => (false, true),
                    _ => panic!("line {line}"),
                };
                assert_eq!(key.is_canonical(), canonical, "line {line}");
                // Those without torsion are the identity, which does not have prime order either.
                assert!(!key.has_prime_order(), "line {line}: {torsion}");
            }
            _ => panic!("line {line}"),
        }
    }
}

/// All encodings of the eight points of small order, the last six of them not canonical.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// The group order, least significant byte first: the smallest s that is not reduced.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

#[test]
fn ed25519_follows_zip_215() {
    // ZIP 215, "test vectors": with s = 0, every pair of encodings of small order is a signature on every message.
    for key in SMALL_ORDER {
        let key = ed25519::PublicKey::from_bytes(&array(key)).unwrap();
        for r in SMALL_ORDER {
            let signature = [array::<32>(r), [0; 32]].concat().try_into().unwrap();
            assert_eq!(key.verify(b"Zcash", &signature), Ok(()), "{key:?} {r}");
            let signature = [array::<32>(r), array(ORDER)].concat().try_into().unwrap();
            assert!(
                key.verify(b"Zcash", &signature).is_err(),
                "s that is not reduced: {key:?} {r}"
            );
        }
    }
}

/// HTTP-061, HTTP-062.
#[test]
fn ecdsa_known_answers() {
    for (line, row) in rows(include_str!("vectors/ecdsa.txt")) {
        let [kind, key, message, signature] = row[..] else {
            panic!("line {line}: four columns")
        };
        let (message, expected) = (bytes(message), bytes(signature));
        match kind {
            "sign_p256" => {
                let secret = SecretKey::ecdsa_p256_from_bytes(&array(key)).unwrap();
                let PublicKey::EcdsaP256(public) = secret.public_key() else {
                    panic!("line {line}")
                };
                assert_eq!(public.verify(&message, &expected), Ok(()), "line {line}");
                assert_eq!(secret.sign_raw(&message), expected, "line {line}");
            }
            "sign_secp256k1" => {
                let secret = SecretKey::ecdsa_secp256k1_from_bytes(&array(key)).unwrap();
                let PublicKey::EcdsaSecp256k1(public) = secret.public_key() else {
                    panic!("line {line}")
                };
                assert_eq!(public.verify(&message, &expected), Ok(()), "line {line}");
                assert_eq!(secret.sign_raw(&message), expected, "line {line}");
            }
            "verify_p256" => {
                let key = P256Key::from_uncompressed(&bytes(key)).unwrap();
                assert_eq!(key.verify(&message, &expected), Ok(()), "line {line}");
            }
            "refuse_p256" => {
                let key = P256Key::from_uncompressed(&bytes(key)).unwrap();
                assert!(key.verify(&message, &expected).is_err(), "line {line}");
            }
            "verify_secp256k1" => {
                let key = Secp256k1Key::from_uncompressed(&bytes(key)).unwrap();
                assert_eq!(
                    key.verify(&message, &expected),
                    Ok(()),
                    "line {line}: high s is accepted"
                );
            }
            _ => panic!("line {line}"),
        }
    }
}

/// Runs a file of Project Wycheproof through a verifier; says how many signatures were accepted and refused.
fn wycheproof<K>(
    text: &str,
    read: impl Fn(&[&str]) -> K,
    verify: impl Fn(&K, &[u8], &[u8]) -> bool,
) -> (u32, u32) {
    let (mut key, mut accepted, mut refused) = (None, 0, 0);
    for (line, row) in rows(text) {
        match row[..] {
            ["key", ref parts @ ..] => key = Some(read(parts)),
            [_number, verdict, message, signature, flags, comment] => {
                let verified = verify(key.as_ref().unwrap(), &bytes(message), &bytes(signature));
                // "Acceptable" is what some verifiers refuse: keys with a small exponent, which the network accepts, and
                // encodings that only a lax verifier accepts.
                let expected =
                    verdict == "valid" || verdict == "acceptable" && flags == "SmallPublicKey";
                assert_eq!(verified, expected, "line {line}: {comment}");
                if verified {
                    accepted += 1
                } else {
                    refused += 1
                }
            }
            _ => panic!("line {line}"),
        }
    }
    (accepted, refused)
}

#[test]
fn wycheproof_p256() {
    let read = |parts: &[&str]| P256Key::from_der(&bytes(parts[0])).unwrap();
    let verify =
        |key: &P256Key, message: &[u8], signature: &[u8]| key.verify(message, signature).is_ok();
    let (accepted, refused) = wycheproof(include_str!("vectors/wycheproof_p256.txt"), read, verify);
    assert_eq!(accepted + refused, 219);
}

#[test]
fn wycheproof_secp256k1() {
    let read = |parts: &[&str]| Secp256k1Key::from_der(&bytes(parts[0])).unwrap();
    let verify = |key: &Secp256k1Key, message: &[u8], signature: &[u8]| {
        key.verify(message, signature).is_ok()
    };
    let (accepted, refused) = wycheproof(
        include_str!("vectors/wycheproof_secp256k1.txt"),
        read,
        verify,
    );
    assert_eq!(accepted + refused, 211);
}

#[test]
fn wycheproof_rsa() {
    let read =
        |parts: &[&str]| rsa::PublicKey::from_components(&bytes(parts[0]), &odd(parts[1])).unwrap();
    let verify = |key: &rsa::PublicKey, message: &[u8], signature: &[u8]| {
        key.verify(message, signature).is_ok()
    };
    let (accepted, refused) = wycheproof(include_str!("vectors/wycheproof_rsa.txt"), read, verify);
    assert_eq!(accepted + refused, 240);
}

/// An exponent in hex, of which a leading zero digit may be missing.
fn odd(column: &str) -> Vec<u8> {
    bytes(&if column.len() % 2 == 1 {
        format!("0{column}")
    } else {
        column.to_owned()
    })
}

/// HTTP-065, HTTP-067.
#[test]
fn rsa_known_answers() {
    for (line, row) in rows(include_str!("vectors/rsa.txt")) {
        match row[..] {
            [verdict, modulus, exponent, message, signature] => {
                let key = rsa::PublicKey::from_components(&bytes(modulus), &odd(exponent)).unwrap();
                let verified = key.verify(&bytes(message), &bytes(signature)).is_ok();
                assert_eq!(verified, verdict == "valid", "line {line}");
                let (n, e) = key.components();
                assert_eq!(
                    (&n[..], &e[..]),
                    (&bytes(modulus)[..], &odd(exponent)[..]),
                    "line {line}"
                );
                let zero = [&[0], &bytes(modulus)[..]].concat();
                assert_eq!(
                    rsa::PublicKey::from_components(&zero, &odd(exponent)),
                    Ok(key),
                    "a zero byte before it is no other number"
                );
            }
            [why, modulus, exponent] => {
                assert!(
                    rsa::PublicKey::from_components(&bytes(modulus), &odd(exponent)).is_err(),
                    "{why}"
                );
            }
            _ => panic!("line {line}"),
        }
    }
}

/// HTTP-063, HTTP-065 to HTTP-068.
#[test]
fn webauthn_known_answers() {
    for (line, row) in rows(include_str!("vectors/webauthn.txt")) {
        match row[..] {
            [
                verdict @ ("valid" | "invalid"),
                der,
                message,
                signature,
                origin,
            ] => {
                let key = WebAuthnKey::from_der(&bytes(der)).unwrap();
                let verified = key.verify(&bytes(message), &bytes(signature)).is_ok();
                assert_eq!(verified, verdict == "valid", "line {line}: {origin}");
                assert_eq!(key.to_der().as_slice(), bytes(der), "line {line}");
                assert!(
                    matches!(PublicKey::from_der(&bytes(der)), Ok(PublicKey::WebAuthn(_))),
                    "line {line}"
                );
                if !verified {
                    continue;
                }
                // Whichever of the three parts is changed, the signature is no longer good.
                let parts = WebAuthnSignature::from_cbor(&bytes(signature)).unwrap();
                assert_eq!(
                    WebAuthnSignature::from_cbor(&parts.to_cbor()).unwrap(),
                    parts
                );
                let mut changed = [parts.clone(), parts.clone(), parts.clone()];
                changed[0].authenticator_data[7] ^= 1;
                changed[1].client_data_json = parts
                    .client_data_json
                    .replace("example", "exemple")
                    .replace("https", "http");
                changed[2].signature[40] ^= 1;
                for changed in changed {
                    assert_ne!(changed, parts);
                    assert!(
                        key.verify(&bytes(message), &changed.to_cbor()).is_err(),
                        "line {line}"
                    );
                }
            }
            ["inner", der, signed, signature] => {
                // Not the wrapper, only what the authenticator signs.
                let key = WebAuthnKey::from_der(&bytes(der)).unwrap();
                let CoseKey::EcdsaP256(inner) = key.cose() else {
                    panic!("line {line}")
                };
                assert_eq!(
                    inner.verify(&bytes(signed), &raw_signature(&bytes(signature))),
                    Ok(()),
                    "line {line}"
                );
            }
            ["inner_rsa_of_another_message", der, message, signature] => {
                let key = WebAuthnKey::from_der(&bytes(der)).unwrap();
                let CoseKey::Rsa(inner) = key.cose() else {
                    panic!("line {line}")
                };
                assert!(
                    inner.verify(&bytes(message), &bytes(signature)).is_err(),
                    "line {line}"
                );
            }
            ["key", der] => assert_eq!(
                WebAuthnKey::from_der(&bytes(der))
                    .unwrap()
                    .to_der()
                    .as_slice(),
                bytes(der)
            ),
            ["parse", signature, _challenge] => {
                assert!(
                    WebAuthnSignature::from_cbor(&bytes(signature)).is_ok(),
                    "line {line}"
                );
            }
            _ => panic!("line {line}"),
        }
    }
}

/// r and s of a DER signature, by hand: `30 L 02 L r 02 L s` with short lengths.
fn raw_signature(der: &[u8]) -> Vec<u8> {
    let r = usize::from(der[3]);
    let (r, s) = (&der[4..4 + r], &der[6 + r..]);
    let padded = |number: &[u8]| {
        let digits = number.strip_prefix(&[0]).unwrap_or(number);
        [vec![0; 32 - digits.len()], digits.to_vec()].concat()
    };
    [padded(r), padded(s)].concat()
}

/// HTTP-065, HTTP-067.
#[test]
fn webauthn_with_ed25519() {
    // An authenticator with an Ed25519 key, played by the test.
    let secret = SecretKey::ed25519_from_bytes(&[7; 32]);
    let PublicKey::Ed25519(public) = secret.public_key() else {
        panic!("Ed25519")
    };
    let key = WebAuthnKey::new(CoseKey::Ed25519(public));
    assert_eq!(
        WebAuthnKey::from_der(key.to_der().as_slice()),
        Ok(key.clone())
    );
    let client_data_json =
        r#"{"type":"webauthn.get","challenge":"aGVsbG8","origin":"https://example.org"}"#
            .to_owned();
    let authenticator_data = vec![1; 37];
    let hash = ic_types::Digest::of(client_data_json.as_bytes());
    let signed = [&authenticator_data[..], hash.as_bytes()].concat();
    let signature = secret.sign_raw(&signed);
    let signature = WebAuthnSignature {
        authenticator_data,
        client_data_json,
        signature,
    };
    assert_eq!(key.verify(b"hello", &signature.to_cbor()), Ok(()));
    assert!(key.verify(b"hullo", &signature.to_cbor()).is_err());
}

/// HTTP-060 to HTTP-064, HTTP-069.
#[test]
fn there_is_one_form_of_each_key() {
    let seed = || ic_crypto::Seed::from_bytes(b"forms");
    let PublicKey::Ed25519(ed25519) = SecretKey::ed25519(seed()).public_key() else {
        panic!("Ed25519")
    };
    let canister = CanisterKey {
        canister: CanisterId::from_u64(7),
        seed: vec![1, 2, 3],
    };
    let long = CanisterKey {
        seed: vec![9; 200],
        ..canister.clone()
    };
    let keys = [
        SecretKey::ed25519(seed()).public_key(),
        SecretKey::ecdsa_p256(seed()).public_key(),
        SecretKey::ecdsa_secp256k1(seed()).public_key(),
        PublicKey::WebAuthn(WebAuthnKey::new(CoseKey::Ed25519(ed25519))),
        PublicKey::Canister(canister),
        PublicKey::Canister(long),
    ];
    for key in keys {
        let der = key.to_der().into_vec();
        assert_eq!(PublicKey::from_der(&der), Ok(key.clone()));
        for length in 0..der.len() {
            assert_ne!(PublicKey::from_der(&der[..length]).ok(), Some(key.clone()));
        }
        assert!(
            PublicKey::from_der(&[&der[..], &[0]].concat()).is_err(),
            "nothing may follow"
        );
        // Each change of a byte gives no key, or another one with its own form.
        for position in 0..der.len() {
            let mut changed = der.clone();
            changed[position] ^= 2;
            if let Ok(other) = PublicKey::from_der(&changed) {
                assert_eq!(
                    other.to_der().as_slice(),
                    changed,
                    "byte {position} of {key:?}"
                );
            }
        }
    }
}

#[test]
fn compressed_points_are_refused_http_062() {
    for secret in [SecretKey::ecdsa_p256, SecretKey::ecdsa_secp256k1]
        .map(|make| make(ic_crypto::Seed::from_bytes(b"compressed")))
    {
        let der = secret.der_public_key().into_vec();
        let point = &der[der.len() - 65..];
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        assert!(P256Key::from_uncompressed(&compressed).is_err());
        assert!(Secp256k1Key::from_uncompressed(&compressed).is_err());
        let mut hybrid = point.to_vec();
        hybrid[0] = 6 + (point[64] & 1);
        assert!(P256Key::from_uncompressed(&hybrid).is_err());
        assert!(Secp256k1Key::from_uncompressed(&hybrid).is_err());
    }
}

#[test]
fn the_key_of_a_canister_http_064() {
    // crate ic-canister-sig-creation 1.3.1, src/lib.rs: canister rwlgt-iiaaa-aaaaa-aaaaa-cai, seed 2a 48 2c.
    let canister = CanisterId::new("rwlgt-iiaaa-aaaaa-aaaaa-cai".parse::<Principal>().unwrap());
    let key = CanisterKey {
        canister,
        seed: bytes("2a482c"),
    };
    let raw = bytes("0a00000000000000000101")
        .into_iter()
        .chain(bytes("2a482c"))
        .collect::<Vec<_>>();
    let der = [&bytes("301f300c060a2b0601040183b8430102030f00")[..], &raw].concat();
    assert_eq!(key.to_der(), DerPublicKey::new(der));
}

mod batches {
    use curve25519_dalek::Scalar;
    use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
    use ed25519_dalek::{Digest as _, Sha512};
    use ic_crypto::InvalidSignature;
    use ic_crypto::user_key::ed25519::{Claim, verify_each};
    use proptest::prelude::*;

    use super::*;

    /// A signature that is right, wrong in one of the ways there are, or strange but right.
    fn signature(kind: u8, index: usize) -> (ed25519::PublicKey, Vec<u8>, [u8; 64]) {
        let secret = SecretKey::ed25519_from_bytes(&[u8::try_from(index % 5).unwrap(); 32]);
        let PublicKey::Ed25519(key) = secret.public_key() else {
            panic!("Ed25519")
        };
        let message = vec![3; index];
        let mut signature: [u8; 64] = secret.sign_raw(&message).try_into().unwrap();
        match kind {
            0 => signature[5] ^= 1,
            1 => signature[40] ^= 1,
            2 => signature[63] |= 0x80,
            3 => {
                let key = ed25519::PublicKey::from_bytes(&array(SMALL_ORDER[index % 14])).unwrap();
                let signature = [array::<32>(SMALL_ORDER[index / 3 % 14]), [0; 32]]
                    .concat()
                    .try_into()
                    .unwrap();
                return (key, message, signature);
            }
            4 | 5 => return with_torsion(index, message, kind == 4),
            _ => {}
        }
        (key, message, signature)
    }

    /// A signature whose A and R each have a part of small order, which the cofactor removes.
    fn with_torsion(
        index: usize,
        message: Vec<u8>,
        right: bool,
    ) -> (ed25519::PublicKey, Vec<u8>, [u8; 64]) {
        let [a, r] = [2, 3].map(|factor| Scalar::from(u64::try_from(index * 5 + factor).unwrap()));
        let point = |scalar: Scalar, torsion: usize| {
            let sum = ED25519_BASEPOINT_POINT * scalar + EIGHT_TORSION[torsion % 8];
            sum.compress().to_bytes()
        };
        let (key, nonce) = (point(a, index), point(r, index / 3 + 1));
        let hash = Sha512::new()
            .chain_update(nonce)
            .chain_update(key)
            .chain_update(&message);
        let challenge = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = r + challenge * a + if right { Scalar::ZERO } else { Scalar::ONE };
        let signature: [u8; 64] = [nonce, s.to_bytes()].concat().try_into().unwrap();
        let key = ed25519::PublicKey::from_bytes(&key).unwrap();
        assert_eq!(key.verify(&message, &signature).is_ok(), right);
        (key, message, signature)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_batch_gives_the_verdicts_of_one_by_one(kinds in prop::collection::vec(0_u8..20, 0..40)) {
            let signed: Vec<_> = kinds.iter().enumerate().map(|(index, kind)| signature(*kind, index)).collect();
            let claims: Vec<Claim<'_>> =
                signed.iter().map(|(key, message, signature)| Claim { key, message, signature }).collect();
            let one_by_one: Vec<Result<(), InvalidSignature>> =
                claims.iter().map(|claim| claim.key.verify(claim.message, claim.signature)).collect();
            prop_assert_eq!(verify_each(&claims), one_by_one);
        }
    }
}
