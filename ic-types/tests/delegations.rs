//! What a chain of delegations permits (HTTP-080 to HTTP-092); whether it is signed is for `ic-crypto`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that panics has found something"
)]

use ic_types::codec::{DecodeError, Value, Wire};
use ic_types::{
    Call, CanisterId, Delegation, DelegationChain, DerPublicKey, Envelope, Permissions,
    SenderProof, SignedBytes, SignedDelegation, Time,
};

fn delegation(targets: Option<&[u64]>, permissions: Option<&str>) -> Delegation {
    Delegation {
        key: DerPublicKey::new(vec![1]),
        expiration: Time::from_nanos(1),
        targets: targets.map(|targets| targets.iter().copied().map(CanisterId::from_u64).collect()),
        permissions: permissions.map(Permissions::from),
    }
}

fn chain(delegations: impl IntoIterator<Item = Delegation>) -> DelegationChain {
    let sign = |delegation| SignedDelegation {
        delegation,
        signature: vec![],
    };
    DelegationChain::try_from(delegations.into_iter().map(sign).collect::<Vec<_>>()).unwrap()
}

#[test]
fn http_084_targets_are_the_intersection() {
    let permitted = |lists: &[Option<&[u64]>]| -> Vec<u64> {
        let chain = chain(lists.iter().map(|targets| delegation(*targets, None)));
        (0..5)
            .filter(|counter| chain.permits(CanisterId::from_u64(*counter)))
            .collect()
    };
    assert_eq!(permitted(&[]), [0, 1, 2, 3, 4]);
    assert_eq!(permitted(&[None, None]), [0, 1, 2, 3, 4]);
    assert_eq!(
        permitted(&[Some(&[1, 2, 3]), None, Some(&[2, 3, 4])]),
        [2, 3]
    );
    assert_eq!(permitted(&[Some(&[1]), Some(&[2])]), [0; 0]);
    assert_eq!(
        permitted(&[Some(&[])]),
        [0; 0],
        "an empty list is none, not all"
    );
}

#[test]
fn http_084_and_085_the_management_canister_is_a_target_like_any_other() {
    assert!(chain([delegation(None, None)]).permits(CanisterId::MANAGEMENT));
    assert!(!chain([delegation(Some(&[1]), None)]).permits(CanisterId::MANAGEMENT));
    let listed = Delegation {
        targets: Some(vec![CanisterId::MANAGEMENT]),
        ..delegation(None, None)
    };
    assert!(chain([listed]).permits(CanisterId::MANAGEMENT));
}

#[test]
fn http_088_one_restriction_holds_for_the_whole_chain() {
    let calls = |permissions: &[Option<&str>]| {
        chain(
            permissions
                .iter()
                .map(|permissions| delegation(None, *permissions)),
        )
        .permits_calls()
    };
    assert!(calls(&[]));
    assert!(calls(&[None, Some("all")]));
    assert!(!calls(&[Some("queries")]));
    assert!(
        !calls(&[Some("queries"), Some("all")]),
        "a later element does not widen"
    );
    assert!(!calls(&[None, Some("queries"), None]));
}

#[test]
fn http_089_permissions_that_nobody_knows_are_found() {
    let position = |permissions: &[Option<&str>]| {
        chain(
            permissions
                .iter()
                .map(|permissions| delegation(None, *permissions)),
        )
        .unknown_permissions()
    };
    assert_eq!(position(&[None, Some("all"), Some("queries")]), None);
    assert_eq!(position(&[None, Some("calls")]), Some(1));
    assert_eq!(position(&[Some("")]), Some(0));
    assert_eq!(position(&[Some("All")]), Some(0), "the case matters");
    assert!(!chain([delegation(None, Some("calls"))]).permits_calls());
}

#[test]
fn http_051_what_is_signed_is_the_hash_behind_the_separator() {
    let delegation = delegation(Some(&[1]), Some("queries"));
    let signed = SignedBytes::of(&delegation);
    let (separator, hash) = signed.as_slice().split_at(27);
    assert_eq!(separator, b"\x1Aic-request-auth-delegation");
    assert_eq!(hash, delegation.hash().as_bytes());
}

/// An envelope with one delegation of these fields.
fn envelope(fields: Vec<(&'static str, Value)>) -> Result<SenderProof, DecodeError> {
    let content = Value::map([
        ("request_type", Value::Text("call".into())),
        ("sender", Value::Bytes(vec![2])),
        ("ingress_expiry", Value::Nat(1)),
        ("canister_id", Value::Bytes(vec![1])),
        ("method_name", Value::Text("m".into())),
        ("arg", Value::Bytes(vec![])),
    ]);
    let signed = Value::map([
        ("delegation", Value::map(fields)),
        ("signature", Value::Bytes(vec![3])),
    ]);
    let bytes = Value::map([
        ("content", content),
        ("sender_pubkey", Value::Bytes(vec![4])),
        ("sender_sig", Value::Bytes(vec![5])),
        ("sender_delegation", Value::Array(vec![signed])),
    ])
    .encode();
    Envelope::<Call>::decode(&bytes).map(|envelope| envelope.proof)
}

#[test]
fn http_080_and_091_fields_of_a_delegation() {
    let needed = || {
        vec![
            ("pubkey", Value::Bytes(vec![1])),
            ("expiration", Value::Nat(1)),
        ]
    };
    let with = |more: (&'static str, Value)| {
        let mut fields = needed();
        fields.push(more);
        envelope(fields)
    };
    assert!(envelope(needed()).is_ok());
    assert_eq!(with(("targets", Value::Null)), envelope(needed()));
    assert_ne!(with(("targets", Value::Array(vec![]))), envelope(needed()));
    // The former field `senders` no longer exists, and nothing that is signed is ignored.
    assert!(matches!(
        with(("senders", Value::Array(vec![]))),
        Err(DecodeError::UnknownField { .. })
    ));
    for missing in ["pubkey", "expiration"] {
        let mut fields = needed();
        fields.retain(|(name, _)| *name != missing);
        assert_eq!(
            envelope(fields),
            Err(DecodeError::MissingField { field: missing })
        );
    }
}
