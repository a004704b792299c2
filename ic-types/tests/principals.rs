//! What can be told from a principal, and what cannot; every way to misspell one.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has found something"
)]

use ic_types::{
    CanisterId, CanisterRange, CanisterRanges, DerPublicKey, NodeId, Principal, PrincipalClass,
    PrincipalError, SubnetId, UserId,
};
use proptest::prelude::*;

fn principal(bytes: &[u8]) -> Principal {
    Principal::try_from_slice(bytes).unwrap()
}

fn key(hex_digits: &str) -> DerPublicKey {
    DerPublicKey::new(hex::decode(hex_digits).unwrap())
}

/// The key of the root subnet of the public network.
const ROOT_KEY: &str = "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100814c0e6ec71fab583b08bd81373c255c3c371b2e84863c98a4f1e08b74235d14fb5d9c0cd546d9685f913a0c0b2cc5341583bf4b4392e467db96d65b9bb4cb717112f8472e0d5a4d14505ffd7484b01291091c5f87b98883463f98091a0baaae";

/// ID-010, ID-014: the two principals that everybody knows.
#[test]
fn id_014_anonymous_and_management() {
    assert_eq!(Principal::ANONYMOUS.as_slice(), [4]);
    assert_eq!(Principal::ANONYMOUS.to_string(), "2vxsx-fae");
    assert!(Principal::ANONYMOUS.is_anonymous() && UserId::ANONYMOUS.is_anonymous());
    assert!(!principal(&[4, 4]).is_anonymous() && !principal(&[0, 4]).is_anonymous());
    assert_eq!(CanisterId::MANAGEMENT.as_slice(), b"");
    assert!(Principal::MANAGEMENT.is_management() && !Principal::ANONYMOUS.is_management());
}

/// ID-011: eight bytes of counter, then `01 01`.
#[test]
fn id_011_canister_ids() {
    let id = CanisterId::from_u64(0x0102_0304_0506_0708);
    assert_eq!(id.as_slice(), [1, 2, 3, 4, 5, 6, 7, 8, 1, 1]);
    assert_eq!(id.to_u64(), Some(0x0102_0304_0506_0708));
    assert_eq!(id.principal().class(), PrincipalClass::Opaque);
    // Opaque ones of another form are canisters too, but without a counter.
    for other in [&[1, 1][..], &[0, 0, 0, 0, 0, 0, 0, 0, 1], &[0; 10]] {
        assert_eq!(CanisterId::new(principal(other)).to_u64(), None);
    }
    assert_eq!(
        CanisterId::from_u64(7).next(),
        Some(CanisterId::from_u64(8))
    );
    assert_eq!(CanisterId::from_u64(u64::MAX).next(), None);
}

/// ID-015: reserved are those that end with `7f`, of any length.
#[test]
fn id_015_reserved() {
    for length in 1..=29 {
        let mut bytes = vec![1; length];
        assert!(!principal(&bytes).is_reserved(), "{length}");
        bytes[length - 1] = 0x7f;
        assert!(principal(&bytes).is_reserved(), "{length}");
    }
    assert_eq!(principal(&[0x7f]).to_string(), "ck4ig-id7");
}

/// ID-017: subnets and nodes are named by the whole DER form of their keys.
#[test]
fn id_017_subnets_and_nodes_are_hashes_of_keys() {
    let root = SubnetId::of_key(&key(ROOT_KEY));
    assert_eq!(
        root.to_string(),
        "tdb26-jop6k-aogll-7ltgs-eruif-6kk7m-qpktf-gdiqx-mxtrf-vb5e6-eqe"
    );
    let node = NodeId::of_key(&key(
        "302a300506032b6570032100000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    ));
    assert_eq!(
        node.to_string(),
        "7gheb-jchfc-rcrvr-e6jtu-yplhf-2463c-shoi4-2zgcr-mxtd4-e4v72-6qe"
    );
    for id in [root.principal(), node.principal()] {
        assert_eq!(id.class(), PrincipalClass::SelfAuthenticating);
        assert_eq!(id.length(), 29);
    }
    // Of the key alone, without what is around it, another name comes out.
    let bare = DerPublicKey::new(hex::decode(ROOT_KEY).unwrap()[37..].to_vec());
    assert_ne!(SubnetId::of_key(&bare), root);
}

/// ID-019: users of a canister are self-authenticating too, one for each seed and canister.
#[test]
fn id_019_canister_signature_users() {
    let user = |canister: u8, seed: &str| {
        let der = format!(
            "3020300c060a2b0601040183b84301020310000a0000000000000{canister}d20101{}",
            hex::encode(seed)
        );
        Principal::self_authenticating(&key(&der))
    };
    assert_eq!(
        user(4, "seed").to_string(),
        "ogmnq-jhxu3-i5fxj-dv5kb-xkmdt-zrulq-3qxu2-qejr2-bzhcf-7xbiz-4ae"
    );
    assert!(user(4, "seed").is_self_authenticating());
    assert_ne!(user(4, "seed"), user(4, "sEed"));
    assert_ne!(user(4, "seed"), user(5, "seed"));
}

/// ID-021, ID-025: 32 letters and digits, in either case, and nothing else anywhere.
#[test]
fn id_021_the_alphabet() {
    let text = principal(&[0xab, 0xcd, 1]).to_string();
    assert_eq!(text, "em77e-bvlzu-aq");
    for position in 0..text.len() {
        for byte in 0..=0x7f_u8 {
            let mut changed = text.clone().into_bytes();
            if changed[position].eq_ignore_ascii_case(&byte) {
                continue;
            }
            changed[position] = byte;
            let changed = String::from_utf8(changed).unwrap();
            let letter = byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte);
            let found = changed.parse::<Principal>();
            // One letter for another is what the checksum is for, or the bits that are left over.
            if letter && position % 6 != 5 {
                assert!(
                    matches!(
                        found,
                        Err(PrincipalError::Checksum { .. } | PrincipalError::LeftoverBits)
                    ),
                    "{changed}: {found:?}"
                );
            } else {
                assert!(
                    matches!(found, Err(PrincipalError::Character { .. })),
                    "{changed}: {found:?}"
                );
            }
        }
    }
    // Padding, as other texts in base 32 have it.
    for padded in [
        "em77e-bvlzu-aq=",
        "em77e-bvlzu-aq==",
        "em77e-bvlzu-aq======",
    ] {
        assert!(padded.parse::<Principal>().is_err(), "{padded}");
    }
}

/// ID-026, ID-024: no principal has no text.
#[test]
fn id_026_too_short() {
    for length in 0..8 {
        let text = &"aaaaa-aa"[..length];
        assert!(
            matches!(
                text.parse::<Principal>(),
                Err(PrincipalError::TextLength { .. })
            ),
            "{text}"
        );
    }
}

/// ID-035: ranges of a subnet may have holes, where single canisters went elsewhere.
#[test]
fn id_035_ranges_may_be_fragments() {
    let range = |from: u64, to: u64| {
        let end = |counter| CanisterId::from_u64(counter).principal();
        CanisterRange::new(end(from), end(to)).unwrap()
    };
    let ranges = CanisterRanges::new(vec![range(0, 4), range(6, 6), range(8, 9)]).unwrap();
    let inside: Vec<u64> = (0..12)
        .filter(|counter| ranges.contains(CanisterId::from_u64(*counter)))
        .collect();
    assert_eq!(inside, [0, 1, 2, 3, 4, 6, 8, 9]);
}

proptest! {
    /// ID-002: nothing but the last byte, and the length, says what a principal is.
    #[test]
    fn the_last_byte_is_the_class(
        one in prop::collection::vec(any::<u8>(), 29),
        other in prop::collection::vec(any::<u8>(), 29),
        last in any::<u8>(),
        length in 2_usize..=29,
    ) {
        let class = |bytes: &[u8]| {
            let mut bytes = bytes[..length].to_vec();
            bytes[length - 1] = last;
            principal(&bytes).class()
        };
        prop_assert_eq!(class(&one), class(&other));
        // Whatever it is, it may stand where a canister or a user is wanted.
        let found = principal(&one);
        prop_assert_eq!(CanisterId::new(found).principal(), UserId::new(found).principal());
    }
}
