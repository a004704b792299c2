//! The lines of `docs/validation-criteria.md` that have no other test, and a check that the page and the tests agree.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::bls::arithmetic::{G1, G1Affine, G2, G2Affine, Scalar, products_cancel};
use ic_crypto::threshold::SecretShare;
use ic_crypto::user_key::ecdsa::{P256Key, Secp256k1Key};
use ic_crypto::user_key::{CoseKey, PublicKey, SecretKey, WebAuthnKey, WebAuthnSignature};
use ic_crypto::{InvalidKey, InvalidSignature, Seed, bls, multisig};
use ic_types::{Digest, StateRoot};

#[test]
fn every_line_of_the_page_has_a_test() {
    let page = include_str!("../../docs/validation-criteria.md");
    let tests = [
        include_str!("authentication.rs"),
        include_str!("committee.rs"),
        include_str!("delegations.rs"),
        include_str!("key_generation.rs"),
        include_str!("../src/dkg/tests.rs"),
        include_str!("../src/user_key/client_data.rs"),
        include_str!("threshold.rs"),
        include_str!("user_keys.rs"),
        include_str!("validation_criteria.rs"),
        include_str!("vectors.rs"),
    ];
    // The sections of this crate end where that on trees begins, if there is one.
    let page = page.split("\n## Trees").next().unwrap();
    let mut lines = 0;
    for line in page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| rule"))
    {
        let [_, _rule, named, _] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("two columns: {line}")
        };
        for name in named.split(',').map(|name| name.trim().trim_matches('`')) {
            let definition = format!("fn {name}(");
            assert!(
                tests.iter().any(|file| file.contains(&definition)),
                "no test {name}"
            );
        }
        lines += 1;
    }
    assert!(lines > 40, "only {lines} lines");
}

fn root() -> StateRoot {
    StateRoot::new(Digest::of(b"root"))
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

#[test]
fn bls_points_have_one_encoding() {
    let (g1, g2) = (
        G1Affine::generator().to_compressed(),
        G2Affine::generator().to_compressed(),
    );
    // Without the compression flag, and with the flag of infinity on a finite point.
    for flag in [0x80, 0x40] {
        let (mut changed1, mut changed2) = (g1, g2);
        changed1[0] ^= flag;
        changed2[0] ^= flag;
        assert!(G1Affine::from_compressed(&changed1).is_err());
        assert!(G2Affine::from_compressed(&changed2).is_err());
    }
    // The other sign is the other point.
    let mut negative = g1;
    negative[0] ^= 0x20;
    assert_eq!(
        G1Affine::from_compressed(&negative),
        Ok(-G1Affine::generator())
    );
    // Infinity with any other bit.
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    assert!(G1Affine::from_compressed(&infinity).unwrap().is_identity());
    for (byte, bit) in [(0, 0x20), (0, 1), (47, 1), (20, 0x80)] {
        let mut changed = infinity;
        changed[byte] |= bit;
        assert!(G1Affine::from_compressed(&changed).is_err(), "byte {byte}");
    }
}

/// x + p instead of x, for points of the groups whose x is small enough to be written that way.
#[test]
fn bls_coordinates_are_reduced() {
    let p: [u8; 48] = hex(
        "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    );
    // The coordinate plus p; the flags stay. `None` if it does not fit beside them.
    let raised = |coordinate: &[u8], flags: u8| -> Option<Vec<u8>> {
        let mut carry = 0;
        let mut sum = coordinate.to_vec();
        sum[0] &= !flags;
        for (byte, add) in sum.iter_mut().zip(p).rev() {
            let [high, low] = (u16::from(*byte) + u16::from(add) + carry).to_be_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        (carry == 0 && sum[0] & flags == 0).then(|| {
            sum[0] |= coordinate[0] & flags;
            sum
        })
    };
    let (mut found1, mut found2) = (0, 0);
    for factor in 1..64 {
        let factor = Scalar::from_u64(factor);
        let g1 = (G1::generator() * factor).to_affine().to_compressed();
        if let Some(sum) = raised(&g1, 0xe0) {
            found1 += 1;
            assert!(G1Affine::from_compressed(&sum.try_into().unwrap()).is_err());
        }
        let g2 = (G2::generator() * factor).to_affine().to_compressed();
        let (c1, c0) = g2.split_at(48);
        let first = raised(c1, 0xe0).map(|sum| [&sum, c0].concat());
        let second = raised(c0, 0).map(|sum| [c1, &sum].concat());
        for changed in [first, second].into_iter().flatten() {
            found2 += 1;
            assert!(G2Affine::from_compressed(&changed.try_into().unwrap()).is_err());
        }
    }
    assert!(found1 > 0 && found2 > 63, "{found1} and {found2}");
}

#[test]
fn bls_points_are_on_the_curve() {
    let mut found = 0;
    for x in 0..64 {
        let mut bytes = [0; 48];
        bytes[0] = 0x80;
        bytes[47] = x;
        found += u32::from(G1Affine::from_compressed(&bytes).is_ok());
    }
    // Half of the x are on the curve, but it has a cofactor of 126 bits: none of these is in the subgroup.
    assert_eq!(found, 0);
    let mut bytes = G2Affine::generator().to_compressed();
    bytes[95] ^= 1;
    assert!(G2Affine::from_compressed(&bytes).is_err());
}

#[test]
fn bls_points_are_in_the_subgroup() {
    // (0, 2) has order 3: 2^2 = 0^3 + 4.
    let mut of_order_three = [0; 48];
    of_order_three[0] = 0x80;
    assert!(G1Affine::from_compressed(&of_order_three).is_err());
    assert_eq!(
        bls::Signature::from_bytes(&of_order_three),
        Err(InvalidSignature)
    );
    assert!(multisig::Signature::from_bytes(&of_order_three).is_err());
    // A point of the curve of G2 with x = 2.
    let mut outside = [0; 96];
    outside[0] = 0x80;
    outside[95] = 2;
    assert!(G2Affine::from_compressed(&outside).is_err());
    assert_eq!(bls::PublicKey::from_bytes(&outside), Err(InvalidKey));
    assert_eq!(
        multisig::PublicKey::assume_possession(&outside),
        Err(InvalidKey)
    );
}

#[test]
fn no_equation_is_not_one_that_holds() {
    assert!(!products_cancel(&[]));
    assert_eq!(bls::verify_all(&[]), Err(InvalidSignature));
}

#[test]
fn bls_keys_are_not_the_identity() {
    let mut identity = [0; 96];
    identity[0] = 0xc0;
    assert!(G2Affine::from_compressed(&identity).is_ok());
    assert_eq!(bls::PublicKey::from_bytes(&identity), Err(InvalidKey));
    assert_eq!(
        multisig::PublicKey::assume_possession(&identity),
        Err(InvalidKey)
    );
}

#[test]
fn the_identity_is_nobody_s_signature() {
    let identity = bls::Signature::from_bytes(&G1Affine::default().to_compressed()).unwrap();
    let key = bls::SecretKey::from_seed(Seed::from_bytes(b"key")).public_key();
    assert_eq!(key.verify(&root(), &identity), Err(InvalidSignature));
}

#[test]
fn bls_secrets_are_canonical() {
    let order: [u8; 32] = hex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001");
    let mut largest = order;
    largest[31] -= 1;
    for (bytes, valid) in [
        ([0; 32], false),
        (order, false),
        (largest, true),
        ([0xff; 32], false),
    ] {
        assert_eq!(bls::SecretKey::from_bytes(&bytes).is_ok(), valid);
        assert_eq!(multisig::SecretKey::from_bytes(&bytes).is_ok(), valid);
    }
    assert!(Scalar::from_be_bytes(&order).is_err());
    // A share may be zero in theory, since the polynomial may.
    let index = ic_crypto::threshold::ShareIndex::new(1).unwrap();
    assert!(SecretShare::from_bytes(index, &[0; 32]).is_ok());
    assert!(SecretShare::from_bytes(index, &order).is_err());
}

#[test]
fn bls_ciphersuites_do_not_mix() {
    let subnet = bls::SecretKey::from_seed(Seed::from_bytes(b"one secret, two suites"));
    let member = multisig::SecretKey::from_bytes(&subnet.export()).unwrap();
    let as_subnet = bls::Signature::from_bytes(&member.sign(&root()).to_bytes()).unwrap();
    assert_eq!(
        subnet.public_key().verify(&root(), &as_subnet),
        Err(InvalidSignature)
    );
    let as_member = multisig::Signature::from_bytes(&subnet.sign(&root()).to_bytes()).unwrap();
    assert_eq!(
        member.public_key().verify(&root(), &as_member),
        Err(InvalidSignature)
    );
    // Nor is a signature on the bytes of a proof a proof.
    let proof = multisig::ProofOfPossession::from_bytes(&member.sign(&root()).to_bytes()).unwrap();
    assert_eq!(
        multisig::PublicKey::new(&member.public_key_bytes(), &proof),
        Err(InvalidKey)
    );
}

/// The group orders of P-256 and secp256k1.
const ORDERS: [&str; 2] = [
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
];

/// a - b for numbers of 32 bytes, most significant first.
fn subtract(a: [u8; 32], b: &[u8]) -> [u8; 32] {
    let (mut out, mut borrow) = (a, 0_i16);
    for (out, b) in out.iter_mut().zip(b).rev() {
        let difference = i16::from(*out) - i16::from(*b) - borrow;
        borrow = i16::from(difference < 0);
        *out = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    out
}

type Verify = Box<dyn Fn(&[u8]) -> bool>;

/// For both curves: a signature on "message", how to verify one, and the group order.
fn ecdsa() -> [(Vec<u8>, Verify, [u8; 32]); 2] {
    let p256 = SecretKey::ecdsa_p256(Seed::from_bytes(b"p256"));
    let secp256k1 = SecretKey::ecdsa_secp256k1(Seed::from_bytes(b"secp256k1"));
    let p256_key = P256Key::from_der(p256.der_public_key().as_slice()).unwrap();
    let secp256k1_key = Secp256k1Key::from_der(secp256k1.der_public_key().as_slice()).unwrap();
    [
        (
            p256.sign_raw(b"message"),
            Box::new(move |s: &[u8]| p256_key.verify(b"message", s).is_ok()),
            hex(ORDERS[0]),
        ),
        (
            secp256k1.sign_raw(b"message"),
            Box::new(move |s: &[u8]| secp256k1_key.verify(b"message", s).is_ok()),
            hex(ORDERS[1]),
        ),
    ]
}

/// HTTP-070: nothing is said of low s, so that both are good.
#[test]
fn high_and_low_s_are_accepted() {
    for (signature, verify, order) in ecdsa() {
        assert!(verify(&signature));
        let other_s = subtract(order, &signature[32..]);
        assert_ne!(other_s[..], signature[32..]);
        assert!(verify(&[&signature[..32], &other_s].concat()));
    }
}

/// HTTP-061, HTTP-062: two numbers of 32 bytes, most significant first.
#[test]
fn ecdsa_numbers_are_in_range() {
    for (signature, verify, order) in ecdsa() {
        let (r, s) = signature.split_at(32);
        for bad in [[0; 32], order, [0xff; 32]] {
            assert!(!verify(&[&bad[..], s].concat()));
            assert!(!verify(&[r, &bad].concat()));
        }
        assert!(!verify(&signature[..63]));
        assert!(!verify(&[&signature[..], &[0]].concat()));
        assert!(!verify(&[]));
    }
}

/// HTTP-065.
#[test]
fn cose_keys_in_any_order() {
    let PublicKey::EcdsaP256(key) = SecretKey::ecdsa_p256(Seed::from_bytes(b"p256")).public_key()
    else {
        panic!("P-256")
    };
    let cose = CoseKey::EcdsaP256(key).to_cbor();
    assert!(CoseKey::from_cbor(&cose).is_ok());
    assert!(cose.starts_with(&hex::<10>("a5010203262001215820")));
    let (x, y) = (&cose[10..42], &cose[45..77]);
    let other = |head: &str, x: &[u8], middle: &str, y: &[u8]| {
        let bytes = [
            &hex::decode(head).unwrap(),
            x,
            &hex::decode(middle).unwrap(),
            y,
        ]
        .concat();
        CoseKey::from_cbor(&bytes)
    };
    assert!(other("a5010203262001215820", x, "225820", y).is_ok());
    for (head, why) in [
        ("a5032601022001215820", "another order"),
        ("a601020326200118630a215820", "a label without meaning"),
        ("a601020326200161780a215820", "a label that is no number"),
        ("a60102032604667665726966792001215820", "to verify"),
    ] {
        assert!(other(head, x, "225820", y).is_ok(), "{why}");
    }
    assert!(
        other("a5010203262001225820", y, "215820", x).is_ok(),
        "y before x"
    );
    for (head, why) in [
        ("a60102010203262001215820", "a label twice"),
        ("a601020326046473696e672001215820", "not to verify"),
        ("a6010203260481667665726966792001215820", "a list of uses"),
    ] {
        assert_eq!(other(head, x, "225820", y), Err(InvalidKey), "{why}");
    }
    assert_eq!(
        other(
            "a501020326200121581f",
            &x[1..],
            "225821",
            &[&x[..1], y].concat()
        ),
        Err(InvalidKey),
        "coordinates of other lengths"
    );
    assert_eq!(
        other("a518010203262001215820", x, "225820", y),
        Err(InvalidKey),
        "1 in two bytes"
    );
    assert_eq!(
        other("a5010203382e2001215820", x, "225820", y),
        Err(InvalidKey),
        "another algorithm"
    );
    assert_eq!(
        other("a5010203262002215820", x, "225820", y),
        Err(InvalidKey),
        "another curve"
    );
    assert_eq!(
        other("a4010203262001215820", x, "225820", y),
        Err(InvalidKey),
        "a field too many"
    );
    assert_eq!(
        other("a5010203262001215820", x, "225820", x),
        Err(InvalidKey),
        "not a point"
    );
    assert_eq!(
        CoseKey::from_cbor(&[&cose[..], &[0]].concat()),
        Err(InvalidKey)
    );
    assert_eq!(CoseKey::from_cbor(&[0xa0]), Err(InvalidKey));
    assert_eq!(
        CoseKey::from_cbor(&[0xbb, 255, 255, 255, 255, 255, 255, 255, 255]),
        Err(InvalidKey)
    );
}

/// HTTP-063: the principal is of the bytes that were sent.
#[test]
fn a_webauthn_key_stays_as_it_was_written() {
    let (key, signature) = authenticator();
    let written = key.to_der();
    let (canonical, other) = (hex::<6>("a50102032620"), hex::<6>("a50326010220"));
    let at = (written.as_slice().windows(6)).position(|window| window == canonical);
    let mut reordered = written.as_slice().to_vec();
    reordered[at.unwrap()..][..6].copy_from_slice(&other);
    let second = WebAuthnKey::from_der(&reordered).unwrap();
    assert_eq!(second.cose(), key.cose());
    assert_eq!(second.to_der().as_slice(), reordered);
    assert_ne!(second, key, "another principal");
    assert_eq!(second.verify(b"hello", &signature.to_cbor()), Ok(()));
}

/// A key on P-256, and how an authenticator would sign "hello" with it.
fn authenticator() -> (WebAuthnKey, WebAuthnSignature) {
    let secret = SecretKey::ecdsa_p256(Seed::from_bytes(b"authenticator"));
    let PublicKey::EcdsaP256(key) = secret.public_key() else {
        panic!("P-256")
    };
    let client_data_json =
        r#"{"type":"webauthn.get","challenge":"aGVsbG8","origin":"https://a.example"}"#.to_owned();
    let authenticator_data = vec![5; 37];
    let hash = Digest::of(client_data_json.as_bytes());
    let raw = secret.sign_raw(&[&authenticator_data[..], hash.as_bytes()].concat());
    let signature = der(&[integer(&raw[..32]), integer(&raw[32..])].concat());
    (
        WebAuthnKey::new(CoseKey::EcdsaP256(key)),
        WebAuthnSignature {
            authenticator_data,
            client_data_json,
            signature,
        },
    )
}

fn der(content: &[u8]) -> Vec<u8> {
    [&[0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = number
        .iter()
        .copied()
        .skip_while(|digit| *digit == 0)
        .collect();
    let digits = if digits[0] >= 0x80 {
        [&[0], &digits[..]].concat()
    } else {
        digits
    };
    [&[2, u8::try_from(digits.len()).unwrap()], &digits[..]].concat()
}

/// HTTP-066.
#[test]
fn webauthn_envelopes() {
    let (key, signature) = authenticator();
    let cbor = signature.to_cbor();
    assert_eq!(key.verify(b"hello", &cbor), Ok(()));
    assert_eq!(key.verify(b"hello", &cbor[3..]), Ok(()), "without the tag");
    assert!(key.verify(b"hello", &[&cbor[..], &[0]].concat()).is_err());
    let (map, fields) = (cbor[3], &cbor[4..]);
    assert_eq!(map, 0xa3);
    let with_another_field = [&[0xa4][..], fields, &[0x61, b'x', 0]].concat();
    assert!(key.verify(b"hello", &with_another_field).is_err());
    let missing = [
        &[0xa2][..],
        &fields[..fields.len() - signature.signature.len() - 12],
    ]
    .concat();
    assert!(key.verify(b"hello", &missing).is_err());
    assert!(key.verify(b"hello", b"").is_err());
}

/// HTTP-067.
#[test]
fn webauthn_inner_signatures() {
    let (key, signature) = authenticator();
    let with = |inner: Vec<u8>| {
        let signature = WebAuthnSignature {
            signature: inner,
            ..signature.clone()
        };
        key.verify(b"hello", &signature.to_cbor())
    };
    let inner = &signature.signature;
    assert_eq!(with(inner.clone()), Ok(()));
    assert!(
        with([&inner[..], &[0]].concat()).is_err(),
        "something after it"
    );
    let r_length = usize::from(inner[3]);
    let (r, s) = (&inner[2..4 + r_length], &inner[4 + r_length..]);
    let padded = [&[2, u8::try_from(r_length + 1).unwrap(), 0], &r[2..]].concat();
    assert!(
        with(der(&[&padded, s].concat())).is_err(),
        "an integer that is not minimal"
    );
    assert!(
        with([&[0x30, 0x81, inner[1]], &inner[2..]].concat()).is_err(),
        "a length that is not minimal"
    );
    assert!(with(der(r)).is_err(), "one integer");
    assert!(with(der(&[r, s, s].concat())).is_err(), "three integers");
    assert!(with(inner[..20].to_vec()).is_err());
    assert!(with(Vec::new()).is_err());
}

/// Does not compile if the type has the trait: then there are two items to choose from.
macro_rules! assert_lacks {
    ($($secret:ty),*: $lacked:path) => {$({
        trait Choice<Which> {
            fn item() {}
        }
        impl<T> Choice<()> for T {}
        struct Other;
        impl<T: $lacked> Choice<Other> for T {}
        <$secret as Choice<_>>::item();
    })*};
}

#[test]
fn secrets_have_one_owner() {
    use ic_crypto::dkg::{DecryptionKey, Keyring};
    use ic_crypto::{Generator, node_key};
    macro_rules! all_lack {
        ($lacked:path) => {
            assert_lacks!(
                Seed, Generator, bls::SecretKey, multisig::SecretKey, node_key::SecretKey, SecretKey,
                SecretShare, DecryptionKey, Keyring, ic_crypto::secret::Exported<32>: $lacked
            )
        };
    }
    all_lack!(Clone);
    all_lack!(PartialEq);
    all_lack!(std::fmt::Display);
}

#[test]
fn secrets_print_nothing() {
    use ic_crypto::threshold::{Threshold, dealing};
    let seed = || Seed::from_bytes(b"secret");
    let (_, shares) = dealing::deal(Threshold::new(2, 3).unwrap(), seed());
    let exported = bls::SecretKey::from_seed(seed()).export();
    let printed = [
        format!("{:?}", seed()),
        format!("{:?}", seed().into_generator()),
        format!("{:?}", bls::SecretKey::from_seed(seed())),
        format!("{:?}", multisig::SecretKey::from_seed(seed())),
        format!("{:?}", ic_crypto::node_key::SecretKey::from_seed(seed())),
        format!("{:?}", SecretKey::ed25519(seed())),
        format!("{:?}", SecretKey::ecdsa_p256(seed())),
        format!("{:?}", shares[1]),
        format!("{exported:?}"),
        format!("{:?}", Scalar::from_be_bytes(&exported).unwrap()),
    ];
    for text in &printed {
        assert!(text.ends_with("..)") && text.len() < 40, "{text}");
    }
    // The index of a share is public, and the only thing that is shown.
    assert_eq!(printed[7], "SecretShare(2, ..)");
}
