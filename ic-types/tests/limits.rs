//! Each limit holds exactly: as much is accepted, one more is refused, with a reason that names the limit.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that panics has found something"
)]

use ic_types::codec::{DecodeError, Value, Wire};
use ic_types::{
    Call, Content, DelegationChain, DelegationLimit, Envelope, ReadState, SenderProof, limits,
};

fn blobs(count: usize) -> Value {
    Value::Array(vec![Value::Bytes(vec![7]); count])
}

fn content(request_type: &str, fields: Vec<(&'static str, Value)>) -> Value {
    let shared = [
        ("request_type", Value::Text(request_type.into())),
        ("sender", Value::Bytes(vec![4])),
        ("ingress_expiry", Value::Nat(1)),
    ];
    Value::map(shared.into_iter().chain(fields))
}

fn call_content() -> Vec<(&'static str, Value)> {
    vec![
        ("canister_id", Value::Bytes(vec![1])),
        ("method_name", Value::Text("m".into())),
        ("arg", Value::Bytes(vec![])),
    ]
}

fn call_with(more: (&'static str, Value)) -> Vec<u8> {
    let mut fields = call_content();
    fields.retain(|(name, _)| *name != more.0);
    fields.push(more);
    Value::map([("content", content("call", fields))]).encode()
}

fn read_with(paths: Value) -> Vec<u8> {
    Value::map([("content", content("read_state", vec![("paths", paths)]))]).encode()
}

fn delegations(count: usize, targets: usize) -> Vec<u8> {
    let delegation = Value::map([
        ("pubkey", Value::Bytes(vec![1])),
        ("expiration", Value::Nat(1)),
        ("targets", blobs(targets)),
    ]);
    let signed = Value::map([
        ("delegation", delegation),
        ("signature", Value::Bytes(vec![])),
    ]);
    Value::map([
        ("content", content("call", call_content())),
        ("sender_pubkey", Value::Bytes(vec![])),
        ("sender_sig", Value::Bytes(vec![])),
        ("sender_delegation", Value::Array(vec![signed; count])),
    ])
    .encode()
}

fn refused<C: Content>(bytes: &[u8], limit: usize) {
    match Envelope::<C>::decode(bytes) {
        Err(DecodeError::OverLimit {
            limit: named,
            found,
            ..
        }) => assert_eq!((named, found), (limit, limit + 1)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn http_045_nonce() {
    let with = |length: usize| call_with(("nonce", Value::Bytes(vec![7; length])));
    assert!(Envelope::<Call>::decode(&with(limits::NONCE_BYTES)).is_ok());
    refused::<Call>(&with(limits::NONCE_BYTES + 1), limits::NONCE_BYTES);
}

#[test]
fn http_046_paths_and_labels() {
    let paths = |count: usize| read_with(Value::Array(vec![blobs(1); count]));
    assert!(Envelope::<ReadState>::decode(&paths(limits::PATHS)).is_ok());
    refused::<ReadState>(&paths(limits::PATHS + 1), limits::PATHS);

    let labels = |count: usize| read_with(Value::Array(vec![blobs(count)]));
    assert!(Envelope::<ReadState>::decode(&labels(limits::PATH_LABELS)).is_ok());
    refused::<ReadState>(&labels(limits::PATH_LABELS + 1), limits::PATH_LABELS);
}

#[test]
fn http_081_delegations() {
    let envelope = Envelope::<Call>::decode(&delegations(limits::DELEGATIONS, 0)).unwrap();
    let SenderProof::Signed {
        delegations: chain, ..
    } = envelope.proof
    else {
        panic!("it is signed")
    };
    refused::<Call>(
        &delegations(limits::DELEGATIONS + 1, 0),
        limits::DELEGATIONS,
    );

    let mut delegations = chain.into_vec();
    delegations.extend(delegations.first().cloned());
    assert_eq!(
        DelegationChain::try_from(delegations),
        Err(DelegationLimit::Delegations {
            limit: limits::DELEGATIONS,
            found: limits::DELEGATIONS + 1
        })
    );
}

#[test]
fn http_084_targets() {
    let envelope = Envelope::<Call>::decode(&delegations(1, limits::DELEGATION_TARGETS)).unwrap();
    let SenderProof::Signed {
        delegations: chain, ..
    } = envelope.proof
    else {
        panic!("it is signed")
    };
    refused::<Call>(
        &delegations(1, limits::DELEGATION_TARGETS + 1),
        limits::DELEGATION_TARGETS,
    );

    let mut delegations = chain.into_vec();
    for signed in &mut delegations {
        let targets = signed.delegation.targets.as_mut().unwrap();
        targets.extend(targets.first().copied());
    }
    assert_eq!(
        DelegationChain::try_from(delegations),
        Err(DelegationLimit::Targets {
            limit: limits::DELEGATION_TARGETS,
            found: limits::DELEGATION_TARGETS + 1
        })
    );
}

#[test]
fn http_025_principals() {
    let with = |length: usize| call_with(("canister_id", Value::Bytes(vec![7; length])));
    assert!(Envelope::<Call>::decode(&with(limits::PRINCIPAL_BYTES)).is_ok());
    assert!(matches!(
        Envelope::<Call>::decode(&with(limits::PRINCIPAL_BYTES + 1)),
        Err(DecodeError::Principal { .. })
    ));
}
