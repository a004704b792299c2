//! Who sent a request: HTTP-034, HTTP-035, HTTP-069, HTTP-092 to HTTP-116.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use std::time::Duration;

use ic_crypto::authentication::MAX_TIME_TO_LIVE;
use ic_crypto::user_key::{CanisterKey, SecretKey};
use ic_crypto::{
    BadDelegation, BadSenderInfo, CanisterSignatures, InvalidSignature, NoCanisterSignatures, Seed,
    Unauthenticated, authenticate, authenticate_all,
};
use ic_types::codec::Wire;
use ic_types::{
    Call, CanisterId, Content, Delegation, DelegationChain, DerPublicKey, Envelope, Path,
    Principal, Query, ReadState, SenderInfo, SenderProof, SignedBytes, SignedDelegation, Time,
    UserId,
};
use requests::*;
use rows::{bytes, rows};

#[allow(dead_code, reason = "each test uses what it needs")]
mod requests;
#[allow(dead_code, reason = "each test uses what it needs")]
mod rows;

#[test]
fn requests_of_real_clients() {
    let mut schemes = std::collections::BTreeSet::new();
    for (line, row) in rows(include_str!("vectors/client_requests.txt")) {
        let [_client, kind, scheme, verdict, id, sender, body] = row[..] else {
            panic!("line {line}: seven columns")
        };
        fn check<C: Content>(body: &[u8], id: &str, sender: &str, valid: bool, line: usize)
        where
            Envelope<C>: Wire,
        {
            let envelope = Envelope::<C>::decode(body).unwrap();
            let expiry = envelope.content.expiry();
            let before = expiry.checked_sub(MINUTE).unwrap();
            let result = authenticate(envelope.clone(), before, &NoCanisterSignatures);
            assert_eq!(result.is_ok(), valid, "line {line}: {result:?}");
            let Ok(authenticated) = result else { return };
            assert_eq!(authenticated.id().as_bytes()[..], bytes(id), "line {line}");
            assert_eq!(
                authenticated.content().sender().to_string(),
                sender,
                "line {line}"
            );
            // Any other signature is refused.
            let mut tampered = envelope;
            let SenderProof::Signed { signature, .. } = &mut tampered.proof else {
                return;
            };
            signature[17] ^= 4;
            let refused = authenticate(tampered, before, &NoCanisterSignatures);
            assert_eq!(
                refused.unwrap_err(),
                Unauthenticated::Signature(InvalidSignature),
                "line {line}"
            );
        }
        let (body, valid) = (bytes(body), verdict == "valid");
        match kind {
            "call" => check::<Call>(&body, id, sender, valid, line),
            "query" => check::<Query>(&body, id, sender, valid, line),
            "read_state" => check::<ReadState>(&body, id, sender, valid, line),
            _ => panic!("line {line}"),
        }
        schemes.insert(scheme);
    }
    assert!(
        ["ed25519", "secp256k1", "p256", "anonymous"]
            .iter()
            .all(|scheme| schemes.contains(scheme))
    );
}

#[test]
fn every_scheme_signs_and_verifies() {
    let seed = || Seed::from_bytes(b"schemes");
    for key in [
        SecretKey::ed25519(seed()),
        SecretKey::ecdsa_p256(seed()),
        SecretKey::ecdsa_secp256k1(seed()),
    ] {
        check(key.sign_request(call(key.user_id()))).unwrap();
        check(key.sign_request(query(key.user_id()))).unwrap();
        check(key.sign_request(read_state(key.user_id()))).unwrap();
        let mut envelope = key.sign_request(call(key.user_id()));
        envelope.content.argument.push(1);
        assert_eq!(
            check(envelope),
            Err(Unauthenticated::Signature(InvalidSignature))
        );
    }
}

#[test]
fn expiry_http_110_111_112() {
    let alice = key("alice");
    let at = |expiry| {
        alice.sign_request(Call {
            expiry,
            ..call(alice.user_id())
        })
    };
    let latest = NOW.saturating_add(MAX_TIME_TO_LIVE);
    let (too_early, too_late) = (
        Time::from_nanos(NOW.as_nanos() - 1),
        Time::from_nanos(latest.as_nanos() + 1),
    );
    assert_eq!(check(at(NOW)), Ok(()));
    assert_eq!(check(at(latest)), Ok(()));
    // What agents ask for, by clocks that differ from ours (HTTP-229).
    let agents = NOW.saturating_add(5 * MINUTE + Duration::from_secs(30));
    assert_eq!(check(at(agents)), Ok(()));
    let expired = check(at(too_early)).unwrap_err();
    assert_eq!(
        expired,
        Unauthenticated::Expired {
            expiry: too_early,
            now: NOW
        }
    );
    assert!(expired.is_expiry() && expired.to_string().starts_with("Invalid request expiry: "));
    assert_eq!(
        check(at(too_late)),
        Err(Unauthenticated::TooFarAhead {
            expiry: too_late,
            latest
        })
    );

    let nobody = UserId::new(Principal::ANONYMOUS);
    let anonymous = |expiry| Envelope {
        content: Query {
            expiry,
            ..query(nobody)
        },
        proof: SenderProof::Anonymous,
    };
    assert_eq!(check(anonymous(Time::EPOCH)), Ok(()));
    assert_eq!(check(anonymous(Time::MAX)), Ok(()));
    let anonymous = |expiry| Envelope {
        content: Call {
            expiry,
            ..call(nobody)
        },
        proof: SenderProof::Anonymous,
    };
    assert_eq!(check(anonymous(NOW)), Ok(()));
    assert!(check(anonymous(Time::EPOCH)).unwrap_err().is_expiry());
}

/// HTTP-116: a read of the state has an expiry of its own; that of the call it asks for is nobody's concern.
#[test]
fn polls_http_116() {
    let alice = key("alice");
    let long_ago = Call {
        expiry: Time::from_nanos(1),
        ..call(alice.user_id())
    };
    assert!(check(alice.sign_request(long_ago.clone())).is_err());
    let poll = |expiry| {
        let paths = vec![Path::new([
            b"request_status".as_slice(),
            long_ago.id().as_bytes(),
        ])];
        check(alice.sign_request(ReadState {
            expiry,
            paths,
            ..read_state(alice.user_id())
        }))
    };
    assert_eq!(poll(NOW), Ok(()));
    assert!(poll(long_ago.expiry).unwrap_err().is_expiry());
}

#[test]
fn senders_http_034_035() {
    let (alice, bob) = (key("alice"), key("bob"));
    let nobody = UserId::new(Principal::ANONYMOUS);
    let mismatch = |claimed, proved| Err(Unauthenticated::SenderMismatch { claimed, proved });
    assert_eq!(
        check(bob.sign_request(call(alice.user_id()))),
        mismatch(alice.user_id(), bob.user_id())
    );
    assert_eq!(
        check(bob.sign_request(call(nobody))),
        mismatch(nobody, bob.user_id())
    );
    let unsigned = Envelope {
        content: call(alice.user_id()),
        proof: SenderProof::Anonymous,
    };
    assert_eq!(check(unsigned), mismatch(alice.user_id(), nobody));
}

#[test]
fn keys_http_069() {
    let alice = key("alice");
    for broken in [
        &b""[..],
        b"\x04",
        &[0x30; 44],
        &alice.der_public_key().as_slice()[..43],
    ] {
        let der = DerPublicKey::new(broken.to_vec());
        let sender = UserId::new(Principal::self_authenticating(&der));
        let envelope = alice.sign_request_for(der.clone(), DelegationChain::EMPTY, call(sender));
        assert_eq!(check(envelope), Err(Unauthenticated::Key));
        let delegation = alice.delegate(Delegation {
            key: der,
            ..to(&alice)
        });
        let envelope = alice.sign_request_for(
            alice.der_public_key(),
            chain(vec![delegation]),
            call(alice.user_id()),
        );
        assert_eq!(check(envelope), refusal(0, BadDelegation::Key));
    }
}

/// Accepts the signature that repeats the message.
struct Echo;

impl CanisterSignatures for Echo {
    fn verify(
        &self,
        _: &DerPublicKey,
        message: &SignedBytes,
        signature: &[u8],
        now: Time,
    ) -> Result<(), InvalidSignature> {
        assert_eq!(now, NOW);
        if message.as_slice() == signature {
            Ok(())
        } else {
            Err(InvalidSignature)
        }
    }
}

#[test]
fn sender_info_http_100_101_102() {
    let provider = CanisterId::from_u64(1);
    let identity = CanisterKey {
        canister: provider,
        seed: b"seed".to_vec(),
    }
    .to_der();
    let sender = UserId::new(Principal::self_authenticating(&identity));
    let info = |signer| SenderInfo {
        info: b"attributes".to_vec(),
        signer,
        signature: Vec::new(),
    };
    let envelope = |mut info: SenderInfo| {
        info.signature = SignedBytes::of(&info).as_slice().to_vec();
        let content = Call {
            sender_info: Some(info),
            ..call(sender)
        };
        let signature = SignedBytes::of(&content.id()).as_slice().to_vec();
        let proof = SenderProof::Signed {
            key: identity.clone(),
            signature,
            delegations: DelegationChain::EMPTY,
        };
        Envelope { content, proof }
    };
    let refused = |reason| Err(Unauthenticated::SenderInfo { reason });
    let verify = |envelope| authenticate(envelope, NOW, &Echo).map(|_| ());
    assert_eq!(verify(envelope(info(provider))), Ok(()));
    let signer = CanisterId::from_u64(2);
    assert_eq!(
        verify(envelope(info(signer))),
        refused(BadSenderInfo::Signer {
            signer,
            canister: provider
        })
    );
    let mut forged = envelope(info(provider));
    forged
        .content
        .sender_info
        .as_mut()
        .unwrap()
        .signature
        .push(0);
    assert_eq!(verify(forged), refused(BadSenderInfo::Signature));
    let alice = key("alice");
    let content = Call {
        sender_info: Some(info(provider)),
        ..call(alice.user_id())
    };
    assert_eq!(
        verify(alice.sign_request(content)),
        refused(BadSenderInfo::NotACanisterKey)
    );
    let nobody = UserId::new(Principal::ANONYMOUS);
    let content = Call {
        sender_info: Some(info(provider)),
        ..call(nobody)
    };
    let unsigned = Envelope {
        content,
        proof: SenderProof::Anonymous,
    };
    assert_eq!(verify(unsigned), refused(BadSenderInfo::NotACanisterKey));
}

#[test]
fn canister_signatures_http_092() {
    let identity = CanisterKey {
        canister: CanisterId::from_u64(1),
        seed: Vec::new(),
    }
    .to_der();
    let sender = UserId::new(Principal::self_authenticating(&identity));
    let session = key("session");
    let delegation = to(&session);
    let signature = SignedBytes::of(&delegation).as_slice().to_vec();
    let delegations = chain(vec![SignedDelegation {
        delegation,
        signature,
    }]);
    let envelope = session.sign_request_for(identity, delegations, call(sender));
    assert!(authenticate(envelope.clone(), NOW, &Echo).is_ok());
    assert_eq!(check(envelope), refusal(0, BadDelegation::Signature));
}

#[test]
fn many_at_once_are_judged_as_one_by_one() {
    let (alice, bob) = (key("alice"), key("bob"));
    let carol = SecretKey::ecdsa_p256(Seed::from_bytes(b"carol"));
    let delegated = |signer: &SecretKey, by: &SecretKey| {
        let delegations = chain(vec![by.delegate(to(&bob))]);
        signer.sign_request_for(alice.der_public_key(), delegations, call(alice.user_id()))
    };
    let mut envelopes = vec![
        alice.sign_request(call(alice.user_id())),
        alice.sign_request(call(bob.user_id())),
        carol.sign_request(call(carol.user_id())),
        delegated(&bob, &alice),
        delegated(&bob, &bob),
        delegated(&alice, &alice),
        alice.sign_request(Call {
            expiry: Time::EPOCH,
            ..call(alice.user_id())
        }),
        Envelope {
            content: call(UserId::new(Principal::ANONYMOUS)),
            proof: SenderProof::Anonymous,
        },
    ];
    for index in 0..8 {
        let mut envelope =
            key(&format!("{index}")).sign_request(call(key(&format!("{index}")).user_id()));
        let SenderProof::Signed { signature, .. } = &mut envelope.proof else {
            panic!("signed")
        };
        match index {
            3 => signature[3] ^= 1,
            5 => signature.truncate(63),
            _ => {}
        }
        envelopes.push(envelope);
    }
    let together = authenticate_all(envelopes.clone(), NOW, &NoCanisterSignatures);
    assert!(together.iter().filter(|result| result.is_ok()).count() >= 9);
    let one_by_one: Vec<_> = envelopes
        .into_iter()
        .map(|envelope| authenticate(envelope, NOW, &NoCanisterSignatures))
        .collect();
    assert_eq!(together, one_by_one);
}

/// Accepts nothing, and counts how often it was asked.
struct Counting(std::cell::Cell<usize>);

impl CanisterSignatures for Counting {
    fn verify(
        &self,
        _: &DerPublicKey,
        _: &SignedBytes,
        _: &[u8],
        _: Time,
    ) -> Result<(), InvalidSignature> {
        self.0.set(self.0.get() + 1);
        Err(InvalidSignature)
    }
}

#[test]
fn nothing_is_looked_at_after_the_first_error() {
    // Twenty keys of canisters, each delegating to the next without a signature.
    let canister = |seed: u8| {
        let seed = vec![seed];
        let canister = CanisterId::from_u64(COUNTER);
        CanisterKey { canister, seed }.to_der()
    };
    let delegations = (1..=20).map(|seed| SignedDelegation {
        delegation: Delegation {
            key: canister(seed),
            expiration: NOW.saturating_add(MINUTE),
            targets: None,
            permissions: None,
        },
        signature: Vec::new(),
    });
    let sender = UserId::new(Principal::self_authenticating(&canister(0)));
    let envelope = Envelope {
        content: call(sender),
        proof: SenderProof::Signed {
            key: canister(0),
            signature: Vec::new(),
            delegations: delegations.collect::<Vec<_>>().try_into().unwrap(),
        },
    };
    let alice = key("alice");
    let honest = alice.sign_request(call(alice.user_id()));
    let counting = Counting(std::cell::Cell::new(0));
    let together = authenticate_all([envelope.clone(), honest], NOW, &counting);
    assert_eq!(counting.0.get(), 1);
    assert!(together[1].is_ok());
    assert_eq!(together[0], authenticate(envelope, NOW, &counting));
    assert_eq!(counting.0.get(), 2);
}
