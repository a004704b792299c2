use ic_crypto::{Seed, node_key};
use ic_types::{CanisterId, Height, Randomness, RegistryVersion, SenderProof, UserId};

use super::*;
use crate::artifact::Context;

const NOW: Time = Time::from_nanos(1_700_000_000_000_000_000);

fn after(seconds: u64) -> Time {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn user(name: u8) -> node_key::SecretKey {
    node_key::SecretKey::from_seed(Seed::from_bytes(&[name]))
}

/// A call that its sender signed, as it comes from outside.
fn signed(name: u8, canister: u64, argument: &[u8], expiry: Time) -> Envelope<Call> {
    let key = user(name).public_key().to_der();
    let content = Call {
        sender: UserId::of_key(&key),
        expiry,
        nonce: None,
        canister: CanisterId::from_u64(canister),
        method: "update".to_owned(),
        argument: argument.to_vec(),
        sender_info: None,
    };
    let signature = user(name).sign(&content.id()).to_bytes().to_vec();
    let delegations = ic_types::DelegationChain::default();
    Envelope {
        content,
        proof: SenderProof::Signed {
            key,
            signature,
            delegations,
        },
    }
}

fn proved(envelope: Envelope<Call>) -> Authenticated<Call> {
    authenticate(envelope, NOW, &NoCanisterSignatures).expect("the sender signed")
}

fn pool() -> IngressPool {
    IngressPool::new(PoolLimits::default(), NoCanisterSignatures)
}

fn at(time: Time) -> ProposalContext<'static> {
    let context = Context {
        registry: RegistryVersion::new(1),
        certified: Height::GENESIS,
        time,
    };
    ProposalContext {
        height: Height::new(5),
        context,
        ancestors: &[],
        block_calls: 100,
        block_bytes: 100_000,
        call_bytes: 50_000,
    }
}

fn batch(height: u64, time: Time, messages: Vec<Call>) -> Batch {
    Batch {
        height: Height::new(height),
        time,
        randomness: Randomness::new([7; 32]),
        registry: RegistryVersion::new(1),
        messages,
        checkpoint: false,
    }
}

#[test]
fn what_is_built_is_valid_on_another_node() {
    let mut pool = pool();
    for number in 0..20u8 {
        pool.insert(
            proved(signed(
                number % 3,
                u64::from(number % 4),
                &[number],
                after(60),
            )),
            NOW,
        )
        .expect("room");
    }
    let payload = pool.build(&at(NOW));
    assert_eq!(payload.calls.len(), 20);
    assert_eq!(self::pool().validate(&payload, &at(NOW)), Ok(()));
    assert_eq!(
        pool.len(),
        20,
        "they wait until a batch holds them: this block may lose"
    );
}

#[test]
fn a_call_is_in_no_block_twice() {
    let mut pool = pool();
    let call = signed(1, 1, b"once", after(60));
    pool.insert(proved(call.clone()), NOW).expect("room");
    let payload = pool.build(&at(NOW));
    let id = call.content.id();
    let repeated = Err(Verdict::Invalid(PayloadFault::Repeated { id }));

    let twice = Payload {
        calls: vec![call.clone(), call.clone()],
    };
    assert_eq!(
        pool.validate(&twice, &at(NOW)),
        repeated,
        "twice in one block"
    );

    let ancestors = [payload.calls.as_slice()];
    let context = ProposalContext {
        ancestors: &ancestors,
        ..at(NOW)
    };
    assert_eq!(
        pool.build(&context),
        Payload::default(),
        "in a block that is not delivered yet"
    );
    assert_eq!(pool.validate(&payload, &context), repeated);

    pool.delivered(&batch(5, NOW, vec![call.content.clone()]));
    assert!(pool.is_empty());
    assert_eq!(
        pool.validate(&payload, &at(after(1))),
        repeated,
        "in a batch"
    );
    pool.insert(proved(call), NOW)
        .expect("sending again is no error");
    assert!(pool.is_empty(), "and changes nothing");
}

#[test]
fn delivered_calls_are_remembered_until_they_expire_and_no_longer() {
    let mut pool = pool();
    let call = signed(1, 1, b"once", after(60));
    pool.delivered(&batch(5, NOW, vec![call.content.clone()]));
    let payload = Payload {
        calls: vec![call.clone()],
    };
    pool.delivered(&batch(6, after(60), Vec::new()));
    let repeated = Verdict::Invalid(PayloadFault::Repeated {
        id: call.content.id(),
    });
    assert_eq!(pool.validate(&payload, &at(after(60))), Err(repeated));
    pool.delivered(&batch(7, after(61), Vec::new()));
    assert!(pool.delivered.is_empty() && pool.delivered_by_expiry.is_empty());
    // It is not forgotten too early: its own expiry keeps it out from here on.
    let verdict = pool.validate(&payload, &at(after(61)));
    assert!(matches!(
        verdict,
        Err(Verdict::Invalid(PayloadFault::Expiry { .. }))
    ));
}

#[test]
fn expiry_is_judged_by_the_time_of_the_block() {
    let validate = |expiry, time| {
        let payload = Payload {
            calls: vec![signed(1, 1, b"", expiry)],
        };
        pool().validate(&payload, &at(time))
    };
    assert_eq!(validate(NOW, NOW), Ok(()));
    assert_eq!(validate(after(300), NOW), Ok(()));
    let refused = |verdict| matches!(verdict, Err(Verdict::Invalid(PayloadFault::Expiry { .. })));
    assert!(refused(validate(NOW, after(1))));
    assert!(refused(validate(after(301), NOW)));
}

#[test]
fn every_node_authenticates_again() {
    let mut forged = signed(1, 1, b"mine", after(60));
    forged.content.argument = b"yours".to_vec();
    let verdict = pool().validate(
        &Payload {
            calls: vec![forged],
        },
        &at(NOW),
    );
    assert!(matches!(
        verdict,
        Err(Verdict::Invalid(PayloadFault::Unauthenticated { .. }))
    ));
}

#[test]
fn blocks_are_bounded_in_calls_and_bytes() {
    let calls: Vec<_> = (0..3)
        .map(|number| signed(1, 1, &[number; 1000], after(60)))
        .collect();
    let payload = Payload {
        calls: calls.clone(),
    };
    let tight = ProposalContext {
        block_calls: 2,
        ..at(NOW)
    };
    let too_many = Verdict::Invalid(PayloadFault::TooManyCalls { limit: 2, found: 3 });
    assert_eq!(pool().validate(&payload, &tight), Err(too_many));
    let tight = ProposalContext {
        block_bytes: 3000,
        ..at(NOW)
    };
    assert!(matches!(
        pool().validate(&payload, &tight),
        Err(Verdict::Invalid(PayloadFault::TooManyBytes {
            limit: 3000,
            ..
        }))
    ));
    let mut pool = pool();
    for call in calls {
        pool.insert(proved(call), NOW).expect("room");
    }
    let built = pool.build(&tight);
    assert_eq!(built.calls.len(), 2, "a maker keeps to the bounds");
    assert_eq!(pool.validate(&built, &tight), Ok(()));
}

#[test]
fn the_pool_is_bounded_as_a_whole_and_for_each_sender() {
    let limits = PoolLimits {
        calls: 5,
        bytes: 1_000_000,
        call_bytes: 10_000,
        calls_of_sender: 3,
    };
    let mut pool = IngressPool::new(limits, NoCanisterSignatures);
    for number in 0..3 {
        pool.insert(proved(signed(1, 1, &[number], after(60))), NOW)
            .expect("room");
    }
    let fourth = pool.insert(proved(signed(1, 1, &[3], after(60))), NOW);
    assert!(matches!(
        fourth,
        Err(NotPooled::SenderFull { limit: 3, .. })
    ));
    pool.insert(proved(signed(2, 1, &[0], after(10))), NOW)
        .expect("another sender has room");
    pool.insert(proved(signed(3, 1, &[0], after(60))), NOW)
        .expect("room");
    assert_eq!(
        pool.insert(proved(signed(4, 1, &[0], after(60))), NOW),
        Err(NotPooled::Full)
    );
    pool.insert(proved(signed(4, 1, &[0], after(60))), after(11))
        .expect("one expired");
    assert_eq!(pool.len(), 5);
    let late = pool.insert(proved(signed(5, 1, &[0], after(60))), after(61));
    assert!(matches!(late, Err(NotPooled::Expired { .. })));
    assert_eq!((pool.len(), pool.bytes()), (0, 0), "all expired");
}
