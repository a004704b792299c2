//! For whom others may sign, and for what: HTTP-080 to HTTP-090.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it does not expect"
)]

use ic_crypto::user_key::SecretKey;
use ic_crypto::{
    BadDelegation, InvalidSignature, NoCanisterSignatures, Unauthenticated, authenticate,
};
use ic_types::{Call, CanisterId, Delegation, Permissions, Query, SignedDelegation, Time};
use requests::*;

#[allow(dead_code, reason = "each test uses what it needs")]
mod requests;

#[test]
fn chains_of_delegations_http_081_082() {
    let keys: Vec<SecretKey> = (0..21).map(|index| key(&format!("key {index}"))).collect();
    let sender = keys[0].user_id();
    for length in [1, 2, 20] {
        let delegations: Vec<_> = (0..length)
            .map(|index| keys[index].delegate(to(&keys[index + 1])))
            .collect();
        let signed = |signer: &SecretKey, delegations: &[SignedDelegation]| {
            check(signer.sign_request_for(
                keys[0].der_public_key(),
                chain(delegations.to_vec()),
                call(sender),
            ))
        };
        assert_eq!(signed(&keys[length], &delegations), Ok(()));
        // Only the last key of the chain may sign.
        assert_eq!(
            signed(&keys[0], &delegations),
            Err(Unauthenticated::Signature(InvalidSignature))
        );
        // A delegation by another key than the one before it.
        let mut broken = delegations.clone();
        broken[length - 1] = key("mallory").delegate(to(&keys[length]));
        assert_eq!(
            signed(&keys[length], &broken),
            refusal(length - 1, BadDelegation::Signature)
        );
        // A missing link.
        if length > 1 {
            assert_eq!(
                signed(&keys[length], &delegations[1..]),
                refusal(0, BadDelegation::Signature)
            );
        }
    }
}

#[test]
fn cycles_http_090() {
    let (alice, bob) = (key("alice"), key("bob"));
    let envelope = |delegations| {
        alice.sign_request_for(
            alice.der_public_key(),
            chain(delegations),
            call(alice.user_id()),
        )
    };
    assert_eq!(
        check(envelope(vec![alice.delegate(to(&alice))])),
        refusal(0, BadDelegation::Cycle)
    );
    let there_and_back = vec![alice.delegate(to(&bob)), bob.delegate(to(&alice))];
    assert_eq!(
        check(envelope(there_and_back)),
        refusal(1, BadDelegation::Cycle)
    );
}

#[test]
fn delegations_expire_http_083() {
    let (alice, bob) = (key("alice"), key("bob"));
    let until = |expiration| {
        let delegation = alice.delegate(Delegation {
            expiration,
            ..to(&bob)
        });
        check(bob.sign_request_for(
            alice.der_public_key(),
            chain(vec![delegation]),
            call(alice.user_id()),
        ))
    };
    assert_eq!(until(NOW), Ok(()));
    let expiration = Time::from_nanos(NOW.as_nanos() - 1);
    assert_eq!(
        until(expiration),
        refusal(
            0,
            BadDelegation::Expired {
                expiration,
                now: NOW
            }
        )
    );
}

/// HTTP-087: for reads of the state the chain is kept, for whoever knows the request that is asked for.
#[test]
fn targets_http_084_085_086() {
    let (alice, bob, carol) = (key("alice"), key("bob"), key("carol"));
    let counter = CanisterId::from_u64(COUNTER);
    let other = CanisterId::from_u64(8);
    let limited = |targets: &[CanisterId]| Delegation {
        targets: Some(targets.to_vec()),
        ..to(&bob)
    };
    let signed = |delegations: Vec<SignedDelegation>, signer: &SecretKey, canister| {
        let content = Call {
            canister,
            ..call(alice.user_id())
        };
        check(signer.sign_request_for(alice.der_public_key(), chain(delegations), content))
    };
    let one = |targets: &[CanisterId], canister| {
        signed(vec![alice.delegate(limited(targets))], &bob, canister)
    };
    assert_eq!(one(&[other, counter], counter), Ok(()));
    assert_eq!(
        one(&[other], counter),
        refusal(0, BadDelegation::Target { canister: counter })
    );
    assert_eq!(
        one(&[], counter),
        refusal(0, BadDelegation::Target { canister: counter })
    );
    // The management canister is a target like any other.
    let management = CanisterId::MANAGEMENT;
    assert_eq!(
        one(&[counter], management),
        refusal(
            0,
            BadDelegation::Target {
                canister: management
            }
        )
    );
    assert_eq!(one(&[management], management), Ok(()));
    // A chain allows what all of its delegations allow.
    let second = Delegation {
        targets: Some(vec![other]),
        ..to(&carol)
    };
    let delegations = vec![
        alice.delegate(limited(&[counter, other])),
        bob.delegate(second),
    ];
    assert_eq!(signed(delegations.clone(), &carol, other), Ok(()));
    assert_eq!(
        signed(delegations, &carol, counter),
        refusal(1, BadDelegation::Target { canister: counter })
    );
    // Queries to the management canister and reads of the state are for the embedder to judge.
    let delegations = chain(vec![alice.delegate(limited(&[counter]))]);
    let content = Query {
        canister: management,
        ..query(alice.user_id())
    };
    let envelope = bob.sign_request_for(alice.der_public_key(), delegations.clone(), content);
    let authenticated = authenticate(envelope, NOW, &NoCanisterSignatures).unwrap();
    assert!(authenticated.permits(counter) && !authenticated.permits(management));
    let envelope = bob.sign_request_for(
        alice.der_public_key(),
        delegations,
        read_state(alice.user_id()),
    );
    let authenticated = authenticate(envelope, NOW, &NoCanisterSignatures).unwrap();
    assert!(authenticated.permits(counter) && !authenticated.permits(other));
}

#[test]
fn permissions_http_088_089() {
    let (alice, bob, carol) = (key("alice"), key("bob"), key("carol"));
    let with = |permissions: &str| Delegation {
        permissions: Some(Permissions::from(permissions)),
        ..to(&bob)
    };
    let chain_of = |permissions| chain(vec![alice.delegate(with(permissions))]);
    let sender = alice.user_id();
    let key = || alice.der_public_key();
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("all"), call(sender))),
        Ok(())
    );
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("queries"), query(sender))),
        Ok(())
    );
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("queries"), read_state(sender))),
        Ok(())
    );
    let refused = check(bob.sign_request_for(key(), chain_of("queries"), call(sender)));
    assert_eq!(refused, refusal(0, BadDelegation::QueriesOnly));
    // A later delegation cannot widen an earlier one.
    let widened = vec![
        alice.delegate(with("queries")),
        bob.delegate(Delegation {
            permissions: Some(Permissions::All),
            ..to(&carol)
        }),
    ];
    let refused = check(carol.sign_request_for(key(), chain(widened), call(sender)));
    assert_eq!(refused, refusal(0, BadDelegation::QueriesOnly));
    let unknown = || {
        refusal(
            0,
            BadDelegation::UnknownPermissions {
                permissions: "everything".into(),
            },
        )
    };
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("everything"), call(sender))),
        unknown()
    );
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("everything"), query(sender))),
        unknown()
    );
    assert_eq!(
        check(bob.sign_request_for(key(), chain_of("everything"), read_state(sender))),
        unknown()
    );
}
