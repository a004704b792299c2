//! `ic-types` and its peers on the same random inputs: equal, or the difference is known and said to be one.

use ic_transport_types::{
    Delegation as PeerDelegation, Envelope as PeerEnvelope, EnvelopeContent,
    QueryResponse as PeerQueryResponse, SenderInfo as PeerSenderInfo,
    SignedDelegation as PeerSigned,
};
use ic_types::codec::{Value, Wire};
use ic_types::{
    Call, CanisterId, Content, Delegation, DelegationChain, DerPublicKey, Envelope, HashValue,
    NodeId, NodeSignature, Nonce, Principal, Query, QueryOutcome, QueryResponse, Reject,
    RejectCode, SenderInfo, SenderProof, SignedDelegation, Time, UserId, hash_of_map,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..=most)
}

fn principal() -> impl Strategy<Value = Principal> {
    bytes(29).prop_map(|bytes| Principal::try_from_slice(&bytes).expect("short enough"))
}

fn peer(principal: Principal) -> ic_principal::Principal {
    ic_principal::Principal::from_slice(principal.as_slice())
}

/// What the peer can hash too: numbers of 64 bits, texts, bytes and lists.
fn hashable() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(|number| Value::Nat(number.into())),
        any::<String>().prop_map(Value::Text),
        bytes(40).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| vec(inner, 0..5).prop_map(Value::Array))
}

fn peer_value(value: &Value) -> ic_representation_independent_hash::Value {
    use ic_representation_independent_hash::Value as Peer;
    match value {
        Value::Nat(number) => Peer::Number((*number).try_into().expect("64 bits")),
        Value::Text(text) => Peer::String(text.clone()),
        Value::Bytes(bytes) => Peer::Bytes(bytes.clone()),
        Value::Array(elements) => Peer::Array(elements.iter().map(peer_value).collect()),
        other => panic!("{other:?}"),
    }
}

fn call() -> impl Strategy<Value = Call> {
    let info =
        (bytes(40), principal(), bytes(40)).prop_map(|(info, signer, signature)| SenderInfo {
            info,
            signer: CanisterId::new(signer),
            signature,
        });
    let fields = (
        principal(),
        any::<u64>(),
        option::of(bytes(32)),
        principal(),
        any::<String>(),
        bytes(200),
        option::of(info),
    );
    fields.prop_map(
        |(sender, expiry, nonce, canister, method, argument, sender_info)| Call {
            sender: UserId::new(sender),
            expiry: Time::from_nanos(expiry),
            nonce: nonce.map(|nonce| Nonce::try_from_slice(&nonce).expect("short enough")),
            canister: CanisterId::new(canister),
            method,
            argument,
            sender_info,
        },
    )
}

fn delegation() -> impl Strategy<Value = Delegation> {
    (bytes(60), any::<u64>(), option::of(vec(principal(), 0..4))).prop_map(
        |(key, expiration, targets)| Delegation {
            key: DerPublicKey::new(key),
            expiration: Time::from_nanos(expiration),
            targets: targets.map(|targets| targets.into_iter().map(CanisterId::new).collect()),
            permissions: None,
        },
    )
}

fn peer_info(info: &SenderInfo) -> PeerSenderInfo {
    PeerSenderInfo {
        info: info.info.clone(),
        signer: info.signer.as_slice().to_vec(),
        sig: info.signature.clone(),
    }
}

fn peer_call(call: &Call) -> EnvelopeContent {
    EnvelopeContent::Call {
        nonce: call.nonce.map(|nonce| nonce.as_slice().to_vec()),
        ingress_expiry: call.expiry.as_nanos(),
        sender: peer(call.sender.principal()),
        canister_id: peer(call.canister.principal()),
        method_name: call.method.clone(),
        arg: call.argument.clone(),
        sender_info: call.sender_info.as_ref().map(peer_info),
    }
}

proptest! {
    #[test]
    fn id_020_texts(ours in principal(), text in "[a-z2-7-]{5,66}") {
        let theirs = peer(ours);
        prop_assert_eq!(ours.to_string(), theirs.to_text());
        let read = |text: &str| ic_principal::Principal::from_text(text).ok().map(|read| read.as_slice().to_vec());
        prop_assert_eq!(read(&ours.to_string()), Some(ours.as_slice().to_vec()));
        let ours = text.parse::<Principal>().ok().map(|read| read.as_slice().to_vec());
        prop_assert_eq!(ours, read(&text));
    }

    #[test]
    fn id_023_upper_case(ours in principal()) {
        let text = ours.to_string().to_uppercase();
        prop_assert_eq!(text.parse(), Ok(ours));
        prop_assert!(ic_principal::Principal::from_text(text).is_ok());
    }

    #[test]
    fn id_012_keys(key in bytes(200)) {
        let theirs = ic_principal::Principal::self_authenticating(&key);
        let ours = Principal::self_authenticating(&DerPublicKey::new(key));
        prop_assert_eq!(ours.as_slice(), theirs.as_slice());
    }

    #[test]
    fn id_003_order(a in principal(), b in principal()) {
        // The peer orders short principals before long ones; the specification and we by their bytes.
        let theirs = peer(a).as_slice().cmp(peer(b).as_slice());
        prop_assert_eq!(a.cmp(&b), theirs);
    }

    #[test]
    fn http_127_request_ids(call in call()) {
        let theirs = peer_call(&call).to_request_id();
        prop_assert_eq!(theirs.as_slice().to_vec(), call.id().as_bytes().to_vec());
        let Call { sender, expiry, nonce, canister, method, argument, sender_info } = call.clone();
        let query = Query { sender, expiry, nonce, canister, method, argument, sender_info };
        let EnvelopeContent::Call { nonce, ingress_expiry, sender, canister_id, method_name, arg, sender_info } =
            peer_call(&call)
        else {
            unreachable!("it is a call")
        };
        let theirs = EnvelopeContent::Query { nonce, ingress_expiry, sender, canister_id, method_name, arg, sender_info };
        prop_assert_eq!(theirs.to_request_id().as_slice().to_vec(), query.id().as_bytes().to_vec());
    }

    #[test]
    fn http_030_envelopes_of_the_peer_are_read(call in call(), key in bytes(60), signature in bytes(64), delegation in delegation()) {
        let theirs = PeerEnvelope {
            content: std::borrow::Cow::Owned(peer_call(&call)),
            sender_pubkey: Some(key.clone()),
            sender_sig: Some(signature.clone()),
            sender_delegation: Some(vec![PeerSigned {
                delegation: PeerDelegation {
                    pubkey: delegation.key.as_slice().to_vec(),
                    expiration: delegation.expiration.as_nanos(),
                    targets: delegation.targets.as_ref().map(|targets| targets.iter().map(|target| peer(target.principal())).collect()),
                    permissions: None,
                },
                signature: signature.clone(),
            }]),
        };
        let chain = vec![SignedDelegation { delegation, signature: signature.clone() }];
        let delegations = DelegationChain::try_from(chain).expect("one is not too many");
        let proof = SenderProof::Signed { key: DerPublicKey::new(key), signature, delegations };
        prop_assert_eq!(Envelope::decode(&theirs.encode_bytes()), Ok(Envelope { content: call, proof }));
    }

    #[test]
    fn http_091_delegations(delegation in delegation()) {
        let theirs = PeerDelegation {
            pubkey: delegation.key.as_slice().to_vec(),
            expiration: delegation.expiration.as_nanos(),
            targets: delegation.targets.as_ref().map(|targets| targets.iter().map(|target| peer(target.principal())).collect()),
            permissions: None,
        };
        let ours = ic_types::SignedBytes::of(&delegation);
        prop_assert_eq!(theirs.signable(), ours.as_slice());
    }

    #[test]
    fn http_150_query_answers_of_ours_are_read(argument in bytes(50), code in 0_usize..5, message in any::<String>(), timestamp in any::<u64>(), identity in principal()) {
        let node = NodeSignature { timestamp: Time::from_nanos(timestamp), signature: vec![7; 64], identity: NodeId::new(identity) };
        let request = ic_types::RequestId::new(ic_types::Digest::of(&argument));
        let reject = Reject { code: RejectCode::ALL[code], message, error_code: Some("X1".into()) };
        for outcome in [QueryOutcome::Replied { argument }, QueryOutcome::Rejected(reject)] {
            let ours = outcome.hash(&request, Time::from_nanos(timestamp));
            let encoded = QueryResponse { outcome, signatures: vec![node.clone()] }.encode();
            let theirs: PeerQueryResponse = serde_cbor::from_slice(&encoded).expect("ours are read");
            let signable = theirs.signable(ic_transport_types::RequestId::new(request.as_bytes()), timestamp);
            prop_assert_eq!(signable, ic_types::SignedBytes::of(&ours).as_slice().to_vec());
        }
    }

    #[test]
    fn http_120_hashes_of_maps(name in "[a-z]{1,8}", number in any::<u64>(), text in any::<String>(), blob in bytes(80)) {
        use ic_representation_independent_hash::{Value as Peer, representation_independent_hash};
        let fields = [
            (name.clone(), Peer::Number(number)),
            ("text".into(), Peer::String(text.clone())),
            ("list".into(), Peer::Array(vec![Peer::Bytes(blob.clone()), Peer::Number(number)])),
        ];
        let list = [HashValue::Blob(&blob), HashValue::Nat(number.into())];
        let ours = hash_of_map(&[(&name, HashValue::Nat(number.into())), ("text", HashValue::Text(&text)), ("list", HashValue::Array(&list))]);
        prop_assert_eq!(&representation_independent_hash(&fields), ours.as_bytes());
    }

    /// Any map, with lists within lists.
    #[test]
    fn http_120_to_124_hashes_of_any_map(fields in btree_map(any::<String>(), hashable(), 0..8)) {
        use ic_representation_independent_hash::representation_independent_hash;
        let theirs: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), peer_value(value))).collect();
        let ours = Value::map(fields.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let hash = ours.representation_independent_hash().expect("of kinds that have a hash");
        prop_assert_eq!(&representation_independent_hash(&theirs), hash.as_bytes());
    }

    /// What we read of noise as a value, the peer reads too.
    #[test]
    fn http_020_values(noise in bytes(60)) {
        if Value::decode(&noise).is_ok() {
            prop_assert!(serde_cbor::from_slice::<serde_cbor::Value>(&noise).is_ok());
        }
    }
}
