//! Every byte of a signed request, changed: refused, or a request that means the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::time::Duration;

use ic_crypto::user_key::SecretKey;
use ic_crypto::{NoCanisterSignatures, Seed, authenticate};
use ic_types::codec::Wire;
use ic_types::{
    Call, CanisterId, Content, Delegation, DelegationChain, Envelope, Nonce, Path, Permissions,
    Query, ReadState, Time, UserId,
};

const NOW: Time = Time::from_nanos(1_750_000_000_000_000_000);

fn seed(name: &str) -> Seed {
    Seed::from_bytes(name.as_bytes())
}

fn keys() -> [(&'static str, SecretKey); 3] {
    [
        ("ed25519", SecretKey::ed25519(seed("ed25519"))),
        ("p256", SecretKey::ecdsa_p256(seed("p256"))),
        ("secp256k1", SecretKey::ecdsa_secp256k1(seed("secp256k1"))),
    ]
}

fn expiry() -> Time {
    NOW.saturating_add(Duration::from_secs(60))
}

fn call(sender: UserId) -> Call {
    Call {
        sender,
        expiry: expiry(),
        nonce: Nonce::try_from_slice(&[1, 2, 3]).ok(),
        canister: CanisterId::from_u64(3),
        method: "greet".to_owned(),
        argument: b"DIDL\0\x01\x71\x05world".to_vec(),
        sender_info: None,
    }
}

fn query(sender: UserId) -> Query {
    let Call {
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
        ..
    } = call(sender);
    Query {
        sender,
        expiry,
        nonce,
        canister,
        method,
        argument,
        sender_info,
    }
}

fn read_state(sender: UserId) -> ReadState {
    let paths = vec![
        Path::new(["time"]),
        Path::new([b"request_status".as_slice(), &[7; 32]]),
    ];
    ReadState {
        sender,
        expiry: expiry(),
        nonce: None,
        paths,
    }
}

/// Changes each byte of the encoded envelope in several ways. Returns how many changes went unnoticed, all of which
/// left the content and the sender as they were.
fn tamper<C: Content>(name: &str, envelope: Envelope<C>) -> usize
where
    Envelope<C>: Wire,
{
    let bytes = envelope.encode();
    let original = Envelope::<C>::decode(&bytes).unwrap();
    assert_eq!(original.content, envelope.content);
    authenticate(original, NOW, &NoCanisterSignatures)
        .unwrap_or_else(|error| panic!("{name}: {error}"));

    let mut unnoticed = 0;
    for position in 0..bytes.len() {
        for change in [0x01, 0x02, 0x10, 0x20, 0x40, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[position] ^= change;
            let Ok(decoded) = Envelope::<C>::decode(&changed) else {
                continue;
            };
            let Ok(authenticated) = authenticate(decoded, NOW, &NoCanisterSignatures) else {
                continue;
            };
            assert_eq!(
                authenticated.content(),
                &envelope.content,
                "{name}: byte {position} ^ {change:#x}"
            );
            unnoticed += 1;
        }
    }
    unnoticed
}

/// No byte of our envelopes is without meaning, so nothing goes unnoticed.
#[test]
fn signed_by_the_sender() {
    for (name, key) in keys() {
        assert_eq!(
            tamper(name, key.sign_request(call(key.user_id()))),
            0,
            "{name} call"
        );
        assert_eq!(
            tamper(name, key.sign_request(query(key.user_id()))),
            0,
            "{name} query"
        );
        assert_eq!(
            tamper(name, key.sign_request(read_state(key.user_id()))),
            0,
            "{name} read_state"
        );
    }
}

#[test]
fn signed_through_delegations() {
    let [(_, root), (_, middle), (_, last)] = keys();
    let delegation = |key: &SecretKey, targets, permissions| Delegation {
        key: key.der_public_key(),
        expiration: expiry(),
        targets,
        permissions,
    };
    let targets = Some(vec![CanisterId::from_u64(3), CanisterId::MANAGEMENT]);
    let chain = vec![
        root.delegate(delegation(&middle, targets, None)),
        middle.delegate(delegation(&last, None, Some(Permissions::All))),
    ];
    let chain = DelegationChain::try_from(chain).unwrap();
    let envelope = last.sign_request_for(root.der_public_key(), chain, call(root.user_id()));
    assert_eq!(tamper("delegations", envelope), 0);
}

/// Without a signature any other content is another request of nobody's; what must not happen is that it becomes
/// somebody's.
#[test]
fn unsigned_stays_anonymous() {
    let envelope = Envelope {
        content: call(UserId::ANONYMOUS),
        proof: ic_types::SenderProof::Anonymous,
    };
    let bytes = envelope.encode();
    for position in 0..bytes.len() {
        for change in 1..=255 {
            let mut changed = bytes.clone();
            changed[position] ^= change;
            let Ok(decoded) = Envelope::<Call>::decode(&changed) else {
                continue;
            };
            if let Ok(authenticated) = authenticate(decoded, NOW, &NoCanisterSignatures) {
                assert_eq!(
                    authenticated.content().sender,
                    UserId::ANONYMOUS,
                    "byte {position} ^ {change:#x}"
                );
            }
        }
    }
}
